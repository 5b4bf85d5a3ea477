"""Alerts on services that have to survive the loss of a zone: whether they would, by where their pods are.

The figures come from kube-state-metrics, which tells of a node's zone where it is told to
(`--metric-labels-allowlist=nodes=[topology.kubernetes.io/zone]`).
"""

from flyball import wellknown
from flyball.alerts.hops import LOAD
from flyball.alerts.rule import OF_SERIES, Record, Rule, Severity
from flyball.alerts.workload import JOIN, METRIC, ON, STAYING_POD, SUBJECT, by_workload
from flyball.guards.alerting import services, zones

_ZONE = "label_" + "".join(c if c.isalnum() else "_" for c in wellknown.ZONE)
"""What kube-state-metrics makes of the label."""
_NODES = f'kube_node_labels{{{_ZONE}!=""}}'
LEFT = f"{METRIC}_left"


def rules() -> dict[str, list[Rule | Record]]:
    """The rules by the name of their group."""
    return {"flyball-zones": [_left(), _uneven(), _headroom(), _unknown()]}


def _left() -> Record:
    """What the loss of the fullest zone would leave of those that have to survive it."""
    ready = '(kube_pod_status_ready{condition="true"} == 1)'
    placed = f"{ready} * on (namespace, pod) group_left (node) kube_pod_info * on (node) group_left ({_ZONE}) {_NODES}"
    by_zone = f"({by_workload(placed, pattern=STAYING_POD, more=f', {_ZONE}')} and {ON} {METRIC}_zones)"
    return Record(LEFT, f"sum by (namespace, workload) {by_zone} - max by (namespace, workload) {by_zone}")


def _uneven() -> Rule:
    return Rule(
        name="ZoneTooFull",
        severity=Severity.WARNING,
        subject="size",
        expr=f"{LEFT} < {JOIN} {METRIC}_need",
        seconds=zones.UNEVEN_FOR,
        summary=f"of {SUBJECT} the loss of the fullest zone would leave {{{{ $value }}}} pods, fewer than its load"
        " needs at any time",
        action=f"See why nothing evens it out: the CronJob flyball-balance in {wellknown.SYSTEM_NAMESPACE}, a freeze, a"
        " disruption budget that is used up, or a zone without room.",
        guards=("too-few-zones",),
        owner=OF_SERIES,
    )


def _headroom() -> Rule:
    """By the load there is, where the need of the quietest hour would be met."""
    carried = f"{LEFT} * {ON} {METRIC}_replica * {ON} {METRIC}_utilization"
    return Rule(
        name="ZoneHeadroomLost",
        severity=Severity.WARNING,
        subject="size",
        expr=f"{LOAD} > {ON} {carried} > {JOIN} (0 * {METRIC}_zones)",
        seconds=max(services.HEADROOM_FOR, zones.UNEVEN_FOR),
        summary=f"{SUBJECT} has {{{{ $value | humanize }}}} requests a second, too many without its fullest zone",
        action="See whether it grows as it should, and whether its pods are spread evenly.",
        guards=("too-few-zones", "target-below-one-percent"),
        owner=OF_SERIES,
    )


def _unknown() -> Rule:
    return Rule(
        name="ZonesUnknown",
        severity=Severity.WARNING,
        subject="watcher-zones",
        expr=f"absent({_NODES})",
        seconds=zones.UNKNOWN_FOR,
        summary="nobody knows in which zones nodes are, so whether services survive the loss of one",
        action="Have kube-state-metrics tell: --metric-labels-allowlist=nodes=[topology.kubernetes.io/zone].",
        guards=("unwatched",),
    )
