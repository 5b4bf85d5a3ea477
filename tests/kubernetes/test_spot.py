"""A workload on spot: two Deployments, and everything else shared."""

from typing import Any

import pytest
from tests.kubernetes.programs import Objects, arguments, changes, registered, workload

from flyball.kubernetes import Workload

ZONES = ["a", "b", "c"]
PULL_POLICY = (
    "container-image-pull-policy: a registry that is away must not stop a pod from moving, and the image is pinned to"
    " its version"
)
REQUIRED = "pod.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0]"
LABELS = [
    ("karpenter.sh/capacity-type", "spot"),
    ("eks.amazonaws.com/capacityType", "SPOT"),
    ("cloud.google.com/gke-spot", "true"),
    ("cloud.google.com/gke-preemptible", "true"),
    ("kubernetes.azure.com/scalesetpriority", "spot"),
    ("machine.openshift.io/interruptible-instance", ""),
]
OFF_SPOT = {
    f"{REQUIRED}.matchExpressions[{i}].{field}": word
    for i, (key, value) in enumerate(LABELS)
    for field, word in (("key", key), ("operator", "NotIn"), ("values[0]", value))
}
PREFER_SPOT = {
    "nodeAffinity": {
        "preferredDuringSchedulingIgnoredDuringExecution": [
            {"weight": 100, "preference": {"matchExpressions": [{"key": key, "operator": "In", "values": [value]}]}}
            for key, value in LABELS
        ]
    }
}
TAINTS = {"spotInstance": "true", "cloud.google.com/gke-spot": "true", "kubernetes.azure.com/scalesetpriority": "spot"}
TOLERATIONS = [{"key": k, "operator": "Equal", "value": v, "effect": "NoSchedule"} for k, v in TAINTS.items()]


@pytest.fixture(scope="module")
def spot() -> Objects:
    return workload(zones=ZONES, spot={})


def test_base_stays_on_demand_and_only_the_rest_is_autoscaled(spot: Objects) -> None:
    rest = {name: found for name, found in spot.items() if name != "Deployment web-spot"}
    assert changes(workload(), rest) == {
        "Deployment web": {
            **OFF_SPOT,
            "metadata.annotations.kube-score/ignore": "container-image-pull-policy",
            "metadata.annotations.flyball.dev/kube-score-reason": PULL_POLICY,
            "spec.replicas": 7,
            "pod.topologySpreadConstraints[0].matchLabelKeys[0]": None,
            "pod.topologySpreadConstraints[1].matchLabelKeys[0]": None,
        },
        "HorizontalPodAutoscaler web": {
            "spec.scaleTargetRef.name": "web-spot",
            "spec.minReplicas": 8 - 7,
            "spec.maxReplicas": 12 - 7,
        },
    }


def test_spot_part_is_the_workload_on_other_nodes(spot: Objects) -> None:
    part, pod = copied(workload()["Deployment web"])
    part["metadata"]["name"] = "web-spot"
    part["spec"]["replicas"] = 1
    part["spec"]["selector"]["matchLabels"]["flyball.dev/part"] = "spot"
    part["spec"]["template"]["metadata"]["labels"]["flyball.dev/part"] = "spot"
    pod |= {"affinity": PREFER_SPOT, "tolerations": TOLERATIONS}
    for constraint in pod["topologySpreadConstraints"]:
        del constraint["matchLabelKeys"]
    assert spot["Deployment web-spot"] == part


def test_service_and_budget_select_both_parts(spot: Objects) -> None:
    selectors = [
        spot["Service web"]["spec"]["selector"],
        spot["PodDisruptionBudget web"]["spec"]["selector"]["matchLabels"],
        spot["NetworkPolicy web"]["spec"]["podSelector"]["matchLabels"],
    ]
    assert selectors == [{"app.kubernetes.io/name": "web"}] * 3
    for name in ("web", "web-spot"):
        labels = spot[f"Deployment {name}"]["spec"]["template"]["metadata"]["labels"]
        assert labels["app.kubernetes.io/name"] == "web"


def test_zones_are_a_must_for_both_parts_together_where_one_may_be_lost() -> None:
    found = workload(zones=ZONES, spot={}, survive="zone,spot")
    selector = {"matchLabels": {"app.kubernetes.io/name": "web"}}
    both = {"labelSelector": selector, "maxSkew": 1, "nodeTaintsPolicy": "Honor"}
    zone, host = "topology.kubernetes.io/zone", "kubernetes.io/hostname"
    for name in ("web", "web-spot"):
        assert copied(found[f"Deployment {name}"])[1]["topologySpreadConstraints"] == [
            {**both, "topologyKey": zone, "whenUnsatisfiable": "DoNotSchedule"},
            {
                **both,
                "topologyKey": zone,
                "whenUnsatisfiable": "ScheduleAnyway",
                "matchLabelKeys": ["pod-template-hash"],
            },
            {**both, "topologyKey": host, "whenUnsatisfiable": "ScheduleAnyway"},
        ]
    scaler = found["HorizontalPodAutoscaler web"]["spec"]
    assert [found["Deployment web"]["spec"]["replicas"], found["Deployment web-spot"]["spec"]["replicas"]] == [7, 4]
    assert [scaler["minReplicas"], scaler["maxReplicas"]] == [11 - 7, 16 - 7]


def test_only_what_is_autoscaled_keeps_its_replicas() -> None:
    resources = registered(lambda: Workload("web", arguments(zones=ZONES, spot={})))
    deployments = {r.name: r.ignored for r in resources if r.type == "kubernetes:apps/v1:Deployment"}
    assert deployments == {"web": (), "web-spot": ("spec.replicas",)}


def copied(manifest: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """A Deployment and its pod, to be changed."""
    return manifest, manifest["spec"]["template"]["spec"]
