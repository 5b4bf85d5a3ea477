"""A balancer of a service's own: a second Service, of type LoadBalancer, for callers outside of the cluster.

Who may call is said, since a balancer is open to everybody where nobody says otherwise. What comes in is spread over
nodes, and then over pods. By default it is spread over all pods whichever node it reaches (externalTrafficPolicy
Cluster), so that each carries the same, and arrives from a node's address: `through` names these, as sender of what the
network policy lets in. With `local` a node hands it to its own pods alone: callers keep their addresses, and a node's
share is divided by the pods that happen to be there, which headroom could not reckon with
(https://kubernetes.io/docs/tasks/access-application-cluster/create-external-load-balancer/
#caveats-and-limitations-when-preserving-source-ips). So that is for members, of which no two are on one node.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, collapse_addresses, ip_network
from typing import Any, NotRequired, TypedDict

from flyball.guards.fail_fast.container import check_annotations, check_qualified
from flyball.guards.fail_fast.rules import BALANCER_OPEN, HAS_ARGUMENT
from flyball.guards.governor.rules import BALANCER_FIXED
from flyball.guards.headroom.rules import LOAD_UNEVEN
from flyball.guards.interruptions.rules import BALANCER_STILL_SENDS
from flyball.guards.reading import address
from flyball.guards.reading.problem import Path, Problem
from flyball.guards.reading.reader import Reader
from flyball.guards.reading.rule import Rule
from flyball.guards.reading.rules import DOES_NOT_APPLY, EITHER_OR, EMPTY, MISSING, OUT_OF_RANGE
from flyball.guards.reading.units import Milliseconds, show_duration
from flyball.guards.timeouts.rules import BALANCER_FORGETS, IDLE_BELOW_TIMEOUT

SUFFIX = "-balancer"
"""Of the Service of type LoadBalancer."""
LEAST_IDLE: Milliseconds = 60_000
MOST_IDLE: Milliseconds = 4_000_000
"""What balancers take: AWS 60 s to 6000 s, a Classic one 1 s to 4000 s, Azure 4 min to 100 min
(https://docs.aws.amazon.com/elasticloadbalancing/latest/network/update-idle-timeout.html,
https://docs.aws.amazon.com/elasticloadbalancing/latest/classic/config-idle-timeout.html,
https://learn.microsoft.com/azure/load-balancer/load-balancer-tcp-idle-timeout)."""
USUAL_IDLE: Milliseconds = 350_000
"""AWS' own default."""
BY_NODES: Milliseconds = 5_000
"""Until no node sends a pod that leaves anything: as with any Service."""
BY_HEALTH: Milliseconds = 30_000
"""With `local`, until a balancer has seen that a node has no pod any more: three looks with 10 s between them
(https://kubernetes-sigs.github.io/aws-load-balancer-controller/latest/guide/service/annotations/#health-check; of
Google three with 8 s, of Azure two with 5 s)."""
_CLASS_ARGS = {"class": NotRequired[str]}
_OfClass = TypedDict("_OfClass", _CLASS_ARGS)  # pyright: ignore[reportArgumentType]
WAY_CLASS = "Class of who makes balancers (loadBalancerClass), as service.k8s.aws/nlb [the cluster's own]."
CLASS = "Class of who makes it (loadBalancerClass), as service.k8s.aws/nlb [that of `platform.way.balancer`]."
"""Describe `class`, which no Python class can have as an attribute to describe."""
_UNIVERSES = (ip_network("0.0.0.0/0"), ip_network("2000::/3"))
"""All addresses that somebody on the internet may have (of IPv6 those that are given out: RFC 4291, section 2.4)."""

Network = IPv4Network | IPv6Network


class BalancerWayArgs(_OfClass):
    """What holds for the balancers of all services; a service may say otherwise."""

    annotations: NotRequired[dict[str, str]]
    """Annotations of their Services, for who makes the balancers [none]."""
    through: NotRequired[list[str]]
    """Ranges from which their traffic arrives at pods: those of the nodes, or of balancers that send to pods [none]."""
    nodeports: NotRequired[bool]
    """Whether each node answers for them at a port of its own; false for balancers that send to pods, or to nodes by
    the balancer's address [true]."""
    deregistration: NotRequired[str]
    """How long they may go on sending to a pod that leaves [5s; with local 30s]."""


class GuardedBalancerArgs(_OfClass):
    """A balancer of a service's own, as far as it is known before anything is created."""

    port: NotRequired[int]
    """Port of the balancer [that of the Service]."""
    public: NotRequired[bool]
    """Whether everybody may call, as far as `sources` says nothing else [false]."""
    internal: NotRequired[bool]
    """Whether it has an address of the own network alone [true, with public false]."""
    local: NotRequired[bool]
    """Whether a node hands what reaches it to its own pods alone, who then see the callers' addresses
    (externalTrafficPolicy Local); for members, of which no two are on one node [false]."""
    nodeports: NotRequired[bool]
    """Whether each node answers for it at a port of its own, past `sources` [that of `platform.way.balancer`]."""
    idle: NotRequired[str]
    """How long a connection may be idle, from 60s to 4000s; Azure rounds it up to minutes, at least 4 [350s, or the
    deadline or `inbound.idle` where these are longer]."""
    deregistration: NotRequired[str]
    """How long it may go on sending to a pod that leaves; `shutdown.prestop` is at least that [that of
    `platform.way.balancer`]."""


class BalancerArgs(GuardedBalancerArgs):
    """A balancer of a service's own, for callers outside of the cluster."""

    sources: NotRequired[list[str]]
    """Ranges of addresses that may call; required where it is not public [everybody]."""
    through: NotRequired[list[str]]
    """Ranges from which its traffic arrives at pods: those of the nodes, or of a balancer that sends to pods [those of
    `platform.way.balancer`; with local its sources]."""
    annotations: NotRequired[dict[str, str]]
    """Annotations of its Service, for who makes the balancer [those of `platform.way.balancer`]."""


@dataclass(frozen=True, slots=True)
class BalancerWay:
    """`deregistration` in milliseconds, None where nobody says."""

    kind: str | None = None
    annotations: Mapping[str, str] = field(default_factory=dict)
    through: tuple[str, ...] = ()
    nodeports: bool = True
    deregistration: Milliseconds | None = None


@dataclass(frozen=True, slots=True)
class Balancer:
    """`kind` is its class. Times in milliseconds. `sources` are empty where everybody may call."""

    port: int
    sources: tuple[str, ...]
    public: bool
    internal: bool
    local: bool
    through: tuple[str, ...]
    nodeports: bool
    kind: str | None
    annotations: Mapping[str, str]
    idle: Milliseconds
    deregistration: Milliseconds

    @property
    def arrives(self) -> tuple[str, ...]:
        """Ranges from which its traffic arrives at pods; none where that is everywhere."""
        return self.through or self.sources


USUAL = BalancerWay()
"""A platform that says nothing of balancers."""


def read_way(r: Reader) -> BalancerWay:
    """What is said of all balancers, of `platform.way`."""
    given = r.at("balancer")
    through = address.ranges(given, "through")
    _check_open(given, "through", through, public=False)
    return BalancerWay(
        kind=_kind(given),
        annotations=_annotations(given),
        # What could not be read is refused here, and missed nowhere else.
        through=through or tuple(given.words("through")),
        nodeports=given.value("nodeports", bool, USUAL.nodeports),
        deregistration=given.duration("deregistration", BY_NODES) if given.has("deregistration") else None,
    )


def read(r: Reader, way: BalancerWay, service: int, waits: Milliseconds) -> Balancer | None:
    """That of `expose`, where it has one; `service` is the port of the Service. A connection may be silent for `waits`:
    while an answer is awaited, or between two requests."""
    if not r.is_map("balancer"):
        return None
    given = r.at("balancer")
    public, local = given.value("public", bool, False), given.value("local", bool, False)
    usual = way.deregistration or (BY_HEALTH if local else BY_NODES)
    idle = min(max(USUAL_IDLE, waits), MOST_IDLE)
    return Balancer(
        port=given.whole("port", service, 1, address.LAST_PORT),
        sources=_sources(given, public),
        public=public,
        internal=_internal(given, public),
        local=local,
        through=_through(given, way),
        nodeports=given.value("nodeports", bool, way.nodeports),
        kind=_kind(given) or way.kind,
        annotations={**way.annotations, **_annotations(given)},
        idle=_idle(given, idle),
        deregistration=given.duration("deregistration", usual),
    )


def _kind(r: Reader) -> str | None:
    name = r.said("class") or None
    if name:
        r.problems.extend(check_qualified(name, "a class of balancers", r.to("class")))
    return name


def _idle(r: Reader, usual: Milliseconds) -> Milliseconds:
    found = r.duration("idle", usual)
    if not LEAST_IDLE <= found <= MOST_IDLE:
        limits = f"from {show_duration(LEAST_IDLE)} to {show_duration(MOST_IDLE)}"
        r.problem("idle", OUT_OF_RANGE, f"is {show_duration(found)}", f"allowed is {limits}")
        return usual
    return found


def _sources(r: Reader, public: bool) -> tuple[str, ...]:
    found = address.ranges(r, "sources")
    if not r.has("sources"):
        if not public:
            hint = "name the ranges that may call, as [192.0.2.0/24], or say public: true for everybody"
            r.problem("sources", MISSING, "is missing", hint)
    elif r.values["sources"] == []:
        hint = "name the ranges that may call, or say public: true in its place"
        r.problem("sources", EMPTY, "has no range, which is everybody", hint)
    _check_open(r, "sources", found, public)
    return found


def _check_open(r: Reader, key: str, found: Iterable[str], public: bool) -> None:
    if not public and is_everybody(map(ip_network, found)):
        hint = "name those who call, or say public: true" if key == "sources" else "name the ranges of your nodes"
        r.problem(key, BALANCER_OPEN, "let everybody in", hint)


def _internal(r: Reader, public: bool) -> bool:
    internal = r.value("internal", bool, not public)
    if internal and public:
        hint = "an internal one has sources, as [10.0.0.0/8]; keep one of them"
        r.problem("internal", EITHER_OR, "is true, and public is true", hint)
    return internal


def _through(r: Reader, way: BalancerWay) -> tuple[str, ...]:
    if r.value("local", bool, False):
        if r.has("through"):
            r.problem("through", DOES_NOT_APPLY, "is given with local", "callers keep their addresses; leave it out")
        return ()
    found = address.ranges(r, "through")
    _check_open(r, "through", found, public=False)
    return found if r.has("through") else way.through


def is_everybody(networks: Iterable[Network]) -> bool:
    """Whether these are half or more of all addresses that callers of a family may have: nobody means so many, and
    everybody can be written in several ranges."""
    found = [*networks]
    return any(2 * _held(found, universe) >= universe.num_addresses for universe in _UNIVERSES)


def _held(networks: Iterable[Network], universe: Network) -> int:
    """How many addresses of the universe are in one of the ranges; of two that overlap, one holds the other."""
    inside: list[Any] = [
        each if each.prefixlen >= universe.prefixlen else universe
        for each in networks
        if each.version == universe.version and each.overlaps(universe)
    ]
    return sum(each.num_addresses for each in collapse_addresses(inside))


def check_class(balancer: Balancer, was: str | None, path: Path) -> Iterator[Problem]:
    """Refuse another class than the one with which it was made; None is the cluster's own."""
    if balancer.kind != was:
        now, then = (f"{kind!r}" if kind else "the cluster's own" for kind in (balancer.kind, was))
        hint = "leave it as it is, or take expose out, bring the stack up, and give it back: with another address"
        at = (*path, "expose", "balancer", "class")
        yield Problem(at, BALANCER_FIXED, f"is {now}, and {then} made the balancer that is there", hint)


_AWS, _AZURE = (f"service.beta.kubernetes.io/{cloud}-load-balancer-" for cloud in ("aws", "azure"))
_INTERNAL = (HAS_ARGUMENT, "has an argument of its own", "give internal")
_IDLE = (IDLE_BELOW_TIMEOUT, f"would undo {IDLE_BELOW_TIMEOUT.id}", "give idle")
_SOURCES = (BALANCER_OPEN, f"would undo {BALANCER_OPEN.id}", "give sources")
_TOLD: Mapping[str, tuple[Rule, str, str]] = {
    **dict.fromkeys((f"{_AWS}scheme", f"{_AWS}internal", f"{_AZURE}internal"), _INTERNAL),
    **dict.fromkeys(("networking.gke.io/load-balancer-type", "cloud.google.com/load-balancer-type"), _INTERNAL),
    **dict.fromkeys((f"{_AWS}connection-idle-timeout", f"{_AWS}listener-attributes", f"{_AZURE}tcp-idle"), _IDLE),
    "service.beta.kubernetes.io/load-balancer-source-ranges": _SOURCES,
    "service.beta.kubernetes.io/azure-allowed-": _SOURCES,
}
"""What annotations with these beginnings would undo, or which argument says it."""


def _annotations(r: Reader) -> dict[str, str]:
    """Free annotations, but for what an argument says and a rule holds."""
    r.problems.extend(check_annotations(r.values, r.path))
    found = r.texts("annotations")
    for key, value in found.items():
        if held := refusal(key, value):
            r.problem(("annotations", key), *held)
    return found


def refusal(key: str, value: str) -> tuple[Rule, str, str] | None:
    """What an annotation breaks, if it breaks anything: a rule, what it does, and how to mend it."""
    if held := next((what for begin, what in _TOLD.items() if key.startswith(begin)), None):
        return held
    if "stickiness.enabled=true" in value:
        return LOAD_UNEVEN, "holds a client to one pod", "leave it out, and keep sessions in a cache"
    if _speaks_proxy(key, value):
        hint = "leave it out: neither the proxy nor an application reads that protocol"
        return DOES_NOT_APPLY, "puts the PROXY protocol before what clients say", hint
    return None


def _speaks_proxy(key: str, value: str) -> bool:
    named = "proxyprotocol" in key.replace("-", "")
    return (named and value not in ("", "false")) or "proxy_protocol_v2.enabled=true" in value


@dataclass(frozen=True, slots=True)
class Behind:
    """What is behind a balancer: whether no two of its pods are on one node, whether its policy lets everybody in
    anyway, and its times [ms], `kept` being how long the proxy keeps an idle connection, None without one."""

    apart: bool
    public: bool
    deadline: Milliseconds
    kept: Milliseconds | None
    prestop: Milliseconds


def check(balancer: Balancer, behind: Behind, path: Path) -> Iterator[Problem]:
    """Refuse one that lets in nobody, shares out unevenly, or does not fit the times of what is behind it."""
    at = (*path, "expose", "balancer")
    if balancer.local and not behind.apart:
        message = "is true, and pods of which a node has two would carry half as much as others"
        yield Problem((*at, "local"), LOAD_UNEVEN, message, "leave it out, and name the nodes in through")
    if not balancer.local and not balancer.through and not behind.public:
        message = "is missing: what comes in bears the address of a node, and the network policy lets none in"
        hint = "name the ranges of your nodes, here or once in platform.way.balancer.through"
        yield Problem((*at, "through"), MISSING, message, hint)
    idle = show_duration(balancer.idle)
    if balancer.idle < behind.deadline:
        message = f"{idle} is less than the deadline of {show_duration(behind.deadline)}"
        yield Problem((*at, "idle"), IDLE_BELOW_TIMEOUT, message, "raise it, or lower the deadline")
    elif behind.kept is not None and balancer.idle < behind.kept:
        message = f"{idle} is less than the {show_duration(behind.kept)} for which the proxy keeps a connection"
        yield Problem((*at, "idle"), BALANCER_FORGETS, message, "raise it, or lower inbound.idle")
    if behind.prestop < balancer.deregistration:
        longest = show_duration(balancer.deregistration)
        message = f"{show_duration(behind.prestop)} is less than the {longest} for which the balancer may still send"
        yield Problem((*path, "shutdown", "prestop"), BALANCER_STILL_SENDS, message, "raise it")
