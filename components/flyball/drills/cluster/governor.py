"""The Governor on a drill's control plane, in force before the drill begins."""

import json
import time

from flyball.drills.errors import DrillError
from flyball.guards.workload.limits import limits_of
from flyball.kubectl import UNCHECKED, Kubectl, KubectlError
from flyball.kubernetes.governor import names, policies, rbac
from flyball.kubernetes.governor.freeze import freeze_config_map
from flyball.kubernetes.governor.limits import config_map
from flyball.stack.read import Stack

_LIMIT = 120.0
"""How long policies may take until they are in force [s]; usually 1."""
_AS_AUTOMATION = (
    "--as=system:serviceaccount:default:probe",
    # So that it is the Governor that refuses, and not a lack of rights.
    "--as-group=system:masters",
)


def install(kubectl: Kubectl, stack: Stack) -> None:
    """Policies, rights, and the limits of the stack's services, whose namespace is there already."""
    system = {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"name": names.SYSTEM_NAMESPACE, "labels": {names.GOVERNED: names.SYSTEM}},
    }
    limits = {name: found for service in stack.services.values() for name, found in limits_of(service).items()}
    _apply(kubectl, [system, *rbac.manifests(), config_map(stack.namespace, limits)])
    _apply(kubectl, policies.manifests())
    kubectl.run("label", "namespace", stack.namespace, f"{names.GOVERNED}=true", "--overwrite")
    _await_force(kubectl, stack.namespace, next(iter(limits)))


def freeze(kubectl: Kubectl, reason: str) -> None:
    """Set the freeze, and wait until it stops automation."""
    _apply(kubectl, [freeze_config_map(reason, None, "operator")])
    nodes = kubectl.run("get", "nodes", "-o", "name").split()
    until_refused(kubectl, "delete", nodes[0])


def _await_force(kubectl: Kubectl, namespace: str, workload: str) -> None:
    """A binding takes effect within about a second of its creation; the first and the last ones tell of all."""
    there = f"--namespace={namespace}"
    until_refused(kubectl, "scale", f"deployment/{workload}", "--replicas=0", there)
    until_refused(kubectl, "delete", "service", workload, there)
    for autoscaler in kubectl.run("get", "hpa", there, "-o", "name").split():
        until_refused(kubectl, "delete", autoscaler, there)


def until_refused(kubectl: Kubectl, *attempt: str) -> None:
    """Try it, as automation and without effect, until the Governor says no."""
    given_up = time.monotonic() + _LIMIT
    while True:
        try:
            kubectl.run(*attempt, "--dry-run=server", *_AS_AUTOMATION)
        except KubectlError as error:
            if "flyball: " in str(error):
                return
            raise
        if time.monotonic() > given_up:
            raise DrillError(f"the Governor's policies are not in force: {' '.join(attempt)} is not refused")
        time.sleep(0.2)


def _apply(kubectl: Kubectl, manifests: list[dict[str, object]]) -> None:
    stdin = json.dumps({"apiVersion": "v1", "kind": "List", "items": manifests})
    kubectl.run("apply", "--server-side", UNCHECKED, "--filename=-", stdin=stdin)
