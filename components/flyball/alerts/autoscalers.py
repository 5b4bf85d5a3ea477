"""Alerts on autoscalers that have no figures, by what kube-state-metrics tells of their conditions."""

from flyball.alerts.rule import OF_SERIES, Record, Rule, Severity
from flyball.alerts.workload import AUTOSCALER, JOIN, METRIC, OURS, SUBJECT, by_workload
from flyball.guards.alerting import services

PAGE, WARNING = Severity.PAGE, Severity.WARNING


def rules() -> list[Rule | Record]:
    """Where most are blind that has one cause, and one message."""
    blind = by_workload(
        'kube_horizontalpodautoscaler_status_condition{condition="ScalingActive",status="false"} == 1',
        "horizontalpodautoscaler",
        AUTOSCALER,
    )
    count = f"count({METRIC}_blind)"
    many = f"{count} >= {services.BLIND_TOGETHER} and {count} > count({METRIC}_need) / 2"
    return [
        Record(f"{METRIC}_blind", f"{blind} {OURS}"),
        Rule(
            name="AutoscalerBlind",
            severity=WARNING,
            subject="autoscaler",
            expr=f"({METRIC}_blind unless on () ({many})) > {JOIN} (0 * {METRIC}_need)",
            seconds=services.BLIND_FOR,
            summary=f"the autoscaler of {SUBJECT} has no figures, and scales nothing",
            action="See kubectl describe hpa: its trigger's query, or what its pods ask for of the processor.",
            guards=("no-keda",),
            owner=OF_SERIES,
        ),
        Rule(
            name="AutoscalersBlind",
            severity=PAGE,
            subject="autoscaler",
            expr=many,
            seconds=services.BLIND_FOR,
            summary="most autoscalers, {{ $value }} of them, have no figures, and scale nothing",
            action="Bring metrics-server back (kubectl get apiservices); until then nothing grows or shrinks.",
            guards=("no-keda",),
        ),
    ]
