"""The PriorityClass of workloads."""

from collections.abc import Mapping

from flyball.kubernetes.objects import Manifest

OWN_PRIORITY = 1_000
"""Value of a workload's own PriorityClass: above 0, what pods without a class have, far below the system's 2e9."""


def priority_class(
    name: str, labels: Mapping[str, str], annotations: Mapping[str, str] | None = None, value: int = OWN_PRIORITY
) -> Manifest:
    """A priority above that of pods nobody thought about."""
    metadata = {"name": name, "labels": labels}
    return {
        "metadata": {**metadata, "annotations": annotations} if annotations else metadata,
        "value": value,
        "preemptionPolicy": "PreemptLowerPriority",
        "description": "Workloads with a disruption budget and N-1 headroom",
    }
