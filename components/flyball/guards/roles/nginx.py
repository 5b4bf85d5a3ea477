"""Lessons 1 and 2 for nginx: every hop has a timeout, bad requests are refused at the door, the rest is bounded.

`read` takes the variables of the Ansible role `nginx`. nginx as packaged has none of these limits: 60 s for each
timeout, and no limit on requests or connections (https://nginx.org/en/docs/http/ngx_http_proxy_module.html).
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, NotRequired, TypedDict

from flyball.guards.reading import address
from flyball.guards.reading.problem import Problem
from flyball.guards.reading.reader import Reader
from flyball.guards.reading.rules import EMPTY, GIVEN_TWICE, INVALID_ADDRESS, INVALID_NAME
from flyball.guards.reading.units import Bytes, Milliseconds, ceil_div, show_duration, show_size
from flyball.guards.roles.variables import Role, Variable
from flyball.guards.timeouts.rules import CALLS_BEYOND_DEADLINE

DEADLINE: Milliseconds = 2_000
CONNECT: Milliseconds = 250
TRIES = 1
"""One try: a retry of a slow request doubles the load just when it is too much."""
MAX_FAILS = 3
FAIL_TIMEOUT: Milliseconds = 10_000
"""A server that failed `MAX_FAILS` times within this time is left alone for as long."""
BURST = 20
CONNECTIONS = 100
BODY: Bytes = 2**20
HEADERS: Bytes = 16 * 1024
PAGE: Bytes = 4096
"""Of each buffer for an answer's body."""


class SiteArgs(TypedDict):
    name: str
    port: int
    servers: list[str]
    host: NotRequired[str]
    deadline: NotRequired[str]
    connect: NotRequired[str]
    timeout: NotRequired[str]
    tries: NotRequired[int]
    max_fails: NotRequired[int]
    fail_timeout: NotRequired[str]
    rate: NotRequired[int]
    burst: NotRequired[int]
    connections: NotRequired[int]
    body: NotRequired[str]


