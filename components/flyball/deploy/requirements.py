"""What a stack needs of a cluster that is not flyball's own, asked before anything is changed."""

import json
from collections.abc import Iterator

from flyball.alerts import operator
from flyball.deploy import api, volumes
from flyball.guards.aws.rules.pools import NO_KARPENTER
from flyball.guards.fail_fast.rules import CLUSTER_TOO_OLD, NO_GATEWAY_API, NO_KEDA, NO_PROMETHEUS_OPERATOR
from flyball.guards.governor.rules import MAY_NOT_GOVERN, NO_GOVERNOR
from flyball.guards.reading.problem import Problem
from flyball.kubectl import Kubectl
from flyball.kubernetes.governor import names
from flyball.kubernetes.governor.freeze import POLICY
from flyball.kubernetes.pools import names as pools
from flyball.kubernetes.pools.controller import VERSION as KARPENTER
from flyball.kubernetes.workload.scaled_object import CRD
from flyball.kubernetes.workload.way_in import GROUP, ROUTES
from flyball.stack.read import Stack

GOVERNED = (1, 36)
"""The first Kubernetes with MutatingAdmissionPolicy in version 1 of its API, by which autoscalers are clamped."""
OLDEST = (1, 35)
"""The first Kubernetes in which an autoscaler's `tolerance` counts (feature HPAConfigurableTolerance); older ones would
leave a tenth of what is kept for a loss to the load, or refuse the field."""


def needs_keda(stack: Stack) -> list[str]:
    """The services that a plain autoscaler does not suffice for."""
    return [name for name, service in stack.services.items() if service.spec.needs_keda]


def check(kubectl: Kubectl, stack: Stack) -> Iterator[Problem]:
    """What the cluster lacks. Raises `KubectlError` if it does not answer."""
    found = json.loads(kubectl.raw("/version"))
    version = int(found["major"]), int("".join(filter(str.isdigit, found["minor"])))
    if version < OLDEST:
        message, oldest = f"runs Kubernetes {version[0]}.{version[1]}", f"{OLDEST[0]}.{OLDEST[1]}"
        yield Problem(
            ("cluster",),
            CLUSTER_TOO_OLD,
            message,
            f"upgrade it to {oldest} or newer, where an autoscaler's tolerance counts",
        )
    if stack.governor and version < GOVERNED:
        message = f"needs Kubernetes {GOVERNED[0]}.{GOVERNED[1]}, and the cluster runs {version[0]}.{version[1]}"
        yield Problem(("governor",), CLUSTER_TOO_OLD, message, "upgrade the cluster, or leave the governor out")
    if stack.governor and not stack.governor.policies and not has_policies(kubectl):
        hint = "leave `policies` out, so that this stack brings them, or bring up the stack that does first"
        yield Problem(("governor", "policies"), NO_GOVERNOR, "is false, and the cluster has no Governor yet", hint)
    if stack.governor:
        yield from _check_rights(kubectl, stack.namespace)
    if stack.alerts and stack.alerts.objects:
        yield from _check_operator(kubectl)
    if stack.pools:
        yield from _check_karpenter(kubectl)
    yield from _check_routes(kubectl, stack)
    yield from volumes.check_classes(kubectl, stack.services.values())
    if (scheduled := needs_keda(stack)) and CRD not in api.kinds(kubectl, "keda.sh"):
        kind = {name: "schedule" if stack.services[name].spec.schedule else "triggers" for name in scheduled}
        for name in scheduled:
            hint = "install KEDA there (https://keda.sh/docs/2.21/deploy/), or leave it out"
            yield Problem(("services", name, kind[name]), NO_KEDA, "needs KEDA, which the cluster does not have", hint)


def _check_routes(kubectl: Kubectl, stack: Stack) -> Iterator[Problem]:
    """Whether the kind of a Gateway's routes is there."""
    exposed = [name for name, service in stack.services.items() if service.spec.expose]
    if not exposed or not stack.place.platform.way.gateway:
        return
    if ROUTES not in api.kinds(kubectl, GROUP):
        hint = "install it there, or name an IngressClass as platform.way.ingress"
        for name in exposed:
            message = "needs the Gateway API, which the cluster does not have"
            yield Problem(("services", name, "expose"), NO_GATEWAY_API, message, hint)


def _check_operator(kubectl: Kubectl) -> Iterator[Problem]:
    """Whether the kinds of Prometheus' operator are there."""
    known = api.kinds(kubectl, operator.GROUP)
    if missing := [name for kind in operator.CRDS if (name := f"{kind}.{operator.GROUP}") not in known]:
        hint = "install it there, or say objects: false and hand over what `flyball alerts -o` writes"
        message = f"needs Prometheus' operator, and the cluster has no {', '.join(missing)}"
        yield Problem(("alerts",), NO_PROMETHEUS_OPERATOR, message, hint)


def _check_karpenter(kubectl: Kubectl) -> Iterator[Problem]:
    """Whether Karpenter's kinds are there."""
    known = api.kinds(kubectl, pools.GROUP, pools.AWS_GROUP)
    if missing := [name for name in pools.KINDS if name not in known]:
        chart = f"oci://public.ecr.aws/karpenter/karpenter-crd --version {KARPENTER}"
        hint = f"install them with `helm install karpenter-crd {chart}`, or leave pools out"
        message = f"needs Karpenter's kinds, and the cluster has no {', '.join(missing)}"
        yield Problem(("pools",), NO_KARPENTER, message, hint)


def _check_rights(kubectl: Kubectl, namespace: str) -> Iterator[Problem]:
    """Whether the Governor lets the user change limits; all else would be applied, and stand without them."""
    user = kubectl.json("auth", "whoami")["status"]["userInfo"]
    name, groups = user["username"], user.get("groups", [])

    def may(verb: str) -> bool:
        return api.may(kubectl, verb=verb, group=names.GROUP, resource=names.RESOURCE, namespace=namespace)

    automation = name.startswith("system:serviceaccount:") or names.AUTOMATION_GROUP in groups
    if not may(names.GOVERN):
        why = f"holds no verb {names.GOVERN} on {names.RESOURCE}.{names.GROUP} there"
    elif automation and names.GOVERN_GROUP not in groups and may(names.CANARY):
        why = "its rights are to everything and so do not count"
    else:
        return
    hint = f"{why}; bind the ClusterRole flyball-deploy to it instead, which holds all that a stack takes"
    yield Problem(("governor",), MAY_NOT_GOVERN, f"{name} may not change limits in {namespace}", hint)


def has_policies(kubectl: Kubectl) -> bool:
    """Whether a Governor is in the cluster."""
    return kubectl.find("validatingadmissionpolicybinding", POLICY) is not None
