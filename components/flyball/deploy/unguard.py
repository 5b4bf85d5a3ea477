"""Takes the Governor's guards off what a stack made, before all of it is removed."""

import time

from flyball.kubectl import Kubectl, KubectlError
from flyball.kubernetes.governor import names

SECONDS = 60.0
"""How long the API server may take to notice [s]; it looks once a second for policies that have changed."""


def unguard(kubectl: Kubectl, namespace: str, *, policies: bool) -> None:
    """Remove the limits of a namespace; returns when the server lets everything be deleted.

    `policies`: those of the cluster are going to be removed, too. What keeps their own namespace then goes now.

    A workload that has limits may not be deleted, nor may its namespace, and the server goes by what it has read a
    second ago: who deletes at once is refused. Raises `KubectlError` if it still refuses after `SECONDS`.
    """
    kubectl.run("delete", "configmap", names.LIMITS, f"--namespace={namespace}", "--ignore-not-found")
    namespaces = [namespace]
    if policies:
        kubectl.run("delete", f"validatingadmissionpolicybinding/{names.CLUSTER_POLICY}", "--ignore-not-found")
        namespaces.append(names.SYSTEM_NAMESPACE)
    deadline = time.monotonic() + SECONDS
    while True:
        try:
            kubectl.run("delete", "deployments", "--all", f"--namespace={namespace}", "--dry-run=server")
            kubectl.run("delete", "namespace", *namespaces, "--dry-run=server", "--ignore-not-found")
            return
        except KubectlError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)