ROLE = Role(
    "nginx",
    "A reverse proxy with a timeout on every hop, limits at the door and servers that fail left alone",
    (
        Variable(
            "nginx_sites",
            list[SiteArgs],
            [],
            f"Sites, each with name, port and servers (host:port); host [any], deadline [{show_duration(DEADLINE)}],"
            f" connect [{show_duration(CONNECT)}], timeout [what the deadline leaves], tries [{TRIES}], max_fails"
            f" [{MAX_FAILS}] within fail_timeout [{show_duration(FAIL_TIMEOUT)}]; of one client rate (requests per"
            f" second) with burst [{BURST}], and connections [{CONNECTIONS}]; body [{show_size(BODY)}].",
        ),
        Variable(
            "nginx_balancers",
            list[str],
            [],
            "Addresses of balancers in front, or ranges of them: who asks is then whom they name in X-Forwarded-For."
            " Without them all that comes through a balancer is one client to rate and connections.",
        ),
        Variable("nginx_max_connections", int, 4096, "Connections of each worker, from 64 to 100000.", "connections"),
        Variable(
            "nginx_keepalive", str, "30s", "How long an idle connection of a client is kept, at least 1s.", "duration"
        ),
        Variable(
            "nginx_headers",
            str,
            show_size(HEADERS),
            "Longest line of a request's headers, of which four fit in, and longest headers of an answer, from 4Ki to"
            " 64Ki.",
            "size",
        ),
        Variable(
            "nginx_drain_seconds",
            int,
            10,
            "Seconds from a host's notice that it leaves until it may, longer than balancers take to see it and"
            " requests to be answered, from 1 to 100; never less than the longest deadline of its sites.",
            "seconds",
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class Site:
    """One site, durations in milliseconds; `rate` is requests per second of one client, 0 for no limit."""

    name: str
    port: int
    host: str
    servers: tuple[str, ...]
    connect: Milliseconds
    timeout: Milliseconds
    deadline: Milliseconds
    tries: int
    max_fails: int
    fail_timeout: Milliseconds
    rate: int
    burst: int
    connections: int
    body: Bytes


@dataclass(frozen=True, slots=True)
class Web:
    sites: tuple[Site, ...]
    balancers: tuple[str, ...]
    max_connections: int
    keepalive: Milliseconds
    headers: Bytes
    buffers: int
    """For the body of an answer, each of a page: one more than what may be on its way to the client at once, which is
    at least the headers' buffer (https://nginx.org/r/proxy_busy_buffers_size)."""
    drain_seconds: int
    """From its notice that it leaves, until balancers know and the longest request that came before is answered."""

    def as_variables(self) -> dict[str, Any]:
        return {**asdict(self), "sites": [asdict(site) for site in self.sites]}


def read(variables: Mapping[str, object]) -> tuple[Web, list[Problem]]:
    """The sites that the variables ask for, and what is wrong with them."""
    reader = ROLE.read(variables)
    sites = tuple(_site(site) for site in reader.each("nginx_sites"))
    seen: dict[object, int] = {}
    for i, site in enumerate(sites):
        for key, value in (("name", site.name), ("port", (site.port, site.host))):
            if (first := seen.setdefault((key, value), i)) != i:
                reader.problems.append(
                    Problem(("nginx_sites", i, key), GIVEN_TWICE, f"is also that of nginx_sites[{first}]")
                )
    leaves = max(reader.count("nginx_drain_seconds", most=100), ceil_div(_longest(sites), 1000), 1)
    connections = reader.count("nginx_max_connections", least=64, most=100_000)
    headers = reader.amount("nginx_headers", 4 * 1024, 64 * 1024)
    keepalive = reader.time("nginx_keepalive", least=1000)
    return Web(
        sites, _balancers(reader), connections, keepalive, headers, max(8, ceil_div(headers, PAGE) + 1), leaves
    ), reader.problems


def longest(variables: Mapping[str, object]) -> Milliseconds:
    """The longest that a request to one of the role's sites may take; 0 where it has none."""
    return _longest(map(_site, ROLE.read(variables).each("nginx_sites")))


def _longest(sites: Iterable[Site]) -> Milliseconds:
    return max((site.deadline for site in sites), default=0)


def _balancers(r: Reader) -> tuple[str, ...]:
    """Those whose word on who asks is taken, never everybody's: whoever is believed can pass for anybody."""
    found: list[str] = []
    for i, text in enumerate(r.words("nginx_balancers")):
        at = ("nginx_balancers", i)
        try:
            network = address.network(text)
        except ValueError as error:
            r.problem(at, INVALID_ADDRESS, str(error), "give an address or a range of them")
            continue
        if network.prefixlen == 0:
            message = f"{text} is everybody, who could pass for anybody then"
            r.problem(at, INVALID_ADDRESS, message, "name the balancers themselves")
        found.append(str(network))
    return tuple(found)


def _site(site: Reader) -> Site:
    name = site.value("name", str, "")
    if site.has("name") and not re.fullmatch(r"[a-z][a-z0-9_-]{0,31}", name):
        site.problem("name", INVALID_NAME, f"{name!r} is not allowed", "give lower-case letters, digits, - and _")
    host = site.value("host", str, "_")
    if host != "_" and not address.is_name(host.removeprefix("*.") if host[:1] == "*" else host.removesuffix(".*")):
        site.problem(
            "host",
            INVALID_ADDRESS,
            f"{host!r} is no host name",
            "give one, with *. before it or .* after it for all such",
        )
    servers = address.targets(site, "servers")
    if isinstance(site.values.get("servers"), list) and not servers:
        site.problem("servers", EMPTY, "is empty", "name at least one, as host:port")
    connect, deadline = site.duration("connect", CONNECT), site.duration("deadline", DEADLINE)
    tries = site.whole("tries", TRIES, most=5)
    timeout = site.duration("timeout", max(deadline // tries - connect, 1))
    if (needed := (connect + timeout) * tries) > deadline:
        message = f"{tries} x ({show_duration(connect)} + {show_duration(timeout)}) is more than the deadline of"
        site.problem(
            "timeout",
            CALLS_BEYOND_DEADLINE,
            f"{message} {show_duration(deadline)}",
            f"{show_duration(needed - deadline)} too long",
        )
    return Site(
        name=name,
        port=site.whole("port", 80, most=address.LAST_PORT),
        host=host,
        servers=servers,
        connect=connect,
        timeout=timeout,
        deadline=deadline,
        tries=tries,
        max_fails=site.whole("max_fails", MAX_FAILS, most=100),
        fail_timeout=site.duration("fail_timeout", FAIL_TIMEOUT, least=1000),
        rate=site.whole("rate", 0, least=0, most=100_000),
        burst=site.whole("burst", BURST, least=0, most=100_000),
        connections=site.whole("connections", CONNECTIONS, most=100_000),
        body=site.size("body", BODY),
    )
