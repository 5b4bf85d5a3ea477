"""Pulumi components for Kubernetes, one per file."""

from flyball.kubernetes.args import WorkloadArgs
from flyball.kubernetes.governor.component import Governor, GovernorArgs
from flyball.kubernetes.workload import Workload, workload_limits

__all__ = ["Governor", "GovernorArgs", "Workload", "WorkloadArgs", "workload_limits"]
