"""An engine with a state of its own, for small stacks that share a control plane."""

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from tests.cluster.shop import PROJECT, Shop, context_of

from flyball.deploy.engine import Engine
from flyball.lab.cluster.control_plane import ControlPlane

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
                "flyball:cluster": context_of(self.plane.kubectl),
                "flyball:services": {"web": {**web, "rollout": {"settle": "1s"}}},
            }
        )
        return stack

    def applications(self, name: str, *, with_cli: bool) -> Shop:
        """The stack with all that pods may ask for, in a namespace named like it; rollouts that need no patience."""
        config = yaml.safe_load(APPLICATIONS.read_text(encoding="utf-8"))["config"]
        services = {key: {**each, "rollout": {"settle": "1s"}} for key, each in config["flyball:services"].items()}
        cluster = context_of(self.plane.kubectl)
        where = {"flyball:namespace": name, "flyball:cluster": cluster, "flyball:services": services}
        stack = Shop(self.folder / f"Pulumi.{name}.yaml", name, with_cli=with_cli)
        stack.write({**config, **where})
        return stack

    def run(self, stack: Shop, *arguments: str) -> str:
        return stack.run(*arguments, env=self.env)

    def stacks(self) -> list[str]:
        return [each["name"] for each in json.loads(self.pulumi("stack", "ls", "--json"))]
