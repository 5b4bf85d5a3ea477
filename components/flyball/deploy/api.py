"""What a cluster's API is asked: which kinds it knows, what one may do, and what is there by its name."""

import json
from typing import Any

from flyball.kubectl import Kubectl


def kinds(kubectl: Kubectl, *groups: str) -> frozenset[str]:
    """The kinds of groups that the cluster knows, as `nodepools.karpenter.sh`."""
    asked = (kubectl.run("api-resources", f"--api-group={group}", "--output=name") for group in groups)
    return frozenset(name for answer in asked for name in answer.split())


def may(kubectl: Kubectl, **right: str) -> bool:
    """Whether the user has a right: verb, group, resource, and where it is.

    Not by `kubectl auth can-i`, which asks for another resource where there is no API of that name.
    """
    head = {"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview"}
    asked = json.dumps({**head, "spec": {"resourceAttributes": right}})
    return kubectl.json("create", "--filename=-", stdin=asked)["status"]["allowed"]


def named(kubectl: Kubectl, kind: str, namespace: str, selector: str = "") -> dict[str, Any]:
    """The objects of a kind in a namespace, by name; with a selector those with such labels."""
    chosen = (f"--selector={selector}",) if selector else ()
    items = kubectl.json("get", kind, f"--namespace={namespace}", *chosen)["items"]
    return {item["metadata"]["name"]: item for item in items}
