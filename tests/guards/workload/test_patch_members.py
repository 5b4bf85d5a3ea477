"""Patches of members: each way to undo what holds them is refused with that guard's rule."""

import pytest
from tests.guards.workload.test_patch import GROUP, nested, refused

SET, ITS_POD = "statefulset.spec", "statefulset.spec.template.spec"
UNDONE_OF_MEMBERS: list[tuple[str, object, str]] = [
    # How many there are, and what each keeps.
    (f"{SET}.replicas", 1, "replicas-by-hand"),
    (f"{SET}.replicas", None, "replicas-by-hand"),
    (f"{SET}.ordinals", {"start": 3}, "members-leave"),
    (f"{SET}.volumeClaimTemplates", [], "has-argument"),
    (f"{SET}.persistentVolumeClaimRetentionPolicy", {"whenDeleted": "Delete"}, "has-argument"),
    (f"{ITS_POD}.volumes[data]", {"emptyDir": {}}, "has-argument"),
    (f"{ITS_POD}.volumes[more]", {"persistentVolumeClaim": {"claimName": "more"}}, "nodes-narrowed"),
    (f"{ITS_POD}.containers[web].volumeMounts", [{"mountPath": "/data/", "name": "x"}], "folder-taken"),
    # How they come, and find each other.
    (f"{SET}.podManagementPolicy", "OrderedReady", "rollout-below-size"),
    (f"{SET}.updateStrategy", {"rollingUpdate": {"maxUnavailable": 2}}, "rollout-below-size"),
    (f"{SET}.updateStrategy.type", "OnDelete", "rollout-below-size"),
    (f"{SET}.minReadySeconds", 0, "has-argument"),
    (f"{SET}.serviceName", "other", "name-unreachable"),
    (f"{SET}.selector", {"matchLabels": {"a": "b"}}, "own-label"),
    (f"{SET}.template.metadata.labels", {"apps.kubernetes.io/pod-index": "0"}, "own-label"),
    (f"{SET}.template.metadata.labels", {"controller-revision-hash": "0"}, "own-label"),
    (f"{SET}.template", None, "own-label"),
    # Where they are, and what they may do: as the pods of a Deployment.
    (f"{ITS_POD}.affinity", {"podAntiAffinity": None}, "nodes-narrowed"),
    (f"{ITS_POD}.topologySpreadConstraints", [], "nodes-narrowed"),
    (f"{ITS_POD}.containers[web].readinessProbe", None, "no-readiness"),
    (f"{ITS_POD}.containers[web].securityContext.privileged", True, "unconfined"),
    (f"{ITS_POD}.initContainers[proxy].image", "haproxy:latest", "past-the-proxy"),
    # The other words for what they are none of.
    ("deployment.metadata.labels", {"a": "b"}, "does-not-apply"),
    ("autoscaler.metadata.labels", {"a": "b"}, "does-not-apply"),
    (f"{SET}.replica", 1, "unknown-key"),
    (f"{SET}.$patch", "replace", "patch-directive"),
]


@pytest.mark.parametrize(("path", "value", "rule"), UNDONE_OF_MEMBERS, ids=lambda each: str(each)[:70])
def test_what_would_undo_a_guard_of_members_is_refused_with_its_rule(path: str, value: object, rule: str) -> None:
    assert [problem.rule.id for problem in refused(nested(path, value), GROUP)] == [rule]


def test_what_no_guard_of_members_needs_is_open() -> None:
    patch = nested(f"{ITS_POD}.containers[web]", {"workingDir": "/srv"})
    patch["statefulset"]["metadata"] = {"annotations": {"example.org/a": "b"}}
    assert refused(patch, GROUP) == []


def test_replicas_that_are_alike_are_no_stateful_set() -> None:
    [found] = refused({"statefulset": {"metadata": {"labels": {"a": "b"}}}})
    assert str(found) == (
        "web.patch.statefulset: is given, and there is no such object; replicas that are alike are a Deployment; give"
        " deployment"
    )
