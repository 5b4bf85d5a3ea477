"""The shop on a control plane of its own, brought up by the command as a user would."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from tests.cluster import loaded
from tests.cluster.scaling.service import wait

from flyball import paths
from flyball.kubectl import Kubectl
from flyball.lab.cluster import usage

PROJECT = Path(__file__).parents[2]
FLYBALL = [sys.executable, "-m", "flyball"]


@dataclass(frozen=True)
class Shop:
    """A copy of a stack file under a name of its own, so that its control plane is no one else's."""

    file: Path
    name: str
    with_cli: bool = False

    def run(self, *arguments: str, code: int = 0, env: Mapping[str, str] | None = None, progress: bool = False) -> str:
        """`flyball COMMAND -s FILE …`: what it prints, after checking its exit code; with how it went on, or failed."""
        done = loaded.run(self._arguments(arguments), PROJECT, self._environment(env))
        assert done.returncode == code, f"{done.stdout}\n{done.stderr}"
        return done.stdout + (done.stderr if code or progress else "")

    def start(
        self,
        *arguments: str,
        env: Mapping[str, str] | None = None,
        stdout: int | None = subprocess.DEVNULL,
        stderr: int | None = subprocess.DEVNULL,
    ) -> subprocess.Popen[str]:
        """The same in a session of its own, to be killed on its way; what it prints is lost unless it says where to."""
        return subprocess.Popen(
            [*FLYBALL, *self._arguments(arguments)],
            cwd=PROJECT,
            env=self._environment(env),
            text=True,
            start_new_session=True,
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
        )

    def _arguments(self, arguments: Sequence[str]) -> list[str]:
        return [arguments[0], "-s", str(self.file), *arguments[1:]]

    def _environment(self, env: Mapping[str, str] | None) -> dict[str, str]:
        return (dict(os.environ) if self.with_cli else without_cli()) | dict(env or {})

    @property
    def kubectl(self) -> Kubectl:
        folder = paths.kubeconfig(self.name).parent
        return Kubectl(folder / "bin" / "kubectl", folder / "kubeconfig.yaml")

    def config(self) -> dict[str, Any]:
        return yaml.safe_load(self.file.read_text())["config"]

    def write(self, config: Mapping[str, Any]) -> None:
        self.file.write_text(yaml.safe_dump({"config": dict(config)}, sort_keys=False))

    def write_local(self) -> None:
        """The local stack, with rollouts that need no patience: all new pods at once, each of use after a second."""
        config = yaml.safe_load((PROJECT / "stacks" / "Pulumi.local.yaml").read_text())["config"]
        quick = {"rollout": {"settle": "1s", "surge": 100}}
        self.write(config | {"flyball:defaults": config["flyball:defaults"] | quick})

    def replicas(self, deployment: str) -> int:
        item = self.kubectl.json("get", "deployment", deployment, "--namespace=shop")
        return item["spec"]["replicas"]

    def have_scaled(self, service: str) -> int:
        """Keep the pods of a service so busy that its autoscaler adds some; how many there are then.

        It takes none of them away for the next five minutes, however idle their successors are.
        """
        before = self.replicas(service)
        pods = ("pods", "--namespace=shop", f"--selector=app.kubernetes.io/name={service}")
        self.kubectl.run("annotate", *pods, f"{usage.CPU}=4")
        wait(lambda: self.replicas(service) > before, f"more replicas of {service}")
        return self.replicas(service)


def context_of(kubectl: Kubectl) -> str:
    """The context of a control plane's kubeconfig."""
    assert kubectl.kubeconfig
    return yaml.safe_load(kubectl.kubeconfig.read_text())["current-context"]


def lacking(kubectl: Kubectl, namespace: str) -> list[str]:
    """What pods of some revision, also of old ones, would mount and is not there."""
    there = {item["metadata"]["name"] for item in kubectl.json("get", "configmaps", "-n", namespace)["items"]}
    sets = kubectl.json("get", "replicasets", "-n", namespace)["items"]
    volumes = [volume for item in sets for volume in item["spec"]["template"]["spec"].get("volumes", ())]
    mounted = {volume["configMap"]["name"] for volume in volumes if "configMap" in volume}
    return sorted(mounted - there)


def kill_session(leader: subprocess.Popen[str]) -> bool:
    """Kill all processes of a session, and wait for their end; whether there were any."""
    killed = _kill(leader.pid)
    leader.wait()
    while _runs(leader.pid):
        time.sleep(0.1)
        _kill(leader.pid)  # again: what one of them was just starting was not there yet
    leader.communicate()  # its pipes end with the last who holds them
    return killed


def _kill(session: int) -> bool:
    return subprocess.run(["pkill", "--signal", "KILL", "--session", str(session)], check=False).returncode == 0


def _runs(session: int) -> bool:
    """Whether any process of the session still runs; the dead may wait for someone to take notice."""
    states = subprocess.run(["ps", "-o", "stat=", "-s", str(session)], capture_output=True, text=True, check=False)
    return any(not state.startswith("Z") for state in states.stdout.split())


def without_cli() -> dict[str, str]:
    """The environment without Pulumi's engine: these tests are about the way that does without."""
    return os.environ | {"FLYBALL_ENGINE": "off"}


def is_part(wanted: Any, real: Any) -> bool:
    """Whether the real object holds all that was wanted; the server only adds, and leaves out what is empty."""
    if isinstance(wanted, dict):
        return isinstance(real, dict) and all(
            is_part(inner, real[key]) if key in real else not inner for key, inner in wanted.items()
        )
    if isinstance(wanted, list):
        return isinstance(real, list) and len(wanted) == len(real) and all(map(is_part, wanted, real))
    return wanted == real


def objects(folder: Path) -> list[dict[str, Any]]:
    """What was rendered into a folder."""
    return [yaml.safe_load(file.read_text()) for file in sorted(folder.glob("*.yaml"))]


def differing(kubectl: Kubectl, wanted: Sequence[Mapping[str, Any]], *command: str) -> list[str]:
    """Those of the objects that are no part of what kubectl's command, run once for all of them, prints of each."""
    every = json.dumps({"apiVersion": "v1", "kind": "List", "items": wanted})
    printed = kubectl.json(*command, "--filename=-", stdin=every)["items"]
    assert [_place(each) for each in printed] == [_place(each) for each in wanted]
    pairs = zip(wanted, printed, strict=True)
    return ["/".join(_place(each)) for each, real in pairs if not is_part(each, real)]


def _place(item: Mapping[str, Any]) -> tuple[str, str, str]:
    return item["kind"], item["metadata"].get("namespace", ""), item["metadata"]["name"]
