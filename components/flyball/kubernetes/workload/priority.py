"""The PriorityClass of workloads."""

from collections.abc import Mapping

from flyball.kubernetes.objects import Manifest

OWN_PRIORITY = 1_000
"""Value of a workload's own PriorityClass: above 0, what pods without a class have, far below the system's 2e9."""


JOBS_PRIORITY = 500
"""Of jobs: above pods without a class, below services, which may take a job's place; that costs it no attempt."""


def priority_class(name: str, labels: Mapping[str, str], annotations: Mapping[str, str] | None = None) -> Manifest:
    """A priority above that of pods nobody thought about."""
    text = "Workloads with a disruption budget and N-1 headroom"
    return _class(name, labels, annotations, OWN_PRIORITY, "PreemptLowerPriority", text)


def jobs_priority_class(name: str, labels: Mapping[str, str], annotations: Mapping[str, str] | None = None) -> Manifest:
    """The priority of jobs, for which nobody has to give way."""
    return _class(name, labels, annotations, JOBS_PRIORITY, "Never", "Jobs, which wait for room")


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
