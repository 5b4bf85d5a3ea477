"""The autoscaler of the drill reddit-2016: a process of its own, with nothing but its service account's token.

It shrinks a service to a tenth by every way there is to write replicas, deletes its pods, then half of the nodes, and
prints one JSON object for each attempt.
"""

import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flyball.kubectl import UNCHECKED, Kubectl, KubectlError

FIGURES = "load-figures"
"""ConfigMap in which the autoscaler finds the load, in as many entries as there are sources of it."""


@dataclass(frozen=True)
class Rogue:
    """What it may use, and what it is after."""

    kubectl: Kubectl
    namespace: str
    service: str

    @property
    def there(self) -> str:
        return f"--namespace={self.namespace}"

    def deployment(self) -> dict[str, Any]:
        """The Deployment as it is now."""
        return self.kubectl.json("get", "deployment", self.service, self.there)

    def attempts(self, to: int) -> dict[str, Callable[[], object]]:
        """Every way to write replicas, directly or through what else decides about them."""
        target = f"deployment/{self.service}"
        sized = {"spec": {"replicas": to}}
        pointed = json.dumps([{"op": "replace", "path": "/spec/replicas", "value": to}])
        applied = {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": self.service, "namespace": self.namespace},
            **sized,
        }

        def patch(kind: str, body: str, *more: str) -> Callable[[], object]:
            return lambda: self.run("patch", target, f"--type={kind}", f"--patch={body}", *more)

        return {
            "scale subresource": lambda: self.run("scale", target, f"--replicas={to}"),
            "scale subresource, patch": patch("merge", json.dumps(sized), "--subresource=scale"),
            "merge patch": patch("merge", json.dumps(sized)),
            "strategic patch": patch("strategic", json.dumps(sized)),
            "JSON patch": patch("json", pointed),
            "update": lambda: self.replace(to),
            "server-side apply": lambda: self.run(
                *("apply", "--server-side", "--force-conflicts", UNCHECKED, "--filename=-"),
                stdin=json.dumps(applied),
            ),
            "ReplicaSet": lambda: self.run("scale", "replicaset", "--all", f"--replicas={to}"),
            "autoscaler's maximum": lambda: self.run(
                *("patch", "hpa", self.service, "--type=merge"),
                f"--patch={json.dumps({'spec': {'minReplicas': to, 'maxReplicas': to}})}",
            ),
            # In one write: each of them by itself would be many refusals, and some more alerts on a slow machine.
            "pods deleted": lambda: self.run("delete", f"--raw=/api/v1/namespaces/{self.namespace}/pods"),
        }

    def replace(self, to: int) -> None:
        """Read, change, write back, as most clients do."""
        item = self.deployment()
        item["spec"]["replicas"] = to
        self.run("replace", "--filename=-", stdin=json.dumps(item))

    def run(self, *arguments: str, stdin: str = "") -> None:
        self.kubectl.run(*arguments, self.there, stdin=stdin)


def main(kubectl: str, kubeconfig: str, namespace: str, service: str) -> None:
    """Shrink the service, then delete half of the nodes."""
    rogue = Rogue(Kubectl(Path(kubectl), Path(kubeconfig)), namespace, service)
    figures: Mapping[str, str] = rogue.kubectl.json("get", "configmap", FIGURES)["data"]
    size = rogue.deployment()["spec"]["replicas"]
    _say(way="read", accepted=True, message=f"load {sum(map(float, figures.values())):g}, {size} replicas")
    for way, attempt in rogue.attempts(max(1, size // 10)).items():
        _try(way, attempt)
    nodes = rogue.kubectl.run("get", "nodes", "-o", "name").split()
    for node in nodes[::2]:
        _try("node deleted", lambda node=node: rogue.kubectl.run("delete", node, "--wait=false"))


def _try(way: str, attempt: Callable[[], object]) -> None:
    try:
        attempt()
    except KubectlError as error:
        _say(way=way, accepted=False, message=str(error))
    else:
        _say(way=way, accepted=True, message="")


def _say(**what: object) -> None:
    print(json.dumps(what), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
