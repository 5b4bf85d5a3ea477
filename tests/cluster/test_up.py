"""The shop on a real control plane: brought up twice, after others have moved things, after changes."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.cluster.scaling.service import wait
from tests.cluster.shop import Shop, differing, lacking, objects

pytestmark = pytest.mark.cluster

SERVICES = 11
OBJECTS = 83
"""Namespace, PriorityClass, and for each service seven objects; two services have a Deployment more for spot."""


@pytest.fixture(scope="module")
def shop(programs: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """The local stack, up."""
    name = f"test-{os.getpid()}-shop"
    shop = Shop(tmp_path_factory.mktemp("stack") / f"Pulumi.{name}.yaml", name)
    shop.write_local()
    try:
        printed = shop.run("up")
        assert f"{OBJECTS} created, 0 changed, 0 unchanged, 0 pruned" in printed
        yield shop
    finally:
        shop.run("down")


@pytest.fixture
def original(shop: Shop) -> Iterator[None]:
    """Gives the stack file and the cluster back as they were."""
    before = shop.file.read_text()
    yield
    shop.file.write_text(before)
    shop.run("up")


def test_every_service_stands_at_its_floor(shop: Shop) -> None:
    planned = {row["service"]: row["floor"] for row in _plan(shop)["services"]}
    pods = shop.kubectl.json("get", "pods", "--namespace=shop")["items"]
    ready = [pod["metadata"]["labels"]["app.kubernetes.io/name"] for pod in pods if pod["status"]["phase"] == "Running"]
    assert len(planned) == SERVICES
    assert {service: ready.count(service) for service in planned} == planned


def test_again_changes_nothing(shop: Shop) -> None:
    assert f"0 changed (0 created, 0 changed, {OBJECTS} unchanged, 0 pruned)" in shop.run("up")
    assert shop.run("up", "--preview").strip() == "nothing would change"


def test_every_object_is_as_it_was_rendered(shop: Shop, tmp_path: Path) -> None:
    shop.run("render", "-o", str(tmp_path / "out"))
    rendered = objects(tmp_path / "out")
    assert len(rendered) == OBJECTS
    assert differing(shop.kubectl, rendered, "get") == []
    tried = ("apply", "--server-side", "--dry-run=server", "--field-manager=flyball")
    assert differing(shop.kubectl, rendered, *tried) == []


def test_kubectl_takes_the_folder_as_it_is(shop: Shop, tmp_path: Path) -> None:
    shop.run("render", "-o", str(tmp_path / "out"))
    command = ("apply", "--server-side", "--dry-run=server", "--field-manager=flyball", "--output=name")
    assert len(shop.kubectl.run(*command, f"--filename={tmp_path / 'out'}").split()) == OBJECTS


def test_every_autoscaler_knows_how_busy_its_pods_are(shop: Shop) -> None:
    """The first that a new user looks at."""

    def lacks() -> set[str]:
        active = {"type": "ScalingActive", "status": "True"}.items()
        items = shop.kubectl.json("get", "hpa", "--namespace=shop")["items"]
        conditions = {item["metadata"]["name"]: item.get("status", {}).get("conditions", ()) for item in items}
        return {name for name, found in conditions.items() if not any(active <= each.items() for each in found)}

    wait(lambda: not lacks(), "figures of the processors")


@pytest.mark.usefixtures("original")
def test_replicas_that_the_autoscaler_moved_stay(shop: Shop) -> None:
    moved = shop.have_scaled("frontend")
    assert "0 changed" in shop.run("up")
    assert shop.replicas("frontend") >= moved
    config = shop.config()
    config["flyball:services"]["frontend"]["env"]["BANNER_COLOR"] = "red"
    shop.write(config)
    assert "changed deployment/frontend" in shop.run("up")
    assert shop.replicas("frontend") >= moved


@pytest.mark.usefixtures("original")
def test_what_leaves_the_stack_is_pruned_and_nothing_else(shop: Shop) -> None:
    shop.kubectl.run("create", "configmap", "somebody-elses", "--namespace=shop")
    config = shop.config()
    services = config["flyball:services"]
    del services["adservice"]
    del services["frontend"]["calls"]["adservice"]
    shop.write(config)
    preview = shop.run("up", "--preview")
    assert "- deployment shop/adservice\n" in preview
    assert "- service shop/adservice\n" in preview
    printed = shop.run("up")
    assert "pruned deployment.apps/adservice\n" in printed
    assert "changed networkpolicy/frontend\n" in printed
    left = shop.kubectl.json(
        "get", "deployments,services,configmaps,serviceaccounts,hpa,pdb,networkpolicies", "-n", "shop"
    )
    names = {item["metadata"]["name"] for item in left["items"]}
    assert "adservice" not in names
    assert "adservice-spot" not in names
    assert "somebody-elses" in names
    shop.kubectl.run("delete", "configmap", "somebody-elses", "--namespace=shop")


def _plan(shop: Shop) -> dict[str, Any]:
    return json.loads(shop.run("plan", "--json"))


@pytest.mark.usefixtures("original")
def test_what_pods_of_an_old_revision_mount_stays(shop: Shop) -> None:
    """Until nobody goes back to it any more: a lost pod of a rollout that still runs, or an undo, would not start."""
    config = shop.config()
    config["flyball:services"]["frontend"]["calls"]["adservice"]["timeout"] = "700ms"
    shop.write(config)
    printed = shop.run("up")
    assert "created configmap/frontend-proxy-" in printed
    assert "pruned configmap/frontend-proxy-" not in printed
    assert lacking(shop.kubectl, "shop") == []
    assert shop.run("up", "--preview").strip() == "nothing would change"
    shop.kubectl.run("delete", "replicasets", "-n=shop", "-l=app.kubernetes.io/name=frontend", "--wait")
    assert "pruned configmap/frontend-proxy-" in shop.run("up")
    assert lacking(shop.kubectl, "shop") == []
