"""Where services are called from outside of the cluster, as far as it knows by now: nobody waits for an address.

A cloud takes minutes to make a balancer, and where nobody makes any none ever comes; the service stands without it, and
is called from within the cluster.
"""

import shlex
from collections.abc import Iterable, Iterator, Mapping
from functools import cache, partial
from typing import Any

from flyball import wellknown
from flyball.deploy import api
from flyball.guards.workload.balancer import SUFFIX, Balancer
from flyball.guards.workload.resolve import Service
from flyball.guards.workload.way_in import Expose, WayIn
from flyball.kubectl import Kubectl, KubectlError
from flyball.kubernetes.workload.balancer import addresses
from flyball.kubernetes.workload.way_in import GATEWAYS, GROUP, INGRESSES


def said(kubectl: Kubectl, services: Iterable[Service]) -> Iterator[str]:
    """A line for each service with a balancer of its own, or a place in the way in: its address, or how to see it.

    Where the cluster does not say, neither does this, and fails nothing: by then all stands.
    """
    cluster = _Cluster(kubectl)
    for service in services:
        try:
            yield from _of(cluster, service)
        except KubectlError as error:
            yield f"{service.name} is called from outside, and its address cannot be asked: {error}"


def _of(cluster: "_Cluster", service: Service) -> Iterator[str]:
    way = service.place.platform.way
    if service.spec.balancer:
        yield _balanced(cluster, service, service.spec.balancer)
    elif service.spec.expose and way.ingress:
        yield _exposed(cluster, service, service.spec.expose, way.ingress)
    elif service.spec.expose and way.gateway:
        yield _routed(cluster, service, service.spec.expose, way)


class _Cluster:
    """Asks for what several services may share, once."""

    def __init__(self, kubectl: Kubectl) -> None:
        self._kubectl = kubectl
        self._ours = cache(partial(api.named, kubectl, selector=wellknown.OURS))
        self.gateway = cache(self._gateway)

    def addresses(self, kind: str, namespace: str, name: str) -> list[str]:
        """Those of a Service or an Ingress."""
        status = self._ours(kind, namespace).get(name, {}).get("status", {})
        return addresses(status.get("loadBalancer", {}).get("ingress"))

    def _gateway(self, name: str, namespace: str) -> Mapping[str, Any] | None:
        """Others' Gateway, which need not let its users read it: None then."""
        if not api.may(self._kubectl, verb="get", group=GROUP, resource=GATEWAYS, namespace=namespace, name=name):
            return None
        return self._kubectl.find(f"{GATEWAYS}.{GROUP}", name, f"--namespace={namespace}") or {}

    def none_yet(self, who: str, kind: str, name: str, namespace: str) -> str:
        context = f" --context={shlex.quote(self._kubectl.context)}" if self._kubectl.context else ""
        how = f"kubectl{context} get {kind} {name} --namespace={namespace}"
        return f"has no address yet, which comes from {who}: {how}"


def _balanced(cluster: _Cluster, s: Service, balancer: Balancer) -> str:
    if found := cluster.addresses("services", s.spec.namespace, s.name + SUFFIX):
        return f"{s.name} is called at port {balancer.port} of {', '.join(found)}"
    who = "who makes balancers in the cluster"
    return f"{s.name} {cluster.none_yet(who, 'service', s.name + SUFFIX, s.spec.namespace)}"


def _exposed(cluster: _Cluster, s: Service, expose: Expose, ingress: str) -> str:
    if found := cluster.addresses(INGRESSES, s.spec.namespace, s.name):
        return _leads(s, expose, ", ".join(found))
    none = cluster.none_yet(f"who serves {ingress}", "ingress", s.name, s.spec.namespace)
    return f"{s.name}, to be called as {expose.host}, {none}"


def _routed(cluster: _Cluster, s: Service, expose: Expose, way: WayIn) -> str:
    name, namespace = str(way.gateway), str(way.namespace)
    there = cluster.gateway(name, namespace)
    if there is None:
        where = f"the gateway {name} of the namespace {namespace}; this user may not read its address"
        return _leads(s, expose, where)
    if found := [each["value"] for each in there.get("status", {}).get("addresses") or () if each.get("value")]:
        return _leads(s, expose, ", ".join(found))
    none = cluster.none_yet(f"who serves {name}", "gateway", name, namespace)
    return f"{s.name}, to be called as {expose.host}, {none}"


def _leads(s: Service, expose: Expose, where: str) -> str:
    return f"{s.name} is called as {expose.host}, which has to lead to {where}"
