"""The demos under examples/ on a real control plane, side by side: each service has the replicas that it needs."""

import shutil
import subprocess
from pathlib import Path

import pytest
from tests.cluster.shop import PROJECT, Shop, context_of

from flyball.lab.cluster import volumes
from flyball.lab.cluster.control_plane import ControlPlane
from flyball.lab.cluster.nodes import ZONES
from flyball.stack.file import load
from flyball.stack.read import read

pytestmark = pytest.mark.cluster

EXAMPLES = sorted((PROJECT / "examples").glob("*.yaml"))


def test_each_comes_up_whole(control_plane: ControlPlane, tmp_path: Path) -> None:
    kubectl = control_plane.kubectl
    context = context_of(kubectl)
    stacks = {example: read(load(example)) for example in EXAMPLES}
    keepers = [s for stack in stacks.values() for s in stack.services.values() if s.spec.kept.data]
    largest = max(s.spec.kept.data.size for s in keepers if s.spec.kept.data)
    volumes.offer(kubectl, ZONES, {volumes.DEFAULT: volumes.Wanted(len(keepers), largest)})
    copies = {example: copy(example, context, tmp_path) for example in EXAMPLES}
    env, pipe = {"KUBECONFIG": str(control_plane.kubeconfig)}, subprocess.PIPE
    runs = {example: shop.start("up", env=env, stdout=pipe, stderr=pipe) for example, shop in copies.items()}
    said = {example: run.communicate() for example, run in runs.items()}
    assert {example.stem: run.returncode for example, run in runs.items()} == {e.stem: 0 for e in EXAMPLES}, said
    for example, stack in stacks.items():
        kinds = "deployments,statefulsets"
        items = kubectl.json("get", kinds, f"--namespace={stack.namespace}")["items"]
        ready = {item["metadata"]["name"]: item["status"].get("readyReplicas", 0) for item in items}
        assert ready.keys() == stack.services.keys(), example.stem
        lacking = {name: ready[name] for name, s in stack.services.items() if ready[name] < s.sizing.floor}
        assert lacking == {}, example.stem
    for stack in stacks.values():
        kubectl.run("delete", "namespace", stack.namespace, "--wait=false")


def copy(example: Path, context: str, folder: Path) -> Shop:
    """The same in the cluster of the context."""
    shop = Shop(Path(shutil.copy(example, folder)), example.stem)
    shop.write(shop.config() | {"flyball:cluster": context})
    return shop
