"""The two parts of a workload, on demand and on spot, where one of them comes or goes while it runs.

What comes has to serve before the other part may shrink or go; else all that it carried would be gone at once.
"""

from collections.abc import Container, Iterable, Mapping
from typing import Any

from flyball import wellknown
from flyball.deploy.manifests import Object
from flyball.guards.workload.names import SPOT_SUFFIX
from flyball.guards.workload.resolve import Service
from flyball.kubectl import Kubectl
from flyball.kubernetes.governor import limits
from flyball.kubernetes.governor.names import LIMITS
from flyball.kubernetes.workload import scaled_object
from flyball.kubernetes.workload.meanwhile import Sizes

_AUTOSCALERS = ("HorizontalPodAutoscaler", scaled_object.KIND)


Live = Mapping[str, Mapping[str, Mapping[str, Any]]]
"""Deployments of flyball's as they are, by namespace and name."""


def live(kubectl: Kubectl, services: Iterable[Service]) -> Live:
    """The Deployments in the namespaces of services."""
    return {name: _deployments(kubectl, name) for name in sorted({service.spec.namespace for service in services})}


def taking_over(live: Live, services: Iterable[Service]) -> Sizes:
    """The Deployments that take over from a part that shrinks or goes, and how many replicas they need for that.

    A new spot part: what runs beyond the on-demand base. A base that loses its spot part: what runs of both.
    """
    found: dict[tuple[str, str], int] = {}
    for service in services:
        namespace = service.spec.namespace
        base, spot = (live[namespace].get(service.name + suffix) for suffix in ("", SPOT_SUFFIX))
        split, ceiling = service.sizing.split, service.sizing.ceiling
        if base is None or (spot is None) is (split is None):
            continue
        if split:
            beyond = min(_size(base), ceiling) - split.base
            found[namespace, service.name + SPOT_SUFFIX] = max(beyond, split.above)
        elif spot:
            found[namespace, service.name] = min(_size(base) + _size(spot), ceiling)
    return found


def running(live: Live, services: Iterable[Service]) -> Sizes:
    """The replicas of the services' Deployments as they are, as far as they may have that many."""
    found: dict[tuple[str, str], int] = {}
    for service in services:
        namespace = service.spec.namespace
        for name in (service.name, service.name + SPOT_SUFFIX):
            if deployment := live[namespace].get(name):
                found[namespace, name] = min(_size(deployment), service.sizing.ceiling)
    return found


def first(objects: Iterable[Object], sizes: Sizes) -> list[Object]:
    """What is applied first: all but the autoscalers that would shrink a base before its spot part serves."""
    bases = {(namespace, name.removesuffix(SPOT_SUFFIX)) for namespace, name in sizes if name.endswith(SPOT_SUFFIX)}
    return [o for o in objects if o.kind != "HorizontalPodAutoscaler" or (o.namespace, o.name) not in bases]


def giving_up(sizes: Sizes) -> list[tuple[str, str]]:
    """Of these the services whose spot part goes, which must not be before the base has taken over."""
    return [place for place in sizes if not place[1].endswith(SPOT_SUFFIX)]


def superseded(left: Iterable[Object], first: Iterable[Object]) -> list[Object]:
    """Autoscalers that go, of the kind that is not needed any more: two of one Deployment stop each other."""
    new = {(o.namespace, o.name): o.kind for o in first if o.kind in _AUTOSCALERS}
    return [o for o in left if o.kind in _AUTOSCALERS and new.get((o.namespace, o.name), o.kind) != o.kind]


def is_limits(o: Object) -> bool:
    """Whether it is the limits of a namespace."""
    return o.kind == "ConfigMap" and o.name == LIMITS


def limited(o: Object, live: Mapping[str, Any] | None, keep: Container[str]) -> Object:
    """The object; limits for the time of a change, which leave what workloads to `keep` have."""
    if live is None or not is_limits(o):
        return o
    text = limits.merged(live.get("data", {}).get(limits.KEY, ""), o.manifest["data"][limits.KEY], keep)
    return Object({**o.manifest, "data": {**o.manifest["data"], limits.KEY: text}}, o.ignored)


def _deployments(kubectl: Kubectl, namespace: str) -> dict[str, Mapping[str, Any]]:
    items = kubectl.listed("deployments", namespace, wellknown.OURS, api="apps/v1")
    return {item["metadata"]["name"]: item for item in items}


def _size(deployment: Mapping[str, Any]) -> int:
    return deployment["spec"].get("replicas", 1)
