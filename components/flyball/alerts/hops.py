"""Alerts on what the proxies count: calls that are slow or in vain, circuits that are open, requests turned away.

The figures are those of HAProxy's own exporter (2.6 and newer), in each pod on the port after the proxy's; whoever
scrapes it names the pod and its namespace in `pod` and `namespace`. A backend is called `to.X`, `once.X` or `all.X` for
a call to X, `open.X` for what its open circuit refuses, and `app` for the application; the frontend before that is
`inbound`. What an open circuit hands to another call (`fallback.call`) is seen at that one.
"""

from flyball.alerts.counters import span
from flyball.alerts.rule import OF_SERIES, Record, Rule, Severity
from flyball.alerts.workload import HOP_TIMEOUT, METRIC, ON, SUBJECT, WHOSE, by_workload, owned
from flyball.guards.alerting import hops, services
from flyball.guards.reading.units import show_number

LOAD = f"{METRIC}_load"
_HOP = "(?:to|once|all)[.](.+)"
_OPEN = "open[.](.+)"
_ON_HOP = "on (namespace, workload, hop)"
_ANSWERS = "haproxy_backend_response_time_average_seconds"
_REQUESTS = "haproxy_backend_http_requests_total"
_NEAR = 'label_replace(haproxy_sticktable_used{name=~"near[.].+"}, "proxy", "to.$1", "name", "near[.](.+)")'
"""Answers that took more than 80 % of the timeout within `hops.WINDOW`, for as long as the proxy keeps them."""
_LATE = 'haproxy_sticktable_used{name="inbound"}'
"""The same of the application's own answers, by the deadline."""
_BROKEN = "haproxy_backend_response_errors_total"
"""No whole answer: too late, or broken off. What the client gave up is not among them."""


def records() -> list[Record]:
    """Requests per second that reach each workload."""
    requests = f'rate(haproxy_frontend_http_requests_total{{proxy="inbound"}}[{span(services.LOAD_WINDOW)}])'
    return [Record(LOAD, by_workload(requests))]


def rules() -> list[Rule]:
    return [_hop_slow(), _workload_slow(), _open(), *_shed(), _uncounted()]


def _of(metric: str, proxies: str, window: int = 0) -> str:
    series = f'{metric}{{proxy=~"{proxies}"}}'
    return f"increase({series}[{span(window)}])" if window else series


def _by_hop(series: str, pattern: str = _HOP, how: str = "sum") -> str:
    return by_workload(f'label_replace({series}, "hop", "$1", "proxy", "{pattern}")', how=how, more=", hop")


def _near(broken: str, requests: str, answers: str, timeout: str, on: str) -> str:
    """Where more than one request in a hundred was broken or as late as that, or answers take 80 % of the timeout on
    average."""
    join = f"{on} {WHOSE}"
    share, near = show_number(hops.SLOW_PERCENT / 100), show_number(hops.NEAR_PERCENT / 100)
    in_vain = f"({broken} > {share} * {requests}) >= {join} ({hops.LEAST} + 0 * {timeout})"
    return f"{in_vain} or {answers} > {join} {near} * {timeout} and {on} {requests} > 0"


def _hop_slow() -> Rule:
    return Rule(
        name="HopSlow",
        severity=Severity.WARNING,
        subject="hop",
        expr=_near(
            _by_hop(f"({_of(_BROKEN, _HOP, hops.WINDOW)} or {_NEAR})"),
            _by_hop(_of(_REQUESTS, _HOP, hops.WINDOW)),
            _by_hop(_of(_ANSWERS, _HOP), how="avg"),
            HOP_TIMEOUT,
            _ON_HOP,
        ),
        seconds=hops.SLOW_FOR,
        summary=f"calls of {SUBJECT} to {{{{ $labels.hop }}}} take about as long as they may, or longer",
        action="See what the callee waits for; a longer timeout would only fill the pools above it.",
        guards=("timeout-below-deadline", "calls-beyond-deadline", "slow-above-timeout"),
        owner=OF_SERIES,
    )


