"""Balancers of services' own as they are in a cluster, asked before anything is changed."""

from collections.abc import Iterable, Iterator
from typing import Any

from flyball import wellknown
from flyball.guards.reading.problem import Problem
from flyball.guards.workload.balancer import SUFFIX, check_class
from flyball.guards.workload.resolve import Service
from flyball.kubectl import Kubectl


def check(kubectl: Kubectl, services: Iterable[Service]) -> Iterator[Problem]:
    """Refuse what Kubernetes would refuse in the middle of a change."""
    there: dict[str, dict[str, Any]] = {}
    for service in services:
        namespace, own = service.spec.namespace, service.spec.balancer
        if own is None:
            continue
        if namespace not in there:
            items = kubectl.json("get", "services", f"--namespace={namespace}", f"--selector={wellknown.OURS}")["items"]
            there[namespace] = {item["metadata"]["name"]: item["spec"] for item in items}
        was = there[namespace].get(service.name + SUFFIX)
        if was and was["type"] == "LoadBalancer":
            yield from check_class(own, was.get("loadBalancerClass"), service.path)
