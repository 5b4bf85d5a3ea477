"""The way in from outside of the cluster: by what the platform has there, with the service's own promise as its limit.

Whoever is outermost gives up when the service has promised an answer, not before and not long after; and it still
sends to a pod that leaves until it has heard of that, so the pod waits at least as long.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NotRequired, TypedDict

from flyball.guards.fail_fast.container import check_object_name, check_secret_name
from flyball.guards.interruptions.rules import BALANCER_STILL_SENDS
from flyball.guards.reading import address
from flyball.guards.reading.problem import Path, Problem
from flyball.guards.reading.reader import Reader
from flyball.guards.reading.rules import DOES_NOT_APPLY, EITHER_OR, INVALID_ADDRESS, INVALID_PATH, MISSING
from flyball.guards.reading.units import Milliseconds, show_duration
from flyball.guards.timeouts.rules import NO_CALLERS
from flyball.guards.workload import balancer
from flyball.guards.workload.balancer import USUAL, Balancer, BalancerArgs, BalancerWay, BalancerWayArgs
from flyball.guards.workload.names import check_namespace

_PATH = re.compile(r"/[-._~!$&'()*+,;=:@%/A-Za-z0-9]{0,1023}")


class WayInArgs(TypedDict):
    """What leads into the cluster: an Ingress class, or a Gateway; and what holds for balancers."""

    ingress: NotRequired[str]
    """Name of the IngressClass [none]."""
    gateway: NotRequired[str]
    """Name of the Gateway; routes need the Gateway API in the cluster [none]."""
    namespace: NotRequired[str]
    """Namespace of the Gateway, and of the pods that send what comes in, which are let in [nobody is let in for it: the
    service is public]."""
    deregistration: NotRequired[str]
    """How long it may go on sending to a pod that leaves; of such a service shutdown.prestop is at least that [5s]."""
    balancer: NotRequired[BalancerWayArgs]
    """What holds for all balancers of services' own."""


class GuardedExposeArgs(TypedDict):
    """A service's place in what leads into the cluster, as far as it is known before anything is created."""

    path: NotRequired[str]
    """Paths that begin with this [/]."""
    tls: NotRequired[str]
    """Of an Ingress: name of the Secret with the certificate [plain http; of a Gateway its listener has it]."""


class ExposeArgs(GuardedExposeArgs):
    """A service's place in what leads into the cluster, which the platform says (`platform.way`), or a balancer of its
    own: exactly one of `host` and `balancer`."""

    host: NotRequired[str]
    """Host name by which it is called from outside [none]."""
    balancer: NotRequired[BalancerArgs]
    """A balancer of its own [none]."""


@dataclass(frozen=True, slots=True)
class WayIn:
    """`deregistration` in milliseconds."""

    ingress: str | None = None
    gateway: str | None = None
    namespace: str | None = None
    deregistration: Milliseconds = 5_000
    balancer: BalancerWay = USUAL


@dataclass(frozen=True, slots=True)
class Expose:
    host: str
    path: str = "/"
    tls: str | None = None


NO_WAY = WayIn()
"""A cluster of which nothing is said."""


def read_way(r: Reader) -> WayIn:
    """What leads into the cluster, of `platform`."""
    given = r.at("way")
    for key, kind in (("ingress", "an IngressClass"), ("gateway", "a Gateway")):
        if given.has(key):
            given.problems.extend(check_object_name(given.value(key, str, "a"), kind, given.to(key)))
    if given.has("ingress") and given.has("gateway"):
        given.problem("gateway", EITHER_OR, "is given beside ingress", "keep one of them")
    elif r.is_map("way") and not given.has("ingress") and not given.has("gateway") and not _of_balancers(given):
        given.problem((), MISSING, "says neither ingress nor gateway", "name the class of the one, or the other")
    if given.has("gateway") and not given.has("namespace"):
        given.problem("namespace", MISSING, "is missing", "name the namespace of the gateway")
    namespace = given.value("namespace", str, "") or None
    if namespace:
        given.problems.extend(check_namespace(namespace, given.to("namespace")))
    return WayIn(
        ingress=given.value("ingress", str, "") or None,
        gateway=given.value("gateway", str, "") or None,
        namespace=namespace,
        deregistration=given.duration("deregistration", NO_WAY.deregistration),
        balancer=balancer.read_way(given),
    )


