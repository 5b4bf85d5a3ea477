"""A workload on spot: two Deployments, and everything else shared."""

from typing import Any

import pytest
from tests.kubernetes.programs import Objects, arguments, changes, registered, workload

from flyball.kubernetes import Workload
from flyball.kubernetes.workload import meanwhile

ZONES = ["a", "b", "c"]
NIGHT = {"start": "0 22 * * *", "end": "0 6 * * *", "peak": 20}
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


def test_base_stays_on_demand_at_its_size_and_only_the_rest_is_autoscaled(spot: Objects) -> None:
    rest = {name: found for name, found in spot.items() if not name.endswith(" web-spot")}
    assert changes(workload(), rest) == {
        "Deployment web": {
            **OFF_SPOT,
            "spec.replicas": 7,
            "pod.topologySpreadConstraints[0].matchLabelKeys[0]": None,
            "pod.topologySpreadConstraints[1].matchLabelKeys[0]": None,
        },
        "HorizontalPodAutoscaler web": {"spec.minReplicas": 7, "spec.maxReplicas": 7},
    }


def test_each_part_has_an_autoscaler_named_as_it_is(spot: Objects) -> None:
    """So that none has to turn to another one when spot comes or goes."""
    scaler = workload()["HorizontalPodAutoscaler web"]
    scaler["metadata"]["name"] = scaler["spec"]["scaleTargetRef"]["name"] = "web-spot"
    scaler["spec"] |= {"minReplicas": 8 - 7, "maxReplicas": 12 - 7}
    assert spot["HorizontalPodAutoscaler web-spot"] == scaler


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
    scaler = found["HorizontalPodAutoscaler web-spot"]["spec"]
    assert [found["Deployment web"]["spec"]["replicas"], found["Deployment web-spot"]["spec"]["replicas"]] == [7, 4]
    assert [scaler["minReplicas"], scaler["maxReplicas"]] == [11 - 7, 16 - 7]


def test_what_is_autoscaled_keeps_its_replicas_and_the_base_shrinks_last() -> None:
    resources = registered(lambda: Workload("web", arguments(zones=ZONES, spot={})))
    deployments = {r.name: r for r in resources if r.type == "kubernetes:apps/v1:Deployment"}
    assert {name: r.ignored for name, r in deployments.items()} == dict.fromkeys(
        ["web", "web-spot"], ("spec.replicas",)
    )
    scalers = [r for r in resources if r.type == "kubernetes:autoscaling/v2:HorizontalPodAutoscaler"]
    assert [r.name for r in scalers] == ["web", "web-spot"]
    assert all({d.urn for d in deployments.values()} <= r.after for r in scalers)


def test_for_the_time_of_a_change_there_may_be_more() -> None:
    """Of what takes over, at its beginning and by its autoscaler; never fewer than follow from the arguments."""
    with meanwhile.at_least({("default", "web-spot"): 4, ("default", "web"): 3}):
        found = workload(zones=ZONES, spot={})
        timed = workload(zones=ZONES, spot={}, schedule={"windows": [NIGHT]})
    assert [found[f"Deployment {name}"]["spec"]["replicas"] for name in ("web", "web-spot")] == [7, 4]
    assert [found[f"HorizontalPodAutoscaler {name}"]["spec"]["minReplicas"] for name in ("web", "web-spot")] == [7, 4]
    assert timed["ScaledObject web-spot"]["spec"]["minReplicaCount"] == 4
    assert workload(zones=ZONES, spot={})["Deployment web-spot"]["spec"]["replicas"] == 1


def copied(manifest: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """A Deployment and its pod, to be changed."""
    return manifest, manifest["spec"]["template"]["spec"]
