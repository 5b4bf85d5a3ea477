"""What rules on workloads have in common: their thresholds as series, and joins that name whose they are.

A workload is all Deployments that bear its name. What they count and suffer is its own, also where a new version does
(`guards.workload.canary`), since whoever calls gets to any of them; of its size that is no part, which may go at once.

A rule for each workload would cost twice the processor and six times the YAML of a general rule that joins constants
(measured with 200 workloads: 1.79 s against 0.85 s an evaluation).
"""

from collections.abc import Iterable

from flyball.alerts.rule import Record
from flyball.guards.alerting.services import Thresholds
from flyball.guards.headroom.headroom import Survive
from flyball.guards.reading.units import show_number
from flyball.guards.workload import canary
from flyball.guards.workload.names import SPOT_SUFFIX
from flyball.guards.workload.resolve import Service

METRIC = "flyball_workload"
HOP_TIMEOUT = "flyball_hop_timeout_seconds"
PART = f"(?:{SPOT_SUFFIX})?"
"""Of the Deployments that make up its size."""
ANY_PART = f"(?:{SPOT_SUFFIX}|{canary.SUFFIX})?"
OF_SET = "-[0-9a-z]+-[0-9a-z]{5}"
"""What the name of a Deployment's pod has after the Deployment's: its ReplicaSet's part, and its own."""
_OF_MEMBER = "-[0-9]{1,2}"
_OF_POD = f"(?:{ANY_PART}{OF_SET}|{_OF_MEMBER})"
POD = f"(.+?){_OF_POD}"
"""Of a ReplicaSet of a workload's Deployments, or of its StatefulSet."""
STAYING_POD = f"(.+?)(?:{PART}{OF_SET}|{_OF_MEMBER})"
"""Of those that make up its size."""
AUTOSCALER = f"(?:keda-hpa-)?(.+?){PART}"
ON = "on (namespace, workload)"
WHOSE = "group_left (owner, environment)"
"""Labels of a threshold that say whose what is compared with it is."""
JOIN = f"{ON} {WHOSE}"
OURS = f"and {ON} {METRIC}_need"
SUBJECT = "{{ $labels.namespace }}/{{ $labels.workload }}"


def pods(namespace: str, workload: str) -> str:
    """What selects a workload's pods; both names may be those of a dashboard's variables."""
    return f'namespace="{namespace}",pod=~"{workload}{_OF_POD}"'


def by_workload(series: str, of: str = "pod", pattern: str = POD, how: str = "sum", more: str = "") -> str:
    """The series of a workload's objects, whose names the label `of` holds, as one of the workload."""
    return f'{how} by (namespace, workload{more}) (label_replace({series}, "workload", "$1", "{of}", "{pattern}"))'


def owned(expr: str, compared: str, limit: float) -> str:
    """Where what is known by workload compares so to a number, with the labels of whose the workload is."""
    return f"{expr} {compared} {JOIN} ({show_number(limit, 6)} + 0 * {METRIC}_need)"


def thresholds(found: Iterable[Service]) -> list[Thresholds]:
    """What holds for each service, by the rules that sized it."""
    return [_thresholds(service) for service in found]


def _thresholds(service: Service) -> Thresholds:
    sizing, spec = service.sizing, service.spec
    floor = sizing.least
    hops = {name: call.times.timeout / 1000 for name, call in spec.calls.items() if call.hop.protocol != "tcp"}
    return Thresholds(
        namespace=service.place.namespace,
        name=service.name,
        owner=service.place.owner,
        environment=service.place.environment,
        need=min(period.headroom.need for period in sizing.periods),
        floor=floor,
        warn=sizing.envelope.warn,
        ceiling=sizing.ceiling if sizing.ceiling > floor else None,
        replica=spec.replica,
        utilization=spec.utilization,
        deadline=spec.deadline / 1000 if spec.counted else None,
        zones=len(service.place.zones) if Survive.ZONE in spec.survive else None,
        hops=hops if spec.proxied else {},
        objective=spec.objective,
        protocol=spec.protocol,
        members=service.members,
    )


def constants(found: Iterable[Thresholds]) -> list[Record]:
    """The thresholds of all workloads, as series."""
    return [record for one in found for record in _constants(one)]


def _constants(one: Thresholds) -> list[Record]:
    labels = {"namespace": one.namespace, "workload": one.name, "owner": one.owner, "environment": one.environment}
    values = {
        "need": one.need,
        "floor": one.floor,
        "warn": one.warn if one.ceiling is not None else None,
        "ceiling": one.ceiling,
        "replica": one.replica,
        "utilization": one.utilization,
        "deadline": one.deadline,
        "zones": one.zones,
        "members": one.members.count if one.members else None,
        "quorum": one.members.quorum if one.members else None,
    }
    found = [
        Record(f"{METRIC}_{name}", f"vector({show_number(value, 6)})", labels)
        for name, value in values.items()
        if value is not None
    ]
    hops = [
        Record(HOP_TIMEOUT, f"vector({show_number(timeout, 6)})", {**labels, "hop": name})
        for name, timeout in sorted(one.hops.items())
    ]
    return [*found, *_objective(one, labels), *hops]


def _objective(one: Thresholds, labels: dict[str, str]) -> list[Record]:
    if one.objective is None:
        return []
    availability = show_number(one.objective.availability, 6)
    return [
        Record(f"{METRIC}_objective", f"vector({availability})", {**labels, "protocol": one.protocol}),
        Record(f"{METRIC}_minimum", f"vector({one.objective.minimum})", labels),
    ]
