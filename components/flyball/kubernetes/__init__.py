"""Pulumi components for Kubernetes.

Each is loaded when it is asked for: the SDK's types take two seconds, and who plans a stack needs none of them.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from flyball.kubernetes.alerts.component import Alerts
    from flyball.kubernetes.args import (
        AlertsArgs,
        CacheArgs,
        JobArgs,
        LogPipelineArgs,
        ServiceArgs,
        ServicesArgs,
        WorkloadArgs,
    )
    from flyball.kubernetes.cache.component import Cache, cache_limits
    from flyball.kubernetes.governor.component import Governor, GovernorArgs
    from flyball.kubernetes.job.component import Job
    from flyball.kubernetes.log_pipeline.component import LogPipeline
    from flyball.kubernetes.nodes import kubelet_configuration
    from flyball.kubernetes.refused import Refused
    from flyball.kubernetes.services import Services
    from flyball.kubernetes.workload.component import Workload, workload_limits
else:  # a type checker would take every name for known

    def __getattr__(name: str) -> Any:
        for module, names in _MODULES.items():
            if name in names:
                globals()[name] = found = getattr(import_module(f"{__name__}.{module}"), name)
                return found
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


_MODULES = {
    "alerts.component": ("Alerts",),
    "args": ("AlertsArgs", "CacheArgs", "JobArgs", "LogPipelineArgs", "ServiceArgs", "ServicesArgs", "WorkloadArgs"),
    "cache.component": ("Cache", "cache_limits"),
    "governor.component": ("Governor", "GovernorArgs"),
    "job.component": ("Job",),
    "log_pipeline.component": ("LogPipeline",),
    "nodes": ("kubelet_configuration",),
    "refused": ("Refused",),
    "services": ("Services",),
    "workload.component": ("Workload", "workload_limits"),
}
__all__ = [
    "Alerts",
    "AlertsArgs",
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
