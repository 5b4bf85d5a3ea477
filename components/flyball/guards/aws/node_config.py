"""What a node is told at its start: NodeConfig, for nodeadm on Amazon Linux 2023, as one part of MIME.

On a managed group EKS adds a part of its own, with the cluster's address, behind this one; fields that only one of them
has are merged (https://docs.aws.amazon.com/eks/latest/userguide/launch-templates.html,
https://awslabs.github.io/amazon-eks-ami/nodeadm/).
"""

import json
from collections.abc import Mapping
from typing import Any

from flyball.guards.aws.nodes import (
    EVICTION_MEMORY,
    OF_ALL,
    PODS,
    RESERVED_CPU,
    RESERVED_MEMORY,
    SHUTDOWN,
)
from flyball.guards.reading.units import show_size
from flyball.guards.workload.kubelet import configuration

BOUNDARY = "flyball"
_TYPE = "application/node.eks.aws"


def fields() -> dict[str, Any]:
    """Those of every node, on demand or on spot."""
    return kubelet(configuration(OF_ALL))


def kubelet(limits: Mapping[str, Any]) -> dict[str, Any]:
    """Fields of a KubeletConfiguration: `limits` of logs, images and evictions, and how a node goes down.

    By priority, and not in two parts, of which the first would end applications and who ships their logs at the same
    time. AL2023 sets two parts by itself since 1.34, and a kubelet with both does not start: so these are zero.
    """
    graces = [
        {"priority": priority, "shutdownGracePeriodSeconds": grace // 1000} for priority, grace in SHUTDOWN.items()
    ]
    return {
        **limits,
        "evictionHard": {**limits.get("evictionHard", {}), "memory.available": show_size(EVICTION_MEMORY)},
        "kubeReserved": {"cpu": f"{RESERVED_CPU}m", "memory": show_size(RESERVED_MEMORY)},
        "maxPods": PODS,
        "shutdownGracePeriod": "0s",
        "shutdownGracePeriodCriticalPods": "0s",
        "shutdownGracePeriodByPodPriority": graces,
    }


def user_data(fields: Mapping[str, Any]) -> str:
    """MIME with one part, the same text for the same fields: another text is other nodes."""
    document = {
        "apiVersion": "node.eks.aws/v1alpha1",
        "kind": "NodeConfig",
        "spec": {"kubelet": {"config": dict(fields)}},
    }
    lines = [
        "MIME-Version: 1.0",
        f'Content-Type: multipart/mixed; boundary="{BOUNDARY}"',
        "",
        f"--{BOUNDARY}",
        f"Content-Type: {_TYPE}",
        "",
        json.dumps(document, indent=2, sort_keys=True),
        f"--{BOUNDARY}--",
        "",
    ]
    return "\n".join(lines)
