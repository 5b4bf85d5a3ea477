"""Balancers of services' own as they are in a cluster, asked before anything is changed."""

from collections.abc import Iterable, Iterator
from functools import cache, partial

from flyball import wellknown
from flyball.deploy import api
from flyball.guards.reading.problem import Problem
from flyball.guards.workload.balancer import SUFFIX, check_class
from flyball.guards.workload.resolve import Service
from flyball.kubectl import Kubectl


def check(kubectl: Kubectl, services: Iterable[Service]) -> Iterator[Problem]:
    """Refuse what Kubernetes would refuse in the middle of a change."""
    there = cache(partial(api.named, kubectl, "services", selector=wellknown.OURS))
    for service in services:
        if own := service.spec.balancer:
            was = there(service.spec.namespace).get(service.name + SUFFIX, {}).get("spec", {})
            if was.get("type") == "LoadBalancer":
                yield from check_class(own, was.get("loadBalancerClass"), service.path)
