"""Alerts on services that have to survive the loss of a zone: whether they would, by where their pods are.

The figures come from kube-state-metrics, which tells of a node's zone where it is told to
(`--metric-labels-allowlist=nodes=[topology.kubernetes.io/zone]`).
"""

from collections.abc import Iterable

from flyball import wellknown
from flyball.alerts.rule import Rule, Severity
from flyball.guards.alerting import zones
from flyball.guards.alerting.zones import Zoned
from flyball.guards.headroom.headroom import Survive
from flyball.guards.workload.names import SPOT_SUFFIX
from flyball.guards.workload.resolve import Service

_ZONE = "label_" + "".join(c if c.isalnum() else "_" for c in wellknown.ZONE)
"""What kube-state-metrics makes of the label."""
_NODES = f'kube_node_labels{{{_ZONE}!=""}}'


def zoned(services: Iterable[Service]) -> list[Zoned]:
    """The services that promise it. Where the peak goes by the clock, the need is the least of the day."""
    return [
        Zoned(service.place.namespace, service.name, min(period.headroom.need for period in service.sizing.periods))
        for service in services
        if Survive.ZONE in service.spec.survive
    ]


def rules(services: Iterable[Zoned]) -> dict[str, list[Rule]]:
    """The rules by the name of their group; without services none."""
    found = [_uneven(service) for service in services]
    return {"flyball-zones": [*found, _unknown()] if found else []}


def _uneven(service: Zoned) -> Rule:
    """By the ReplicaSets of the service's Deployments, which are called after these, with a hash at the end."""
    where = f'namespace="{service.namespace}"'
    sets = f'created_by_kind="ReplicaSet",created_by_name=~"{service.name}({SPOT_SUFFIX})?-[0-9a-z]+"'
    ready = f'(kube_pod_status_ready{{{where},condition="true"}} == 1)'
    on_node = f"on (namespace, pod) group_left (node) kube_pod_info{{{where},{sets}}}"
    in_zone = f"on (node) group_left ({_ZONE}) {_NODES}"
    by_zone = f"sum by ({_ZONE}) ({ready} * {on_node} * {in_zone})"
    return Rule(
        name="ZoneTooFull",
        severity=Severity.WARNING,
        subject="zones",
        expr=f"sum({by_zone}) - max({by_zone}) < {service.need}",
        seconds=zones.UNEVEN_FOR,
        summary=f"of {service.namespace}/{service.name} the loss of the fullest zone would leave fewer than the"
        f" {service.need} pods that its load needs",
        action=f"See why nothing evens it out: the CronJob flyball-balance in {wellknown.SYSTEM_NAMESPACE}, a freeze, a"
        " disruption budget that is used up, or a zone without room.",
        labels={"namespace": service.namespace, "service": service.name},
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
    )
