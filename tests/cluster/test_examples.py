"""The demos under examples/ on a real control plane, side by side: each service has the replicas that it needs."""

import subprocess
from pathlib import Path

import pytest
import yaml
from tests.cluster.shop import FLYBALL, PROJECT, without_cli

from flyball.lab.cluster import volumes
from flyball.lab.cluster.control_plane import ControlPlane
from flyball.lab.cluster.nodes import ZONES
from flyball.stack.file import load
from flyball.stack.read import read

pytestmark = pytest.mark.cluster

EXAMPLES = sorted((PROJECT / "examples").glob("*.yaml"))


def test_each_comes_up_whole(control_plane: ControlPlane, tmp_path: Path) -> None:
    kubectl = control_plane.kubectl
    context = kubectl.run("config", "current-context").strip()
    stacks = {example: read(load(example)) for example in EXAMPLES}
    keepers = [s for stack in stacks.values() for s in stack.services.values() if s.spec.kept.data]
    largest = max(s.spec.kept.data.size for s in keepers if s.spec.kept.data)
    volumes.offer(kubectl, ZONES, {volumes.DEFAULT: volumes.Wanted(len(keepers), largest)})
    environment = without_cli() | {"KUBECONFIG": str(control_plane.kubeconfig)}
    runs = {example: up(example, context, tmp_path, environment) for example in EXAMPLES}
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


def up(example: Path, context: str, folder: Path, environment: dict[str, str]) -> subprocess.Popen[str]:
    """Bring a copy up in the cluster of the context, without waiting for it."""
    document = yaml.safe_load(example.read_text(encoding="utf-8"))
    document["config"]["flyball:cluster"] = context
    file = folder / example.name
    file.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    command = [*FLYBALL, "up", "-s", str(file)]
    return subprocess.Popen(
        command, cwd=PROJECT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
