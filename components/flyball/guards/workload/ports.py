"""Further ports of an application beside the one that its load is about: for those who administer, or who scrape.

The proxy stands in front of `port` alone. What reaches a further port is held by the network policy, and by nothing
else: no queue, no limit and no deadline. So it is never open to more than those who are named, unless that is said.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NotRequired, TypedDict

from flyball.guards.fail_fast.rules import PORT_TAKEN
from flyball.guards.reading.problem import Path, Problem
from flyball.guards.reading.reader import Reader
from flyball.guards.reading.rules import EITHER_OR, INVALID_NAME, INVALID_PATH, UNKNOWN_VALUE
from flyball.guards.timeouts.rules import NO_CALLERS
from flyball.guards.workload.names import Caller, check_namespace, read_callers
from flyball.guards.workload.sidecar import SCRAPE

MAIN, METRICS = RESERVED = ("main", "app-metrics")
"""Names of `port` and of the port of `metrics`."""
PROTOCOLS = ("http", "grpc", "tcp", "udp")
_NAME = re.compile(r"(?=.*[a-z])[a-z0-9]+(?:-[a-z0-9]+)*")
_LONGEST = 15
"""https://kubernetes.io/docs/concepts/services-networking/service/#multi-port-services; RFC 6335, 5.1."""


class PortArgs(TypedDict):
    """A further port, past the proxy: held by the network policy alone, to those who are named."""

    port: int
    """Port on which the application listens."""
    service: NotRequired[int]
    """Port of its Service, at which callers in the cluster reach it [port]."""
    protocol: NotRequired[str]
    """`http`, `grpc`, `tcp` or `udp` [tcp]."""
    callers: NotRequired[list[str]]
    """Workloads that may reach it, as front, of another namespace as trade/front, or all there as trade/* [those of
    `public`]. Those of the same set are let out to it as well."""
    public: NotRequired[bool]
    """Whether anybody may reach it [false]."""


class MetricsArgs(TypedDict):
    """The application's own figures, for who scrapes them."""

    port: int
    """Port on which it answers."""
    path: NotRequired[str]
    """Path of the figures [/metrics]."""
    scrape: NotRequired[str]
    """Namespace whose pods may read them [monitoring]."""


@dataclass(frozen=True, slots=True)
class Port:
    """`port` is that of the application, `service` the one of its Service."""

    port: int
    service: int
    protocol: str
    callers: tuple[Caller, ...]
    public: bool


@dataclass(frozen=True, order=True, slots=True)
class Reached:
    """A further port of a service, as those see it who may reach it: `port` is that of its pods."""

    namespace: str
    name: str
    port: int
    protocol: str


@dataclass(frozen=True, slots=True)
class Metrics:
    port: int
    path: str
    scrape: str


def read(r: Reader, namespace: str) -> dict[str, Port]:
    """The further ports by name. Of members each reaches those of the others, and nobody else need do so."""
    given = r.at("ports")
    among = r.has("quorum")
    return {name: _read(name, each, namespace, among) for name, each in r.maps("ports").items() if given.is_map(name)}


def _read(name: str, r: Reader, namespace: str, among: bool) -> Port:
    if not _NAME.fullmatch(name) or len(name) > _LONGEST or name in RESERVED:
        hint = f"at most {_LONGEST} lower-case letters, digits and single dashes, other than {' and '.join(RESERVED)}"
        r.problem((), INVALID_NAME, f"{name!r} is no name for a further port", hint)
    protocol = r.value("protocol", str, "tcp")
    if protocol not in PROTOCOLS:
        r.problem("protocol", UNKNOWN_VALUE, f"is {protocol!r}", f"allowed are {', '.join(PROTOCOLS)}")
        protocol = "tcp"
    public = r.value("public", bool, False)
    if not among and not r.has("callers") and r.values.get("public", False) is False:
        hint = "name who may reach it, as [front], trade/front or trade/*, or set public"
        r.problem("callers", NO_CALLERS, "is missing, and nobody could reach it", hint)
    elif r.has("callers") and public:
        r.problem("callers", EITHER_OR, "is given, and public is true", "keep one of them")
    port = r.whole("port", 8081, 1, 65_535)
    return Port(port, read_service(r, port), protocol, tuple(read_callers(r, namespace)), public)


def read_service(r: Reader, port: int) -> int:
    """The Service's port for a port of the application, which it is where nobody says."""
    return r.whole("service", port, 1, 65_535)


def check_services(port: int | None, service: int | None, ports: Mapping[str, Port], path: Path) -> Iterator[Problem]:
    """Refuse two ports of one Service with the same number; those of UDP and of TCP do not meet. Nothing is said of two
    that are one port of the pod already."""
    used = {(False, service): ("port", port)}
    for name, each in ports.items():
        key = (each.protocol == "udp", each.service)
        what, other = used.setdefault(key, (f"ports.{name}", each.port))
        if what != f"ports.{name}" and other != each.port:
            message = f"{each.service} is the port of the Service for {what}"
            yield Problem((*path, "ports", name, "service"), PORT_TAKEN, message, "choose another one")


def read_metrics(r: Reader) -> Metrics | None:
    """Where the application's own figures are; None where nothing is said of any."""
    if not r.is_map("metrics"):
        return None
    given = r.at("metrics")
    path, scrape = given.value("path", str, "/metrics"), given.value("scrape", str, SCRAPE)
    if not path.startswith("/") or any(letter.isspace() for letter in path):
        given.problem("path", INVALID_PATH, f"is {path!r}", "give an absolute path")
    given.problems.extend(check_namespace(scrape, given.to("scrape")))
    return Metrics(given.whole("port", 9090, 1, 65_535), path, scrape)


def check(
    port: int | None, ports: Mapping[str, Port], metrics: Metrics | None, taken: Mapping[int, str], path: Path
) -> Iterator[Problem]:
    """Refuse ports on which another part of the pod listens: `taken` says which, of all but the further ones. Those of
    UDP and of TCP do not meet."""
    used = dict(taken)
    for name, each in ports.items():
        if each.protocol == "udp":
            continue
        if each.port in used:
            message = f"{each.port} is the port of {used[each.port]}"
            yield Problem((*path, "ports", name, "port"), PORT_TAKEN, message, "choose another one")
        used.setdefault(each.port, f"ports.{name}")
    # Figures may be on a port that is there anyway, which is opened for who scrapes them.
    if metrics and metrics.port not in {port, *(each.port for each in ports.values())} and metrics.port in used:
        message = f"{metrics.port} is the port of {used[metrics.port]}"
        yield Problem((*path, "metrics", "port"), PORT_TAKEN, message, "choose another one")
