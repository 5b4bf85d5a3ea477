"""Alerts on the log pipeline: that lines wait for longer than the nodes can keep them, and that they are refused.

The figures are the collectors' own, on port 8888 of the pods in flyball-logs. What is lost beyond all buffers, a file
that the kubelet deleted before it was read, has no counter: `LogQueueFull` is told before it comes to that.
"""

from flyball.alerts.counters import grown, span
from flyball.alerts.rule import Rule, Severity
from flyball.guards.alerting import logs

_OURS = '{exporter="otlp_http"}'
_SIZE, _CAPACITY = (f"otelcol_exporter_queue_{what}{_OURS}" for what in ("size", "capacity"))
FILLING = f"{_SIZE} / {_CAPACITY} > {logs.QUEUE_SHARE}"


def rules(shipped: bool) -> dict[str, list[Rule]]:
    """The rules by the name of their group; where no logs are shipped none."""
    return {"flyball-log-pipeline": [*_waiting(), _refused(), _ending(), _unwatched()] if shipped else []}


def _waiting() -> list[Rule]:
    return [
        Rule(
            name="LogQueueFilling",
            severity=Severity.WARNING,
            subject="log-queue",
            expr=FILLING,
            seconds=logs.FILLING_FOR,
            summary="logs wait on the node of {{ $labels.instance }}: more than half its queue is full",
            action="See why nobody takes them; once the queue is full lines wait in their files, until the kubelet"
            " deletes these.",
            guards=("logs-stay", "queue-beyond-disk"),
        ),
        Rule(
            name="LogQueueFull",
            severity=Severity.PAGE,
            subject="log-queue",
            expr=f"{_SIZE} / {_CAPACITY} > {logs.FULL_SHARE}",
            seconds=logs.FILLING_FOR,
            summary="the queue for logs on the node of {{ $labels.instance }} is nearly full; then lines are lost",
            action="Bring who takes the logs back now; the kubelet deletes files that nobody has read, uncounted.",
            guards=("logs-stay", "queue-beyond-disk"),
        ),
    ]


def _refused() -> Rule:
    lost = [
        f"{grown(f'otelcol_exporter_{what}_failed_log_records{_OURS}', 'instance', logs.REFUSED_FOR, _CAPACITY)} > 0"
        for what in ("send", "enqueue")
    ]
    return Rule(
        name="LogsRefused",
        severity=Severity.WARNING,
        subject="log-pipeline",
        expr=" or ".join(lost),
        seconds=0,
        summary="logs of the node of {{ $labels.instance }} are lost: they were refused for good",
        action="See what the collector says: a token or an address that is wrong, or a queue that cannot be written.",
        guards=("logs-stay",),
    )


def _ending() -> Rule:
    """By kube-state-metrics: one that ends has no figures of its own, and others' say nothing of it."""
    restarts = 'kube_pod_container_status_restarts_total{namespace="flyball-logs",container="collector"}'
    return Rule(
        name="LogCollectorEnds",
        severity=Severity.WARNING,
        subject="log-collector",
        expr=f"increase({restarts}[{span(logs.ENDS_WITHIN)}]) >= {logs.ENDS}",
        seconds=0,
        summary="the log collector {{ $labels.pod }} ends again and again, and its node's logs wait in their files",
        action="See why it ended (kubectl logs --previous), and what the container mender says of its files.",
        guards=("logs-stay",),
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
        guards=("unwatched",),
    )
