"""`flyball up` when it is killed, refused, or pointed at a cluster of one's own, with a stack of two services."""

import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from tests.cluster.shop import Shop, context_of, kill_session

from flyball import paths

pytestmark = pytest.mark.cluster

OBJECTS = 16
STACK = {
    "environment": "test",
    "owner": "tests",
    "namespace": "shop",
    "zones": ["local-a", "local-b", "local-c"],
    "cluster": "local",
    "defaults": {"rollout": {"settle": "1s", "surge": 100}},
    "services": {
        "front": {
            "image": "registry.k8s.io/pause:3.10",
            "port": 8080,
            "load": {"peak": 100, "replica": 50},
            "calls": {"back": {"timeout": "500ms"}},
            "public": True,
        },
        "back": {
            "image": "registry.k8s.io/pause:3.10",
            "port": 9090,
            "load": {"peak": 100, "replica": 30},
            "deadline": "500ms",
        },
    },
}


def write(file: Path, **changes: object) -> None:
    """A stack file of the two services, with other outermost values."""
    values = {f"flyball:{key}": value for key, value in {**STACK, **changes}.items()}
    file.write_text(yaml.safe_dump({"config": values}, sort_keys=False))


@pytest.fixture(scope="module")
def shop(programs: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """The stack, up."""
    name = f"test-{os.getpid()}-small"
    shop = Shop(tmp_path_factory.mktemp("stack") / f"Pulumi.{name}.yaml", name)
    write(shop.file)
    try:
        assert f"{OBJECTS} created" in shop.run("up")
        yield shop
    finally:
        shop.run("down")


@pytest.fixture
def original(shop: Shop) -> Iterator[None]:
    """Gives the stack file and the cluster back as they were."""
    yield
    write(shop.file)
    shop.run("up")


@pytest.mark.usefixtures("original")
@pytest.mark.parametrize("moment", [0.2, 1.0, 2.5, 4.0])
def test_a_killed_up_is_mended_by_the_next(shop: Shop, moment: float) -> None:
    services = {name: {**service, "env": {"CHANGED": str(moment)}} for name, service in STACK["services"].items()}
    newcomer = {"image": "registry.k8s.io/pause:3.10", "port": 8080, "load": {"peak": 100, "replica": 30}}
    write(shop.file, services={**services, "newcomer": newcomer})
    process = shop.start("up")
    time.sleep(moment)
    kill_session(process)
    shop.run("up")
    assert f"0 changed (0 created, 0 changed, {OBJECTS + 7} unchanged, 0 pruned)" in shop.run("up")
    assert shop.replicas("newcomer") == 6


@pytest.mark.usefixtures("original")
def test_an_up_killed_on_an_empty_cluster_is_mended_by_the_next(shop: Shop) -> None:
    shop.run("down")
    process = shop.start("up")
    deadline = time.monotonic() + 240
    while not _has_deployment(shop):
        assert time.monotonic() < deadline
        assert process.poll() is None
        time.sleep(0.02)
    kill_session(process)
    shop.run("up")
    assert "0 changed" in shop.run("up")
    assert (shop.replicas("front"), shop.replicas("back")) == (4, 6)


def test_a_cluster_of_ones_own_is_used_and_left(shop: Shop, tmp_path: Path) -> None:
    """`--context`: starts nothing, and `down` takes away what the stack made and nothing else."""
    name = f"test-{os.getpid()}-own"
    file = tmp_path / f"Pulumi.{name}.yaml"
    write(file, namespace="shop-own", environment="own", cluster="elsewhere")
    guest = Shop(file, name)
    kubeconfig = shop.run("kubeconfig").strip()
    context = context_of(shop.kubectl)
    mine = {"KUBECONFIG": kubeconfig}
    before = Path(kubeconfig).read_text()
    assert "0 pruned" in guest.run("up", "--context", context, env=mine)
    assert not guest.kubectl.program.exists()
    assert "0 changed" in guest.run("up", "--context", context, env=mine)
    assert len(shop.kubectl.json("get", "deployments", "-n", "shop-own")["items"]) == 2
    guest.run("down", "--context", context, env=mine)
    assert shop.kubectl.json("get", "namespaces", "--field-selector=metadata.name=shop-own")["items"] == []
    assert shop.kubectl.json("get", "priorityclass", "--selector=flyball.dev/environment=own")["items"] == []
    assert Path(kubeconfig).read_text() == before
    assert "0 changed" in shop.run("up")


def test_a_refused_stack_starts_and_creates_nothing(programs: None, tmp_path: Path) -> None:
    name = f"test-{os.getpid()}-refused"
    refused = Shop(tmp_path / f"Pulumi.{name}.yaml", name)
    write(refused.file)
    refused.file.write_text(refused.file.read_text().replace("peak:", "paek:", 1))
    printed = refused.run("up", code=1)
    assert "did you mean 'peak'?" in printed
    assert not refused.kubectl.program.exists()
    assert "nothing was there" in refused.run("down")


def test_the_users_own_kubeconfig_is_never_touched(shop: Shop, tmp_path: Path) -> None:
    mine = tmp_path / "config"
    mine.write_text("apiVersion: v1\nkind: Config\n")
    shop.run(
        "up", env={"KUBECONFIG": str(mine), "HOME": str(tmp_path), "XDG_CACHE_HOME": str(paths.cache_dir().parent)}
    )
    assert mine.read_text() == "apiVersion: v1\nkind: Config\n"
    assert [path.name for path in tmp_path.iterdir()] == ["config"]


def _has_deployment(shop: Shop) -> bool:
    kubectl = shop.kubectl
    if not kubectl.program.exists():
        return False
    command = kubectl.command("get", "deployments", "--namespace=shop", "--output=name")
    done = subprocess.run(command, env=kubectl.environment(), capture_output=True, text=True, check=False)
    return bool(done.stdout.strip())
