"""What a Prometheus is asked of one service: the series that alerts and dashboards go by, or the user's own.

The proxy's exporter counts requests before the application (`alerts.hops`), kube-state-metrics replicas and restarts.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from flyball.alerts import workload
from flyball.guards.headroom.measured import TIME_SAMPLES
from flyball.guards.reading.problem import Path, Problem
from flyball.guards.reading.rules import EMPTY, UNKNOWN_VALUE
from flyball.guards.reading.strict import nearest
from flyball.guards.reading.units import Milliseconds, show_duration

PLACES = ("namespace", "service", "window")
"""What stands in a query of the user's, after a dollar, for the one that is meant."""
_PLACE = re.compile(r"\$([a-z_][a-z0-9_]*)")
OWN = ("requests", "latency", "replicas")
"""What users may have other metrics of."""


@dataclass(frozen=True, slots=True)
class Own:
    """The user's queries, None where the series of proxies and kube-state-metrics are asked for."""

    requests: str | None = None
    latency: str | None = None
    replicas: str | None = None

    def check(self) -> Iterator[Problem]:
        """Those that are empty, or name something that nothing stands for."""
        for name in OWN:
            query, path = getattr(self, name), (f"--{name}",)
            if query is not None:
                yield from _check(query, path)


def _check(query: str, path: Path) -> Iterator[Problem]:
    if not query.strip():
        yield Problem(path, EMPTY, "is empty", "give a query that comes to one series, as sum(rate(…[$window]))")
    for word in dict.fromkeys(_PLACE.findall(query)):
        if word not in PLACES:
            yield Problem(path, UNKNOWN_VALUE, f"${word} stands for nothing", nearest(word, PLACES))


def of(namespace: str, service: str, protocol: str, window: Milliseconds, own: Own) -> Mapping[str, str]:
    """The queries by the names of what they tell (`guards.headroom.measured.Window`)."""
    span = show_duration(window) if window % 1000 == 0 else f"{window}ms"
    pods = workload.pods(namespace, service)

    def rate(metric: str, labels: str) -> str:
        return f"sum(rate({metric}{{{pods},{labels}}}[{span}]))"

    inbound, app = 'proxy="inbound"', 'proxy="app"'
    came = "haproxy_frontend_http_requests_total"
    failed = (
        [rate("haproxy_frontend_http_responses_total", f'{inbound},code="5xx"')]
        if protocol == "http"
        else [
            rate("haproxy_frontend_intercepted_requests_total", inbound),
            *(rate(f"haproxy_backend_{what}_errors_total", app) for what in ("connection", "response")),
        ]
    )
    # By the answers: what waits for one that does not come has been passed on too.
    passed = f'rate(haproxy_backend_http_responses_total{{{pods},{app},code!="5xx"}}[{span}])'
    # The proxy's averages are whole from so many requests on, and too low before.
    whole = f"sum without (code) (haproxy_backend_http_responses_total{{{pods},{app}}}) >= {TIME_SAMPLES}"
    each = f"(sum without (code) ({passed}) and {whole})"
    times = " + ".join(
        f"haproxy_backend_{what}_time_average_seconds{{{pods},{app}}}" for what in ("queue", "connect", "response")
    )
    sizes = " or ".join(
        f'sum(kube_{kind}_status_replicas_ready{{namespace="{namespace}",{kind}=~"{service}{workload.ANY_PART}"}})'
        for kind in ("deployment", "statefulset")
    )
    found = {"restarts": f"sum(increase(kube_pod_container_status_restarts_total{{{pods}}}[{span}]))"}
    values = {"namespace": namespace, "service": service, "window": span}
    if own.requests is not None:
        found["requests"] = found["answered"] = _filled(own.requests, values)
    else:
        found["requests"], found["answered"] = rate(came, inbound), f"sum({passed})"
        found["resets"] = f"sum(resets({came}{{{pods},{inbound}}}[{span}]))"
        found["in_vain"] = f"({' + '.join(failed)}) / ({rate(came, inbound)} > 0)"
    found["latency"] = (
        f"sum(({times}) * {each}) / (sum({each}) > 0)" if own.latency is None else _filled(own.latency, values)
    )
    found["ready"] = sizes if own.replicas is None else _filled(own.replicas, values)
    return found


def _filled(query: str, values: Mapping[str, str]) -> str:
    return _PLACE.sub(lambda match: values[match[1]], query)
