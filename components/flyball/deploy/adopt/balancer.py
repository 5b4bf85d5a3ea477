"""A Service of type LoadBalancer that leads to a service, as a balancer of its own."""

import ipaddress
import re
from collections.abc import Mapping
from typing import Any

from flyball.deploy.adopt import ours
from flyball.deploy.adopt.found import Item, mapping, maps
from flyball.deploy.adopt.work import Work, ports_of, target
from flyball.guards.reading.units import ceil_div, duration, show_duration
from flyball.guards.workload.balancer import (
    BY_HEALTH,
    BY_NODES,
    LEAST_IDLE,
    MOST_IDLE,
    USUAL_IDLE,
    is_everybody,
    refusal,
)
from flyball.guards.workload.ports import MAIN

_KEPT = ("quorum", "replicas")
_PRIVATE = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fd00::/8"]
"""Addresses of networks of one's own (RFC 1918, RFC 6598, RFC 4193)."""
_RANGES = "service.beta.kubernetes.io/load-balancer-source-ranges"
_NOT_THEIRS = ("kubectl.kubernetes.io/", "pulumi.com/", "flyball.dev/", "applyset.kubernetes.io/", "kube-score/")

_AWS, _AZURE = (f"service.beta.kubernetes.io/{cloud}-load-balancer-" for cloud in ("aws", "azure"))
_INTERNAL = {
    f"{_AWS}scheme": "internal",
    f"{_AWS}internal": "true",
    f"{_AZURE}internal": "true",
    "networking.gke.io/load-balancer-type": "internal",
    "cloud.google.com/load-balancer-type": "internal",
}
_IDLE = (
    (re.compile(re.escape(f"{_AWS}connection-idle-timeout") + r"=([0-9]+)"), 1),
    (re.compile(re.escape(f"{_AWS}listener-attributes") + r"\.[A-Z]+-[0-9]+=tcp\.idle_timeout\.seconds=([0-9]+)"), 1),
    (re.compile(re.escape(f"{_AZURE}tcp-idle-timeout") + r"=([0-9]+)"), 60),
)
"""And how many seconds each unit has."""
_TELLS_IDLE = (f"{_AWS}connection-idle-timeout", f"{_AWS}listener-attributes", f"{_AZURE}tcp-idle-timeout")


def describe(work: Work, services: list[Item], args: Mapping[str, Any]) -> dict[str, Any]:
    """What the Services that lead to a service from outside come to, beside its `args`."""
    found: dict[str, Any] = {}
    for service in services:
        if service.spec.get("type") != "LoadBalancer":
            continue
        if "expose" in {**args, **found}:
            what = "its host" if "expose" in args else "a balancer"
            work.notes.lose(service, "spec.type", f"a service has one way in here, {what}")
            continue
        found = _balanced(work, service, args)
    return found


def prestop(args: Mapping[str, Any]) -> int:
    """Seconds that a pod waits which says no time, until its balancer sends no more."""
    local = args.get("expose", {}).get("balancer", {}).get("local")
    return (BY_HEALTH if local else BY_NODES) // 1000


