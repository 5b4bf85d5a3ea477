"""What the renderer is given: values of the guards, and addresses. Nothing in here can leave its place in a line."""

import ipaddress
import re
from dataclasses import dataclass, field
from enum import StrEnum

from flyball.guards.alerting import hops
from flyball.guards.fail_fast.inbound import Inbound
from flyball.guards.reading import address
from flyball.guards.reading.units import Bytes, Milliseconds
from flyball.guards.timeouts.deadlines import Times
from flyball.guards.timeouts.hops import Hop
from flyball.guards.workload.sidecar import LEAST_HEADERS

_NAME = re.compile(r"[A-Za-z0-9](?:[-._A-Za-z0-9]{0,61}[A-Za-z0-9])?")
_FILE = re.compile(r"/[-._/A-Za-z0-9]{1,100}")


class Families(StrEnum):
    """What the machine has of IPv4 and IPv6; `POD` asks the pod's variables, see `families`."""

    IPV4 = "ipv4"
    IPV6 = "ipv6"
    BOTH = "both"
    POD = "pod"


@dataclass(frozen=True, slots=True)
class Address:
    """Where to listen. An empty host means all addresses, of every family that the machine has."""

    port: int
    host: str = "127.0.0.1"

    def __post_init__(self) -> None:
        _check_port(self.port)
        if self.host and not address.is_address(self.host):
            raise ValueError(f"{self.host!r} is no address to listen on")

    def __str__(self) -> str:
        return address.join(self.host, self.port)


@dataclass(frozen=True, slots=True)
class Server:
    """Where to connect to: a host's name or address, and a port."""

    host: str
    port: int

    def __post_init__(self) -> None:
        _check_port(self.port)
        if not address.is_host(self.host):
            raise ValueError(f"{self.host!r} is no host")

    def __str__(self) -> str:
        return address.join(self.host, self.port)


@dataclass(frozen=True, slots=True)
class Outbound:
    """A hop: the application calls `listen`, the proxy calls one of `servers`."""

    name: str
    listen: Address
    servers: tuple[Server, ...]
    call: Times = field(default_factory=Times)
    hop: Hop = field(default_factory=Hop)
    also: tuple[Address, ...] = ()
    """Where it listens too."""

    def __post_init__(self) -> None:
        _check_name(self.name)
        if not self.servers:
            raise ValueError(f"{self.name} has no server")

    @property
    def is_balancer(self) -> bool:
        """Whether it listens for others than the programs of its own machine."""
        return not self.listen.host or not ipaddress.ip_address(self.listen.host).is_loopback


@dataclass(frozen=True, slots=True)
class InboundHop:
    """The guard in front of an application that listens on `app` and promises `deadline`."""

    listen: Address
    app: Server
    protocol: str
    deadline: Milliseconds
    limits: Inbound


@dataclass(frozen=True, slots=True)
class Proxy:
    """One HAProxy process: its inbound hop, its outbound ones, and what is asked of it by those who look after it.

    `metrics` serves Prometheus and `/healthz`. `peers` is where a reloaded process takes over the breakers' state from
    the one before it; `socket` HAProxy's own commands. The headers of a message have at most `headers` bytes. After
    `drain` milliseconds of leaving it ends what is left. Slow answers are
    counted over the `window` that alerts look back.
    """

    name: str
    inbound: InboundHop | None = None
    outbound: tuple[Outbound, ...] = ()
    metrics: Address | None = None
    peers: Address | None = None
    socket: str | None = None
    headers: Bytes = LEAST_HEADERS
    threads: int = 1
    drain: Milliseconds = 30_000
    window: Milliseconds = hops.WINDOW * 1000
    families: Families = Families.IPV4

    def __post_init__(self) -> None:
        _check_name(self.name)
        if self.socket is not None and not _FILE.fullmatch(self.socket):
            raise ValueError(f"{self.socket!r} is no path for a socket")
        names = [hop.name for hop in self.outbound]
        if twice := [name for name in names if names.count(name) > 1]:
            raise ValueError(f"{twice[0]} is there twice")

    @property
    def listens(self) -> tuple[Address, ...]:
        """Every address it listens on."""
        inbound = () if self.inbound is None else (self.inbound.listen,)
        others = tuple(place for place in (self.metrics, self.peers) if place is not None)
        return (*inbound, *(hop.listen for hop in self.outbound), *others)


def _check_port(port: int) -> None:
    if not 1 <= port <= address.LAST_PORT:
        raise ValueError(f"{port} is no port")


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} is no name for a part of a proxy")