def _workload_slow() -> Rule:
    return Rule(
        name="WorkloadSlow",
        severity=Severity.WARNING,
        subject="deadline",
        expr=_near(
            by_workload(f"({_of(_BROKEN, 'app', hops.WINDOW)} or {_LATE})"),
            by_workload(_of(_REQUESTS, "app", hops.WINDOW)),
            by_workload(_of(_ANSWERS, "app"), how="avg"),
            f"{METRIC}_deadline",
            ON,
        ),
        seconds=hops.SLOW_FOR,
        summary=f"answers of {SUBJECT} take about as long as was promised, or longer",
        action="See its own calls first (HopSlow), then the load of each replica; give it more of them, or less to do.",
        guards=("timeout-above-deadline", "calls-beyond-deadline"),
        owner=OF_SERIES,
    )


def _open() -> Rule:
    refused = _by_hop(_of(_REQUESTS, _OPEN, hops.OPEN_WINDOW), _OPEN)
    return Rule(
        name="CircuitOpen",
        severity=Severity.WARNING,
        subject="circuit",
        expr=f"{refused} > {_ON_HOP} {WHOSE} (0 * {HOP_TIMEOUT})",
        seconds=hops.OPEN_FOR,
        summary=f"{SUBJECT} leaves {{{{ $labels.hop }}}} alone: half of its calls failed, and still fail",
        action="See the callee: it gets 3 probes at a time, and all requests again once these succeed.",
        guards=("window-below-timeout", "open-above-window", "fallback-answer"),
        owner=OF_SERIES,
    )


def _shed() -> list[Rule]:
    """What the guard in front turned away, and what waited for a place in vain."""
    refused = by_workload(
        f'(increase(haproxy_frontend_intercepted_requests_total{{proxy="inbound"}}[{span(hops.WINDOW)}])'
        f' or increase(haproxy_backend_connection_errors_total{{proxy="app"}}[{span(hops.WINDOW)}]))'
    )
    requests = by_workload(_of("haproxy_frontend_http_requests_total", "inbound", hops.WINDOW))
    some, most = (
        f"{owned(f'{refused} / {requests}', '>', percent / 100)} and {ON} {refused} >= {hops.SHED_LEAST}"
        for percent in (hops.SHED_PERCENT, hops.SHED_MOST_PERCENT)
    )
    guards = ("queue-beyond-deadline", "connections-below-requests")
    return [
        Rule(
            name="RequestsShed",
            severity=Severity.WARNING,
            subject="shed",
            expr=some,
            seconds=hops.SHED_FOR,
            summary=f"{SUBJECT} turns away {{{{ $value | humanizePercentage }}}} of its requests",
            action="See the states in the proxy's log: too much to do (503) wants replicas, the rest is the callers'.",
            guards=guards,
            owner=OF_SERIES,
        ),
        Rule(
            name="MostRequestsShed",
            severity=Severity.PAGE,
            subject="shed",
            expr=most,
            seconds=hops.SHED_FOR,
            summary=f"{SUBJECT} turns away {{{{ $value | humanizePercentage }}}} of its requests",
            action="More comes than it can carry: find who sends it, and give it replicas up to its ceiling.",
            guards=guards,
            owner=OF_SERIES,
        ),
    ]


def _uncounted() -> Rule:
    return Rule(
        name="WorkloadUncounted",
        severity=Severity.WARNING,
        subject="watcher-hops",
        expr=f"{METRIC}_deadline unless {ON} {LOAD}",
        seconds=hops.EMPTY_FOR,
        summary=f"nobody knows the requests of {SUBJECT}, nor whether its calls succeed",
        action="See whether its proxies are scraped: the port after the proxy's, from the namespace `scrape`.",
        guards=("unwatched",),
        owner=OF_SERIES,
    )
