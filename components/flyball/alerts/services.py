"""Alerts on services in a cluster: fewer pods than they need, autoscalers at their cap or blind, and what the Governor
refuses or lets pass.

Thresholds are series of their own, one for each workload, and each rule joins them: a rule for each workload would cost
twice as much. A workload is all Deployments that bear its name. The figures come from kube-state-metrics, and those on
the Governor from the API server.
"""

from collections.abc import Iterable

from flyball import wellknown
from flyball.alerts.rule import Record, Rule, Severity
from flyball.guards.alerting import services
from flyball.guards.alerting.services import Thresholds
from flyball.guards.reading.units import show_duration
from flyball.guards.workload.names import SPOT_SUFFIX
from flyball.guards.workload.resolve import Service

METRIC = "flyball_workload"
PAGE, WARNING = Severity.PAGE, Severity.WARNING
_PART = f"(?:{SPOT_SUFFIX})?"
_POD = f"(.+?){_PART}-[0-9a-z]+-[0-9a-z]{{5}}"
"""Of a ReplicaSet of a workload's Deployments."""
_AUTOSCALER = f"(?:keda-hpa-)?(.+?){_PART}"
_JOIN = "on (namespace, workload) group_left (owner, environment)"
_OURS = f"and on (namespace, workload) {METRIC}_need"
_SUBJECT = "{{ $labels.namespace }}/{{ $labels.workload }}"
_CHECKS = "apiserver_validating_admission_policy_check_total"


def thresholds(found: Iterable[Service]) -> list[Thresholds]:
    """What holds for each service, by the rules that sized it."""
    return [_thresholds(service) for service in found]


def _thresholds(service: Service) -> Thresholds:
    sizing = service.sizing
    base = sizing.split.base if sizing.split else 0
    floor = base + sizing.floors.least
    return Thresholds(
        namespace=service.place.namespace,
        name=service.name,
        owner=service.place.owner,
        environment=service.place.environment,
        need=min(period.headroom.need for period in sizing.periods),
        floor=floor,
        warn=sizing.envelope.warn,
        ceiling=sizing.ceiling if sizing.ceiling > floor else None,
    )


def rules(found: Iterable[Thresholds], governed: bool) -> dict[str, list[Rule | Record]]:
    """The rules by the name of their group; without services none, and without a Governor none on it."""
    each = list(found)
    if not each:
        return {}
    groups: dict[str, list[Rule | Record]] = {
        "flyball-thresholds": [record for one in each for record in _records(one)],
        # Within a group each rule sees what those before it have recorded.
        "flyball-services": [*_sums(), *_short(), *_caps(), *_pods()],
        "flyball-autoscalers": _blind(),
    }
    if governed:
        groups["flyball-guards"] = [*_guards()]
    return groups


def _records(one: Thresholds) -> list[Record]:
    labels = {"namespace": one.namespace, "workload": one.name, "owner": one.owner, "environment": one.environment}
    values = {"need": one.need, "floor": one.floor}
    if one.ceiling is not None:
        values |= {"warn": one.warn, "ceiling": one.ceiling}
    return [Record(f"{METRIC}_{name}", f"vector({value})", labels) for name, value in values.items()]


def _by_workload(series: str, of: str, pattern: str, how: str = "sum") -> str:
    """The series of a workload's objects, whose names the label `of` holds, as one of the workload."""
    return f'{how} by (namespace, workload) (label_replace({series}, "workload", "$1", "{of}", "{pattern}"))'


def _sums() -> list[Record]:
    deployments = f"(.+?){_PART}"
    return [
        Record(f"{METRIC}_{name}", _by_workload(series, "deployment", deployments))
        for name, series in (
            ("ready", "kube_deployment_status_replicas_ready"),
            ("replicas", "kube_deployment_spec_replicas"),
        )
    ]


