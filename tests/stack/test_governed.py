"""A stack with a Governor: what it is told about each Deployment, and that it comes before the workloads."""

from typing import Any

import pytest
from tests.kubernetes.programs import registered, replica_limits

from flyball.deploy import others
from flyball.deploy.manifests import rendered
from flyball.guards.governor.steps import Behavior, Rate, Step, WriterSteps
from flyball.guards.workload.limits import Limits, ReplicaLimitsArgs
from flyball.kubernetes import Cache, CacheArgs, Workload, WorkloadArgs, cache_limits, workload_limits
from flyball.kubernetes.governor import names, rbac
from flyball.kubernetes.governor.limits import config_map
from flyball.stack.build import build
from flyball.stack.read import read

WEB: dict[str, Any] = {"image": "example.org/web:1.0", "port": 8080, "load": {"peak": 100, "replica": 20}}
NIGHT = {"windows": [{"start": "0 22 * * *", "end": "0 6 * * *", "peak": 20}]}
SERVICES: dict[str, Any] = {
    "web": WEB,
    "timed": WEB | {"schedule": NIGHT},
    "cheap": WEB | {"spot": {}, "proven": 12, "behavior": {"down": {"period": "90s"}}, "writer": {"up": {"pods": 9}}},
}


def stack(**more: Any) -> dict[str, Any]:
    outer = {"environment": "test", "owner": "shop", "namespace": "shop", "cluster": "local", "zones": ["a", "b"]}
    return {**outer, "services": SERVICES, **more}


def test_limits_follow_from_the_rules() -> None:
    """Seven replicas carry the peak at 80 %, eight with one to lose, three at night; half as many again as proven."""
    objects = rendered(registered(lambda: build(read(stack(governor={}))))).objects
    found = {(o.kind, o.name): o.manifest for o in objects}
    slower = Behavior(down=Rate(pods=1, percent=10, period=90))
    steps = WriterSteps(up=Step(pods=9, percent=100))
    assert (
        found["ConfigMap", "flyball-limits"]["data"]
        == config_map(
            "shop",
            {
                "web": Limits(floor=8, ceiling=12, budget=1, named=True),
                "timed": Limits(floor=3, ceiling=12, budget=1, named=True),
                "cheap": Limits(floor=7, ceiling=7, budget=1, steps=steps, behavior=slower, named=True),
                "cheap-spot": Limits(floor=1, ceiling=11, budget=1, steps=steps, behavior=slower),
            },
        )["data"]
    )
    assert found["Namespace", "shop"]["metadata"]["labels"]["flyball.dev/governed"] == "true"
    assert ("ValidatingAdmissionPolicyBinding", "flyball-workloads") in found


def test_a_cache_has_the_size_that_its_arguments_say() -> None:
    caches = {"pages": {"memory": "64Mi", "ttl": "1h"}, "sessions": {"memory": "1Gi", "ttl": "1h", "survive": "node"}}
    objects = rendered(registered(lambda: build(read(stack(governor={}, caches=caches))))).objects
    [data] = [o.manifest["data"] for o in objects if o.name == names.LIMITS and o.kind == "ConfigMap"]
    lines = dict(line.split(": ") for line in data["limits"].splitlines()[1:])
    assert lines["pages"].startswith("floor 1 | ceiling 1 | down 1 or 20 % every 1 s |")
    assert lines["sessions"].startswith("floor 2 | ceiling 2 | down 1 or 20 % every 1 s |")
    assert " | budget 1 | " in lines["pages"]
    assert (data["named"], data["stateful"]) == ("cheap\npages\nsessions\ntimed\nweb\n", "pages\nsessions\n")


def test_a_pipeline_s_role_holds_all_that_a_stack_consists_of() -> None:
    """But for the Governor itself, which an administrator brings."""
    more: dict[str, Any] = {
        "governor": {"policies": False},
        "caches": {"sessions": {"memory": "1Gi", "ttl": "1h", "survive": "node"}},
        "jobs": {"report": {"image": "example.org/job:1", "schedule": "0 4 * * *"}, "once": {"image": "e.org/job:1"}},
        "logs": {"to": {"otlp": "https://logs.example:4318"}},
    }
    kinds = {o.key[:2] for o in rendered(registered(lambda: build(read(stack(**more))))).objects}
    [role] = [m for m in rbac.manifests() if (m["kind"], m["metadata"]["name"]) == ("ClusterRole", "flyball-deploy")]
    writes = {
        (group, kind)
        for rule in role["rules"]
        if {"create", "update", "patch", "delete"} <= set(rule["verbs"])
        for group in rule["apiGroups"]
        for kind in rule["resources"]
    }
    assert len(kinds) == 14
    plural = {"NetworkPolicy": "networkpolicies", "PriorityClass": "priorityclasses"}
    assert {(group, plural.get(kind, f"{kind.lower()}s")) for group, kind in kinds} - writes == set()