def _of_balancers(r: Reader) -> bool:
    """Whether it speaks of these alone."""
    return r.has("balancer") and not r.has("namespace") and not r.has("deregistration")


def read(r: Reader) -> Expose | None:
    """A service's place in it; None where nothing is said of one, or it has a balancer of its own."""
    given = r.at("expose")
    if given.has("balancer"):
        for key in ("path", "tls"):
            if given.has(key):
                given.problem(key, DOES_NOT_APPLY, "is given for a balancer", "leave it out: only a host has it")
    if given.has("balancer") and given.has("host"):
        given.problem("balancer", EITHER_OR, "is given beside host", "keep one of them")
    elif r.is_map("expose") and not given.has("balancer") and not given.has("host"):
        given.problem((), MISSING, "says neither host nor balancer", "name the host, or give it a balancer of its own")
    if not given.has("host"):
        return None
    host, path, tls = given.value("host", str, "a"), given.value("path", str, "/"), given.said("tls") or None
    if not address.is_name(host) or host != host.lower():
        given.problem("host", INVALID_ADDRESS, f"is {host!r}", "give a host name in small letters, as shop.example.com")
    if not _PATH.fullmatch(path):
        given.problem("path", INVALID_PATH, f"is {path!r}", "a path starts with /, without spaces")
    if tls:
        given.problems.extend(check_secret_name(tls, given.to("tls")))
    return Expose(host, path, tls)


def read_balancer(r: Reader, way: WayIn, service: int, waits: Milliseconds) -> Balancer | None:
    """A service's own balancer; None where nothing is said of one."""
    return balancer.read(r.at("expose"), way.balancer, service, waits)


def check(
    expose: Expose, way: WayIn, protocol: str, prestop: Milliseconds, public: bool, path: Path
) -> Iterator[Problem]:
    """Refuse an exposed service where there is no way in, whom it would not let in, and who leaves too early."""
    at = (*path, "expose")
    if not (way.ingress or way.gateway):
        hint = "say platform: {way: {ingress: CLASS}}, or {way: {gateway: NAME, namespace: …}}"
        yield Problem(at, MISSING, "has no way: the platform says of none", hint)
        return
    if protocol != "http":
        yield Problem(at, DOES_NOT_APPLY, f"is given, and protocol is {protocol}", "only http has hosts and paths")
    if expose.tls and way.gateway:
        yield Problem((*at, "tls"), DOES_NOT_APPLY, "is given for a gateway", "leave it out: its listener has it")
    if not way.namespace and not public:
        hint = "name platform.way.namespace, whose pods send what comes in, or set public"
        yield Problem(at, NO_CALLERS, "lets nobody in", hint)
    if prestop < way.deregistration:
        longest = show_duration(way.deregistration)
        message = f"{show_duration(prestop)} is less than the {longest} for which the way in may still send"
        yield Problem((*path, "shutdown", "prestop"), BALANCER_STILL_SENDS, message, "raise it")


def check_weights(expose: Expose | None, own: Balancer | None, way: WayIn, path: Path) -> Iterator[Problem]:
    """Refuse a canary by the weights of a route where what comes from outside comes by no route."""
    at = (*path, "rollout", "canary", "by")
    leave = "leave by out, and the share is one of replicas"
    if own:
        message = "is route, and a balancer sends to each pod as much as to any other"
        yield Problem(at, DOES_NOT_APPLY, message, f"{leave}; or expose a host by a Gateway in place of it")
    elif expose is None:
        message = "is route, and nothing leads here from outside"
        yield Problem(at, DOES_NOT_APPLY, message, f"{leave}; or expose a host by a Gateway")
    elif way.ingress:
        message = "is route, and an Ingress knows no weights"
        yield Problem(
            at, DOES_NOT_APPLY, message, f"{leave}; or say platform: {{way: {{gateway: NAME, namespace: …}}}}"
        )
