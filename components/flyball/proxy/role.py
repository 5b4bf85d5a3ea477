"""The filter of the Ansible collection: the configuration of a host's proxy from plain data.

The words are those of a workload's arguments (`flyball.guards.workload.arguments`), with what a host has more: where
the proxy listens for each call, so that it can be a balancer for others too, and where its metrics are.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from flyball.guards.fail_fast import inbound
from flyball.guards.fail_fast.rules import PORT_TAKEN
from flyball.guards.interruptions.interruption import check_drain
from flyball.guards.reading import address as addresses
from flyball.guards.reading.problem import Problem, refuse
from flyball.guards.reading.reader import Reader
from flyball.guards.reading.rules import DOES_NOT_APPLY, EMPTY, INVALID_ADDRESS, INVALID_NAME, MISSING, UNKNOWN_VALUE
from flyball.guards.reading.strict import check
from flyball.guards.reading.units import Milliseconds
from flyball.guards.roles.haproxy import DRAIN, FIRST_CALL, LOOPBACK, METRICS, PEERS, ROLE, SOCKET, HostProxyArgs
from flyball.guards.timeouts import calls, deadlines, hops
from flyball.guards.timeouts.deadlines import Promise
from flyball.guards.workload import sidecar
from flyball.proxy import families
from flyball.proxy.config import proxy_config
from flyball.proxy.inputs import Address, Families, InboundHop, Outbound, Proxy, Server

NAME, EVERYWHERE = "proxy", ""


@dataclass(frozen=True, slots=True)
class HostProxy:
    """What the Ansible role `haproxy` writes, and where it then listens; every address where none is named."""

    config: str
    listens: tuple[str, ...]

    def as_variables(self) -> dict[str, Any]:
        return asdict(self)


def haproxy_config(variables: object) -> str:
    """The configuration. Raises `flyball.guards.reading.problem.Refused` with every problem at once."""
    problems = list(check(variables, HostProxyArgs, ()))
    proxy = _read(Reader(variables, (), problems))
    refuse(problems)
    assert proxy is not None  # None only with a problem
    return proxy_config(proxy)


def read(
    variables: Mapping[str, object], host: str = NAME, families: str = Families.IPV4
) -> tuple[HostProxy, list[Problem]]:
    """What the role's variables ask for on a host of that name, and what is wrong with them.

    `families` is what it reaches others over: `ipv4`, `ipv6` or `both`.
    """
    reader, key = ROLE.read(variables), "haproxy_proxy"
    own = reader.at(key)
    reader.group("haproxy_group")
    proxy = _of(host, own)
    if reader.is_map(key) and not (own.has("port") or own.has("calls")):
        hint = "name the application's port, or calls"
        reader.problem(key, EMPTY, "has neither an application nor calls, so there is nothing to proxy", hint)
    if proxy is None or reader.problems:
        return HostProxy("", ()), reader.problems
    proxy = replace(proxy, families=Families(families))
    return HostProxy(proxy_config(proxy), tuple(_sockets(proxy))), []


def longest(variables: Mapping[str, object]) -> Milliseconds:
    """The longest that a request may take which the role's proxy passes on; 0 where there is none.

    What is wrong with the variables reads as its default.
    """
    own = ROLE.read(variables).at("haproxy_proxy")
    proxy = _of(NAME, own) if own.values else None
    return _longest(proxy.inbound, proxy.outbound) if proxy else 0


def _of(host: str, own: Reader) -> Proxy | None:
    return _read(Reader({"name": host, **own.values}, own.path, own.problems))


def _longest(inbound: InboundHop | None, outbound: Iterable[Outbound]) -> Milliseconds:
    """Of a connection that is passed on as it is nobody knows: that ends when its two ends want it to."""
    behind = [inbound.deadline] if inbound and inbound.protocol != "tcp" else []
    return max([*behind, *(hop.call.longest for hop in outbound if hop.hop.protocol != "tcp")], default=0)


def _sockets(proxy: Proxy) -> Iterator[str]:
    """Each of its addresses, those that stand for every one of a family with it."""
    for place in proxy.listens:
        if place.host not in ("", families.EVERYWHERE):
            yield str(place)
            continue
        yield f"0.0.0.0:{place.port}"
        if place.host == families.EVERYWHERE or proxy.families is not Families.IPV4:
            yield f"[::]:{place.port}"


def _read(r: Reader) -> Proxy | None:
    """The proxy, None only with a problem."""
    inbound, outbound = _inbound_hop(r), _outbound(r)
    promise = Promise(_deadline(r), {hop.name: hop.call for hop in outbound})
    if r.has("deadline") and not r.problems:
        name = r.value("name", str, NAME)
        r.problems += deadlines.check({name: promise}, {name: r.path})
    return _proxy(r, inbound, outbound)


def _proxy(r: Reader, inbound: InboundHop | None, outbound: tuple[Outbound, ...]) -> Proxy | None:
    metrics = r.at("metrics")
    listen = Address(metrics.whole("port", METRICS, most=addresses.LAST_PORT), _address(metrics, LOOPBACK))
    peers = Address(r.whole("peers", PEERS, most=addresses.LAST_PORT))
    needed = _longest(inbound, outbound)
    drain = r.duration("drain", max(DRAIN, needed))
    r.problems += check_drain(drain, needed, r.path)
    try:
        proxy = Proxy(
            name=r.value("name", str, NAME),
            inbound=inbound,
            outbound=outbound,
            metrics=listen,
            peers=peers,
            socket=r.value("socket", str, SOCKET),
            headers=sidecar.read_headers(r),
            threads=r.whole("threads", 1, 1, 64),
            drain=drain,
        )
    except ValueError as error:
        r.problem(
            (),
            INVALID_NAME,
            str(error),
            "name: letters, digits, dashes, dots and underscores; socket: an absolute path",
        )
        return None
    ports: dict[int, Address] = {}
    for address in proxy.listens:
        if address.port in ports:
            r.problem((), PORT_TAKEN, f"two parts listen on port {address.port}", "give each one a port of its own")
        ports[address.port] = address
    return proxy


def _deadline(r: Reader) -> int:
    return r.duration("deadline", deadlines.DEFAULT_DEADLINE)


def _inbound_hop(r: Reader) -> InboundHop | None:
    if not r.has("port"):
        for key in ("inbound", "load", "protocol"):
            if r.has(key):
                r.problem(key, DOES_NOT_APPLY, "is given without port", "name the application's port, or remove it")
        return None
    if not r.has("load"):
        r.problem(
            "load",
            MISSING,
            "is missing",
            "what the application can do bounds what it gets: load: {replica: …, peak: …}",
        )
    protocol, deadline = r.value("protocol", str, "http"), _deadline(r)
    if protocol not in hops.PROTOCOLS:
        r.problem("protocol", UNKNOWN_VALUE, f"is {protocol!r}", f"allowed are {', '.join(hops.PROTOCOLS)}")
        protocol = "http"
    own = r.at("inbound")
    load = r.at("load")
    load.number("peak", 1.0)  # nothing here follows from it
    replica = load.number("replica", 1.0)
    guard = inbound.read(own, sidecar.FIRST_PORT, protocol, replica, deadline)
    if not guard.enabled:
        return None
    if own.readable("latency") and own.readable("queue") and r.readable("deadline"):
        r.problems.extend(inbound.check(guard, deadline, own.path, tcp=protocol == "tcp"))
    application = Server(LOOPBACK, r.whole("port", 8080, most=addresses.LAST_PORT))
    if application.port == guard.port:
        own.problem("port", PORT_TAKEN, f"{guard.port} is the port of the application", "choose another one")
    return InboundHop(Address(guard.port, _address(own, EVERYWHERE)), application, protocol, deadline, guard)


def _outbound(r: Reader) -> tuple[Outbound, ...]:
    given = r.maps("calls")
    found: list[Outbound] = []
    found_hops: dict[str, hops.Hop] = {}
    for i, name in enumerate(sorted(given)):
        own = given[name]
        call = calls.read_call(own, outside=True)
        found_hops[name] = hops.read(own, name, call)
        if not own.has("host"):
            own.problem("host", MISSING, "is missing", "a host or address that can answer")
        there = calls.read_outside(own)
        port = own.whole("listen", FIRST_CALL + i, most=addresses.LAST_PORT)
        try:
            servers = tuple(Server(host, there.port) for host in (there.host, *there.hosts))
            found.append(Outbound(name, Address(port, _address(own, LOOPBACK)), servers, call, found_hops[name]))
        except ValueError:
            continue  # said already, of that name or host
    r.problems.extend(hops.check_hops(found_hops, (*r.path, "calls")))
    return tuple(found)


def _address(r: Reader, default: str) -> str:
    address = r.value("address", str, default)
    if address == default or addresses.is_address(address):
        return address
    r.problem("address", INVALID_ADDRESS, f"is {address!r}", "give an IPv4 or IPv6 address of the host")
    return default
