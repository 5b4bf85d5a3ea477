"""What runs in a namespace of a cluster: read by kubectl, and nothing of any Secret."""

from typing import Any

from flyball.deploy.adopt.found import Found, in_answer
from flyball.guards.fail_fast.rules import NO_NAMESPACE
from flyball.guards.reading.problem import Problem, refuse
from flyball.kubectl import Kubectl

KINDS = (
    *("deployments.apps", "statefulsets.apps", "daemonsets.apps", "cronjobs.batch", "jobs.batch"),
    *("services", "configmaps", "serviceaccounts", "persistentvolumeclaims"),
    *("ingresses.networking.k8s.io", "networkpolicies.networking.k8s.io"),
    *("horizontalpodautoscalers.autoscaling", "poddisruptionbudgets.policy", "rolebindings.rbac.authorization.k8s.io"),
)
"""Secrets are not among them: a stack file names them, and what is in them is nobody's business here."""
_OF_THE_CLUSTER = (
    *(("ConfigMap", name) for name in ("kube-root-ca.crt", "openshift-service-ca.crt")),
    ("ServiceAccount", "default"),
    ("Service", "kubernetes"),
)


def in_cluster(kubectl: Kubectl, namespace: str) -> Found:
    """What is in a namespace. Raises `Refused` where it is not there, `KubectlError` without the right to read it."""
    own = kubectl.find("namespace", namespace)
    if own is None:
        refuse(
            [
                Problem(
                    ("--namespace",), NO_NAMESPACE, f"there is no namespace {namespace}", "see kubectl get namespaces"
                )
            ]
        )
    answer = kubectl.json("get", ",".join(KINDS), f"--namespace={namespace}")
    items = [each for each in answer["items"] if not _is_derived(each)]
    return in_answer({"apiVersion": "v1", "kind": "List", "items": [own, *items]}, namespace)


def _is_derived(item: dict[str, Any]) -> bool:
    """What the cluster has put there, or a controller has made of another object."""
    meta = item["metadata"]
    controlled = any(owner.get("controller") for owner in meta.get("ownerReferences", ()))
    return controlled or (item["kind"], meta["name"]) in _OF_THE_CLUSTER
