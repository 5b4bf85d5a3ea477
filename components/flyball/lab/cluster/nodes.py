"""Simulated nodes of the control plane on this machine: kwok plays their kubelets."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flyball import wellknown
from flyball.kubectl import is_true
from flyball.lab.cluster import usage


@dataclass(frozen=True)
class NodeGroup:
    """Nodes of one zone that are paid for in the same way."""

    zone: str
    spot: bool
    """On spot nodes only pods run that tolerate the taint ``wellknown.SPOT_TAINT``."""
    count: int
    region: str = "local"
    instance_type: str = "m7i.2xlarge"
    """What the default `cpu` and `memory` are the size of."""
    cpu: int = 8
    """Allocatable cores of each node."""
    memory: str = "32Gi"
    ephemeral_storage: str = "100Gi"
    pods: int = 110
    """Most pods on each node; 110 is the kubelet's own default."""


_NOT_READY = "node.kubernetes.io/not-ready"
ZONES = ("local-a", "local-b", "local-c")


def default_nodes(zones: Sequence[str] = ZONES, each: int = 2) -> tuple[NodeGroup, ...]:
    """In each of the zones `each` on-demand nodes and as many spot nodes."""
    return tuple(NodeGroup(zone, spot, each) for zone in zones for spot in (False, True))


def manifests(groups: Sequence[NodeGroup]) -> list[dict[str, Any]]:
    """The Node objects of the groups, named ``<zone>-<capacity type>-<n>`` with n counted on over equal groups."""
    counts: dict[str, int] = {}
    objects = []
    for group in groups:
        prefix = f"{group.zone}-{_capacity(group)}"
        for _ in range(group.count):
            number = counts[prefix] = counts.get(prefix, 0) + 1
            objects.append(_node(group, f"{prefix}-{number}"))
    return objects


def is_ready(node: Mapping[str, Any]) -> bool:
    """Whether its kubelet is ready, and the controller manager has seen it, which keeps pods off until then."""
    taints = node.get("spec", {}).get("taints") or ()
    return is_true(node, "Ready") and not any(taint["key"] == _NOT_READY for taint in taints)


def stands(node: Mapping[str, Any], there: Mapping[str, Any] | None) -> bool:
    """Whether a Node object is there as it was meant, and ready; what others have noted on it may stay."""
    if there is None or not is_ready(there) or there["spec"].get("taints", []) != node["spec"]["taints"]:
        return False
    meta, noted = node["metadata"], there["metadata"]
    return all(meta[part].items() <= noted.get(part, {}).items() for part in ("labels", "annotations"))


def _capacity(group: NodeGroup) -> str:
    return wellknown.CAPACITY_SPOT if group.spot else wellknown.CAPACITY_ON_DEMAND


def _node(group: NodeGroup, name: str) -> dict[str, Any]:
    taint = {
        "key": wellknown.SPOT_TAINT,
        "value": wellknown.SPOT_TAINT_VALUE,
        "effect": wellknown.SPOT_TAINT_EFFECT,
    }
    capacity = {
        "cpu": str(group.cpu),
        "memory": group.memory,
        "ephemeral-storage": group.ephemeral_storage,
        "pods": str(group.pods),
    }
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": name,
            "annotations": {
                wellknown.KWOK_NODE: wellknown.KWOK_NODE_VALUE,
                usage.PATH_ANNOTATION: usage.path(name),
            },
            "labels": {
                wellknown.ZONE: group.zone,
                wellknown.REGION: group.region,
                wellknown.HOSTNAME: name,
                wellknown.INSTANCE_TYPE: group.instance_type,
                wellknown.OPERATING_SYSTEM: "linux",
                wellknown.ARCHITECTURE: "amd64",
                wellknown.CAPACITY_TYPE: _capacity(group),
                wellknown.EKS_CAPACITY_TYPE: (
                    wellknown.EKS_CAPACITY_SPOT if group.spot else wellknown.EKS_CAPACITY_ON_DEMAND
                ),
                wellknown.KWOK_TYPE: wellknown.KWOK_TYPE_VALUE,
            },
        },
        "spec": {"taints": [taint] if group.spot else []},
        "status": {"allocatable": capacity, "capacity": capacity},
    }
