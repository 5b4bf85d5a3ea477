"""Migrations on a real control plane, by either way: they succeed, fail, are killed and taken up again.

There a pod that can be scheduled ends at once and well. One that asks for more than any node has waits, until the test
says how it ended.
"""

import json
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
from tests.cluster.scaling.service import wait
from tests.cluster.shop import Shop, kill_session
from tests.cluster.test_others import WEB, Cluster, cluster  # noqa: F401 - a fixture

pytestmark = pytest.mark.cluster
HUGE = {"cpu": "900"}
SMALL = {"cpu": "10m", "memory": "16Mi"}
BESIDE: dict[str, Any] = {
    "init": {"wait": {"image": "registry.example/wait:1", "after": ["sql"], "resources": SMALL}},
    "sidecars": {
        "sql": {
            "image": "registry.example/sql:1",
            "port": 9801,
            "probes": {"readiness": {"path": "/ready"}},
            "resources": SMALL,
        }
    },
}
"""Containers of its own, as the proxy of a database."""


class Migrated:
    """A stack of a store and a service with a migration that calls it."""

    def __init__(self, on: Cluster, namespace: str) -> None:
        self.on, self.namespace = on, namespace
        self.stack = on.stack(f"{namespace}-m", "shop", namespace, "store", shared=True)

    def describe(self, image: str, **migrate: Any) -> Shop:
        own = {"command": ["./migrate"], "retries": 0, **BESIDE, **migrate}
        calls = {"store": {"timeout": "1s"}}
        web = {**WEB, "image": image, "deadline": "2s", "calls": calls, "migrate": own}
        services = {"store": {**WEB, "deadline": "1s"}, "web": web}
        self.stack.write(self.stack.config() | {"flyball:services": services})
        return self.stack

    def start(self) -> "subprocess.Popen[str]":
        return self.stack.start("up", env=self.on.env, stderr=subprocess.PIPE)

    def jobs(self) -> dict[str, dict[str, Any]]:
        found = self.on.kubectl.json("get", "jobs", f"--namespace={self.namespace}")["items"]
        return {item["metadata"]["name"]: item for item in found}

    def deployments(self) -> dict[str, str]:
        """The image of each, by name."""
        found = self.on.kubectl.json("get", "deployments", f"--namespace={self.namespace}")["items"]
        pods = {item["metadata"]["name"]: item["spec"]["template"]["spec"] for item in found}
        return {name: pod["containers"][0]["image"] for name, pod in pods.items()}

    def waiting(self) -> str:
        """The pod of the migration that waits for a node."""
        which = f"--selector=app.kubernetes.io/name=web-migrate,batch.kubernetes.io/job-name={min(self.unended())}"
        found: list[str] = []

        def there() -> bool:
            items = self.on.kubectl.json("get", "pods", f"--namespace={self.namespace}", which)["items"]
            found[:] = [item["metadata"]["name"] for item in items if item["status"]["phase"] == "Pending"]
            return bool(found)

        wait(there, "a pod of the migration")
        return found[0]

    def unended(self) -> set[str]:
        return {name for name, job in self.jobs().items() if not job["status"].get("conditions")}

    def end(self, phase: str) -> None:
        wait(self.unended, "a migration under way")
        patch = json.dumps({"status": {"phase": phase}})
        where = (f"--namespace={self.namespace}", "--subresource=status", f"--patch={patch}")
        self.on.kubectl.run("patch", "pod", self.waiting(), *where)


@pytest.fixture
def migrated(cluster: Cluster, namespace: str) -> Iterator[Migrated]:  # noqa: F811
    found = Migrated(cluster, namespace)
    yield found
    found.describe("registry.example/web:4")
    cluster.run(found.stack, "down")


def ended(under_way: "subprocess.Popen[str]") -> str:
    """What it said on its way, until it ended."""
    try:
        return under_way.communicate(timeout=600)[1]
    finally:
        if under_way.poll() is None:
            kill_session(under_way)


def test_a_release_waits_for_its_migration_and_a_failed_or_killed_one_is_taken_up_again(migrated: Migrated) -> None:
    # The first release: after the store that it calls, and before the service.
    migrated.describe("registry.example/web:1", resources=HUGE)
    under_way = migrated.start()
    migrated.end("Failed")
    said = ended(under_way)
    assert under_way.returncode == 1, said
    ((name, failed),) = migrated.jobs().items()
    assert "web: its migration has failed, and nothing of web was changed: what ran before goes on." in said
    assert f"--namespace={migrated.namespace} job/{name} --all-containers" in said
    assert migrated.deployments().keys() == {"store"}

    # The same again: the Job is made anew. Then who waits for it is killed, and it goes on.
    killed = migrated.start()
    wait(lambda: [*migrated.unended()] == [name], "the migration, made anew")
    kill_session(killed)  # the engine's plugins have groups of their own
    assert migrated.jobs()[name]["metadata"]["uid"] != failed["metadata"]["uid"]
    assert migrated.deployments().keys() == {"store"}

    # Another release waits until that one has ended.
    migrated.describe("registry.example/web:2")
    other = migrated.start()
    assert other.stderr is not None
    said = ""
    while "a migration of another release, is under way" not in said:
        line = other.stderr.readline()
        assert line, said
        said += line
    assert [*migrated.jobs()] == [name]
    migrated.end("Succeeded")
    said += ended(other)
    assert other.returncode == 0, said
    assert migrated.deployments()["web"] == "registry.example/web:2"

    # What ran before goes on where the next one fails.
    migrated.describe("registry.example/web:3", resources=HUGE)
    third = migrated.start()
    migrated.end("Failed")
    said = ended(third)
    assert third.returncode == 1, said
    assert migrated.deployments()["web"] == "registry.example/web:2"
