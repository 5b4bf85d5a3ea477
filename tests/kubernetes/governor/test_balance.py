"""The descheduler as objects; what it does to real pods is tried on a control plane."""

import json
from pathlib import Path

from flyball.guards.governor import balance as limits
from flyball.kubernetes.governor import balance
from flyball.kubernetes.workload.priority import priority_class
from flyball.lab.cluster.programs import pinned_version

TOOLS = Path(__file__).parents[3] / "tools"
FOUND = {manifest["kind"]: manifest for manifest in balance.manifests()}


def test_its_image_is_the_version_that_is_tried() -> None:
    assert pinned_version(TOOLS / "descheduler", "sigs.k8s.io/descheduler") == balance.VERSION
    container = FOUND["CronJob"]["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"][0]
    assert container["image"] == f"registry.k8s.io/descheduler/descheduler:{balance.VERSION}"


def test_it_may_look_and_evict_and_nothing_else() -> None:
    writes = {
        (resource, verb)
        for rule in FOUND["ClusterRole"]["rules"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
        if verb not in ("get", "list", "watch")
    }
    assert writes == {("pods/eviction", "create"), ("events", "create"), ("events", "update")}


def test_only_pods_of_flyball_that_break_a_must_are_moved() -> None:
    [profile] = json.loads(FOUND["ConfigMap"]["data"]["policy.json"])["profiles"]
    ours = {"matchLabels": {"app.kubernetes.io/managed-by": "flyball"}}
    evictor, spread = (each["args"] for each in profile["pluginConfig"])
    assert evictor["labelSelector"] == spread["labelSelector"] == ours
    assert spread["constraints"] == ["DoNotSchedule"]
    assert profile["plugins"] == {"balance": {"enabled": ["RemovePodsViolatingTopologySpreadConstraint"]}}


def test_services_take_it_no_place_and_it_takes_none_of_theirs() -> None:
    """On a full cluster the scheduler ends what matters less, and who has no class matters least."""
    pod, itself = FOUND["CronJob"]["spec"]["jobTemplate"]["spec"]["template"]["spec"], FOUND["PriorityClass"]
    assert pod["priorityClassName"] == itself["metadata"]["name"] == "flyball.balance.guards"
    assert itself["value"] > priority_class("services", {})["value"]
    assert itself["preemptionPolicy"] == "Never"


def test_a_look_ends_before_the_next() -> None:
    spec = FOUND["CronJob"]["spec"]
    assert (spec["schedule"], spec["concurrencyPolicy"]) == ("*/5 * * * *", "Forbid")
    assert spec["jobTemplate"]["spec"]["activeDeadlineSeconds"] == limits.LONGEST < limits.EVERY
