"""What others have made is never taken over, relabelled or deleted: two teams on one cluster, by either way.

And what else must be the same by either way.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.cluster import loaded
from tests.cluster.scaling.service import wait
from tests.cluster.shop import Shop, context_of, without_cli

from flyball.deploy.engine import Engine
from flyball.kubectl import Kubectl
from flyball.lab.cluster.control_plane import ControlPlane

pytestmark = pytest.mark.cluster

WEB: Mapping[str, Any] = {
    "image": "registry.example/web:1.4.2",
    "port": 8080,
    "load": {"peak": 30, "replica": 20},
    "rollout": {"settle": "1s"},
}


@dataclass(frozen=True)
class Cluster:
    """The cluster, and by which way stacks are brought up on it."""

    kubectl: Kubectl
    env: Mapping[str, str]
    by_engine: bool
    folder: Path

    def stack(self, name: str, owner: str, namespace: str, *services: str, **more: Any) -> Shop:
        stack = Shop(self.folder / f"Pulumi.{name}.yaml", name, with_cli=self.by_engine)
        config = {
            "flyball:environment": "test",
            "flyball:owner": owner,
            "flyball:namespace": namespace,
            "flyball:cluster": context_of(self.kubectl),
            "flyball:services": {service: dict(WEB) for service in services},
        }
        stack.write(config | {f"flyball:{key}": value for key, value in more.items()})
        return stack

    def run(self, stack: Shop, *arguments: str, code: int = 0, progress: bool = False) -> str:
        """What it prints, on one line."""
        return " ".join(stack.run(*arguments, code=code, env=self.env, progress=progress).split())

    def labels(self, namespace: str) -> Mapping[str, str]:
        return self.kubectl.json("get", "namespace", namespace)["metadata"]["labels"]

    def left(self, namespace: str) -> list[str]:
        found = self.kubectl.run("get", "deployments,services,configmaps", f"-n={namespace}", "--output=name").split()
        return [name for name in found if name != "configmap/kube-root-ca.crt"]


@pytest.fixture(scope="module", params=["kubectl", pytest.param("engine", marks=pytest.mark.pulumi_cli)])
def cluster(
    control_plane: ControlPlane, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Cluster:
    folder = tmp_path_factory.mktemp(request.param)
    if request.param == "kubectl":
        return by_kubectl(control_plane, folder)
    engine: Engine = request.getfixturevalue("engine")
    (folder / "state").mkdir()
    state = {"PULUMI_BACKEND_URL": f"{(folder / 'state').as_uri()}?metadata=skip", "PULUMI_CONFIG_PASSPHRASE": ""}
    env = engine.environment() | state | {"KUBECONFIG": str(control_plane.kubeconfig)}
    return Cluster(control_plane.kubectl, env, True, folder)


def by_kubectl(plane: ControlPlane, folder: Path) -> Cluster:
    return Cluster(plane.kubectl, {"KUBECONFIG": str(plane.kubeconfig)}, False, folder)


@pytest.fixture
def theirs(cluster: Cluster, namespace: str) -> str:
    """A namespace of people who have something in it."""
    cluster.kubectl.run("create", "configmap", "theirs", f"--namespace={namespace}")
    return namespace


def test_a_namespace_of_others_is_refused_and_left_as_it_was(cluster: Cluster, theirs: str) -> None:
    before = cluster.labels(theirs)
    stack = cluster.stack(f"{theirs}-a", "team-a", theirs, "web")
    said = cluster.run(stack, "up", code=1)
    assert "refused, and nothing was changed: namespace: " in said
    assert f"{theirs} exists, and was made by somebody else" in said
    assert "flyball:shared: true" in said
    assert cluster.labels(theirs) == before
    assert cluster.left(theirs) == ["configmap/theirs"]


def test_two_stacks_share_a_namespace_and_neither_touches_what_is_the_others(cluster: Cluster, theirs: str) -> None:
    """Each is brought down by itself; the namespace stays, as it was."""
    before = cluster.labels(theirs)
    one = cluster.stack(f"{theirs}-a", "team-a", theirs, "web", shared=True)
    two = cluster.stack(f"{theirs}-b", "team-b", theirs, "web", "cart", shared=True)
    cluster.run(one, "up")
    said = cluster.run(two, "up", code=1)
    assert f"services.web: serviceaccount {theirs}/web exists, and belongs to the stack {theirs}-a of team-a" in said
    assert "services.cart" not in said
    assert "deployment.apps/cart" not in cluster.left(theirs)
    two = cluster.stack(f"{theirs}-b", "team-b", theirs, "cart", shared=True)
    cluster.run(two, "up")
    cluster.run(two, "down")
    assert {"deployment.apps/web", "service/web", "configmap/theirs"} <= set(cluster.left(theirs))
    assert "deployment.apps/cart" not in cluster.left(theirs)
    cluster.run(one, "down")
    assert cluster.left(theirs) == ["configmap/theirs"]
    assert cluster.labels(theirs) == before


def test_a_namespace_of_its_own_stays_while_others_have_something_in_it(cluster: Cluster, namespace: str) -> None:
    """Then it is said what; also where the file now says that it is shared."""
    own = f"{namespace}-own"
    stack = cluster.stack(own, "team-a", own, "web")
    cluster.run(stack, "up")
    cluster.run(cluster.stack(own, "team-a", own, "web", shared=True), "up")
    assert "deployment.apps/web" in cluster.left(own)
    cluster.stack(own, "team-a", own, "web")
    cluster.kubectl.run("create", "configmap", "theirs", f"--namespace={own}")
    cluster.run(stack, "up")
    said = cluster.run(stack, "down", code=0)
    assert f"removed namespace/{own}" not in said
    assert cluster.left(own) == ["configmap/theirs"]
    cluster.kubectl.run("delete", "configmap", "theirs", f"--namespace={own}")
    cluster.run(stack, "down")
    assert cluster.kubectl.run("get", "namespace", own, "--ignore-not-found") == ""


def test_a_shared_namespace_must_be_there(cluster: Cluster, namespace: str) -> None:
    nowhere = f"{namespace}-nowhere"
    said = cluster.run(cluster.stack(nowhere, "team-a", nowhere, "web", shared=True), "up", code=1)
    assert f"namespace: is shared, and there is no namespace {nowhere}" in said
    assert cluster.kubectl.run("get", "namespace", nowhere, "--ignore-not-found") == ""


def test_caches_stand_when_up_has_ended_change_places_and_go(cluster: Cluster, namespace: str) -> None:
    """A single one that becomes a pair, while a pair becomes a single one; and a job beside them fails, for which
    nothing waits."""
    own = f"{namespace}-caches"
    single, pair = {"memory": "1Gi", "ttl": "1h"}, {"memory": "1Gi", "ttl": "1h", "survive": "node"}
    # For a node that there is not its pod waits until its time is over.
    job = {"image": "registry.example/job:1", "deadline": "10s", "retries": 0, "resources": {"cpu": "900"}}
    jobs = {"huge": job}
    stack = cluster.stack(own, "team-a", own, "web", caches={"alone": single, "twice": pair}, jobs=jobs)
    cluster.run(stack, "up")
    assert standing(cluster, own) == {"alone": 1, "twice": 2}
    wait(lambda: has_failed(cluster, own), "the end of the job")
    again = cluster.run(stack, "up", progress=True)
    assert re.search(r"job huge-\w+ failed: Job was active longer than specified deadline", again)
    assert "unchanged" in again
    assert not re.search(r"[1-9]\d* (created|changed|updated|replaced|deleted|pruned)", again)

    cluster.stack(own, "team-a", own, "web", caches={"alone": pair, "twice": single}, jobs=jobs)
    cluster.run(stack, "up")
    assert standing(cluster, own) == {"alone": 2, "twice": 1}
    # Without a Governor anybody may.
    cluster.kubectl.run("scale", "statefulset/alone", "--replicas=0", f"--namespace={own}", "--dry-run=server")

    cluster.run(stack, "down")
    assert cluster.kubectl.run("get", "namespace", own, "--ignore-not-found") == ""
    assert cluster.kubectl.run("get", "priorityclass", "--output=name", "--selector=flyball.dev/owner=team-a") == ""


def has_failed(cluster: Cluster, namespace: str) -> bool:
    [job] = cluster.kubectl.json("get", "jobs", f"--namespace={namespace}")["items"]
    return any(each["type"] == "Failed" for each in job.get("status", {}).get("conditions", ()))


def standing(cluster: Cluster, namespace: str) -> dict[str, int]:
    """The pods that serve of each cache, all of them of its newest revision."""
    found = cluster.kubectl.json("get", "statefulsets", f"--namespace={namespace}")["items"]
    status = {item["metadata"]["name"]: item["status"] for item in found}
    assert all(each["currentRevision"] == each["updateRevision"] for each in status.values())
    return {name: each.get("availableReplicas", 0) for name, each in status.items()}


def test_another_team_s_stack_of_the_same_name_is_not_taken_for_one_s_own(
    control_plane: ControlPlane, namespace: str, tmp_path: Path
) -> None:
    """Where kubectl keeps track it would prune all of theirs; the engine's state is each team's own."""
    cluster = by_kubectl(control_plane, tmp_path)
    stack = cluster.stack(namespace, "team-a", f"{namespace}-a", "web")
    cluster.run(stack, "up")
    other = cluster.stack(namespace, "team-b", f"{namespace}-b", "cart")
    for command in ("up", "down"):
        said = cluster.run(other, command, code=1)
        assert f"owner: the stack {namespace} of this cluster belongs to team-a" in said
    assert "deployment.apps/web" in cluster.left(f"{namespace}-a")
    cluster.run(cluster.stack(namespace, "team-a", f"{namespace}-a", "web"), "down")


def test_what_runs_is_adopted_as_it_is_and_nothing_of_it_changes(
    control_plane: ControlPlane, namespace: str, tmp_path: Path
) -> None:
    """From the cluster comes the same stack as from the manifests that were applied; a plan compares it with what runs.

    In the place of what others made it is refused.
    """
    cluster = by_kubectl(control_plane, tmp_path)
    text = ADOPTED.read_text(encoding="utf-8").replace("namespace: trade", f"namespace: {namespace}")
    cluster.kubectl.run("apply", "--filename=-", stdin=text)
    context = context_of(cluster.kubectl)
    before = versions(cluster, namespace)
    (tmp_path / "manifests.yaml").write_text(text, encoding="utf-8")
    by_file, by_cluster = tmp_path / "by-file.yaml", tmp_path / "by-cluster.yaml"
    flyball(cluster, "adopt", "-f", str(tmp_path / "manifests.yaml"), "--namespace", namespace, "--out", str(by_file))
    place = ("--context", context, "--namespace", namespace)
    flyball(cluster, "adopt", *place, "--out", str(by_cluster))
    assert services(by_cluster) == services(by_file)
    assert "hunter2" not in by_cluster.read_text(encoding="utf-8")
    live = flyball(cluster, "plan", "-s", str(by_cluster), "--against-context", context).splitlines()
    filed = flyball(cluster, "plan", "-s", str(by_file), "--against", str(tmp_path / "manifests.yaml")).splitlines()
    assert [line for line in live if line.startswith(("deployment ", "service "))] == [
        line for line in filed if line.startswith(("deployment ", "service "))
    ]
    said = flyball(cluster, "up", "-s", str(by_cluster), code=1)
    assert f"services.desk: serviceaccount {namespace}/desk exists, and was made by somebody else" in " ".join(
        said.split()
    )
    assert versions(cluster, namespace) == before
    nowhere = flyball(cluster, "adopt", "--context", context, "--namespace", f"{namespace}-nowhere", code=1)
    assert f"--namespace: there is no namespace {namespace}-nowhere" in nowhere


ADOPTED = Path(__file__).parents[1] / "deploy" / "adopt" / "cases" / "web.yaml"


def flyball(cluster: Cluster, *arguments: str, code: int = 0) -> str:
    """What the command prints, on both its outputs."""
    environment = without_cli() | dict(cluster.env)
    done = loaded.run(arguments, cluster.folder, environment)
    assert done.returncode == code, f"{done.stdout}\n{done.stderr}"
    return done.stdout + done.stderr


def services(file: Path) -> Any:
    return yaml.safe_load(file.read_text(encoding="utf-8"))["config"]["flyball:services"]


def versions(cluster: Cluster, namespace: str) -> dict[str, Any]:
    """What is in a namespace, as it is wanted; whatever has written it."""
    items = cluster.kubectl.json("get", "deployments,services,configmaps,secrets,ingresses", f"-n={namespace}")["items"]
    return {f"{item['kind']}/{item['metadata']['name']}": (item.get("spec"), item.get("data")) for item in items}
