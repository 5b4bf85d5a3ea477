"""Alerts on the log pipeline: that lines wait for longer than the nodes can keep them, and that they are refused.

The figures are the collectors' own, on port 8888 of the pods in flyball-logs. What is lost beyond all buffers, a file
that the kubelet deleted before it was read, has no counter: `LogQueueFilling` is told before it comes to that.
"""

from flyball.alerts.rule import Rule, Severity
from flyball.guards.alerting import logs

_OURS = '{exporter="otlp_http"}'
_LOST = 'sum by (instance) ({__name__=~"otelcol_exporter_(send|enqueue)_failed_log_records",exporter="otlp_http"})'
FILLING = f"otelcol_exporter_queue_size{_OURS} / otelcol_exporter_queue_capacity{_OURS} > {logs.QUEUE_SHARE}"


def rules(shipped: bool) -> dict[str, list[Rule]]:
    """The rules by the name of their group; where no logs are shipped none."""
    return {"flyball-log-pipeline": [_filling(), _refused(), _unwatched()] if shipped else []}


def _filling() -> Rule:
    return Rule(
        name="LogQueueFilling",
        severity=Severity.WARNING,
        subject="log-queue",
        expr=FILLING,
        seconds=logs.FILLING_FOR,
        summary="logs wait on the node of {{ $labels.instance }}: more than half its queue is full",
        action="See why nobody takes them; once the queue is full lines wait in their files, until the kubelet deletes"
        " these.",
    )


def _refused() -> Rule:
    """A counter that was not there ten minutes ago began at 0."""
    before = _LOST.replace("})", f"}} offset {logs.REFUSED_FOR}s)")
    return Rule(
        name="LogsRefused",
        severity=Severity.WARNING,
        subject="log-pipeline",
        expr=f"{_LOST} > ({before} or {_LOST} * 0)",
        seconds=0,
        summary="logs of the node of {{ $labels.instance }} are lost: they were refused for good",
        action="See what the collector says: a token or an address that is wrong, or a queue that cannot be written.",
    )


def _unwatched() -> Rule:
    return Rule(
        name="LogsUnwatched",
        severity=Severity.WARNING,
        subject="watcher-logs",
        expr="absent(otelcol_exporter_queue_capacity)",
        seconds=logs.UNKNOWN_FOR,
        summary="nobody knows whether logs leave their nodes",
        action="Have the pods in flyball-logs scraped on port 8888, from the namespace monitoring; see that they run.",
    )
