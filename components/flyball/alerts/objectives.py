"""Alerts on objectives: errors that come faster than the budget of a service allows.

Errors and requests are recorded each minute, and the windows are summed from these, so that three days are 4,320
samples of one series for each workload, whatever its pods count. Of http an answer of 500 or above is an error, also
the proxy's own; of gRPC what the proxy turned away, or got no answer to, since it does not read what stands in one.
"""

from collections.abc import Iterable

from flyball.alerts.counters import span
from flyball.alerts.rule import OF_SERIES, Record, Rule, Severity
from flyball.alerts.workload import JOIN, METRIC, ON, SUBJECT, by_workload
from flyball.guards.alerting import objectives
from flyball.guards.alerting.objectives import Burn
from flyball.guards.reading.units import show_number

ERRORS, REQUESTS = f"{METRIC}_errors_minute", f"{METRIC}_requests_minute"
_BUDGET = f"(1 - {METRIC}_objective / 100)"
_MINUTE = objectives.MINUTE
_RATE = span(2 * _MINUTE)
"""Of a minute, from two: one failed look of Prometheus leaves another within it."""


def rules() -> dict[str, list[Rule | Record]]:
    """The rules by the name of their group; they say nothing of a workload without an objective."""
    return {
        "flyball-objectives": [*_records(), _burning("ObjectiveBurnsFast", Severity.PAGE, objectives.FAST)],
        "flyball-objectives-slow": [_burning("ObjectiveBurns", Severity.WARNING, objectives.SLOW), _quiet()],
    }


def _records() -> list[Record]:
    http = by_workload(f'rate(haproxy_frontend_http_responses_total{{proxy="inbound",code="5xx"}}[{_RATE}])')
    broken = " + ".join(
        f'rate(haproxy_backend_{what}_errors_total{{proxy="app"}}[{_RATE}])' for what in ("connection", "response")
    )
    grpc = by_workload(f'(rate(haproxy_frontend_intercepted_requests_total{{proxy="inbound"}}[{_RATE}]) or {broken})')
    requests = by_workload(f'rate(haproxy_frontend_http_requests_total{{proxy="inbound"}}[{_RATE}])')
    errors = " or ".join(
        f'{_MINUTE} * {found} and {ON} {METRIC}_objective{{protocol="{protocol}"}}'
        for protocol, found in (("http", http), ("grpc", grpc))
    )
    return [
        Record(REQUESTS, f"{_MINUTE} * {requests} and {ON} {METRIC}_objective"),
        Record(ERRORS, errors),
    ]


def _over(series: str, seconds: int) -> str:
    return f"sum_over_time({series}[{span(seconds)}])"


def _share(seconds: int) -> str:
    return f"{_over(ERRORS, seconds)} / {_over(REQUESTS, seconds)}"


def _enough(seconds: int) -> str:
    """Whether as many requests came as rates need."""
    hours = show_number(seconds / objectives.HOUR)
    return f"{_over(REQUESTS, seconds)} >= {ON} {hours} * {METRIC}_minimum"


def _burn(burn: Burn) -> str:
    limit = f"{show_number(burn.factor)} * {_BUDGET}"
    long, short = _share(burn.long), _share(burn.short)
    return f"({long} > {JOIN} {limit} and {ON} {short} > {ON} {limit} and {ON} {_enough(burn.long)})"


def _burning(name: str, severity: Severity, burns: Iterable[Burn]) -> Rule:
    return Rule(
        name=name,
        severity=severity,
        subject="objective",
        expr=" or ".join(map(_burn, burns)),
        seconds=0,
        summary=f"{{{{ $value | humanizePercentage }}}} of the requests to {SUBJECT} fail, far more than was promised"
        if severity is Severity.PAGE
        else f"{{{{ $value | humanizePercentage }}}} of the requests to {SUBJECT} fail, more than was promised",
        action="See the last change, then its calls (HopSlow, CircuitOpen), and what it turns away (RequestsShed).",
        guards=("objective-too-fine", "objective-uncounted"),
        owner=OF_SERIES,
    )


def _quiet() -> Rule:
    """Of few requests a share says little: here it takes the errors that a day at the minimum may have."""
    window = objectives.QUIET_WINDOW
    hours = show_number(window / objectives.HOUR)
    most = f"{hours} * {METRIC}_minimum"
    errors = f"{_over(ERRORS, window)} >= {JOIN} ({most} * {ON} group_left () {_BUDGET})"
    return Rule(
        name="ObjectiveMissedQuietly",
        severity=Severity.WARNING,
        subject="objective",
        expr=f"{errors} and {ON} {_over(REQUESTS, window)} < {ON} {most}",
        seconds=0,
        summary=f"{{{{ $value | humanize }}}} requests to {SUBJECT} failed within a day, of few that there were",
        action="See the proxy's log for which; callers that come seldom meet every fault that others would outvote.",
        guards=("objective-too-fine",),
        owner=OF_SERIES,
    )
