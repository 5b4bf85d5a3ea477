"""Who of a stack reaches whom: Services, policies, proxies and ways in lead to pods that listen there.

Each check yields what does not fit, in words, as those of `coherence`.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from tests.stack.running import Manifest, Pods, matches, of, pods, said, twice

_SERVER = re.compile(r"^ +server \S+ \"?([a-z0-9.-]+):(\d+)", re.MULTILINE)
_BIND = re.compile(r"^ +bind (\S+)", re.MULTILINE)


def services(objects: list[Manifest]) -> Iterator[str]:
    """Services that lead to no pod, or to a port on which none listens."""
    every = list(pods(objects))
    for each in of(objects, "Service"):
        spec = each["spec"]
        to = [
            p
            for p in every
            if p.namespace == each["metadata"].get("namespace", "")
            and spec.get("selector")
            and matches({"matchLabels": spec["selector"]}, p.labels)
        ]
        if not to:
            yield f"{said(each)} leads to no pod"
        ports = spec.get("ports", ())
        yield from twice(said(each), "ports", ((p["port"], p.get("protocol", "TCP")) for p in ports))
        yield from twice(said(each), "names", (p.get("name") for p in ports))
        for port, one in ((port, one) for port in ports for one in to):
            target, protocol = port.get("targetPort", port["port"]), port.get("protocol", "TCP")
            if (one.number(target), protocol) not in one.ports:
                yield f"{said(each)} leads to port {target} of {one}, where nothing listens"


def policies(objects: list[Manifest]) -> Iterator[str]:
    """Pods of no policy, policies of no pod, and ports that are let in and on which nothing listens."""
    every, found = list(pods(objects)), list(of(objects, "NetworkPolicy"))
    for each in found:
        of_it = [p for p in every if _selects(each, p)]
        if not of_it:
            yield f"{said(each)} is of no pod"
        let_in = {
            (p["port"], p.get("protocol", "TCP"))
            for rule in each["spec"].get("ingress", ())
            for p in rule.get("ports", ())
        }
        listening = {port for one in of_it for port in one.ports}
        yield from (f"{said(each)} lets in to port {port}, where nothing listens" for port in let_in - listening)
    guarded = {e["metadata"].get("namespace", "") for e in found}
    for one in every:
        if one.namespace in guarded and not any(_selects(each, one) for each in found):
            yield f"{one} is of no policy"


def _selects(policy: Manifest, one: Pods) -> bool:
    return one.namespace == policy["metadata"].get("namespace", "") and matches(
        policy["spec"]["podSelector"], one.labels
    )


def calls(objects: list[Manifest]) -> Iterator[str]:
    """Calls of proxies to Services of the stack that a policy on either side would drop."""
    every, found = list(pods(objects)), list(of(objects, "NetworkPolicy"))
    known = {(e["metadata"]["name"], e["metadata"].get("namespace", "")): e for e in of(objects, "Service")}
    configured = {
        (e["metadata"]["name"], e["metadata"].get("namespace", "")): e.get("data", {}).get("haproxy.cfg")
        for e in of(objects, "ConfigMap")
    }
    for one in every:
        for name in (v["configMap"]["name"] for v in one.spec.get("volumes", ()) if "configMap" in v):
            text = configured.get((name, one.namespace)) or ""
            yield from twice(f"{one}'s proxy", "addresses", (b.strip('"') for b in _BIND.findall(text)))
            for host, port in _SERVER.findall(text):
                called = known.get(tuple([*host.split("."), one.namespace][:2]))  # pyright: ignore[reportArgumentType]
                if called:
                    yield from _call(one, called, int(port), every, found)


def _call(one: Pods, called: Manifest, port: int, every: list[Pods], found: list[Manifest]) -> Iterator[str]:
    spec = called["spec"]
    if spec.get("clusterIP") == "None":
        targets = [port]
    else:
        targets = [p.get("targetPort", port) for p in spec["ports"] if p["port"] == port]
    if not targets:
        yield f"{one} calls port {port} of {said(called)}, which has none"
    namespace = called["metadata"].get("namespace", "")
    to = [p for p in every if p.namespace == namespace and matches({"matchLabels": spec["selector"]}, p.labels)]
    for callee, target in ((callee, callee.number(target) or 0) for callee in to for target in targets):
        if not any(
            _lets(rule, "to", callee, target) for e in found if _selects(e, one) for rule in e["spec"].get("egress", ())
        ):
            yield f"{one} may not call {callee} at {target}"
        if not any(
            _lets(rule, "from", one, target)
            for e in found
            if _selects(e, callee)
            for rule in e["spec"].get("ingress", ())
        ):
            yield f"{callee} does not let {one} in at {target}"


def _lets(rule: Manifest, way: str, other: Pods, port: int) -> bool:
    ports, peers = rule.get("ports"), rule.get(way)
    if ports and not any(p.get("port") in (None, port) and p.get("protocol", "TCP") == "TCP" for p in ports):
        return False
    return not peers or any(_is(peer, other) for peer in peers)


def _is(peer: Manifest, other: Pods) -> bool:
    """Whether a peer is these pods; of a namespace only its name is known."""
    if "ipBlock" in peer:
        return False
    there = matches(peer.get("namespaceSelector"), {"kubernetes.io/metadata.name": other.namespace})
    return there and matches(peer.get("podSelector"), other.labels)


def ways_in(objects: list[Manifest]) -> Iterator[str]:
    """Ingresses and routes that lead to no Service, or to a port that it has not."""
    known = {(e["metadata"].get("namespace", ""), e["metadata"]["name"]): e for e in of(objects, "Service")}
    for each in of(objects, "Ingress", "HTTPRoute"):
        for name, port in _backends(each["spec"]):
            service = known.get((each["metadata"].get("namespace", ""), name))
            if not service or port not in {p.get(key) for p in service["spec"]["ports"] for key in ("port", "name")}:
                yield f"{said(each)} leads to port {port} of {name}, which there is not"


def _backends(spec: Any) -> Iterator[tuple[str, int | str]]:
    if isinstance(spec, Mapping):
        for key, inner in spec.items():
            if key == "backend" and "service" in inner:
                yield inner["service"]["name"], next(iter(inner["service"]["port"].values()))
            elif key == "backendRefs":
                yield from ((each["name"], each["port"]) for each in inner)
            else:
                yield from _backends(inner)
    elif isinstance(spec, list):
        for inner in spec:
            yield from _backends(inner)
