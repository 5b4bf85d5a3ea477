"""What a change reaches, and what is made, and outlives, before what: from the captured dependencies."""

from collections.abc import Mapping
from functools import cache
from typing import Any

import pytest
from tests.aws.capture import by_title, capture, cases, changed, of_case, title

from flyball.deploy.registered import Registered
from flyball.guards.aws import node_config
from flyball.stack.file import load

CONFIG = load(cases()["prod-platform"])
GROUP, TEMPLATE = "aws:eks/nodeGroup:NodeGroup base", "aws:ec2/launchTemplate:LaunchTemplate base"


@cache
def prod() -> dict[str, Registered]:
    return by_title(of_case("prod-platform"))


def differences(config: Mapping[str, Any]) -> dict[str, set[str]]:
    """Resources that another configuration adds, removes or changes, with the inputs that an update would look at."""
    found, after = {}, by_title(capture(config))
    for name in prod() | after:
        if name not in prod() or name not in after:
            found[name] = {"added" if name in after else "removed"}
            continue
        old, new = prod()[name].inputs, after[name].inputs
        keys = {key for key in {*old, *new} if old.get(key) != new.get(key)} - set(after[name].ignored)
        if keys:
            found[name] = keys
    return found


def before(name: str) -> set[str]:
    """All that is there before a resource, and goes only after it."""
    found: set[str] = set()
    waiting = [name]
    while waiting:
        for urn in prod()[waiting.pop()].after:
            if (one := title(urn)) not in found and one in prod():
                found.add(one)
                waiting.append(one)
    return found


def test_changed_user_data_is_a_version_of_the_template_and_nodes_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(node_config, "RESERVED_CPU", 120)
    assert differences(CONFIG) == {TEMPLATE: {"userData"}}
    assert {name for name in prod() if TEMPLATE in before(name)} == {GROUP, "aws:eks/addon:Addon coredns"}
    assert prod()[GROUP].inputs["launchTemplate"]["version"] == "1"  # the number, never $Latest
    assert prod()[GROUP].inputs["updateConfig"] == {"maxUnavailable": 1}


def test_another_owner_changes_no_node() -> None:
    assert differences({**CONFIG, "owner": "somebody"}) == {"pulumi:providers:aws platform": {"defaultTags"}}


def test_another_admin_changes_nothing_that_is_there() -> None:
    admins = ["arn:aws:iam::123456789012:role/on-call", *CONFIG["aws"]["cluster"]["admins"]]
    found = differences(changed(CONFIG, "aws.cluster.admins", admins))
    assert found == {
        "aws:eks/accessEntry:AccessEntry admin-144bf6ad0e": {"added"},
        "aws:eks/accessPolicyAssociation:AccessPolicyAssociation admin-144bf6ad0e": {"added"},
    }


def test_a_higher_floor_leaves_the_number_that_runs_to_aws() -> None:
    found = differences(changed(CONFIG, "aws.nodes.base.floor", 21))
    assert found == {GROUP: {"scalingConfig"}}
    assert prod()[GROUP].ignored == ("scalingConfig.desiredSize",)


def test_an_upgraded_addon_changes_no_node() -> None:
    found = differences(changed(CONFIG, "aws.cluster.addons.coredns", "v1.99.0-eksbuild.1"))
    assert found == {"aws:eks/addon:Addon coredns": {"addonVersion"}}


def test_the_first_addons_are_before_the_group_and_coredns_after_it() -> None:
    first = {f"aws:eks/addon:Addon {name}" for name in ("vpc-cni", "kube-proxy", "eks-pod-identity-agent")}
    assert first <= before(GROUP)
    assert GROUP in before("aws:eks/addon:Addon coredns")
    assert not any(GROUP in before(name) for name in first)


def test_the_network_of_pods_and_its_role_outlive_the_group() -> None:
    role = {"aws:iam/role:Role vpc-cni", "aws:iam/rolePolicyAttachment:RolePolicyAttachment vpc-cni"}
    assert role <= before("aws:eks/addon:Addon vpc-cni") <= before(GROUP)
    assert "aws:iam/rolePolicyAttachment:RolePolicyAttachment base-AmazonEKSWorkerNodePolicy" in before(GROUP)


def test_the_logs_of_the_control_plane_are_there_before_it() -> None:
    assert "aws:cloudwatch/logGroup:LogGroup cluster" in before("aws:eks/cluster:Cluster cluster")


def test_the_group_has_no_name_of_its_own_so_that_a_new_one_can_stand_beside_it() -> None:
    assert not {"nodeGroupName", "nodeGroupNamePrefix"} & set(prod()[GROUP].inputs)


@pytest.mark.parametrize("case", cases())
def test_every_group_of_logs_forgets(case: str) -> None:
    for resource in of_case(case):
        if resource.type == "aws:cloudwatch/logGroup:LogGroup":
            assert resource.inputs["retentionInDays"] > 0


def test_only_what_is_protected_is() -> None:
    kept = {"aws:eks/cluster:Cluster cluster", "aws:s3/bucket:Bucket archive"}
    assert {name for name, r in prod().items() if r.protect} == kept
    assert not any(r.protect for r in of_case("dev-platform"))