def test_a_pipeline_s_role_lets_volumes_grow() -> None:
    """It asks for claims and their classes before it changes anything."""
    [role] = [m for m in rbac.manifests() if (m["kind"], m["metadata"]["name"]) == ("ClusterRole", "flyball-deploy")]
    rights = {
        (group, kind): rule["verbs"]
        for rule in role["rules"]
        for group in rule["apiGroups"]
        for kind in rule["resources"]
    }
    assert rights["", "persistentvolumeclaims"] == ["get", "list", "watch", "patch"]
    for kind in (("storage.k8s.io", "storageclasses"), ("snapshot.storage.k8s.io", "volumesnapshotclasses")):
        assert rights[kind] == ["get", "list", "watch"]


def test_workloads_come_after_their_limits() -> None:
    """Else a higher maximum would be held against the ceiling of before. What is below a workload follows it."""
    program = registered(lambda: build(read(stack(governor={}))))
    [limits] = [r.urn for r in program if r.type == "kubernetes:core/v1:ConfigMap" and r.urn.endswith(names.LIMITS)]
    found = {r.name: limits in r.after for r in program if r.type == "flyball:index:Workload"}
    assert found == {f"shop-{name}": True for name in SERVICES}
    kinds = [o.kind for o in rendered(program).objects]
    assert kinds.index("ConfigMap") < kinds.index("Deployment")


def test_every_object_says_whose_it_is() -> None:
    for o in rendered(registered(lambda: build(read(stack(governor={}))))).objects:
        assert others.signature(o.manifest) == others.Signature("dev", "shop", "test"), o.name


def test_a_shared_namespace_is_not_among_the_objects_and_the_priority_is_the_stack_s_own() -> None:
    objects = rendered(registered(lambda: build(read(stack(shared=True))))).objects
    assert "Namespace" not in {o.kind for o in objects}
    assert [o.name for o in objects if o.kind == "PriorityClass"] == ["flyball-shop-shop-test"]


def test_where_the_policies_are_anothers() -> None:
    objects = rendered(registered(lambda: build(read(stack(governor={"policies": False}))))).objects
    governing = [
        (o.kind, o.name) for o in objects if "Role" in o.kind or "Admission" in o.kind or names.LIMITS in o.name
    ]
    assert governing == [("ConfigMap", "flyball-limits")]


def test_without_a_governor_there_is_no_trace_of_one() -> None:
    objects = rendered(registered(lambda: build(read(stack())))).objects
    assert "flyball-limits" not in {o.name for o in objects}
    assert not [o for o in objects if "flyball.dev/governed" in o.manifest["metadata"].get("labels", {})]


def test_a_program_asks_for_the_limits_of_its_own_workload() -> None:
    args = WorkloadArgs(image="example.org/web:1.0", port=8080, load={"peak": 100, "replica": 20}, callers=[])
    found: dict[str, ReplicaLimitsArgs] = {}

    def program() -> None:
        found.update(workload_limits("web", args))
        Workload("web", args)

    registered(program)
    assert found == {"web": replica_limits(8, 12)}


@pytest.mark.parametrize("size", [2, 1])
def test_a_program_asks_for_the_limits_of_its_own_cache(size: int) -> None:
    """Those that a stack with the same cache has."""
    args = CacheArgs(memory="1Gi", ttl="1h", clients=100, callers=[])
    if size == 2:
        args["survive"] = "node"
    found: dict[str, ReplicaLimitsArgs] = {}

    def program() -> None:
        found.update(cache_limits("web", args))
        Cache("web", args)

    registered(program)
    assert found == {"web": replica_limits(size, size, down="1s", stateful=True)}
