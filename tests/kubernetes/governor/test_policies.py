"""The policies as manifests; what the API server makes of them is tried on a real one."""

import json
from collections import Counter
from datetime import UTC, datetime

import pytest

from flyball.guards.reading.problem import Refused
from flyball.kubernetes.governor import names, policies, rbac
from flyball.kubernetes.governor.freeze import freeze_config_map

RULES = [
    "flyball-limits",
    "flyball-cluster",
    "flyball-workloads",
    "flyball-scale",
    "flyball-pods",
    "flyball-strangers",
    "flyball-strangers-of-others",
    "flyball-strangers-of-sets",
    "flyball-second-budgets",
    "flyball-second-budgets-of-sets",
    "flyball-own-budgets",
    "flyball-status",
    "flyball-budgets",
    "flyball-services",
    "flyball-needs",
    "flyball-volumes",
    "flyball-autoscalers",
    "flyball-scaled-objects",
    "flyball-freeze",
]


def test_there_is_one_set_for_a_cluster() -> None:
    """Each rule once to refuse and once to record: the number does not grow with the workloads."""
    kinds = Counter(manifest["kind"] for manifest in policies.manifests())
    assert kinds == {
        "ValidatingAdmissionPolicy": 37,
        "ValidatingAdmissionPolicyBinding": 37,
        "MutatingAdmissionPolicy": 1,
        "MutatingAdmissionPolicyBinding": 1,
    }


def test_each_policy_is_followed_by_its_binding() -> None:
    found = policies.manifests()
    pairs = list(zip(found[::2], found[1::2], strict=True))
    assert all(binding["kind"] == f"{policy['kind']}Binding" for policy, binding in pairs)
    assert all(binding["spec"]["policyName"] == policy["metadata"]["name"] for policy, binding in pairs)
    refusing = [
        policy["metadata"]["name"] for policy, _ in pairs if not policy["metadata"]["name"].endswith("-override")
    ]
    assert refusing == RULES


def test_they_are_the_same_every_time() -> None:
    assert json.dumps(policies.manifests()) == json.dumps(policies.manifests())


def test_only_those_that_record_admit_what_breaks_a_rule() -> None:
    actions = {
        manifest["metadata"]["name"]: manifest["spec"]["validationActions"]
        for manifest in policies.manifests()
        if manifest["kind"] == "ValidatingAdmissionPolicyBinding"
    }
    refusing = [name for name in RULES if name != "flyball-scale"]
    assert {name for name, action in actions.items() if action == ["Deny"]} == set(refusing)
    assert {name for name, action in actions.items() if action == ["Warn", "Audit"]} == {f"{r}-override" for r in RULES}


def test_a_failure_refuses() -> None:
    assert {m["spec"]["failurePolicy"] for m in policies.manifests() if "Binding" not in m["kind"]} == {"Fail"}


def test_parameters_are_found_by_name_in_the_namespace_of_the_request() -> None:
    parameters = {
        manifest["metadata"]["name"].removesuffix("-override"): manifest["spec"].get("paramRef")
        for manifest in policies.manifests()
        if "Binding" in manifest["kind"]
    }
    limits = {"name": "flyball-limits", "parameterNotFoundAction": "Allow"}
    freeze = {"name": "freeze", "namespace": "flyball-system", "parameterNotFoundAction": "Allow"}
    each = {"selector": {}, "parameterNotFoundAction": "Allow"}
    not_ours = {"key": "app.kubernetes.io/managed-by", "operator": "NotIn", "values": ["flyball"]}
    others = {**each, "selector": {"matchExpressions": [not_ours]}}
    special = {
        "flyball-limits": None,
        "flyball-cluster": None,
        "flyball-freeze": freeze,
        # Each workload that is found costs as much as a policy: pods are made too often to ask flyball's own.
        "flyball-strangers-of-others": others,
        "flyball-strangers-of-sets": others,
        "flyball-second-budgets": each,
        "flyball-second-budgets-of-sets": each,
        "flyball-own-budgets": None,
    }
    assert parameters == {rule: special.get(rule, limits) for rule in RULES}


def test_only_nodes_namespaces_priorities_and_the_freeze_are_looked_at_in_the_whole_cluster() -> None:
    everywhere = {
        manifest["metadata"]["name"].removesuffix("-override")
        for manifest in policies.manifests()
        if "Binding" in manifest["kind"] and "matchResources" not in manifest["spec"]
    }
    assert everywhere == {"flyball-cluster", "flyball-freeze"}


def test_rights_are_roles_with_a_group_each() -> None:
    found = {(m["kind"], m["metadata"]["name"]): m for m in rbac.manifests()}
    assert list(found) == [
        ("ClusterRole", "flyball-override"),
        ("ClusterRoleBinding", "flyball-override"),
        ("ClusterRole", "flyball-govern"),
        ("ClusterRoleBinding", "flyball-govern"),
        ("ClusterRole", "flyball-deploy"),
        ("ClusterRoleBinding", "flyball-deploy"),
        ("ClusterRole", "flyball-freeze"),
        ("ClusterRoleBinding", "flyball-freeze"),
        ("Role", "flyball-freeze"),
        ("RoleBinding", "flyball-freeze"),
    ]
    assert found["ClusterRole", "flyball-override"]["rules"] == [
        {"apiGroups": ["flyball.dev"], "resources": ["governors"], "verbs": ["override"]}
    ]
    assert found["ClusterRoleBinding", "flyball-override"]["subjects"][0]["name"] == names.OVERRIDE_GROUP
    assert found["ClusterRole", "flyball-freeze"]["rules"] == [
        {
            "apiGroups": ["admissionregistration.k8s.io"],
            "resources": ["validatingadmissionpolicybindings"],
            "verbs": ["get"],
            "resourceNames": ["flyball-freeze"],
        },
        {"apiGroups": ["karpenter.sh"], "resources": ["nodepools"], "verbs": ["get", "patch"]},
    ]
    assert {rule["resourceNames"][0] for rule in found["Role", "flyball-freeze"]["rules"][1:]} == {
        "freeze",
        "flyball-pools",
    }


def test_a_freeze_says_why_until_when_and_who() -> None:
    until = datetime(2030, 1, 31, 12, tzinfo=UTC)
    assert freeze_config_map(" queue migration ", until, "developer") == {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": "freeze",
            "namespace": "flyball-system",
            "labels": {"app.kubernetes.io/managed-by": "flyball"},
        },
        "data": {"reason": "queue migration", "by": "developer", "until": "2030-01-31T12:00:00+00:00"},
    }
    assert freeze_config_map("queue migration", None, "developer")["data"] == {
        "reason": "queue migration",
        "by": "developer",
    }


@pytest.mark.parametrize("reason", ["", "   ", "x", "because", "moving\nthe queue", "moving\x1b[2Jthe queue"])
def test_a_freeze_without_a_reason_is_refused(reason: str) -> None:
    with pytest.raises(Refused, match=r"^reason: "):
        freeze_config_map(reason, None, "developer")


def test_a_freeze_of_nobody_is_refused() -> None:
    with pytest.raises(Refused, match=r"^by: is empty; name whom to ask about the freeze$"):
        freeze_config_map("queue migration", None, " ")


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^2030-01-31T12:00:00 needs a time zone$"):
        freeze_config_map("queue migration", datetime(2030, 1, 31, 12), "developer")