def _short() -> list[Rule]:
    return [
        Rule(
            name="WorkloadBelowNeed",
            severity=PAGE,
            subject="size",
            expr=f"{METRIC}_ready < {_JOIN} {METRIC}_need",
            seconds=services.BELOW_NEED_FOR,
            summary=f"{_SUBJECT} has {{{{ $value }}}} ready pods, fewer than carry its load",
            action="See why pods are missing (kubectl get events): no room, an image, a probe. Stop changes under way.",
        ),
        Rule(
            name="WorkloadBelowFloor",
            severity=WARNING,
            subject="size",
            # Once it is below its need, that is what is told.
            expr=f"{METRIC}_ready < {_JOIN} {METRIC}_floor unless on (namespace, workload) ({METRIC}_ready <"
            f" {_JOIN} {METRIC}_need)",
            seconds=services.BELOW_FLOOR_FOR,
            summary=f"{_SUBJECT} has {{{{ $value }}}} ready pods, and cannot spare one more",
            action="See why pods are missing (kubectl get events): the next loss is not covered.",
        ),
        Rule(
            name="WorkloadUnknown",
            severity=WARNING,
            subject="watcher-services",
            expr=f"{METRIC}_need unless on (namespace, workload) {METRIC}_ready",
            seconds=services.UNKNOWN_FOR,
            summary=f"nobody knows how many pods of {_SUBJECT} are ready",
            action="See whether kube-state-metrics is scraped, and whether the Deployment is there.",
        ),
    ]


def _caps() -> list[Rule]:
    limited = _by_workload(
        'kube_horizontalpodautoscaler_status_condition{condition="ScalingLimited",status="true"} == 1',
        "horizontalpodautoscaler",
        _AUTOSCALER,
    )
    at_cap = f"({METRIC}_replicas >= {_JOIN} {METRIC}_ceiling and on (namespace, workload) {limited})"
    return [
        Rule(
            name="WorkloadNearCap",
            severity=WARNING,
            subject="cap",
            expr=f"{METRIC}_replicas >= {_JOIN} {METRIC}_warn unless on (namespace, workload) {at_cap}",
            seconds=services.NEAR_CAP_FOR,
            summary=f"{_SUBJECT} has {{{{ $value }}}} replicas, near the most that it may have",
            action="See why it grows. Prove a larger size before it is needed, or lower the load.",
        ),
        Rule(
            name="WorkloadAtCap",
            severity=PAGE,
            subject="cap",
            expr=at_cap,
            seconds=services.AT_CAP_FOR,
            summary=f"{_SUBJECT} has the {{{{ $value }}}} replicas that it may have at most, and asks for more",
            action="Shed load now; only a person raises the ceiling, since nobody has seen more run.",
        ),
    ]


def _pods() -> list[Rule]:
    window, memory = (_span(each) for each in (services.RESTARTS_WINDOW, services.MEMORY_WINDOW))
    restarts = "kube_pod_container_status_restarts_total"
    killed = 'on (namespace, pod, container) kube_pod_container_status_last_terminated_reason{reason="OOMKilled"} == 1'
    reason = 'kube_pod_status_reason{reason="Evicted"}'
    evicted = f"{reason} == 1 unless on (namespace, pod) {reason} offset {_span(services.EVICTED_WINDOW)} == 1"
    budget = "kube_poddisruptionbudget_status"
    used_up = f"{budget}_pod_disruptions_allowed == 0 and {budget}_expected_pods > 0"
    return [
        Rule(
            name="WorkloadRestarts",
            severity=WARNING,
            subject="restarts",
            expr=f"{_by_workload(f'increase({restarts}[{window}])', 'pod', _POD)} >= {services.RESTARTS} {_OURS}",
            seconds=0,
            summary=f"containers of {_SUBJECT} restart again and again",
            action="See kubectl logs --previous, and the probes: none must ask for what others may lack.",
        ),
        Rule(
            name="WorkloadOutOfMemory",
            severity=WARNING,
            subject="memory",
            expr=f"{_by_workload(f'(increase({restarts}[{memory}]) > 0 and {killed})', 'pod', _POD)} > 0 {_OURS}",
            seconds=0,
            summary=f"containers of {_SUBJECT} were killed for their memory",
            action="Bound what grows (caches, queues, bodies), or raise resources.memory.",
        ),
        Rule(
            name="WorkloadEvicted",
            severity=WARNING,
            subject="storage",
            expr=f"{_by_workload(evicted, 'pod', _POD)} > 0 {_OURS}",
            seconds=0,
            summary=f"pods of {_SUBJECT} were evicted from their nodes for want of disk or memory",
            action="See kubectl describe pod for which, and bound its logs and scratch volumes.",
        ),
        Rule(
            name="BudgetUsedUp",
            severity=WARNING,
            subject="budget",
            expr=f"{_by_workload(used_up, 'poddisruptionbudget', '(.+)', 'min')} {_OURS}",
            seconds=services.BUDGET_FOR,
            summary=f"no pod of {_SUBJECT} may be evicted, so that its nodes cannot be drained",
            action="See why pods are not ready, or why there are no more than the peak needs.",
        ),
    ]


