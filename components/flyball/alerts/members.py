"""Alerts on what keeps data or must not run twice: the quorum, the one that stands alone, and their volumes.

How many are ready is told by kube-state-metrics, how full a volume is by the kubelet that has it mounted
(https://kubernetes.io/docs/reference/instrumentation/metrics/, kubelet_volume_stats_available_bytes).
"""

from flyball.alerts.counters import span
from flyball.alerts.rule import OF_SERIES, Record, Rule, Severity
from flyball.alerts.workload import JOIN, METRIC, ON, SUBJECT, by_workload
from flyball.guards.alerting import members
from flyball.guards.workload.members import VOLUME

READY = by_workload("kube_statefulset_status_replicas_ready", "statefulset", "(.+)")
"""Of every StatefulSet, caches among them, of which nobody has said what they need."""
NOT_MEMBERS = f"unless {ON} {METRIC}_quorum"
_CLAIM = f"{VOLUME}-(.+)-[0-9]+"
_GROUP, _ALONE = f"and {ON} {METRIC}_members > 1", f"and {ON} {METRIC}_members == 1"


def rules() -> dict[str, list[Rule | Record]]:
    """The rules by the name of their group, after those that record how many are ready."""
    return {"flyball-members": [*_group(), *_alone(), *_volumes()]}


def _group() -> list[Rule | Record]:
    return [
        Rule(
            name="QuorumLost",
            severity=Severity.PAGE,
            subject="size",
            expr=f"{METRIC}_ready < {JOIN} {METRIC}_quorum {_GROUP}",
            seconds=members.QUORUM_LOST_FOR,
            summary=f"{SUBJECT} has {{{{ $value }}}} ready members, fewer than its quorum: it decides nothing",
            action="See why members are missing (kubectl get pods,pvc). Stop drains and changes. Delete no volume.",
            guards=("no-majority", "quorum-without-spare", "quorum-in-zones", "quorum-without-data"),
            owner=OF_SERIES,
        ),
        Rule(
            name="MemberMissing",
            severity=Severity.WARNING,
            subject="size",
            # Once the quorum is lost, that is what is told.
            expr=f"{METRIC}_ready < {JOIN} {METRIC}_members {_GROUP}"
            f" unless {ON} ({METRIC}_ready < {ON} {METRIC}_quorum)",
            seconds=members.MISSING_FOR,
            summary=f"{SUBJECT} has {{{{ $value }}}} ready members, and one more loss may take its quorum",
            action="See why a member is missing: its volume's zone, room there, its log. Put off drains and releases.",
            guards=("members-on-spot", "members-leave", "peak-beyond-members"),
            owner=OF_SERIES,
        ),
    ]


def _alone() -> list[Rule | Record]:
    window = span(members.ALONE_WINDOW)
    return [
        Rule(
            name="SingleDown",
            severity=Severity.PAGE,
            subject="size",
            expr=f"{METRIC}_ready < {JOIN} {METRIC}_quorum {_ALONE}",
            seconds=members.ALONE_FOR,
            summary=f"{SUBJECT} stands alone, and is not ready: nobody does its work",
            action="See where its pod is. Where its node is lost: delete the Node, or taint it out-of-service.",
            guards=("data-without-members",),
            owner=OF_SERIES,
        ),
        Rule(
            name="SingleWasAway",
            severity=Severity.WARNING,
            subject="size",
            expr=f"({METRIC}_ready >= {JOIN} {METRIC}_quorum {_ALONE})"
            f" and {ON} min_over_time({METRIC}_ready[{window}]) < 1",
            seconds=0,
            summary=f"{SUBJECT}, which stands alone, was away within the last {window}",
            action="See who took it (kubectl get events): a drain, a release, a crash. Look at what its callers lost.",
            guards=("data-without-members",),
            owner=OF_SERIES,
        ),
    ]


def _volumes() -> list[Rule | Record]:
    # Of a volume that has moved, two nodes tell for a while.
    by = "min by (namespace, persistentvolumeclaim)"
    free, size = "kubelet_volume_stats_available_bytes", "kubelet_volume_stats_capacity_bytes"

    def used(percent: int) -> str:
        return _owned(f"100 * {by} ({free}) < {100 - percent} * {by} ({size})")

    trend = f"{by} (predict_linear({free}[{span(members.TREND)}], {members.AHEAD})) < 0"
    soon = f"{_owned(trend)} and on (namespace, persistentvolumeclaim) {used(members.TREND_USED_PERCENT)}"
    where = f"{SUBJECT}: volume {{{{ $labels.persistentvolumeclaim }}}}"
    return [
        Rule(
            name="VolumeFullSoon",
            severity=Severity.WARNING,
            subject="volume",
            expr=soon,
            seconds=members.TREND_FOR,
            summary=f"{where} will be full within {span(members.AHEAD)} if it goes on like this",
            action="Find what grows, and bound it; or raise data.size (flyball rules volume-fixed).",
            guards=("volume-fixed",),
            owner=OF_SERIES,
        ),
        Rule(
            name="VolumeNearlyFull",
            severity=Severity.PAGE,
            subject="volume",
            expr=used(members.FULL_PERCENT),
            seconds=members.FULL_FOR,
            summary=f"{where} is more than {members.FULL_PERCENT} % full",
            action="Raise data.size and bring it up (flyball rules volume-fixed): a store that cannot write stops.",
            guards=("volume-fixed",),
            owner=OF_SERIES,
        ),
    ]


def _owned(expr: str) -> str:
    """With the workload that the claim is of, and whose it is."""
    named = f'label_replace({expr}, "workload", "$1", "persistentvolumeclaim", "{_CLAIM}")'
    return f"({named} + {JOIN} (0 * {METRIC}_members))"
