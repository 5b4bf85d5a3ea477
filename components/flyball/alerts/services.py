"""Alerts on services in a cluster: fewer pods than they need, too much load for those there are, at their cap, and pods
that restart, run out of memory or cannot be evicted. The figures come from kube-state-metrics, and from the proxies.
"""

from collections.abc import Iterable

from flyball.alerts import autoscalers, canary, governor, hops, members, objectives
from flyball.alerts.counters import span
from flyball.alerts.rule import OF_SERIES, Record, Rule, Severity
from flyball.alerts.workload import (
    AUTOSCALER,
    JOIN,
    METRIC,
    ON,
    OURS,
    PART,
    SUBJECT,
    by_workload,
    constants,
    owned,
)
from flyball.guards.alerting import services
from flyball.guards.alerting.services import Thresholds
from flyball.guards.workload.names import SPOT_SUFFIX

PAGE, WARNING = Severity.PAGE, Severity.WARNING
_DEPLOYMENT = f"(.+?){PART}"


def rules(found: Iterable[Thresholds], governed: bool) -> dict[str, list[Rule | Record]]:
    """The rules by the name of their group; without services none, and without a Governor none on it."""
    each = list(found)
    if not each:
        return {}
    kept = any(one.members for one in each)
    groups: dict[str, list[Rule | Record]] = {
        "flyball-thresholds": [*constants(each)],
        # Within a group each rule sees what those before it have recorded.
        "flyball-services": [*_sums(kept), *hops.records(), *_short(kept), *_headroom(), *_caps(), *_pods()],
        **(members.rules() if kept else {}),
        "flyball-hops": [*hops.rules()],
        "flyball-autoscalers": [*autoscalers.rules(), *canary.rules()],
        **(objectives.rules() if any(one.objective for one in each) else {}),
    }
    if governed:
        groups["flyball-guards"] = [*governor.rules()]
    return groups


def _sums(kept: bool) -> list[Record]:
    """`kept` says whether some of them are StatefulSets: of others nobody asks for these figures."""
    return [
        Record(f"{METRIC}_{name}", by_workload(series, "deployment", _DEPLOYMENT) + more)
        for name, series, more in (
            ("ready", "kube_deployment_status_replicas_ready", f" or {members.READY}" if kept else ""),
            ("replicas", "kube_deployment_spec_replicas", ""),
        )
    ]


def _short(kept: bool) -> list[Rule]:
    """Of members, and of what stands alone, there are alerts of their own."""
    alike = f" {members.NOT_MEMBERS}" if kept else ""
    return [
        Rule(
            name="WorkloadBelowNeed",
            severity=PAGE,
            subject="size",
            expr=f"{METRIC}_ready < {JOIN} {METRIC}_need{alike}",
            seconds=services.BELOW_NEED_FOR,
            summary=f"{SUBJECT} has {{{{ $value }}}} ready pods, fewer than carry its load",
            action="See why pods are missing (kubectl get events): no room, an image, a probe. Stop changes under way.",
            guards=("floor-too-large", "ceiling-below-floor"),
            owner=OF_SERIES,
        ),
        Rule(
            name="WorkloadBelowFloor",
            severity=WARNING,
            subject="size",
            # Once it is below its need, that is what is told.
            expr=f"{METRIC}_ready < {JOIN} {METRIC}_floor unless {ON} ({METRIC}_ready < {ON} {METRIC}_need){alike}",
            seconds=services.BELOW_FLOOR_FOR,
            summary=f"{SUBJECT} has {{{{ $value }}}} ready pods, and cannot spare one more",
            action="See why pods are missing (kubectl get events): the next loss is not covered.",
            guards=("floor-too-large", "progress-below-settle"),
            owner=OF_SERIES,
        ),
        Rule(
            name="WorkloadUnknown",
            severity=WARNING,
            subject="watcher-services",
            expr=f"{METRIC}_need unless {ON} {METRIC}_ready",
            seconds=services.UNKNOWN_FOR,
            summary=f"nobody knows how many pods of {SUBJECT} are ready",
            action="See whether kube-state-metrics is scraped, and whether the Deployment is there.",
            guards=("unwatched",),
            owner=OF_SERIES,
        ),
    ]


