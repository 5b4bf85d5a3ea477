"""Pulumi components for Kubernetes."""

from flyball.kubernetes.args import CacheArgs, JobArgs, LogPipelineArgs, ServiceArgs, ServicesArgs, WorkloadArgs
from flyball.kubernetes.cache.component import Cache, cache_limits
from flyball.kubernetes.governor.component import Governor, GovernorArgs
from flyball.kubernetes.job.component import Job
from flyball.kubernetes.log_pipeline.component import LogPipeline
from flyball.kubernetes.nodes import kubelet_configuration
from flyball.kubernetes.refused import Refused
from flyball.kubernetes.services import Services
from flyball.kubernetes.workload.component import Workload, workload_limits

__all__ = [
    "Cache",
    "CacheArgs",
    "Governor",
    "GovernorArgs",
    "Job",
    "JobArgs",
    "LogPipeline",
    "LogPipelineArgs",
    "Refused",
    "ServiceArgs",
    "Services",
    "ServicesArgs",
    "Workload",
    "WorkloadArgs",
    "cache_limits",
    "kubelet_configuration",
    "workload_limits",
]
