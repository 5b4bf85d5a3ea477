"""Which path of the API `kubectl get` asks for objects of well-known kinds, and what it prints of the answer.

So that they are asked for without a kubectl, which takes 60 ms of processor time to find out the same.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

_SPACED = {
    "v1": "configmap event persistentvolumeclaim pod secret service serviceaccount",
    "apps/v1": "deployment replicaset statefulset",
    "batch/v1": "cronjob job",
    "autoscaling/v2": "horizontalpodautoscaler",
    "policy/v1": "poddisruptionbudget",
    "networking.k8s.io/v1": "ingress networkpolicy",
    "coordination.k8s.io/v1": "lease",
}
"""Kinds that live in namespaces, by the version in which kubectl prints them."""
_CLUSTERED = {
    "v1": "namespace node persistentvolume",
    "scheduling.k8s.io/v1": "priorityclass",
    "storage.k8s.io/v1": "storageclass",
    "admissionregistration.k8s.io/v1": "validatingadmissionpolicy validatingadmissionpolicybinding",
    "apiregistration.k8s.io/v1": "apiservice",
    "karpenter.sh/v1": "nodepool nodeclaim",
    "karpenter.k8s.aws/v1": "ec2nodeclass",
    "flyball.dev/v1": "stack",
}
_SHORT = {"hpa": "horizontalpodautoscaler"}
_QUERY = {"--selector": "labelSelector", "--field-selector": "fieldSelector"}


def plural(kind: str) -> str:
    """As a kind is called in paths, by English grammar; not every kind keeps to that."""
    word = kind.lower()
    if word.endswith("y") and word[-2] not in "aeiou":
        return f"{word[:-1]}ies"
    return f"{word}es" if word.endswith(("s", "x", "ch", "sh")) else f"{word}s"


def _words(kind: str) -> list[str]:
    return [kind, plural(kind), *(short for short, long in _SHORT.items() if long == kind)]


_KNOWN = {
    word: (api, plural(kind), spaced)
    for spaced, of in ((True, _SPACED), (False, _CLUSTERED))
    for api, kinds in of.items()
    for kind in kinds.split()
    for word in (*_words(kind), f"{plural(kind)}.{api.partition('/')[0]}")
}


@dataclass(frozen=True)
class Question:
    """What is asked for: an object of that name, or without one all of the kind, by a path."""

    path: str
    name: str

    def printed(self, answer: dict[str, Any]) -> dict[str, Any]:
        """As `--output=json` prints it: without who holds which field, and of each of a list what it is."""
        if self.name:
            return _shown(answer)
        head = {"apiVersion": answer["apiVersion"], "kind": answer["kind"].removesuffix("List")}
        items = [_shown({**head, **item}) for item in answer["items"] or ()]
        return {"apiVersion": "v1", "items": items, "kind": "List", "metadata": {"resourceVersion": ""}}


def question(arguments: Sequence[str]) -> Question | None:
    """What `kubectl get` asks with these arguments; None where it may be anything else than is known here."""
    words = [word for word in arguments if not word.startswith("-")]
    if not 2 <= len(words) <= 3 or words[0] != "get" or words[1] not in _KNOWN or "/" in words[-1]:
        return None
    api, kinds, spaced = _KNOWN[words[1]]
    name = words[2] if len(words) == 3 else ""
    namespace, query = "", dict[str, str]()
    for flag, _, value in (word.partition("=") for word in arguments if word.startswith("-")):
        if flag in ("-n", "--namespace") and value and spaced:
            namespace = value
        elif flag in _QUERY and value and not name:
            query[_QUERY[flag]] = value
        else:
            return None
    if spaced and not namespace:
        return None  # that of the context, which kubectl knows
    return Question(path(api, kinds, namespace, name, **query), name)


def path(api: str, kinds: str, namespace: str = "", name: str = "", **query: str) -> str:
    """Of the objects of a kind, in one namespace or everywhere, or of the one with a name; `kinds` is the plural."""
    root = f"/apis/{api}" if "/" in api else f"/api/{api}"
    within = f"/namespaces/{namespace}" if namespace else ""
    one = f"/{name}" if name else ""
    asked = f"?{urlencode(query)}" if query else ""
    return f"{root}{within}/{kinds}{one}{asked}"


def _shown(item: Mapping[str, Any]) -> dict[str, Any]:
    meta = {key: value for key, value in item["metadata"].items() if key != "managedFields"}
    return {**item, "metadata": meta}
