"""With the Pulumi CLI: `pulumi up` makes the same objects as the way that does without."""

import itertools
import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.cluster.scaling.service import wait
from tests.cluster.shop import PROJECT, Shop, context_of, differing, kill_session, lacking, objects

from flyball.deploy.engine import Engine
from flyball.deploy.others import Signature
from flyball.deploy.unguard import unguard
from flyball.wellknown import SYSTEM_NAMESPACE

pytestmark = [pytest.mark.cluster, pytest.mark.pulumi_cli]


@pytest.fixture(scope="module")
def shop(programs: None, engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """The local stack, brought up by the CLI on a state of its own."""
    folder = tmp_path_factory.mktemp("cli")
    name = f"test-{os.getpid()}-cli"
    shop = Shop(folder / f"Pulumi.{name}.yaml", name, with_cli=True)
    shop.write_local()
    (folder / "state").mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PULUMI_BACKEND_URL", f"{(folder / 'state').as_uri()}?metadata=skip")
        patch.setenv("PULUMI_CONFIG_PASSPHRASE", "")
        patch.setenv("PULUMI_SKIP_UPDATE_CHECK", "true")
        try:
            shop.run("up")
            yield shop
        finally:
            shop.run("down")


def test_the_same_objects(shop: Shop, tmp_path: Path) -> None:
    shop.run("render", "-o", str(tmp_path / "out"))
    rendered = objects(tmp_path / "out")
    assert len(rendered) == 83
    assert differing(shop.kubectl, rendered, "get") == []


def by_hand(engine: Engine, shop: Shop, *arguments: str) -> subprocess.CompletedProcess[str]:
    """`pulumi` as people type it, with the folder of the engine on PATH."""
    where = ("--stack", shop.name, "--config-file", str(shop.file), "--non-interactive")
    command = [engine.pulumi, *arguments, *where]
    env = engine.environment()
    return subprocess.run(command, cwd=PROJECT, env=env, capture_output=True, text=True, check=False)


def test_again_changes_nothing(shop: Shop, engine: Engine) -> None:
    done = by_hand(engine, shop, "preview", "--expect-no-changes")
    assert done.returncode == 0, done.stdout + done.stderr


def test_replicas_that_the_autoscaler_moved_stay(shop: Shop) -> None:
    moved = shop.have_scaled("frontend")
    config = shop.config()
    config["flyball:services"]["frontend"]["env"]["BANNER_COLOR"] = "red"
    shop.write(config)
    shop.run("up")
    assert shop.replicas("frontend") >= moved


def test_what_pods_of_an_old_revision_mount_stays(shop: Shop) -> None:
    """Until nobody goes back to it any more, and then flyball removes it."""
    config = shop.config()
    before = config["flyball:services"]["frontend"]["calls"]["adservice"]["timeout"]
    for timeout in ("700ms", before):
        config["flyball:services"]["frontend"]["calls"]["adservice"]["timeout"] = timeout
        shop.write(config)
        shop.run("up")
        assert lacking(shop.kubectl, "shop") == []
    kept = shop.kubectl.run("get", "configmaps", "-n=shop", "--output=name")
    assert kept.count("frontend-proxy-") == 2
    shop.kubectl.run("delete", "replicasets", "-n=shop", "-l=app.kubernetes.io/name=frontend", "--wait")
    shop.run("up")
    assert shop.kubectl.run("get", "configmaps", "-n=shop", "--output=name").count("frontend-proxy-") == 1


def test_a_refused_stack_creates_nothing(shop: Shop, engine: Engine) -> None:
    before = shop.file.read_text()
    shop.file.write_text(before.replace("peak:", "paek:", 1))
    try:
        done = by_hand(engine, shop, "up", "--yes", "--skip-preview")
        assert done.returncode != 0
        assert "did you mean 'peak'?" in done.stdout + done.stderr
        assert "Traceback" not in done.stdout + done.stderr
    finally:
        shop.file.write_text(before)


SERVICE: Mapping[str, Any] = {
    "image": "registry.example/web:1.4.2",
    "port": 8080,
    "load": {"peak": 30, "replica": 20},
    "rollout": {"settle": "1s"},
}


def elsewhere(shop: Shop, folder: Path, namespace: str, **more: Any) -> tuple[Shop, dict[str, str]]:
    """A further stack of its own namespace in the cluster of the first, as in somebody's own; and where that is."""
    stack = Shop(folder / f"Pulumi.{shop.name}-{namespace}.yaml", f"{shop.name}-{namespace}", with_cli=True)
    place = {"flyball:namespace": namespace, "flyball:cluster": context_of(shop.kubectl)}
    stack.write({"flyball:environment": "test", "flyball:owner": "shop", **place, **more})
    return stack, {"KUBECONFIG": str(shop.kubectl.kubeconfig)}


def test_a_killed_up_is_taken_up_again(shop: Shop, tmp_path: Path) -> None:
    """Engine and plugins are killed in the middle: lock and half-made objects are no trouble to the next."""
    services = {"flyball:services": {f"web{i}": SERVICE for i in range(5)}}
    killed, environment = elsewhere(shop, tmp_path, "killed", **services)
    try:
        with killed.start("up", env=environment, stdout=subprocess.PIPE, stderr=None) as process:
            assert process.stdout
            made = (line for line in process.stdout if " created (" in line)
            assert len(list(itertools.islice(made, 20))) == 20
            assert kill_session(process)
        assert "pending operations" not in killed.run("up", env=environment)
        again = killed.run("up", env=environment)
        assert re.search(r"\d+ unchanged", again)
        assert not re.search(r"\d+ (created|updated|deleted|replaced)", again)
    finally:
        killed.run("down", env=environment)


def test_a_governed_stack_in_a_cluster_of_ones_own(shop: Shop, tmp_path: Path) -> None:
    """Previewed, brought up, brought up again with nothing to do, and brought down although deletion is guarded; so is
    a second one that the policies of the first guard."""
    services = {"flyball:services": {"web": SERVICE}}
    own, environment = elsewhere(shop, tmp_path, "own", **services, **{"flyball:governor": {}})
    previewed = own.run("up", "--preview", env=environment)
    assert "to create" in previewed
    assert "nothing would change" not in previewed
    made = own.run("up", env=environment)
    assert re.search(r"\+ \d+ created", made)
    again = own.run("up", env=environment)
    assert re.search(r"\d+ unchanged", again)
    assert not re.search(r"\d+ (created|updated|deleted|replaced)", again)
    # Its autoscaler leaves as many as there were at first: that of pods which do nothing would take them meanwhile.
    web = {**SERVICE, "behavior": {"down": {"period": "1s"}, "calm": "1h"}, "load": {"peak": 45, "replica": 20}}
    other, _ = elsewhere(
        shop, tmp_path, "other", **{"flyball:services": {"web": web}}, **{"flyball:governor": {"policies": False}}
    )
    other.run("up", env=environment)
    spot_comes_and_goes(shop, other, environment)
    assert other.run("down", env=environment).splitlines()[-1] == f"removed stack {other.name}"
    assert shop.kubectl.run("get", "namespace", "other", "--ignore-not-found") == ""
    signature = Signature(own.name, "shop", "test")
    unguard(shop.kubectl, signature, "own", policies=True, shared=False)
    shop.kubectl.run("delete", "deployment", "web", "--namespace=own", "--dry-run=server")
    shop.kubectl.run("delete", "namespace", "own", SYSTEM_NAMESPACE, "--dry-run=server")
    assert own.run("down", env=environment).splitlines()[-1] == f"removed stack {own.name}"
    assert own.file.exists()
    assert shop.kubectl.run("get", "namespace", "own", "--ignore-not-found") == ""
    assert shop.kubectl.run("get", "validatingadmissionpolicies", "--output=name") == ""


def spot_comes_and_goes(shop: Shop, other: Shop, environment: Mapping[str, str]) -> None:
    """What runs beyond the on-demand base is on spot before the base shrinks, and back before spot goes."""

    def sizes() -> dict[str, int]:
        items = shop.kubectl.json("get", "deployments", "--namespace=other")["items"]
        return {item["metadata"]["name"]: item["spec"]["replicas"] for item in items}

    config = other.config()
    assert sizes() == {"web": 4}
    config["flyball:services"]["web"]["load"] = SERVICE["load"]  # for which three are enough
    services = {"web": config["flyball:services"]["web"] | {"spot": {}}}
    other.write(config | {"flyball:zones": ["local-a", "local-b"], "flyball:services": services})
    other.run("up", env=environment)
    assert sizes()["web-spot"] == 2
    wait(lambda: sizes() == {"web": 2, "web-spot": 2}, "the base to shrink to its size")
    other.write(config)
    other.run("up", env=environment)
    assert sizes() == {"web": 4}
    assert not re.search(r"\d+ (created|updated|deleted|replaced)", other.run("up", env=environment))
