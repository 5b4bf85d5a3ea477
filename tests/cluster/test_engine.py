"""Pulumi's engine on small stacks that share a control plane: nothing is left, leaks or is lost."""

import base64
import json
import random
import re
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.cluster.scaling.service import wait
from tests.cluster.shop import PROJECT, Shop, kill_session

from flyball.deploy.engine import Engine
from flyball.kubectl import Kubectl
from flyball.lab.cluster.control_plane import ControlPlane
from flyball.plugin import Package

pytestmark = [pytest.mark.cluster, pytest.mark.pulumi_cli]
PASSPHRASE, SECRET = "correct horse", "battery-staple-4711"
APPLICATIONS = PROJECT / "tests/kubernetes/stacks/Pulumi.applications.yaml"
"""All that an application may ask of its pods."""


@dataclass(frozen=True)
class World:
    """An engine with a state of its own, and the control plane that its stacks are for."""

    engine: Engine
    plane: ControlPlane
    folder: Path

    @property
    def env(self) -> dict[str, str]:
        return self.engine.environment() | {
            "PULUMI_BACKEND_URL": f"{(self.folder / 'state').as_uri()}?metadata=skip",
            "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE,
            "KUBECONFIG": str(self.plane.kubeconfig),
        }

    def pulumi(self, *arguments: str, cwd: Path = PROJECT) -> str:
        command = [str(self.engine.pulumi), *arguments, "--non-interactive"]
        done = subprocess.run(command, cwd=cwd, env=self.env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
        return done.stdout

    def stack(self, name: str, **service: Any) -> Shop:
        """A stack of one service, in a namespace named like it."""
        stack = Shop(self.folder / f"Pulumi.{name}.yaml", name, with_cli=True)
        web = {"image": "registry.example/web:1.4.2", "port": 8080, "load": {"peak": 30, "replica": 20}, **service}
        stack.write(
            {
                "flyball:environment": "test",
                "flyball:owner": "shop",
                "flyball:namespace": name,
                "flyball:cluster": self.plane.kubectl.run("config", "current-context").strip(),
                "flyball:services": {"web": {**web, "rollout": {"settle": "1s"}}},
            }
        )
        return stack

    def applications(self, name: str, *, with_cli: bool) -> Shop:
        """The stack with all that pods may ask for, in a namespace named like it; rollouts that need no patience."""
        config = yaml.safe_load(APPLICATIONS.read_text(encoding="utf-8"))["config"]
        services = {key: {**each, "rollout": {"settle": "1s"}} for key, each in config["flyball:services"].items()}
        cluster = self.plane.kubectl.run("config", "current-context").strip()
        where = {"flyball:namespace": name, "flyball:cluster": cluster, "flyball:services": services}
        stack = Shop(self.folder / f"Pulumi.{name}.yaml", name, with_cli=with_cli)
        stack.write({**config, **where})
        return stack

    def run(self, stack: Shop, *arguments: str) -> str:
        return stack.run(*arguments, env=self.env)

    def stacks(self) -> list[str]:
        return [each["name"] for each in json.loads(self.pulumi("stack", "ls", "--json"))]


@pytest.fixture(scope="module")
def world(control_plane: ControlPlane, engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> World:
    folder = tmp_path_factory.mktemp("engine")
    (folder / "state").mkdir()
    return World(engine, control_plane, folder)


def test_a_refresh_finds_no_change_and_a_destroy_leaves_nothing(world: World) -> None:
    stack = world.stack("plain")
    world.run(stack, "up")
    where = ("--stack", stack.name, "--config-file", str(stack.file))
    world.pulumi("refresh", "--yes", "--skip-preview", "--expect-no-changes", *where)
    assert stack.name in world.stacks()
    # A fifth of a state, which is written twice for each object, and nothing that anybody reads.
    assert "stackTrace" not in world.pulumi("stack", "export", "--stack", stack.name)

    assert world.run(stack, "down").splitlines()[-1] == f"removed stack {stack.name}"

    assert world.stacks() == []
    assert left_of(world.plane.kubectl, stack.name) == ""


@pytest.fixture
def nodes_for_all(world: World) -> Iterator[None]:
    """Nodes with what the applications ask of them, for as long as the test takes."""
    kubectl = world.plane.kubectl
    runtime = {
        "apiVersion": "node.k8s.io/v1",
        "kind": "RuntimeClass",
        "metadata": {"name": "gvisor"},
        "handler": "runsc",
    }
    kubectl.run("apply", "--server-side", "--filename=-", stdin=json.dumps(runtime))
    kubectl.run("label", "nodes", "--all", "disk=ssd")
    gpus = json.dumps({"status": {part: {"nvidia.com/gpu": "9"} for part in ("capacity", "allocatable")}})
    for node in kubectl.run("get", "nodes", "--output=name").split():
        kubectl.run("patch", node, "--subresource=status", f"--patch={gpus}")
    yield
    kubectl.run("label", "nodes", "--all", "disk-")
    kubectl.run("delete", "runtimeclass", "gvisor")


def left_of(kubectl: Kubectl, namespace: str) -> str:
    """What there is in a namespace, and the namespace itself."""
    kinds = kubectl.run("api-resources", "--verbs=list,delete", "--namespaced", "--output=name").split()
    kinds = [kind for kind in kinds if kind not in ("events", "events.events.k8s.io", "pods.metrics.k8s.io")]
    found = kubectl.run("get", ",".join(kinds), f"--namespace={namespace}", "--output=name")
    return found + kubectl.run("get", "namespace", namespace, "--ignore-not-found", "--output=name")


@pytest.mark.usefixtures("nodes_for_all")
@pytest.mark.parametrize(
    ("with_cli", "same"),
    [(False, r"0 changed \(0 created, 0 changed, \d+ unchanged, 0 pruned\)"), (True, r"\d+ unchanged")],
    ids=["kubectl", "engine"],
)
def test_applications_with_all_they_may_ask_for(world: World, with_cli: bool, same: str) -> None:
    """They come up, again without a change, roll when a file changes, and leave nothing."""
    kubectl, stack = (
        world.plane.kubectl,
        world.applications("all-engine" if with_cli else "all-kubectl", with_cli=with_cli),
    )
    place = f"--namespace={stack.name}"

    def sites() -> set[str]:
        """The ConfigMap with the files of each pod that is there to stay."""
        pods = kubectl.json("get", "pods", place, "--selector=app.kubernetes.io/name=web")["items"]
        staying = [pod["spec"]["volumes"] for pod in pods if "deletionTimestamp" not in pod["metadata"]]
        return {each["configMap"]["name"] for volumes in staying for each in volumes if each["name"] == "files-site"}

    try:
        world.run(stack, "up")
        pods = kubectl.json("get", "pods", place)["items"]
        assert {pod["status"]["phase"] for pod in pods} == {"Running"}
        again = world.run(stack, "up")
        assert re.search(same, again)
        assert not re.search(r"[1-9]\d* (created|changed|updated|deleted|replaced|pruned)", again)

        [before] = sites()
        config = stack.config()
        config["flyball:services"]["web"]["files"]["site"]["content"]["a.conf"] = "y"
        stack.write(config)
        world.run(stack, "up")
        wait(lambda: len(sites()) == 1, "the old pods' end")
        [after] = sites()
        assert before != after
        assert kubectl.json("get", "configmap", after, place)["data"] == {"a.conf": "y"}
    finally:
        world.run(stack, "down")
    assert left_of(kubectl, stack.name) == ""


def test_a_job_that_ran_and_is_gone_runs_again_only_for_other_arguments(world: World) -> None:
    stack = world.stack("once")
    config = stack.config()
    job = {"image": "registry.example/job:1", "ttl": "1s", "calls": {"web": {"timeout": "2s"}}}
    report = {"image": "registry.example/job:1", "schedule": "0 4 * * *"}
    stack.write(config | {"flyball:jobs": {"migrate": job, "report": report}})
    try:
        world.run(stack, "up")
        runs = ("get", "jobs", f"--namespace={stack.name}", "--output=name")
        wait(lambda: world.plane.kubectl.run(*runs) == "", "the end of the run, and of what is kept of it")

        # What a callee says of itself, and so what the job's proxy does, makes no other run of it.
        config["flyball:services"]["web"]["deadline"] = "1s"
        kept = job | {"ttl": "1h"}
        stack.write(config | {"flyball:jobs": {"migrate": kept, "report": report}})
        world.run(stack, "up")
        assert world.plane.kubectl.run(*runs) == ""

        stack.write(config | {"flyball:jobs": {"migrate": kept | {"env": {"TO": "2"}}, "report": report}})
        world.run(stack, "up")
        assert world.plane.kubectl.run(*runs).startswith("job.batch/migrate-")
    finally:
        world.run(stack, "down")


def test_ups_that_crash_at_random_moments_are_taken_up_again(world: World) -> None:
    """Ten in a row, each with a change of its own, and then one that is left in peace."""
    chance = random.Random(20161125)
    stack = world.stack("crashed")
    try:
        for number in range(10):
            lines = chance.randrange(1, 14)
            config = stack.config()
            config["flyball:services"]["web"]["env"] = {"ROUND": str(number)}
            stack.write(config)
            crash(world, stack, lines)
        assert "pending operations" not in world.run(stack, "up")
        again = world.run(stack, "up")
        assert re.search(r"\d+ unchanged", again)
        assert not re.search(r"\d+ (created|updated|deleted|replaced)", again)
        deployment = world.plane.kubectl.json("get", "deployment", "web", f"--namespace={stack.name}")
        containers = deployment["spec"]["template"]["spec"]["containers"]
        assert {"name": "ROUND", "value": "9"} in next(each for each in containers if each["name"] == "web")["env"]
    finally:
        world.run(stack, "down")


def test_what_a_killed_creation_has_left_is_taken_over_as_large_as_it_has_become(world: World) -> None:
    """As where the engine was killed while it created the Deployment: it is there, and the state does not know it."""
    stack, kubectl = world.stack("halfway", proven=6), world.plane.kubectl
    place = f"--namespace={stack.name}"
    try:
        world.run(stack, "up")
        resources = json.loads(world.pulumi("stack", "export", "--stack", stack.name))["deployment"]["resources"]
        [urn] = [each["urn"] for each in resources if each["type"] == "kubernetes:apps/v1:Deployment"]
        world.pulumi("state", "delete", urn, "--target-dependents", "--yes", "--stack", stack.name)
        lock = world.folder / "state" / ".pulumi" / "locks" / "organization" / "flyball" / stack.name / "killed.json"
        lock.parent.mkdir(parents=True, exist_ok=True)
        lock.write_text(json.dumps({"pid": 2**22 + 1, "hostname": socket.gethostname()}))  # beyond the kernel's last
        kubectl.run("scale", "deployment/web", "--replicas=7", place)
        config = stack.config()
        config["flyball:services"]["web"]["env"] = {"ROUND": "2"}
        stack.write(config)
        world.run(stack, "up")
        spec = kubectl.json("get", "deployment", "web", place)["spec"]
        containers = {each["name"]: each for each in spec["template"]["spec"]["containers"]}
        assert ({"name": "ROUND", "value": "2"} in containers["web"]["env"], spec["replicas"]) == (True, 7)
        assert kubectl.json("get", "hpa", "web", place)["spec"]["minReplicas"] == 3
    finally:
        world.run(stack, "down")


def crash(world: World, stack: Shop, lines: int) -> None:
    """Kill an `up` with its engine and plugins after so many lines of the engine, or let it end if it is quicker."""
    with stack.start("up", env=world.env, stdout=subprocess.PIPE) as process:
        assert process.stdout
        seen = 0
        for line in process.stdout:
            seen += line.startswith(" ") and ":" in line
            if seen >= lines:
                break
        kill_session(process)


def test_an_encrypted_secret_is_in_the_cluster_and_nowhere_else(world: World) -> None:
    stack = world.stack("secret")
    where = ("--stack", stack.name, "--config-file", str(stack.file))
    world.pulumi("stack", "init", "--no-select", "--stack", stack.name)
    path = "flyball:services.web.secrets.TOKEN"
    world.pulumi("config", "set", "--path", path, SECRET, "--secret", *where)
    (PROJECT / "stacks" / f"Pulumi.{stack.name}.yaml").unlink(missing_ok=True)
    try:
        printed = [world.run(stack, "up", "--preview"), world.run(stack, "up"), world.run(stack, "up", "--preview")]
        printed += [world.pulumi("stack", "export", "--stack", stack.name)]
        secrets = world.plane.kubectl.json("get", "secrets", f"--namespace={stack.name}")["items"]
        encoded = base64.b64encode(SECRET.encode()).decode()
        assert [value for each in secrets for value in each["data"].values()] == [encoded]
        files = [file for file in world.folder.rglob("*") if file.is_file()]
        assert files
        texts = [*printed, *(file.read_text(errors="replace") for file in files)]
        assert not [text for text in texts if SECRET in text or encoded in text]
    finally:
        world.run(stack, "down")


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
