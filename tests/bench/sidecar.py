"""What the sidecar costs: its inbound and its outbound hop, against direct calls and a bare HAProxy in `mode http`.

In each round all ways are measured, in random order, so
that what else the machine does falls on all of them alike; figures are medians over the rounds. Throughput is that of
16 connections that ask again as soon as they are answered; the latencies are those of an open load of 1,000 requests
per second. The origin is an HAProxy too, which answers by itself: with anything slower the difference could not be
seen. `processor` is what the way's own process uses for a request, which other work of the machine hardly changes.
`bare, logs` is the bare one with an access log, to tell the cost of the log from that of the guards.
"""

import json
import random
import statistics
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tests.bench.figures import Report, Table

from flyball.drills.traffic import settings
from flyball.drills.traffic.lab import Lab, lab
from flyball.drills.traffic.process import Process
from flyball.guards.timeouts.deadlines import Times
from flyball.guards.timeouts.hops import Hop
from flyball.lab import ports
from flyball.proxy import Address, InboundHop, Outbound, Proxy, Server, proxy_config

TITLE = "what the proxy costs"
ROUNDS = 5
SECONDS = 1.0
CONNECTIONS = 16
RATE = 1_000
_FIGURES = {"requests/s": "throughput", "p50 ms": "p50", "p99 ms": "p99", "processor µs": "processor"}
_HEAD = """
global
    nbthread 1
    maxconn 2000
defaults
    mode http
    timeout connect 1s
    timeout client 5s
    timeout server 5s
"""
_ORIGIN = """
frontend origin
    bind 127.0.0.1:{port}
    http-request return status 200 content-type text/plain string answer
"""
_BARE = """
frontend bare
    bind 127.0.0.1:{port}
    {log}
    default_backend origin
backend origin
    server s 127.0.0.1:{origin}
"""
_LOG = "log stdout len 2048 format raw local0 info\n    option httplog"


@dataclass(frozen=True, slots=True)
class Measured:
    """Requests per second at the most; milliseconds of latency at the stated rate."""

    throughput: float
    p50: float
    p99: float
    processor: float
    """Microseconds of its processor for a request at the stated rate."""


def start(made: Lab) -> Mapping[str, Process]:
    """All ways to the origin, by name."""
    origin, bare, logs, entry, hop = ports.free(5)
    direct = made.haproxy("origin", _HEAD + _ORIGIN.format(port=origin), origin)
    plain = made.haproxy("bare", _HEAD + _BARE.format(port=bare, origin=origin, log=""), bare)
    logging = made.haproxy("bare-logs", _HEAD + _BARE.format(port=logs, origin=origin, log=_LOG), logs)
    inbound = replace(settings.INBOUND, concurrency=200, waiting=200)
    server, call = Server("127.0.0.1", origin), Times()
    proxy = Proxy("bench", InboundHop(Address(entry), server, "http", settings.DEADLINE, inbound))
    guarded = made.haproxy("inbound", proxy_config(proxy), entry)
    outbound = Outbound("origin", Address(hop), (server,), call, Hop(breaker=settings.BREAKER, connections=200))
    calling = made.haproxy("hop", proxy_config(Proxy("bench", outbound=(outbound,))), hop)
    return {"direct": direct, "bare": plain, "bare, logs": logging, "inbound": guarded, "hop": calling}


def _run(vegeta: Path, way: Process, seconds: float = SECONDS) -> Measured:
    """A run at the most and one at the stated rate; every request of both has to be answered."""
    most = _attack(vegeta, way.port, seconds, "-rate=0", f"-max-workers={CONNECTIONS}")
    before = way.processor_seconds
    paced = _attack(vegeta, way.port, seconds, f"-rate={RATE}")
    used = (way.processor_seconds - before) / paced["requests"]
    nanoseconds = paced["latencies"]
    return Measured(most["throughput"], nanoseconds["50th"] / 1e6, nanoseconds["99th"] / 1e6, used * 1e6)


def _attack(vegeta: Path, port: int, seconds: float, *options: str) -> dict[str, Any]:
    command = [str(vegeta), "attack", f"-duration={seconds:g}s", f"-workers={CONNECTIONS}", "-timeout=2s", *options]
    target = f"GET http://127.0.0.1:{port}/\n"
    attack = subprocess.run(command, input=target.encode(), capture_output=True, check=True)
    report = subprocess.run([str(vegeta), "report", "-type=json"], input=attack.stdout, capture_output=True, check=True)
    found = json.loads(report.stdout)
    assert found["success"] == 1, found["status_codes"]
    return found


def measure(small: bool, report: Report) -> list[Table]:
    seconds = 0.1 if small else SECONDS
    with lab(True, report) as made:
        ways = start(made)
        for way in ways.values():
            _run(made.vegeta, way, seconds)  # warm
        runs: dict[str, list[Measured]] = {way: [] for way in ways}
        rounds = 1 if small else ROUNDS
        for number in range(1, rounds + 1):
            report(f"round {number} of {rounds}")
            for way in random.sample(list(ways), len(ways)):
                runs[way].append(_run(made.vegeta, ways[way], seconds))
    return [_table(runs, base) for base in ("direct", "bare", "bare, logs")]


def _table(runs: Mapping[str, list[Measured]], base: str) -> Table:
    """Medians, and as ratios: each round's own, so that a round in which the machine was busy compares with itself."""
    return Table(
        f"Requests/s of {CONNECTIONS} connections, latency and the way's own processor time a request at {RATE:,}/s;"
        f" ratios to: {base}.",
        ("way", *_FIGURES),
        tuple((way, *(_cell(each, measured, runs[base]) for each in _FIGURES)) for way, measured in runs.items()),
    )


def _cell(figure: str, measured: list[Measured], base: list[Measured]) -> str:
    values, others = ([getattr(m, _FIGURES[figure]) for m in ones] for ones in (measured, base))
    # The system counts processor time in hundredths of a second: a short run may take none.
    ratios = [a / b for a, b in zip(values, others, strict=True) if b]
    ratio = f"{statistics.median(ratios):.2f}" if ratios else "-"
    return f"{statistics.median(values):,.4g} ({ratio})"
