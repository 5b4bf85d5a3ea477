"""What buys a platform's spot nodes, as objects and in their order; what the real one does is tried in drills."""

from pathlib import Path
from typing import Any

import pytest
from tests.expected import documents
from tests.kubernetes.programs import Objects, objects, registered, unsigned

from flyball.deploy.manifests import rendered, write
from flyball.deploy.registered import Registered
from flyball.guards.aws.platform import Platform
from flyball.guards.workload.platform import ANY, Registry
from flyball.guards.workload.platform import Platform as Cluster
from flyball.kubernetes.governor.component import Governing, Governor
from flyball.kubernetes.pools import controller, governor, rights
from flyball.kubernetes.pools.component import Karpenter
from flyball.lab.cluster.programs import pinned_version
from flyball.stack.build import build
from flyball.stack.file import load, stack_file
from flyball.stack.platform import examine_platform
from flyball.stack.read import read

ROOT = Path(__file__).parents[2]
LABELS = {
    "app.kubernetes.io/managed-by": "flyball",
    "flyball.dev/environment": "prod",
    "flyball.dev/owner": "shop",
}


def _platform() -> Platform:
    found, problems = examine_platform(load(stack_file("prod-platform", ROOT)))
    assert problems == []
    return found


PLATFORM = _platform()
assert PLATFORM.pool
POOLS = {"spot": PLATFORM.pool}


def made(cluster: Cluster = ANY) -> Objects:
    return objects(lambda: Karpenter("pools", PLATFORM, POOLS, cluster, LABELS))


def test_objects_are_exactly_these() -> None:
    written = documents(Path(__file__).parent / "pools.yaml")
    found = made()
    accounts = {
        f"{each['kind']} {each['metadata']['name']}": {
            **each,
            "metadata": {**each["metadata"], "labels": {**each["metadata"]["labels"], **LABELS}},
        }
        for each in rights.manifests()
    }
    assert {name: found.pop(name) for name in accounts} == accounts
    assert found == {f"{o['kind']} {o['metadata']['name']}": o for o in written}


@pytest.mark.parametrize(
    ("folder", "module"),
    [("karpenter", "sigs.k8s.io/karpenter"), ("karpenter_aws", "github.com/aws/karpenter-provider-aws")],
)
def test_its_image_is_the_version_that_is_tried(folder: str, module: str) -> None:
    assert pinned_version(ROOT / "tools" / folder, module) == f"v{controller.VERSION}"


def test_its_image_comes_from_where_the_platform_has_it() -> None:
    registry = Registry(mirrors=(("public.ecr.aws", "registry.example/aws"),), secrets=("pull",))
    pod = made(Cluster(registry=registry))["Deployment karpenter"]["spec"]["template"]["spec"]
    image = f"registry.example/aws/karpenter/controller:{controller.VERSION}"
    assert pod["containers"][0]["image"] == image
    assert pod["imagePullSecrets"] == [{"name": "pull"}]


def test_what_holds_pools_comes_with_the_governors_policies_after_its_namespace() -> None:
    found = {r.urn.rpartition("::")[2]: r for r in registered(lambda: Governor.of("g", Governing({}), pools=POOLS))}
    ours = {
        f"g-{'flyball-system-' if each['kind'] == 'ConfigMap' else ''}{each['metadata']['name']}"
        for each in [governor.envelopes(POOLS), *governor.manifests()]
    }
    assert ours <= found.keys()
    system = found["g-flyball-system"].urn
    assert {name: found[name].after for name in ours} == dict.fromkeys(ours, frozenset({system}))
    assert found["g-flyball-system-flyball-pools"].inputs["data"] == {
        "spot_cpu": "96",
        "spot_memory": "384Gi",
        "spot_node-cpu": "8",
        "spot_node-memory": "32Gi",
        "spot_budget": "1",
    }
    others = {r.urn.rpartition("::")[2] for r in registered(lambda: Governor.of("g", Governing({})))}
    assert found.keys() - others == ours
    assert registered(lambda: Governor.of("g", Governing({}, policies=False), pools=POOLS)) == registered(
        lambda: Governor.of("g", Governing({}, policies=False))
    )


