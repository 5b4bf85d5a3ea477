"""Takes the Governor's guards off what a stack made, before all of it is removed."""

import time
from collections.abc import Iterable, Iterator

from flyball import wellknown
from flyball.deploy.others import Signature, signature
from flyball.guards.governor.rules import GUARDED_NAMESPACE_LEFT
from flyball.guards.reading.problem import Problem
from flyball.kubectl import Kubectl, KubectlError
from flyball.kubernetes.governor import names

SECONDS = 60.0
"""How long the API server may take to notice [s]; it looks once a second for policies that have changed."""


def unguard(kubectl: Kubectl, own: Signature, namespace: str, *, policies: bool, shared: bool) -> None:
    """Remove the limits of a namespace; returns when the server lets everything of the stack's be deleted.

    `policies`: those of the cluster are going to be removed, too. What keeps their own namespace then goes now.
    `shared`: the namespace itself stays. What other stacks have brought stays in any case.

    A workload that has limits may not be deleted, nor may its namespace, and the server goes by what it has read a
    second ago: who deletes at once is refused. Raises `KubectlError` if it still refuses after `SECONDS`.
    """
    namespaces = [] if shared else [namespace]
    _delete(kubectl, own, "configmap", names.LIMITS, f"--namespace={namespace}")
    if policies and _delete(kubectl, own, "validatingadmissionpolicybinding", names.CLUSTER_POLICY):
        namespaces.append(names.SYSTEM_NAMESPACE)
    labels = f"{wellknown.OWNER_LABEL}={own.owner},{wellknown.ENVIRONMENT_LABEL}={own.environment}"
    deadline = time.monotonic() + SECONDS
    while True:
        try:
            where = (f"--namespace={namespace}", f"--selector={labels}")
            kubectl.run("delete", "deployments,statefulsets", *where, "--dry-run=server")
            if namespaces:
                kubectl.run("delete", "namespace", *namespaces, "--dry-run=server", "--ignore-not-found")
            return
        except KubectlError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)


def check_left(made: Iterable[tuple[str, str, str]], namespace: str) -> Iterator[Problem]:
    """Refuse to leave a namespace where what the engine has `made`, by kind, namespace and name, is guarded."""
    for kind, where, name in sorted(made):
        if (kind, name) == ("ConfigMap", names.LIMITS) and where != namespace:
            message = f"is {namespace}, and the services that Pulumi's engine has made in {where} are guarded there"
            hint = "bring it up as a stack of another name, then take this one down; or take this one down first"
            yield Problem(("namespace",), GUARDED_NAMESPACE_LEFT, message, hint)


def _delete(kubectl: Kubectl, own: Signature, kind: str, name: str, *where: str) -> bool:
    """Delete an object unless it says that it is another stack's; whether it is gone."""
    there = kubectl.find(kind, name, *where)
    found = signature(there) if there else None
    if found and found.stack and found != own:
        return False
    kubectl.run("delete", kind, name, *where, "--ignore-not-found")
    return True
