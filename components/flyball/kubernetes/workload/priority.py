"""The PriorityClass of workloads, and of what guards them."""

from collections.abc import Mapping

from flyball.guards.workload import priorities
from flyball.kubernetes.objects import Manifest


def priority_class(name: str, labels: Mapping[str, str], annotations: Mapping[str, str] | None = None) -> Manifest:
    """A priority above that of pods nobody thought about."""
    text = "Workloads with a disruption budget and N-1 headroom"
    return _class(name, labels, annotations, priorities.SERVICES, "PreemptLowerPriority", text)


def jobs_priority_class(name: str, labels: Mapping[str, str], annotations: Mapping[str, str] | None = None) -> Manifest:
    """The priority of jobs, for which nobody has to give way."""
    return _class(name, labels, annotations, priorities.JOBS, "Never", "Jobs, which wait for room")


def guards_priority_class(name: str, labels: Mapping[str, str]) -> Manifest:
    """The priority of a guard: nobody takes its place, and it takes none, which would be an outage of its own."""
    return _class(name, labels, None, priorities.GUARDS, "Never", "Guards, which give no place and take none")


def _class(
    name: str, labels: Mapping[str, str], annotations: Mapping[str, str] | None, value: int, policy: str, text: str
) -> Manifest:
    metadata = {"name": name, "labels": labels}
    return {
        "metadata": {**metadata, "annotations": annotations} if annotations else metadata,
        "value": value,
        "preemptionPolicy": policy,
        "description": text,
    }
