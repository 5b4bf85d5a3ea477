"""The windows of one service, as a Prometheus has them."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from flyball import prometheus
from flyball.guards.headroom.measured import Measured, Window, measure, own_latencies
from flyball.guards.reading.problem import Problem, Refused
from flyball.guards.reading.rules import OUT_OF_RANGE
from flyball.guards.reading.units import Milliseconds, show_duration, show_number
from flyball.guards.workload.resolve import Service
from flyball.measure import options, queries
from flyball.measure.queries import Own
from flyball.prometheus import QueryError, Server

MOST_DAYS = 400.0
SHORTEST, LONGEST = 1_000, 3_600_000
"""Milliseconds of a window."""
FEWEST_WINDOWS, MOST_WINDOWS = 20, 100_000
"""Of a span: ten answers of a Prometheus hold the most."""
_OWN = {"requests": "requests", "answered": "requests", "latency": "latency", "ready": "replicas"}
"""Which query of the user's own takes the place of one."""


@dataclass(frozen=True, slots=True)
class Span:
    """From when to when [s since 1970], and how long a window is [ms]."""

    end: float
    days: float
    window: Milliseconds

    @property
    def start(self) -> float:
        return self.end - self.days * 86_400

    @property
    def seconds(self) -> float:
        return self.window / 1000


@dataclass(frozen=True, slots=True)
class Report:
    """What was measured of a service, from which windows, and by which queries."""

    service: Service
    measured: Measured
    windows: tuple[Window, ...]
    seconds: float
    """How long a window is."""
    queries: Mapping[str, str] = field(default_factory=dict[str, str])
    """None of a load test."""


def span(days: float, window: str, end: float) -> Span:
    """Raises `Refused` where there would be too few windows, or more than anybody asks for."""
    problems = list[Problem]()
    if not 0 < days <= MOST_DAYS:
        limits = f"allowed is above 0 and at most {show_number(MOST_DAYS)}; a part of a day is fine"
        problems.append(Problem(("--days",), OUT_OF_RANGE, f"is {show_number(days)}", limits))
    length = options.duration("--window", window, SHORTEST, LONGEST, problems)
    if not problems and not FEWEST_WINDOWS <= (count := days * 86_400_000 / length) <= MOST_WINDOWS:
        message = f"{show_number(days, 4)} days are {show_number(count, 0)} windows of {show_duration(length)}"
        limits = f"allowed are from {FEWEST_WINDOWS} to {MOST_WINDOWS:,}; change --days or --window"
        problems.append(Problem(("--days",), OUT_OF_RANGE, message, limits))
    if problems:
        raise Refused(problems)
    return Span(end, days, length)


def collect(server: Server, service: Service, asked: Span, own: Own) -> Report:
    """The figures of a service. Raises `Refused` for a query of the user's that is refused, else `PrometheusError`."""
    spec, place = service.spec, service.place
    wanted = queries.of(place.namespace, service.name, spec.protocol, asked.window, own)
    values = {name: _values(server, query, name, asked, own) for name, query in wanted.items()}
    known = sorted({moment for series in values.values() for moment in series})
    windows = [
        Window(asked.start + i * asked.seconds, **{name: series[i] for name, series in values.items() if i in series})
        for i in known
    ]
    if own.latency is None:
        latencies = own_latencies(windows, asked.seconds)
        windows = [replace(each, latency=own_) for each, own_ in zip(windows, latencies, strict=True)]
    found = measure(windows, asked.seconds, asked.days, spec.utilization)
    if not spec.counted and own.requests is None:
        found = replace(found, words=(_uncounted(service), *found.words))
    return Report(service, found, tuple(windows), asked.seconds, wanted)


def _uncounted(service: Service) -> str:
    if service.spec.port is None:
        return f"{service.name} has no port, so that no proxy counts what it works off; give --requests and --latency"
    tcp = service.spec.protocol == "tcp"
    why = "speaks tcp, of which the proxy counts no requests" if tcp else "has no proxy in front that counts requests"
    return f"{service.name} {why}; give --requests and --latency"


def _values(server: Server, query: str, name: str, asked: Span, own: Own) -> Mapping[int, float]:
    """By the number of the window."""
    option = _OWN.get(name)
    try:
        found = prometheus.between(server, query, asked.start, asked.end, asked.seconds)
        if len(found) > 1:
            raise QueryError(server, f"the query comes to {len(found)} series", "sum them, as by sum(…)")
    except QueryError as error:
        if option is None or getattr(own, option) is None:
            raise
        raise Refused([Problem((f"--{option}",), OUT_OF_RANGE, error.message, error.remedy)]) from error
    return {round((at - asked.start) / asked.seconds): value for each in found for at, value in each.points}
