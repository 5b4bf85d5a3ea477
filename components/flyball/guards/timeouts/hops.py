"""Lesson 1 for each call: what a hop needs beside its timeouts so that a dependency can do no harm.

Timeouts, retries and their sum are in `deadlines`. Here: how many connections a dependency may hold, how long an idle
one is kept, how many requests may be retried at all, and how many servers may be left out before the rest has too much.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from flyball.guards.breakers import breaker
from flyball.guards.breakers.breaker import Breaker, Fallback
from flyball.guards.reading.problem import Path, Problem
from flyball.guards.reading.reader import Reader
from flyball.guards.reading.rules import DOES_NOT_APPLY, INVALID_NAME, INVALID_PATH, UNKNOWN_VALUE
from flyball.guards.reading.units import Milliseconds, show_duration
from flyball.guards.timeouts.deadlines import Times
from flyball.guards.timeouts.rules import IDLE_BELOW_TIMEOUT

PROTOCOLS = ("http", "grpc", "tcp")
IDEMPOTENT = ("GET", "HEAD", "OPTIONS", "PUT", "DELETE")
"""Methods that may be sent again (RFC 9110, 9.2.2); others only where nothing was sent yet."""
BUDGET_PERCENT = 10
"""Retries as a share of requests. Three tries each make four times the load on a service that fails from load."""
QUEUE_SHARE = 5
"""One part in five of `connect` may be spent waiting for a free connection, the rest for it to be made."""
SLOW: Milliseconds = 5_000
"""The longest that a caller may take for a request's headers and for its body, or pause in it; no time of the call."""
MOST_CONNECTIONS = 10_000
_NAME = re.compile(r"[A-Za-z0-9](?:[-._A-Za-z0-9]{0,61}[A-Za-z0-9])?")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True, slots=True)
class HealthCheck:
    """Asked of each server every `period`: GET `path`, or with none a connection; `failures` in a row take it out."""

    path: str | None = None
    period: Milliseconds = 2_000
    failures: int = 3


@dataclass(frozen=True, slots=True)
class Hop:
    """A call beyond its timeouts. `idle` in milliseconds, `budget` in percent of the requests."""

    protocol: str = "http"
    breaker: Breaker | None = None
    fallback: Fallback | None = None
    idle: Milliseconds = 60_000
    connections: int = 100
    budget: int = BUDGET_PERCENT
    stream: bool = False
    tls: bool = False
    health: HealthCheck | None = None
    eject: int | None = None
    variable: str | None = None


def check_call_name(name: str, path: Path) -> Iterator[Problem]:
    """A call's name becomes part of a proxy's configuration and of an environment variable's name."""
    if not _NAME.fullmatch(name):
        hint = "at most 63 letters, digits, dashes, dots and underscores, with a letter or digit at both ends"
        yield Problem(path, INVALID_NAME, f"{name!r} is no name for a call", hint)


def read(r: Reader, name: str, call: Times, spoken: str = "http") -> Hop:
    """A call's arguments beyond its timeouts. `spoken` is the protocol where the call does not say."""
    r.problems.extend(check_call_name(name, r.path))
    protocol = r.value("protocol", str, spoken)
    if protocol not in PROTOCOLS:
        r.problem("protocol", UNKNOWN_VALUE, f"is {protocol!r}", f"allowed are {', '.join(PROTOCOLS)}")
        protocol = "http"
    tcp = protocol == "tcp"
    if tcp and isinstance(r.values.get("protocol", ""), str):
        for key in ("breaker", "fallback", "budget", "stream", "tls"):
            if r.has(key):
                r.problem(key, DOES_NOT_APPLY, "is given, and protocol is tcp", "only http and grpc know it; remove it")
    variable = r.said("variable") or None
    if variable is not None and not _VARIABLE.fullmatch(variable):
        hint = "letters, digits and underscores, not starting with a digit"
        r.problem("variable", INVALID_NAME, f"{variable!r} is no name for an environment variable", hint)
    hop = Hop(
        protocol=protocol,
        breaker=None if tcp else breaker.read(r.at("breaker"), call.timeout, known=r.readable("timeout")),
        fallback=breaker.read_fallback(r.at("fallback")) if r.is_map("fallback") and not tcp else None,
        idle=r.duration("idle", max(300_000, call.timeout) if tcp else 60_000, least=1000),
        connections=r.whole("connections", 100, 1, MOST_CONNECTIONS),
        budget=r.whole("budget", BUDGET_PERCENT, 1, 100),
        stream=r.value("stream", bool, protocol == "grpc"),
        tls=r.value("tls", bool, False),
        health=_health(r.at("health")) if r.has("health") else None,
        eject=r.whole("eject", 1, 0, 1000) if r.has("eject") else None,
        variable=variable,
    )
    if tcp and hop.idle < call.timeout and r.readable("idle") and r.readable("timeout"):
        message = f"{show_duration(hop.idle)} is less than the timeout of {show_duration(call.timeout)}"
        r.problem(
            "idle", IDLE_BELOW_TIMEOUT, message, "a connection would be cut while its answer is awaited; raise it"
        )
    return hop


def _health(r: Reader) -> HealthCheck:
    path = r.said("path") or None
    if path is not None and not re.fullmatch(r"/[!-~]{0,255}", path):
        r.problem("path", INVALID_PATH, f"is {path!r}", "a path starts with /, without spaces, at most 256 characters")
    default = HealthCheck()
    period = r.duration("period", default.period, least=100)
    return HealthCheck(path, period, r.whole("failures", default.failures, 1, 100))


def check_hops(calls: Mapping[str, Hop], path: Path) -> Iterator[Problem]:
    """The rules between the calls of one workload."""
    fallbacks = {name: hop.fallback for name, hop in calls.items() if hop.fallback is not None}
    yield from breaker.check_fallbacks(fallbacks, {name: hop.protocol for name, hop in calls.items()}, path)


def ejectable(servers: int, eject: int | None = None) -> int:
    """How many of `servers` may be left out at once; never all of them.

    By default one, as in N-1: the pool was sized to carry its peak without one, and not without two. When more are
    ill, leaving them out would only bring down the rest, so all of them are used again.
    """
    return max(0, min(1 if eject is None else eject, servers - 1))


def queue_and_connect(call: Times) -> tuple[Milliseconds, Milliseconds]:
    """`connect` split into waiting for a free connection and making one, so that both together keep within it."""
    queue = max(1, call.connect // QUEUE_SHARE)
    return queue, call.connect - queue


def variable(name: str, hop: Hop) -> str:
    """The environment variable with a call's address: `variable`, or PAYMENT_URL for http and REDIS_ADDR for others.

    The call's name in capitals, whatever is no letter or digit as an underscore, one more before a leading digit.
    """
    if hop.variable is not None:
        return hop.variable
    word = re.sub(r"[^A-Z0-9]", "_", name.upper())
    prefix = "_" if word[:1].isdigit() else ""
    return f"{prefix}{word}{'_URL' if hop.protocol == 'http' else '_ADDR'}"
