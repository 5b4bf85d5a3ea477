"""The PriorityClass of workloads, and of what guards them."""

from collections.abc import Mapping

from flyball.kubernetes.objects import Manifest

OWN_PRIORITY = 1_000
"""Value of a workload's own PriorityClass: above 0, what pods without a class have, far below the system's 2e9."""


JOBS_PRIORITY = 500
"""Of jobs: above pods without a class, below services, which may take a job's place; that costs it no attempt."""
GUARDS_PRIORITY = 1_000_000_000
"""Of what stands on each node for all others: the highest that is not the system's own
(https://kubernetes.io/docs/concepts/scheduling-eviction/pod-priority-preemption/#priorityclass)."""


def priority_class(name: str, labels: Mapping[str, str], annotations: Mapping[str, str] | None = None) -> Manifest:
    """A priority above that of pods nobody thought about."""
    text = "Workloads with a disruption budget and N-1 headroom"
    return _class(name, labels, annotations, OWN_PRIORITY, "PreemptLowerPriority", text)


def jobs_priority_class(name: str, labels: Mapping[str, str], annotations: Mapping[str, str] | None = None) -> Manifest:
    """The priority of jobs, for which nobody has to give way."""
    return _class(name, labels, annotations, JOBS_PRIORITY, "Never", "Jobs, which wait for room")


def guards_priority_class(name: str, labels: Mapping[str, str]) -> Manifest:
    """The priority of a guard: nobody takes its place, and it takes none, which would be an outage of its own."""
    return _class(name, labels, None, GUARDS_PRIORITY, "Never", "Guards, which give no place and take none")


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