def _prod(**more: Any) -> dict[str, Any]:
    return {**load(stack_file("prod", ROOT)), **more}


@pytest.fixture(scope="module")
def prod() -> dict[str, Registered]:
    """What the stack of the shop registers."""
    return {r.urn: r for r in registered(lambda: build(read(_prod())))}


def _after(found: dict[str, Registered], urn: str) -> set[str]:
    """All that a resource waits for, directly or not."""
    seen: set[str] = set()
    left = [urn]
    while left:
        one = left.pop()
        for other in {*found[one].after, found[one].parent} & found.keys() - seen:
            seen.add(other)
            left.append(other)
    return seen


def _names(urns: set[str]) -> set[str]:
    return {urn.rpartition("::")[2] for urn in urns}


def test_pools_wait_for_their_controller_and_for_what_holds_them_and_for_no_service(
    prod: dict[str, Registered],
) -> None:
    [component] = [urn for urn, r in prod.items() if r.type == "flyball:index:Karpenter"]
    ours = {r.urn.rpartition("::")[2]: r for r in prod.values() if r.parent == component}
    rbac = {
        "pools-serviceaccount-karpenter",
        "pools-clusterrole-karpenter",
        "pools-clusterrolebinding-karpenter",
        "pools-role-karpenter",
        "pools-rolebinding-karpenter",
        "pools-role-karpenter-leases",
        "pools-rolebinding-karpenter-leases",
    }
    runs = {"pools-deployment-karpenter", "pools-poddisruptionbudget-karpenter"}
    machines, pool = "pools-ec2nodeclass-spot", "pools-nodepool-spot"
    assert ours.keys() == {*rbac, *runs, machines, pool}
    guards = {f"shop-governor-{each['metadata']['name']}" for each in governor.manifests()}
    guards |= {"shop-governor-flyball-system", "shop-governor-flyball-system-flyball-pools"}
    waits = {name: _names(set(r.after)) for name, r in ours.items()}
    assert all(guards <= found for found in waits.values())
    inside = {name: found & ours.keys() for name, found in waits.items()}
    assert inside == {
        **{name: set() for name in rbac},
        **dict.fromkeys(runs, rbac),
        machines: rbac | runs,
        pool: {*rbac, *runs, machines},
    }
    every = {other for r in ours.values() for other in _after(prod, r.urn)}
    types = {prod[urn].type for urn in every}
    assert not types & {"flyball:index:Workload", "flyball:index:Job", "flyball:index:Alerts"}
    assert {prod[urn].name for urn in every if prod[urn].type.endswith(":Deployment")} == {"pools-deployment-karpenter"}


def test_no_service_waits_for_nodes_that_are_to_be_bought(prod: dict[str, Registered]) -> None:
    of_pools = {urn for urn, r in prod.items() if "Karpenter" in r.type or "Karpenter" in r.parent}
    assert len(of_pools) == 12
    assert not [r.name for r in prod.values() if r.urn not in of_pools and r.after & of_pools]


def test_the_stack_signs_them_and_leaves_them_out_where_another_brings_them() -> None:
    with_pools, without = (objects(lambda given=given: build(read(_prod(pools=given)))) for given in (True, False))
    alone = made()
    more = {name: found for name, found in with_pools.items() if name not in without}
    of_governor = {f"{each['kind']} {each['metadata']['name']}" for each in governor.manifests()}
    assert more.keys() == {*alone, *of_governor, "ConfigMap flyball-pools"}
    assert {name: unsigned(more[name]) for name in alone} == {name: unsigned(each) for name, each in alone.items()}
    assert {name: found for name, found in with_pools.items() if name in without} == without


def test_a_second_render_is_the_same(tmp_path: Path) -> None:
    def texts() -> dict[str, tuple[int, str]]:
        paths = write(rendered(registered(lambda: build(read(_prod())))), tmp_path / "out")
        return {path.name: (path.stat().st_mtime_ns, path.read_text(encoding="utf-8")) for path in paths}

    first = texts()
    assert texts() == first
    assert {"13-deployment-kube-system.karpenter.yaml", "99-nodepool-spot.yaml"} <= first.keys()
