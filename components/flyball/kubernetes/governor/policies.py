"""All admission policies of the Governor, in the order in which they are created."""

from flyball.kubernetes.governor.autoscalers import autoscaler_policies
from flyball.kubernetes.governor.budgets import budget_policies, need_policies, service_policies
from flyball.kubernetes.governor.freeze import freeze_policies
from flyball.kubernetes.governor.pods import pod_policies
from flyball.kubernetes.governor.policy import Manifest
from flyball.kubernetes.governor.protection import cluster_policies, limit_policies
from flyball.kubernetes.governor.scale import scale_policies
from flyball.kubernetes.governor.status import status_policies
from flyball.kubernetes.governor.strangers import stranger_policies
from flyball.kubernetes.governor.volumes import volume_policies
from flyball.kubernetes.governor.workloads import workload_policies


def manifests() -> list[Manifest]:
    """The policies and their bindings, each policy before its binding, one set for a whole cluster.

    They need API server 1.36: MutatingAdmissionPolicy is version 1 of its API from there on.
    """
    return [
        *limit_policies(),
        *cluster_policies(),
        *workload_policies(),
        *scale_policies(),
        *pod_policies(),
        *stranger_policies(),
        *status_policies(),
        *budget_policies(),
        *service_policies(),
        *need_policies(),
        *volume_policies(),
        *autoscaler_policies(),
        *freeze_policies(),
    ]
