"""Programs that are typed by hand, in Python and in YAML, under Pulumi's engine on a control plane."""

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.cluster.engine_world import SECRET, World
from tests.cluster.shop import PROJECT

from flyball.plugin import Package

pytestmark = [pytest.mark.cluster, pytest.mark.pulumi_cli]
PRODUCER = """import pulumi
from flyball.kubernetes import Workload

web = Workload("web", {args})
pulumi.export("address", web.address)
pulumi.export("database", {{"host": pulumi.Config().get("host") or "db.example", "port": 5432}})
pulumi.export("web", {{"name": "web", "namespace": "{namespace}", "port": 8080}})
pulumi.export("namespace", "{namespace}")
"""
CONSUMER = """import pulumi
import pulumi_kubernetes as k8s
from flyball.kubernetes import Workload

other = pulumi.StackReference("organization/producer/test")
pulumi.export("seen", other.get_output("address"))
database, namespace = other.require_output("database"), other.require_output("namespace")
mark = k8s.core.v1.ConfigMap("mark", metadata={{"namespace": namespace}})
calls = {{
    "db": {{"host": database["host"], "port": database["port"]}},
    "web": {{"service": other.require_output("web"), "timeout": "500ms"}},
    "own": {{"host": mark.metadata["uid"].apply(lambda uid: f"{{uid}}.example"), "port": 80}},
}}
Workload("desk", {{**{args}, "namespace": namespace, "calls": calls, "labels": {{"mark": mark.metadata["uid"]}}}})
"""
ARGS: Mapping[str, Any] = {
    "image": "registry.example/web:1.4.2",
    "port": 8080,
    "callers": [],
    "load": {"peak": 30, "replica": 20},
    "rollout": {"settle": "1s"},
}


def project(world: World, name: str, runtime: Any, files: Mapping[str, str]) -> Path:
    folder = world.folder / name
    folder.mkdir()
    (folder / "Pulumi.yaml").write_text(yaml.safe_dump({"name": name, "runtime": runtime}))
    for file, text in files.items():
        (folder / file).write_text(text)
    world.pulumi("stack", "init", "--stack", "test", cwd=folder)
    return folder


def test_two_stacks_of_teams_typed_by_hand(world: World, namespace: str) -> None:
    """Each `pulumi up` previews first: two runs of the program, by the host beside the engine.

    What one calls, and where it runs, it has from the other's Outputs, and from an object that no preview knows.
    """
    python = {"name": "python", "options": {"virtualenv": sys.prefix}}
    args = repr({**ARGS, "namespace": namespace})
    producing = PRODUCER.format(args=args, namespace=namespace)
    producer = project(world, "producer", python, {"__main__.py": producing})
    consumer = project(world, "consumer", python, {"__main__.py": CONSUMER.format(args=dict(ARGS))})
    place, kubectl = f"--namespace={namespace}", world.plane.kubectl
    try:
        world.pulumi("up", "--yes", cwd=producer)
        world.pulumi("up", "--yes", cwd=consumer)
        labels = kubectl.json("get", "deployment", "desk", place)["metadata"]["labels"]
        [config] = [
            each
            for each in kubectl.json("get", "configmaps", place)["items"]
            if each["metadata"]["name"].startswith("desk-proxy-")
        ]
        for address in ("db.example:5432", f"web.{namespace}.svc.cluster.local:8080", f"{labels['mark']}.example:80"):
            assert address in config["data"]["haproxy.cfg"]
        world.pulumi("up", "--yes", "--skip-preview", "--expect-no-changes", cwd=consumer)

        world.pulumi("config", "set", "host", "https://db.example", cwd=producer)
        world.pulumi("up", "--yes", "--skip-preview", cwd=producer)
        command = [str(world.engine.pulumi), "up", "--yes", "--skip-preview", "--non-interactive"]
        refused = subprocess.run(command, cwd=consumer, env=world.env, capture_output=True, text=True, check=False)
        said = refused.stdout + refused.stderr
        assert refused.returncode != 0
        assert (
            "desk.calls.db.host: is 'https://db.example';"
            " give the name or address of a host, without scheme, port or path" in said
        )
        assert "Traceback" not in said
        assert kubectl.json("get", "configmap", config["metadata"]["name"], place)["data"] == config["data"]
        assert kubectl.json("get", "deployment", "desk", place)["metadata"]["generation"] == 1
        assert json.loads(world.pulumi("stack", "output", "--json", cwd=consumer)) == {
            "seen": json.loads(world.pulumi("stack", "output", "--json", cwd=producer))["address"]
        }
    finally:
        for folder in (consumer, producer):
            world.pulumi("destroy", "--yes", "--skip-preview", cwd=folder)
            world.pulumi("stack", "rm", "--yes", "test", cwd=folder)


def test_the_package_is_described_as_it_describes_itself(world: World) -> None:
    shown = json.loads(world.pulumi("package", "get-schema", str(PROJECT / "components")))

    own = json.loads(Package().schema or "")
    assert shown["resources"].keys() == own["resources"].keys()
    assert shown["types"].keys() == own["types"].keys()
    for name, resource in own["resources"].items():
        assert shown["resources"][name]["inputProperties"].keys() == resource["inputProperties"].keys()


def test_a_program_in_yaml(world: World, namespace: str) -> None:
    """One of its calls goes where only another object says, and one of its variables is secret."""
    mark = {"type": "kubernetes:core/v1:ConfigMap", "properties": {"metadata": {"namespace": namespace}}}
    more = {
        "namespace": namespace,
        "calls": {"own": {"host": "${mark.metadata.uid}.example", "port": 80}},
        "env": {"TOKEN": {"fn::secret": SECRET}},
    }
    document = {
        "packages": {"flyball": str(PROJECT / "components")},
        "resources": {"mark": mark, "web": {"type": "flyball:Workload", "properties": {**ARGS, **more}}},
        "outputs": {"floor": "${web.floor}", "mark": "${mark.metadata.uid}"},
    }
    folder, place = project(world, "yaml", "yaml", {}), f"--namespace={namespace}"
    with (folder / "Pulumi.yaml").open("a") as file:
        yaml.safe_dump(document, file)
    try:
        printed = world.pulumi("up", "--yes", "--diff", cwd=folder)
        found = json.loads(world.pulumi("stack", "output", "--json", cwd=folder))
        assert found["floor"] == 3
        deployment = world.plane.kubectl.json("get", "deployment", "web", f"--namespace={namespace}")
        assert deployment["spec"]["replicas"] == 3
        texts = [each.get("data", {}) for each in world.plane.kubectl.json("get", "configmaps", place)["items"]]
        assert [text for text in texts if f"{found['mark']}.example:80" in text.get("haproxy.cfg", "")]
        container = next(each for each in deployment["spec"]["template"]["spec"]["containers"] if each["name"] == "web")
        assert {"name": "TOKEN", "value": SECRET} in container["env"]
        assert SECRET not in printed + world.pulumi("stack", "export", cwd=folder)
    finally:
        world.pulumi("destroy", "--yes", "--skip-preview", cwd=folder)
        world.pulumi("stack", "rm", "--yes", "test", cwd=folder)
