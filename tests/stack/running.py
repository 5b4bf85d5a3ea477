"""What runs pods among the objects of a stack, and what is selected by labels."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Manifest = Mapping[str, Any]


@dataclass(frozen=True)
class Pods:
    """What runs pods: its object, and their template."""

    kind: str
    name: str
    namespace: str
    template: Manifest
    replicas: int | None = None
    selector: Mapping[str, str] | None = None

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"

    @property
    def labels(self) -> Mapping[str, str]:
        return self.template["metadata"].get("labels", {})

    @property
    def spec(self) -> Manifest:
        return self.template["spec"]

    @property
    def containers(self) -> list[Manifest]:
        return [*self.spec.get("initContainers", ()), *self.spec["containers"]]

    @property
    def ports(self) -> set[tuple[int, str]]:
        """Those on which containers say that they listen."""
        return {(p["containerPort"], p.get("protocol", "TCP")) for c in self.containers for p in c.get("ports", ())}

    def number(self, port: int | str) -> int | None:
        """Of a port that may be named."""
        named = {p.get("name"): p["containerPort"] for c in self.containers for p in c.get("ports", ())}
        return port if isinstance(port, int) else named.get(port)


def pods(objects: Iterable[Manifest]) -> Iterator[Pods]:
    for each in objects:
        kind, meta, spec = each["kind"], each["metadata"], each.get("spec", {})
        if kind == "CronJob":
            spec = spec["jobTemplate"]["spec"]
        if kind in ("Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob"):
            selector = spec.get("selector", {}).get("matchLabels")
            yield Pods(kind, meta["name"], meta.get("namespace", ""), spec["template"], spec.get("replicas"), selector)


def of(objects: Iterable[Manifest], *kinds: str) -> Iterator[Manifest]:
    return (each for each in objects if each["kind"] in kinds)


def said(each: Manifest) -> str:
    return f"{each['kind']} {each['metadata']['name']}"


def matches(selector: Mapping[str, Any] | None, labels: Mapping[str, str]) -> bool:
    """Whether labels match; of expressions those that are used: In, NotIn, Exists."""
    selector = selector or {}
    met = {"In": lambda v, of: v in of, "NotIn": lambda v, of: v not in of, "Exists": lambda v, _: v is not None}
    return all(labels.get(key) == value for key, value in selector.get("matchLabels", {}).items()) and all(
        met[e["operator"]](labels.get(e["key"]), e.get("values", ())) for e in selector.get("matchExpressions", ())
    )


def twice(where: object, what: str, found: Iterable[object]) -> Iterator[str]:
    yield from (f"{where} has {value} twice among its {what}" for value, n in Counter(found).items() if n > 1)