def _blind() -> list[Rule | Record]:
    """Where most are blind that has one cause, and one message."""
    blind = _by_workload(
        'kube_horizontalpodautoscaler_status_condition{condition="ScalingActive",status="false"} == 1',
        "horizontalpodautoscaler",
        _AUTOSCALER,
    )
    count = f"count({METRIC}_blind)"
    many = f"{count} >= {services.BLIND_TOGETHER} and {count} > count({METRIC}_need) / 2"
    return [
        Record(f"{METRIC}_blind", f"{blind} {_OURS}"),
        Rule(
            name="AutoscalerBlind",
            severity=WARNING,
            subject="autoscaler",
            expr=f"{METRIC}_blind unless on () ({many})",
            seconds=services.BLIND_FOR,
            summary=f"the autoscaler of {_SUBJECT} has no figures, and scales nothing",
            action="See kubectl describe hpa: its trigger's query, or what its pods ask for of the processor.",
        ),
        Rule(
            name="AutoscalersBlind",
            severity=PAGE,
            subject="autoscaler",
            expr=many,
            seconds=services.BLIND_FOR,
            summary="most autoscalers, {{ $value }} of them, have no figures, and scale nothing",
            action="Bring metrics-server back (kubectl get apiservices); until then nothing grows or shrinks.",
        ),
    ]


def _guards() -> list[Rule]:
    frozen = f'kube_configmap_created{{namespace="{wellknown.SYSTEM_NAMESPACE}",configmap="{wellknown.FREEZE}"}}'
    longest = _span(services.FREEZE_LONGEST)
    uses = _counted('policy=~"flyball-.+-override",enforcement_action="audit"', services.OVERRIDE_WINDOW)
    denied = _counted('policy=~"flyball-.+",enforcement_action="deny"', services.DENIED_WINDOW)
    return [
        Rule(
            name="OverrideUsed",
            severity=PAGE,
            subject="override",
            expr=f"{uses} > 0",
            seconds=0,
            summary="somebody has overridden {{ $labels.policy }}",
            action="Read the audit log for who and what (validation_failure), and ask why.",
        ),
        Rule(
            name="WritesRefused",
            severity=WARNING,
            subject="refusals",
            expr=f"{denied} > {services.DENIED}",
            seconds=0,
            summary="{{ $labels.policy }} refuses the same again and again",
            action="Find the program that goes on trying, in the audit log, and stop it or change what it asks for.",
        ),
        Rule(
            name="ClusterFrozen",
            severity=WARNING,
            subject="freeze",
            expr=f"{frozen} > 0",
            seconds=0,
            summary="the cluster is frozen: nothing takes pods away until people lift it",
            action="Run flyball frozen for why, since when and by whom.",
        ),
        Rule(
            name="ClusterFrozenLong",
            severity=PAGE,
            subject="freeze",
            expr=f"time() - {frozen} > {services.FREEZE_LONGEST}",
            seconds=0,
            summary=f"the cluster has been frozen for more than {longest}",
            action="Ask who set it (flyball frozen), and lift it (flyball thaw) once what it was for is over.",
        ),
    ]


def _counted(labels: str, seconds: int) -> str:
    """How often within a time, by policy.

    A counter that came into being by its first event counts, which `increase` misses; one of an API server that nobody
    asked before does not.
    """
    counts = f"sum by (policy, instance) ({_CHECKS}{{{labels}}})"
    before = f"sum by (policy, instance) ({_CHECKS}{{{labels}}} offset {_span(seconds)})"
    known = f"count by (instance) ({_CHECKS} offset {_span(seconds)})"
    return f"sum by (policy) ((({counts}) - (({before}) or 0 * ({counts}))) and on (instance) ({known}))"


def _span(seconds: int) -> str:
    return show_duration(seconds * 1000)
