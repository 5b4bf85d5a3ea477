"""What `plan` and `render` say of the nodes."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result
from tests.guards.workload.test_kubelet import WANTED

from flyball.cli import main

SERVICE = {"image": "registry.example/web:1.4.2", "port": 8080, "load": {"peak": 100, "replica": 20}}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return _write(tmp_path, {})


def _write(folder: Path, nodes: dict[str, Any]) -> Path:
    outer = {"environment": "dev", "owner": "shop", "namespace": "shop", "cluster": "c", "nodes": nodes}
    config = {f"flyball:{key}": value for key, value in {**outer, "services": {"web": SERVICE}}.items()}
    file = folder / "Pulumi.dev.yaml"
    file.write_text(yaml.safe_dump({"config": config}))
    return file


def _run(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


def test_plan_says_what_nodes_need(file: Path) -> None:
    lines = _run("plan", "-s", str(file)).stdout.splitlines()
    assert lines[-2:] == [
        "nodes need 84Gi of disk or more (220 containers with 180Mi of logs each, 16Gi of images), and kubelets with"
        " containerLogMaxSize 50Mi, containerLogMaxFiles 3, containerLogMonitorInterval 5s, containerLogMaxWorkers 4,"
        " and what else `flyball render` writes into 90-flyball.conf",
        "every rule holds",
    ]


def test_plan_says_it_to_programs(file: Path) -> None:
    found = json.loads(_run("plan", "-s", str(file), "--json").stdout)["nodes"]
    assert found == {"disk": 90_081_586_345, "containers": 220, "log": 188_059_827, "kubelet": WANTED}


def test_plan_needs_nothing_of_nodes_that_break_rules(tmp_path: Path) -> None:
    file = _write(tmp_path, {"logs": {"workers": 1, "rate": "4Mi"}})
    done = _run("plan", "-s", str(file), "--json")
    assert done.exit_code == 1
    found = json.loads(done.stdout)
    assert found["nodes"] is None
    assert [each["rule"] for each in found["findings"]] == ["kubelet-too-slow"]
    assert "nodes need" not in _run("plan", "-s", str(file)).stdout


def test_render_writes_it_for_kubelets_and_not_for_kubectl(file: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert _run("render", "-s", str(file), "-o", str(out)).exit_code == 0
    (other,) = [each for each in out.iterdir() if each.suffix not in (".yaml", ".jsonl")]
    assert other.name == "90-flyball.conf"
    head = {"apiVersion": "kubelet.config.k8s.io/v1beta1", "kind": "KubeletConfiguration"}
    assert yaml.safe_load(other.read_text()) == {**head, **WANTED}
    assert _run("render", "-s", str(file), "-o", str(out)).exit_code == 0


@pytest.mark.parametrize("command", ["render", "alerts"])
def test_a_folder_that_could_not_be_made_is_refused_before_the_work(command: str, file: Path, tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("a file")
    out = tmp_path / "mine" / "out"
    done = _run(command, "-s", str(file), "-o", str(out))
    why = f"{out} cannot be written: Not a directory; name another place"
    assert (done.exit_code, done.output) == (1, f"refused, and nothing was changed:\n--output: {why}\n")