def _headroom() -> list[Rule]:
    """What is ready, less what may be lost (floor - need), carries the load there is."""
    left = f"({METRIC}_ready - {ON} ({METRIC}_floor - {METRIC}_need))"
    carried = f"{left} * {ON} {METRIC}_replica * {ON} {METRIC}_utilization"
    spot = f'{{deployment=~".+{SPOT_SUFFIX}"}}'
    ready, wanted = (
        f"({by_workload(f'{series}{spot}', 'deployment', _DEPLOYMENT)} {OURS})"
        for series in ("kube_deployment_status_replicas_ready", "kube_deployment_spec_replicas")
    )
    return [
        Rule(
            name="HeadroomLost",
            severity=WARNING,
            subject="size",
            expr=f"{hops.LOAD} > {ON} {carried} > {JOIN} (0 * {METRIC}_need)",
            seconds=services.HEADROOM_FOR,
            summary=f"{SUBJECT} has {{{{ $value | humanize }}}} requests a second, too many after the next loss",
            action="See why it does not grow: its autoscaler, room on nodes, its cap. Put off changes and drains.",
            guards=("target-below-one-percent", "floor-too-large"),
            owner=OF_SERIES,
        ),
        Rule(
            name="SpotStorm",
            severity=WARNING,
            subject="spot",
            expr=f"sum by (namespace) ({ready}) < {services.SPOT_LEFT} * sum by (namespace) ({wanted})",
            seconds=services.SPOT_FOR,
            summary="of the pods of {{ $labels.namespace }} on spot machines {{ $value }} are left, less than half",
            action="The base on demand carries the peak. See the prices and notices; let no change take more.",
            guards=("spot-base-below-need", "spot-base-at-floor", "way-out-too-long"),
        ),
    ]


def _caps() -> list[Rule]:
    limited = by_workload(
        'kube_horizontalpodautoscaler_status_condition{condition="ScalingLimited",status="true"} == 1',
        "horizontalpodautoscaler",
        AUTOSCALER,
    )
    at_cap = f"({METRIC}_replicas >= {JOIN} {METRIC}_ceiling and {ON} {limited})"
    return [
        Rule(
            name="WorkloadNearCap",
            severity=WARNING,
            subject="cap",
            expr=f"{METRIC}_replicas >= {JOIN} {METRIC}_warn unless {ON} {at_cap}",
            seconds=services.NEAR_CAP_FOR,
            summary=f"{SUBJECT} has {{{{ $value }}}} replicas, near the most that it may have",
            action="See why it grows. Prove a larger size before it is needed, or lower the load.",
            guards=("ceiling-beyond-envelope",),
            owner=OF_SERIES,
        ),
        Rule(
            name="WorkloadAtCap",
            severity=PAGE,
            subject="cap",
            expr=at_cap,
            seconds=services.AT_CAP_FOR,
            summary=f"{SUBJECT} has the {{{{ $value }}}} replicas that it may have at most, and asks for more",
            action="Shed load now; only a person raises the ceiling, since nobody has seen more run.",
            guards=("ceiling-beyond-envelope",),
            owner=OF_SERIES,
        ),
    ]


def _pods() -> list[Rule]:
    window, memory = (span(each) for each in (services.RESTARTS_WINDOW, services.MEMORY_WINDOW))
    restarts = "kube_pod_container_status_restarts_total"
    killed = 'on (namespace, pod, container) kube_pod_container_status_last_terminated_reason{reason="OOMKilled"} == 1'
    reason = 'kube_pod_status_reason{reason="Evicted"}'
    evicted = f"{reason} == 1 unless on (namespace, pod) {reason} offset {span(services.EVICTED_WINDOW)} == 1"
    budget = "kube_poddisruptionbudget_status"
    used_up = f"{budget}_pod_disruptions_allowed == 0 and {budget}_expected_pods > 0"
    return [
        Rule(
            name="WorkloadRestarts",
            severity=WARNING,
            subject="restarts",
            expr=owned(by_workload(f"increase({restarts}[{window}])"), ">=", services.RESTARTS),
            seconds=0,
            summary=f"containers of {SUBJECT} restart again and again",
            action="See kubectl logs --previous, and the probes: none must ask for what others may lack.",
            guards=("no-readiness", "probes-alike"),
            owner=OF_SERIES,
        ),
        Rule(
            name="WorkloadOutOfMemory",
            severity=WARNING,
            subject="memory",
            expr=owned(by_workload(f"(increase({restarts}[{memory}]) > 0 and {killed})"), ">", 0),
            seconds=0,
            summary=f"containers of {SUBJECT} were killed for their memory",
            action="Bound what grows (caches, queues, bodies), or raise resources.memory.",
            guards=("limit-below-request", "cache-beyond-half"),
            owner=OF_SERIES,
        ),
        Rule(
            name="WorkloadEvicted",
            severity=WARNING,
            subject="storage",
            expr=owned(by_workload(evicted), ">", 0),
            seconds=0,
            summary=f"pods of {SUBJECT} were evicted from their nodes for want of disk or memory",
            action="See kubectl describe pod for which, and bound its logs and scratch volumes.",
            guards=("node-logs-beyond-pod", "log-volume", "folder-taken"),
            owner=OF_SERIES,
        ),
        Rule(
            name="BudgetUsedUp",
            severity=WARNING,
            subject="budget",
            expr=owned(by_workload(used_up, "poddisruptionbudget", "(.+)", "min"), ">=", 0),
            seconds=services.BUDGET_FOR,
            summary=f"no pod of {SUBJECT} may be evicted, so that its nodes cannot be drained",
            action="See why pods are not ready, or why there are no more than the peak needs.",
            guards=("nothing-to-spare",),
            owner=OF_SERIES,
        ),
    ]
