"""Lessons 1 and 2 for nginx: every hop has a timeout, bad requests are refused at the door, the rest is bounded.

`read` takes the variables of the Ansible role `nginx`. nginx as packaged has none of these limits: 60 s for each
timeout, and no limit on requests or connections (https://nginx.org/en/docs/http/ngx_http_proxy_module.html).
"""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, NotRequired, TypedDict

from flyball.guards.reading import strict
from flyball.guards.reading.problem import Problem
from flyball.guards.reading.reader import Reader
from flyball.guards.reading.rules import EMPTY, GIVEN_TWICE, INVALID_ADDRESS, INVALID_NAME
from flyball.guards.reading.units import Bytes, Milliseconds, show_duration
from flyball.guards.timeouts.rules import CALLS_BEYOND_DEADLINE

DEADLINE: Milliseconds = 2_000
CONNECT: Milliseconds = 250
TRIES = 1
"""One try: a retry of a slow request doubles the load just when it is too much."""
MAX_FAILS = 3
FAIL_TIMEOUT: Milliseconds = 10_000
"""A server that failed `MAX_FAILS` times within this time is left alone for as long."""


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


class WebArgs(TypedDict):
    nginx_sites: list[SiteArgs]
    nginx_max_connections: int
    nginx_keepalive: str
    nginx_drain_seconds: int


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
    max_connections: int
    keepalive: Milliseconds

    def as_variables(self) -> dict[str, Any]:
        return {**asdict(self), "sites": [asdict(site) for site in self.sites]}


def read(variables: Mapping[str, object]) -> tuple[Web, list[Problem]]:
    """The sites that the variables ask for, and what is wrong with them."""
    problems = list(strict.check(dict(variables), WebArgs, ()))
    reader = Reader(variables, (), problems)
    sites = tuple(_site(site) for site in reader.each("nginx_sites"))
    seen: dict[object, int] = {}
    for i, site in enumerate(sites):
        for key, value in (("name", site.name), ("port", (site.port, site.host))):
            if (first := seen.setdefault((key, value), i)) != i:
                problems.append(Problem(("nginx_sites", i, key), GIVEN_TWICE, f"is also that of nginx_sites[{first}]"))
    reader.whole("nginx_drain_seconds", 10, most=100)
    connections = reader.whole("nginx_max_connections", 4096, least=64, most=100_000)
    return Web(sites, connections, reader.duration("nginx_keepalive", 30_000, least=1000)), problems


def _site(site: Reader) -> Site:
    name = site.value("name", str, "")
    if site.has("name") and not re.fullmatch(r"[a-z][a-z0-9_-]{0,31}", name):
        site.problem("name", INVALID_NAME, f"{name!r} is not allowed", "give lower-case letters, digits, - and _")
    host = site.value("host", str, "_")
    if not re.fullmatch(r"_|[A-Za-z0-9.*-]{1,253}", host):
        site.problem("host", INVALID_ADDRESS, f"{host!r} is no host name")
    servers = tuple(site.words("servers"))
    if isinstance(site.values.get("servers"), list) and not servers:
        site.problem("servers", EMPTY, "is empty", "name at least one, as host:port")
    for i, server in enumerate(servers):
        if not re.fullmatch(r"[A-Za-z0-9.-]+:[0-9]{1,5}", server) or not 0 < int(server.rpartition(":")[2]) < 65536:
            site.problem(("servers", i), INVALID_ADDRESS, f"{server!r} is no server", "give host:port")
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
        port=site.whole("port", 80, most=65535),
        host=host,
        servers=servers,
        connect=connect,
        timeout=timeout,
        deadline=deadline,
        tries=tries,
        max_fails=site.whole("max_fails", MAX_FAILS, most=100),
        fail_timeout=site.duration("fail_timeout", FAIL_TIMEOUT, least=1000),
        rate=site.whole("rate", 0, least=0, most=100_000),
        burst=site.whole("burst", 20, least=0, most=100_000),
        connections=site.whole("connections", 100, most=100_000),
        body=site.size("body", 2**20),
    )
