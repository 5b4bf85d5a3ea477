"""A local stack gets as many simulated nodes as its services need."""

from typing import Any

import pytest

from flyball.deploy.room import nodes
from flyball.stack.read import read


def each(zones: list[str], services: int = 1, **more: Any) -> int:
    """Nodes of each kind in each zone, for so many services with two replicas."""
    service = {"image": "registry.example/a:1", "port": 8080, "load": {"peak": 50, "replica": 100}, **more}
    config = {
        "environment": "test",
        "owner": "test",
        "namespace": "shop",
        "cluster": "local",
        "services": {f"s-{i}": service for i in range(services)},
    }
    groups = nodes(read({**config, "zones": zones} if zones else config))
    assert [(group.zone, group.spot) for group in groups] == [
        (zone, spot) for zone in zones or ["local-a", "local-b", "local-c"] for spot in (False, True)
    ]
    (count,) = {group.count for group in groups}
    return count


ALONE = {"enabled": False}


@pytest.mark.parametrize("zones", [[], ["a"], ["a", "b", "c"]])
def test_a_small_stack_has_two_of_each_kind_in_each_zone(zones: list[str]) -> None:
    assert each(zones) == 2


@pytest.mark.parametrize(("services", "count"), [(73, 2), (74, 4), (146, 4), (147, 8)])
def test_two_thirds_of_the_pods_that_nodes_hold(services: int, count: int) -> None:
    """2 replicas each; 110 pods a node, of which two thirds are 73.33."""
    small = {"cpu": "10m", "memory": "16Mi"}
    assert each(["a"], services, resources=small, scratch={}, proxy=ALONE) == count


@pytest.mark.parametrize(("cpu", "count"), [("5333m", 2), ("5334m", 4), ("2666m", 2)])
def test_two_thirds_of_the_processors(cpu: str, count: int) -> None:
    """2 replicas; two thirds of 8 processors a node are 5,333 m."""
    assert each(["a"], resources={"cpu": cpu, "memory": "16Mi"}, proxy=ALONE) == count


def test_the_proxy_counts_too() -> None:
    assert each(["a"], resources={"cpu": "5333m", "memory": "16Mi"}) == 4


@pytest.mark.parametrize(("cpu", "count"), [("5233m", 2), ("5234m", 4)])
def test_own_sidecars_count_too(cpu: str, count: int) -> None:
    """5,333 m less 100 m."""
    asked = {"cpu": "100m", "memory": "16Mi"}
    own = {"image": "example.org/a:1", "port": 9200, "probes": {"readiness": {"path": "/"}}, "resources": asked}
    resources = {"cpu": cpu, "memory": "16Mi"}
    assert each(["a"], resources=resources, proxy=ALONE, sidecars={"own": own}) == count


@pytest.mark.parametrize(("memory", "count"), [("21Gi", 2), ("22Gi", 4)])
def test_two_thirds_of_the_memory(memory: str, count: int) -> None:
    """2 replicas; two thirds of 32 Gi a node are 21.33 Gi."""
    assert each(["a"], resources={"cpu": "10m", "memory": memory}, proxy=ALONE) == count


def test_hundreds_of_services_fit() -> None:
    """600 pods and half as many again are 900, which 2.7 nodes of 110 in each of three zones hold."""
    assert each(["a", "b", "c"], 300, resources={"cpu": "10m", "memory": "16Mi"}, proxy=ALONE) == 4


@pytest.mark.parametrize(("caches", "count"), [(3, 2), (4, 4)])
def test_room_for_caches(caches: int, count: int) -> None:
    """A pair takes 32 GiB and what is beside it; two thirds of six nodes of 32 GiB are 128."""
    pair = {"memory": "16Gi", "ttl": "1h", "survive": "node"}
    more = {f"cache-{i}": pair for i in range(caches)}
    config = {"environment": "test", "owner": "test", "namespace": "shop", "cluster": "local", "caches": more}
    service = {"image": "registry.example/a:1", "port": 8080, "load": {"peak": 50, "replica": 100}}
    groups = nodes(read({**config, "services": {"web": service}}))
    assert {group.count for group in groups} == {count}
