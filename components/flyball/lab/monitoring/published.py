"""Metrics of kube-state-metrics as its documentation publishes them, as far as alerts and dashboards ask for them.

https://github.com/kubernetes/kube-state-metrics/tree/main/docs/metrics. The stand-in gives no other
names, and each with just these labels, but for those that it is told to make of the labels of nodes.
"""

from collections.abc import Mapping
from typing import Final

_DEPLOYMENT: Final = ("namespace", "deployment")
_AUTOSCALER: Final = ("namespace", "horizontalpodautoscaler")
_BUDGET: Final = ("namespace", "poddisruptionbudget")
_POD: Final = ("namespace", "pod", "uid")
_CONTAINER: Final = (*_POD, "container")
_OF_POD: Final = ("host_ip", "pod_ip", "node", "created_by_kind", "created_by_name", "priority_class", "host_network")

METRICS: Final[Mapping[str, tuple[str, ...]]] = {
    # docs/metrics/workload/deployment-metrics.md
    "kube_deployment_spec_replicas": _DEPLOYMENT,
    "kube_deployment_status_replicas": _DEPLOYMENT,
    "kube_deployment_status_replicas_available": _DEPLOYMENT,
    "kube_deployment_status_replicas_ready": _DEPLOYMENT,
    # docs/metrics/workload/statefulset-metrics.md
    "kube_statefulset_status_replicas_ready": ("namespace", "statefulset"),
    # docs/metrics/workload/horizontalpodautoscaler-metrics.md
    "kube_horizontalpodautoscaler_spec_max_replicas": _AUTOSCALER,
    "kube_horizontalpodautoscaler_spec_min_replicas": _AUTOSCALER,
    "kube_horizontalpodautoscaler_status_condition": (*_AUTOSCALER, "condition", "status"),
    "kube_horizontalpodautoscaler_status_current_replicas": _AUTOSCALER,
    "kube_horizontalpodautoscaler_status_desired_replicas": _AUTOSCALER,
    # docs/metrics/workload/pod-metrics.md
    "kube_pod_info": (*_POD, *_OF_POD),
    "kube_pod_status_phase": (*_POD, "phase"),
    "kube_pod_status_ready": (*_POD, "condition"),
    "kube_pod_status_reason": (*_POD, "reason"),
    "kube_pod_container_status_restarts_total": _CONTAINER,
    "kube_pod_container_status_last_terminated_reason": (*_CONTAINER, "reason"),
    # docs/metrics/policy/poddisruptionbudget-metrics.md
    "kube_poddisruptionbudget_status_current_healthy": _BUDGET,
    "kube_poddisruptionbudget_status_desired_healthy": _BUDGET,
    "kube_poddisruptionbudget_status_expected_pods": _BUDGET,
    "kube_poddisruptionbudget_status_pod_disruptions_allowed": _BUDGET,
    # docs/metrics/cluster/node-metrics.md
    "kube_node_labels": ("node",),
    "kube_node_spec_unschedulable": ("node",),
    "kube_node_status_condition": ("node", "condition", "status"),
    # docs/metrics/storage/configmap-metrics.md
    "kube_configmap_created": ("namespace", "configmap"),
}

_JOB: Final = ("namespace", "job_name")
_CRON_JOB: Final = ("namespace", "cronjob")
NOT_GIVEN: Final[Mapping[str, tuple[str, ...]]] = {
    # docs/metrics/workload/job-metrics.md and cronjob-metrics.md: no drill has jobs.
    "kube_cronjob_created": _CRON_JOB,
    "kube_cronjob_next_schedule_time": _CRON_JOB,
    "kube_cronjob_spec_suspend": _CRON_JOB,
    "kube_cronjob_status_last_successful_time": _CRON_JOB,
    "kube_job_failed": (*_JOB, "condition"),
    "kube_job_status_start_time": _JOB,
}
"""Published too, and rules ask for them, but the stand-in does not give them."""

NODE_LABELS: Final = ("topology.kubernetes.io/zone", "karpenter.sh/capacity-type")
"""Labels of nodes that it tells of: --metric-labels-allowlist=nodes=[…]."""
EVICTED_REASONS: Final = ("Evicted", "NodeAffinity", "NodeLost", "Shutdown", "UnexpectedAdmissionError")
"""Of `kube_pod_status_reason`, each with 1 or 0."""
CONDITIONS: Final = ("true", "false", "unknown")
"""Of a condition, each with 1 or 0."""
PHASES: Final = ("Pending", "Succeeded", "Failed", "Unknown", "Running")


def label(name: str) -> str:
    """What it makes of a label's key: `label_topology_kubernetes_io_zone`."""
    return "label_" + "".join(letter if letter.isalnum() else "_" for letter in name)
