"""Pulumi components for Kubernetes."""

from flyball.kubernetes.args import JobArgs, ServiceArgs, ServicesArgs, WorkloadArgs
from flyball.kubernetes.governor.component import Governor, GovernorArgs
from flyball.kubernetes.job.component import Job
from flyball.kubernetes.nodes import kubelet_configuration
from flyball.kubernetes.refused import Refused
from flyball.kubernetes.services import Services
from flyball.kubernetes.workload.component import Workload, workload_limits

__all__ = [
    "Governor",
    "GovernorArgs",
    "Job",
    "JobArgs",
    "Refused",
    "ServiceArgs",
    "Services",
    "ServicesArgs",
    "Workload",
    "WorkloadArgs",
    "kubelet_configuration",
    "workload_limits",
]
