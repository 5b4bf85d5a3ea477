"""What a cluster's API is asked: which kinds it knows, what one may do, and what is there by its name."""

import json
from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

from flyball.kubectl import Kubectl


def kinds(kubectl: Kubectl, *groups: str) -> frozenset[str]:
    """The kinds of groups that the cluster knows, as `nodepools.karpenter.sh`."""
    return frozenset(kind for group in groups for kind in _kinds(kubectl, group))


def _kinds(kubectl: Kubectl, group: str) -> Iterable[str]:
    """By the API server's own answer about the group: `kubectl api-resources` asks for all groups that there are."""
    found = kubectl.by_proxy(f"/apis/{group}", 60)
    if found and found.status == HTTPStatus.NOT_FOUND:
        return ()
    if found and found.is_ok:
        versions = [each["groupVersion"] for each in json.loads(found.text)["versions"]]
        answers = [kubectl.by_proxy(f"/apis/{version}", 60) for version in versions]
        if all(answer and answer.is_ok for answer in answers):
            resources = [each for answer in answers if answer for each in json.loads(answer.text)["resources"]]
            return (f"{each['name']}.{group}" for each in resources if "/" not in each["name"])  # no subresources
    return kubectl.run("api-resources", f"--api-group={group}", "--output=name").split()


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
