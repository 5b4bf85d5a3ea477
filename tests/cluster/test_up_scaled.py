"""A stack with a schedule: up on a control plane of its own, and refused by a cluster without KEDA."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.cluster.conftest import built
from tests.cluster.shop import Shop

from flyball import paths
from flyball.lab import processes
from flyball.lab.cluster import control_plane as planes
from flyball.lab.cluster import keda, metrics
from flyball.lab.cluster.control_plane import ControlPlane

pytestmark = pytest.mark.cluster

SERVICE = {"image": "registry.example/web:1.4.2", "port": 8080, "load": {"peak": 100, "replica": 20}}
NIGHT = {"windows": [{"start": "0 22 * * *", "end": "0 6 * * *", "peak": 20}]}
CONFIG: dict[str, Any] = {
    "flyball:environment": "local",
    "flyball:owner": "shop",
    "flyball:namespace": "scheduled",
    "flyball:cluster": "local",
    "flyball:services": {"web": SERVICE | {"schedule": NIGHT}, "cart": SERVICE},
}


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Shop]:
    built(*planes.PROGRAMS, *keda.PROGRAMS, metrics.PROGRAM)
    name = f"test-{os.getpid()}-scheduled"
    shop = Shop(tmp_path / f"Pulumi.{name}.yaml", name)
    shop.write(CONFIG)
    yield shop
    planes.stop(name)


def test_up_brings_keda_where_it_is_needed(stack: Shop) -> None:
    folder = paths.clusters_dir() / stack.name
    stack.write(CONFIG | {"flyball:services": {"web": SERVICE, "cart": SERVICE}})
    stack.run("up")
    assert processes.of(folder, keda.PROGRAMS) == {}
    stack.write(CONFIG)

    printed = stack.run("up")

    assert "created scaledobject/web" in printed
    assert "pruned horizontalpodautoscaler.autoscaling/web" in printed
    targets = {hpa["spec"]["scaleTargetRef"]["name"] for hpa in _autoscalers(stack)}
    assert targets == {"web", "cart"}
    running = processes.of(folder, [*keda.PROGRAMS, metrics.PROGRAM])
    assert len(running) == 3
    assert "0 changed (0 created, 0 changed, " in stack.run("up")
    assert stack.run("up", "--preview").strip() == "nothing would change"
    assert processes.of(folder, [*keda.PROGRAMS, metrics.PROGRAM]) == running
    stack.run("down")
    assert processes.of(folder) == {}


def _autoscalers(stack: Shop) -> list[dict[str, Any]]:
    return stack.kubectl.json("get", "hpa", "--namespace=scheduled")["items"]


@pytest.mark.parametrize("command", [["up"], ["up", "--preview"]])
def test_a_cluster_without_keda_is_left_as_it_is(stack: Shop, control_plane: ControlPlane, command: list[str]) -> None:
    config = json.loads(control_plane.kubectl.run("config", "view", "--output=json"))
    context = config["current-context"]
    before = _there(control_plane)

    error = stack.run(*command, "--context", context, code=1, env={"KUBECONFIG": str(control_plane.kubeconfig)})

    assert (
        "services.web.schedule: needs KEDA, which the cluster does not have;"
        " install KEDA there (https://keda.sh/docs/2.21/deploy/), or leave it out"
    ) in " ".join(error.split())
    assert _there(control_plane) == before


def _there(plane: ControlPlane) -> str:
    """Namespaces and kinds; not the namespaces of earlier tests, which are on their way out."""
    active = plane.kubectl.run("get", "namespaces", "--field-selector=status.phase=Active", "--output=name")
    return active + plane.kubectl.run("get", "crds", "--output=name")
