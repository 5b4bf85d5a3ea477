"""Pulumi components for Kubernetes, one per file."""

from flyball.kubernetes.args import WorkloadArgs
from flyball.kubernetes.workload import Workload

__all__ = ["Workload", "WorkloadArgs"]
