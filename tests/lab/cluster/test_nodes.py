import copy
from collections.abc import Callable
from typing import Any

import pytest

from flyball.lab.cluster.nodes import NodeGroup, default_nodes, is_ready, manifests, stands


def test_a_spot_node_is_labelled_as_karpenter_and_eks_label_theirs_and_tainted() -> None:
    (node,) = manifests([NodeGroup("eu-1a", spot=True, count=1, region="eu-1", instance_type="m7i.large", cpu=2)])

    capacity = {"cpu": "2", "memory": "32Gi", "ephemeral-storage": "100Gi", "pods": "110"}
    assert node == {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": "eu-1a-spot-1",
            "annotations": {
                "kwok.x-k8s.io/node": "fake",
                "metrics.k8s.io/resource-metrics-path": "/metrics/nodes/eu-1a-spot-1/metrics/resource",
            },
            "labels": {
                "topology.kubernetes.io/zone": "eu-1a",
                "topology.kubernetes.io/region": "eu-1",
                "kubernetes.io/hostname": "eu-1a-spot-1",
                "node.kubernetes.io/instance-type": "m7i.large",
                "kubernetes.io/os": "linux",
                "kubernetes.io/arch": "amd64",
                "karpenter.sh/capacity-type": "spot",
                "eks.amazonaws.com/capacityType": "SPOT",
                "type": "kwok",
            },
        },
        "spec": {"taints": [{"key": "spotInstance", "value": "true", "effect": "NoSchedule"}]},
        "status": {"allocatable": capacity, "capacity": capacity},
    }


def test_an_on_demand_node_has_no_taint() -> None:
    (node,) = manifests([NodeGroup("eu-1a", spot=False, count=1)])

    assert node["spec"] == {"taints": []}
    assert node["metadata"]["labels"]["karpenter.sh/capacity-type"] == "on-demand"
    assert node["metadata"]["labels"]["eks.amazonaws.com/capacityType"] == "ON_DEMAND"


def test_names_are_counted_on_over_groups_of_one_zone_and_capacity_type() -> None:
    groups = [
        NodeGroup("a", spot=False, count=2),
        NodeGroup("a", spot=False, count=1, cpu=16),
        NodeGroup("a", spot=True, count=1),
        NodeGroup("b", spot=False, count=0),
    ]

    names = [node["metadata"]["name"] for node in manifests(groups)]

    assert names == ["a-on-demand-1", "a-on-demand-2", "a-on-demand-3", "a-spot-1"]


def test_the_default_is_two_of_each_kind_in_three_zones() -> None:
    assert [(group.zone, group.spot, group.count) for group in default_nodes()] == [
        ("local-a", False, 2),
        ("local-a", True, 2),
        ("local-b", False, 2),
        ("local-b", True, 2),
        ("local-c", False, 2),
        ("local-c", True, 2),
    ]


@pytest.mark.parametrize(
    ("node", "ready"),
    [
        ({}, False),
        ({"status": {}}, False),
        ({"status": {"conditions": [{"type": "DiskPressure", "status": "True"}]}}, False),
        ({"status": {"conditions": [{"type": "Ready", "status": "Unknown"}]}}, False),
        ({"status": {"conditions": [{"type": "Ready", "status": "True"}]}}, True),
    ],
)
def test_a_node_is_ready_when_its_kubelet_says_so(node: dict[str, Any], ready: bool) -> None:
    assert is_ready(node) is ready


@pytest.mark.parametrize(
    ("key", "ready"), [("node.kubernetes.io/not-ready", False), ("node.kubernetes.io/unschedulable", True)]
)
def test_a_node_is_not_ready_until_the_controller_has_taken_its_word(key: str, ready: bool) -> None:
    """Until then no pod comes onto it; who took it out of service by hand did so after that."""
    taints = [{"key": key, "effect": "NoSchedule"}]
    ready_one = {"status": {"conditions": [{"type": "Ready", "status": "True"}]}, "spec": {"taints": taints}}
    assert is_ready(ready_one) is ready


def _running(change: Callable[[dict[str, Any]], object]) -> bool:
    """Whether a spot node stands as the server shows it, with what others have noted on it, after a change."""
    (node,) = manifests([NodeGroup("eu-1a", spot=True, count=1)])
    there = copy.deepcopy(node)
    there["metadata"]["labels"]["kubernetes.io/role"] = "agent"
    there["metadata"]["annotations"]["node.alpha.kubernetes.io/ttl"] = "0"
    there["status"]["conditions"] = [{"type": "Ready", "status": "True"}]
    change(there)
    return stands(node, there)


def test_a_node_that_is_as_it_was_meant_stands_whatever_others_have_noted() -> None:
    assert _running(lambda node: None)


@pytest.mark.parametrize(
    "change",
    [
        lambda node: node["spec"].pop("taints"),
        lambda node: node["spec"]["taints"].append({"key": "x", "effect": "NoSchedule"}),
        lambda node: node["metadata"]["labels"].update({"topology.kubernetes.io/zone": "eu-1b"}),
        lambda node: node["metadata"]["labels"].pop("type"),
        lambda node: node["metadata"].pop("annotations"),
        lambda node: node["status"].pop("conditions"),
    ],
)
def test_one_that_somebody_has_changed_does_not(change: Callable[[dict[str, Any]], object]) -> None:
    assert not _running(change)


def test_one_that_is_gone_does_not() -> None:
    (node,) = manifests([NodeGroup("eu-1a", spot=False, count=1)])
    assert not stands(node, None)
