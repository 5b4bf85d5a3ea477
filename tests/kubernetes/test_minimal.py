"""The least that a workload needs, and the whole of what it becomes."""

from pathlib import Path
from typing import Any

import pulumi
import pulumi_kubernetes as k8s
import pytest
from tests.expected import documents
from tests.kubernetes.programs import arguments, changes, registered, workload

from flyball.deploy.registered import Registered
from flyball.guards.workload.arguments import ProbesArgs
from flyball.kubernetes import Refused, Services, Workload, WorkloadArgs
from flyball.kubernetes.args import ServiceArgs

URN = "urn:pulumi:dev::shop::"
COMPONENT = f"{URN}flyball:index:Workload::web"
CHILD = f"{URN}flyball:index:Workload$kubernetes:"


@pytest.fixture(scope="module")
def resources() -> dict[str, Registered]:
    return {r.urn: r for r in registered(lambda: Workload("web", arguments()))}


def test_objects_are_exactly_these() -> None:
    written = documents(Path(__file__).parent / "minimal.yaml")
    expected = {f"{o['kind']} {o['metadata']['name']}": o for o in written}
    assert workload() == expected


def test_objects_of_what_has_no_port_are_exactly_these() -> None:
    written = documents(Path(__file__).parent / "worker.yaml")
    expected = {f"{o['kind']} {o['metadata']['name']}": o for o in written}
    asked = {"readiness": {"exec": ["ready"]}, "liveness": {"exec": ["alive"]}}
    assert workload(port=None, callers=None, probes=asked) == expected


def test_members_without_a_port_have_their_names_and_nobody_reaches_them() -> None:
    """As consumers that keep what they have read, each its share, and agree elsewhere."""
    kept: dict[str, Any] = {
        "quorum": "2 of 3",
        "data": {"path": "/data", "size": "1Gi"},
        "load": {"peak": 10, "replica": 20},
        "probes": {"readiness": {"exec": ["ready"]}, "liveness": {"exec": ["alive"]}},
    }
    found = workload(port=None, callers=None, **kept)
    gone = changes(workload(**kept), found)
    assert [name for name, change in gone.items() if change == {}] == ["ConfigMap web-proxy", "Service web"]
    assert gone["Service web-peers"] == dict.fromkeys(
        f"spec.ports[0].{key}" for key in ("name", "port", "protocol", "targetPort")
    )
    assert "ports" not in found["Service web-peers"]["spec"]
    policy = found["NetworkPolicy web"]["spec"]
    assert "ingress" not in policy
    assert {port["port"] for rule in policy["egress"] for port in rule["ports"]} == {53, 5353}
    [member] = found["StatefulSet web"]["spec"]["template"]["spec"]["containers"]
    names = "web-0.web-peers.default,web-1.web-peers.default,web-2.web-peers.default"
    assert {each["name"]: each.get("value") for each in member["env"]} == {"MEMBER": None, "MEMBERS": names}


def test_what_has_no_port_has_no_address_and_no_service() -> None:
    asked: ProbesArgs = {"readiness": {"exec": ["ready"]}, "liveness": {"exec": ["alive"]}}
    args = WorkloadArgs(image="registry.example/mail:1", load={"peak": 100, "replica": 20}, probes=asked)

    def program() -> None:
        with pytest.raises(LookupError, match=r"^what has no port has no Service$"):
            assert Workload("mail", args).service

    [component] = [r for r in registered(program) if r.outputs is not None]
    assert component.outputs == {"need": 7, "floor": 8, "ceiling": 12, "target": 70}


def test_nobody_is_told_how_to_call_what_has_no_port() -> None:
    asked: ProbesArgs = {"readiness": {"exec": ["ready"]}, "liveness": {"exec": ["alive"]}}
    mail: ServiceArgs = {"image": "registry.example/mail:1", "load": {"peak": 100, "replica": 20}, "probes": asked}

    def program() -> None:
        these = Services("shop", {"services": {"mail": mail}})
        with pytest.raises(Refused, match=r"^shop\.services\.mail: has no port, so that nobody can call it; "):
            these.reference("mail")

    registered(program)


def test_names_are_derived_from_the_component(resources: dict[str, Registered]) -> None:
    assert sorted(resources) == [
        f"{CHILD}apps/v1:Deployment::web",
        f"{CHILD}autoscaling/v2:HorizontalPodAutoscaler::web",
        f"{CHILD}core/v1:ConfigMap::web-proxy",
        f"{CHILD}core/v1:Service::web",
        f"{CHILD}core/v1:ServiceAccount::web",
        f"{CHILD}networking.k8s.io/v1:NetworkPolicy::web",
        f"{CHILD}policy/v1:PodDisruptionBudget::web",
        f"{CHILD}scheduling.k8s.io/v1:PriorityClass::web",
        COMPONENT,
    ]


def test_every_object_is_a_child_of_the_component(resources: dict[str, Registered]) -> None:
    assert resources[COMPONENT].parent == f"{URN}pulumi:pulumi:Stack::shop-dev"
    assert {r.parent for r in resources.values() if r.urn != COMPONENT} == {COMPONENT}


def test_only_the_deployment_waits_and_ignores(resources: dict[str, Registered]) -> None:
    deployment = resources[f"{CHILD}apps/v1:Deployment::web"]
    assert deployment.ignored == ("spec.replicas",)
    assert deployment.after == {
        f"{CHILD}core/v1:ConfigMap::web-proxy",
        f"{CHILD}core/v1:ServiceAccount::web",
        f"{CHILD}scheduling.k8s.io/v1:PriorityClass::web",
    }
    assert {(r.ignored, r.after) for r in resources.values() if r is not deployment} == {((), frozenset())}


def test_outputs_are_registered(resources: dict[str, Registered]) -> None:
    assert resources[COMPONENT].outputs == {
        "address": "web.default:8080",
        "need": 7,
        "floor": 8,
        "ceiling": 12,
        "target": 70,
    }
    assert [r.urn for r in resources.values() if r.outputs is not None] == [COMPONENT]


def test_options_reach_the_component_and_its_cluster_the_children() -> None:
    def program() -> None:
        provider = k8s.Provider("there", context="there")
        first = k8s.core.v1.Namespace("default", metadata={"name": "default"})
        Workload("web", arguments(), pulumi.ResourceOptions(provider=provider, depends_on=[first]))

    found = {r.urn: r for r in registered(program)}
    assert found[COMPONENT].after == {f"{URN}kubernetes:core/v1:Namespace::default"}
    assert {r.provider for r in found.values() if r.parent == COMPONENT} == {
        f"{URN}pulumi:providers:kubernetes::there::there"
    }


def test_nothing_is_secret(resources: dict[str, Registered]) -> None:
    assert {r.secrets for r in resources.values()} == {frozenset()}
