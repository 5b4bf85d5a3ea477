"""The stand-in for kube-state-metrics: what it makes of objects, and that it makes up nothing."""

import re
from typing import Any

import pytest

from flyball.lab.monitoring.kube_state import RESOURCES, exposition, samples
from flyball.lab.monitoring.published import METRICS

HEAD = {"name": "web", "namespace": "shop", "uid": "u1", "creationTimestamp": "2026-01-02T03:04:05Z"}
LIMITED = {"type": "ScalingLimited", "status": "True"}
ENDED = {"terminated": {"reason": "OOMKilled"}}
CONTAINER = {"name": "app", "restartCount": 3, "lastState": ENDED}
POD = {
    "metadata": {**HEAD, "name": "web-1", "ownerReferences": [{"kind": "ReplicaSet", "name": "web-5d9f"}]},
    "spec": {"nodeName": "node-1"},
    "status": {
        "phase": "Running",
        "conditions": [{"type": "Ready", "status": "True"}],
        "containerStatuses": [CONTAINER],
    },
}
FOUND: dict[str, list[dict[str, Any]]] = {
    "deployments": [{"metadata": HEAD, "spec": {"replicas": 3}, "status": {"replicas": 3, "readyReplicas": 2}}],
    "stateful_sets": [{"metadata": {**HEAD, "name": "orders"}, "spec": {}, "status": {"readyReplicas": 3}}],
    "autoscalers": [{"metadata": HEAD, "spec": {"maxReplicas": 9}, "status": {"conditions": [LIMITED]}}],
    "pods": [POD],
    "budgets": [{"metadata": HEAD, "status": {"disruptionsAllowed": 1}}],
    "nodes": [
        {"metadata": {"name": "node-1", "labels": {"topology.kubernetes.io/zone": "a", "other": "b"}}, "spec": {}}
        | {"status": {"conditions": [{"type": "Ready", "status": "Unknown"}]}}
    ],
    "config_maps": [{"metadata": {**HEAD, "name": "freeze"}}],
}


def test_it_knows_all_that_it_asks_for() -> None:
    assert set(FOUND) == set(RESOURCES)


def test_every_metric_that_is_published_here_is_given() -> None:
    assert {name for name, _, _ in samples(FOUND)} == set(METRICS)


@pytest.mark.parametrize(
    "line",
    [
        'kube_deployment_spec_replicas{namespace="shop",deployment="web"} 3.0',
        'kube_deployment_status_replicas_ready{namespace="shop",deployment="web"} 2.0',
        'kube_statefulset_status_replicas_ready{namespace="shop",statefulset="orders"} 3.0',
        'kube_deployment_status_replicas_available{namespace="shop",deployment="web"} 0.0',
        'kube_horizontalpodautoscaler_spec_min_replicas{namespace="shop",horizontalpodautoscaler="web"} 1.0',
        "kube_horizontalpodautoscaler_status_condition"
        '{namespace="shop",horizontalpodautoscaler="web",condition="ScalingLimited",status="true"} 1.0',
        "kube_horizontalpodautoscaler_status_condition"
        '{namespace="shop",horizontalpodautoscaler="web",condition="ScalingLimited",status="false"} 0.0',
        'kube_pod_status_ready{namespace="shop",pod="web-1",uid="u1",condition="true"} 1.0',
        'kube_pod_status_ready{namespace="shop",pod="web-1",uid="u1",condition="unknown"} 0.0',
        'kube_pod_status_reason{namespace="shop",pod="web-1",uid="u1",reason="Evicted"} 0.0',
        'kube_pod_container_status_restarts_total{namespace="shop",pod="web-1",uid="u1",container="app"} 3.0',
        "kube_pod_container_status_last_terminated_reason"
        '{namespace="shop",pod="web-1",uid="u1",container="app",reason="OOMKilled"} 1.0',
        'kube_poddisruptionbudget_status_pod_disruptions_allowed{namespace="shop",poddisruptionbudget="web"} 1.0',
        'kube_node_labels{node="node-1",label_topology_kubernetes_io_zone="a"} 1.0',
        'kube_node_status_condition{node="node-1",condition="Ready",status="unknown"} 1.0',
        'kube_configmap_created{namespace="shop",configmap="freeze"} 1767323045.0',
    ],
)
def test_what_it_makes_of_an_object(line: str) -> None:
    assert line in exposition(samples(FOUND)).splitlines()


def test_every_line_is_one_of_prometheus() -> None:
    number = r"-?[0-9]+\.[0-9]+"
    for line in exposition(samples(FOUND)).splitlines():
        assert re.fullmatch(rf'[a-z_]+\{{([a-z_]+="[^"]*",?)*\}} {number}', line), line


@pytest.mark.parametrize(
    ("name", "labels"),
    [
        ("kube_deployment_ready", {"namespace": "shop", "deployment": "web"}),
        ("kube_deployment_spec_replicas", {"namespace": "shop"}),
        ("kube_deployment_spec_replicas", {"namespace": "shop", "deployment": "web", "uid": "u1"}),
    ],
)
def test_what_nobody_publishes_is_not_given(name: str, labels: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="is not what kube-state-metrics publishes"):
        exposition(iter([(name, labels, 1.0)]))