def _balanced(work: Work, service: Item, args: Mapping[str, Any]) -> dict[str, Any]:
    containers = maps(work.pod.get("containers"))
    ports = list(ports_of(service))
    if work.item.is_ours:
        main = next((each for each in ports if each["name"] == MAIN), None)  # it leads to the proxy in front
    else:
        main = next((each for each in ports if target(each, containers) == (args["port"], work.index)), None)
    if main is None:
        work.notes.lose(service, "spec.type", f"it leads past port {args['port']}, to which alone a balancer does here")
        return {}
    for other in ports:
        if other is not main:
            work.notes.lose(service, f"spec.ports ({other['port']})", "a balancer has one port here")
    spec = service.spec
    own = {"port": main["port"]} if main["port"] != args.get("service", args["port"]) else {}
    local = spec.get("externalTrafficPolicy") == "Local" and any(key in args for key in _KEPT)
    if spec.get("externalTrafficPolicy") == "Local" and not local:
        loses = "pods of which a node has two would carry half as much; here what comes in is spread over all pods"
        work.notes.lose(service, "spec.externalTrafficPolicy", loses)
    notes = {str(k): str(v) for k, v in mapping(service.manifest["metadata"].get("annotations")).items()}
    balancer = {
        **own,
        **_open(work, service, notes),
        **({"local": True} if local else {}),
        **({"nodeports": False} if spec.get("allocateLoadBalancerNodePorts") is False else {}),
        **({"class": spec["loadBalancerClass"]} if spec.get("loadBalancerClass") else {}),
        **_idle(work, service, notes),
        **_annotations(work, service, notes),
        **_leaving(args, local),
    }
    through = ours.through(work)
    if through and not local:
        return {"expose": {"balancer": {**balancer, "through": through}}}
    if not work.item.is_ours:
        work.say("its balancer is made anew, with another address", "expose")
    if local or args.get("public"):
        return {"expose": {"balancer": balancer}}
    work.say("the nodes have to reach it; their ranges in expose.balancer.through would let in these alone", "public")
    return {"expose": {"balancer": balancer}, "public": True}


def _open(work: Work, service: Item, notes: Mapping[str, str]) -> dict[str, Any]:
    """Who may call, and from where: who says nothing lets everybody in who finds it."""
    sources = _sources(work, service, notes)
    internal = any(_INTERNAL.get(key) == value.lower() for key, value in notes.items())
    everybody = not sources or is_everybody(map(ipaddress.ip_network, sources))
    if everybody and internal:
        work.say("from any private address until now; name those who call in sources", "expose")
        return {"sources": _PRIVATE}
    if everybody:
        work.say("everybody may call until now; name those who do in sources", "expose")
        return {**({"sources": sources} if sources else {}), "public": True}
    return {"sources": sources, **({} if internal else {"internal": False})}


def _sources(work: Work, service: Item, notes: Mapping[str, str]) -> list[str]:
    said = service.spec.get("loadBalancerSourceRanges") or [each for each in notes.get(_RANGES, "").split(",") if each]
    found: list[str] = []
    for text in said:
        try:
            found.append(str(ipaddress.ip_network(str(text).strip(), strict=False)))
        except ValueError:
            work.notes.lose(service, "spec.loadBalancerSourceRanges", f"{text} is no range of addresses")
    return list(dict.fromkeys(found))


def _idle(work: Work, service: Item, notes: Mapping[str, str]) -> dict[str, str]:
    """How long a connection may be idle, where that is said in words that flyball knows."""
    for key, value in notes.items():
        seconds, unit = next(
            ((int(match[1]) * unit, unit) for words, unit in _IDLE if (match := words.fullmatch(f"{key}={value}"))),
            (0, 1),
        )
        # In minutes the usual one is rounded up, and is that all the same.
        if seconds in (0, ceil_div(USUAL_IDLE, unit * 1000) * unit):
            continue
        if not LEAST_IDLE <= seconds * 1000 <= MOST_IDLE:
            work.notes.lose(
                service, f"metadata.annotations.{key}", f"{seconds} s is less or more than balancers keep here"
            )
            continue
        return {"idle": show_duration(seconds * 1000)}
    return {}


def _annotations(work: Work, service: Item, notes: Mapping[str, str]) -> dict[str, Any]:
    found: dict[str, str] = {}
    for key, value in sorted(notes.items()):
        if key.startswith(_NOT_THEIRS) or key == _RANGES or key in _INTERNAL or key.startswith(_TELLS_IDLE):
            continue
        if refused := refusal(key, value):
            work.notes.lose(service, f"metadata.annotations.{key}", refused[1])
        else:
            found[key] = value
    return {"annotations": found} if found else {}


def _leaving(args: Mapping[str, Any], local: bool) -> dict[str, str]:
    """No longer than a pod waits today: how long the balancer really sends, nobody has written down."""
    prestop = args.get("shutdown", {}).get("prestop")
    return {"deregistration": prestop} if prestop and duration(prestop) < (BY_HEALTH if local else BY_NODES) else {}
