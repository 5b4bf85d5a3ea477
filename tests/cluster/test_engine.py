"""Pulumi's engine on small stacks that share a control plane: nothing is left, leaks or is lost."""

import base64
import json
import random
import re
import socket
import subprocess
from collections.abc import Iterator

import pytest
from tests.cluster.engine_world import SECRET, World
from tests.cluster.scaling.service import wait
from tests.cluster.shop import PROJECT, Shop, kill_session

from flyball.kubectl import Kubectl
from flyball.lab.cluster import volumes
from flyball.lab.cluster.nodes import ZONES

pytestmark = [pytest.mark.cluster, pytest.mark.pulumi_cli]


def test_a_refresh_finds_no_change_and_a_destroy_leaves_nothing(world: World) -> None:
    """The engine is asked again only where there may be something to do for it; where it is not asked, it would have
    found as many resources unchanged."""
    stack, kubectl = world.stack("plain"), world.plane.kubectl
    where = ("--stack", stack.name, "--config-file", str(stack.file))
    place = f"--namespace={stack.name}"
    assert asked_engine(world.run(stack, "up"))
    world.pulumi("refresh", "--yes", "--skip-preview", "--expect-no-changes", *where)
    assert stack.name in world.stacks()
    # A fifth of a state, which is written twice for each object, and nothing that anybody reads.
    assert "stackTrace" not in world.pulumi("stack", "export", "--stack", stack.name)

    kubectl.run("scale", "deployment/web", "--replicas=4", place)  # as its autoscaler does
    kubectl.run("label", "deployment/web", "team=other", place)
    again = world.run(stack, "up")
    assert not asked_engine(again)
    [count] = re.findall(r"^(\d+) unchanged$", again, re.MULTILINE)
    assert f" {count} unchanged" in world.run(stack, "up", "--preview")

    kubectl.run("annotate", "deployment/web", "flyball.dev/stack=other", "--overwrite", place)
    assert asked_engine(world.run(stack, "up"))  # it goes by its state, and finds out by a refresh
    world.pulumi("refresh", "--yes", "--skip-preview", *where)
    mended = world.run(stack, "up")
    assert asked_engine(mended)
    assert "1 updated" in mended
    assert not asked_engine(world.run(stack, "up"))

    assert world.run(stack, "down").splitlines()[-1] == f"removed stack {stack.name}"

    assert world.stacks() == []
    assert left_of(kubectl, stack.name) == ""


def asked_engine(printed: str) -> bool:
    """Whether an `up` did, by what the engine prints first."""
    return "Updating (" in printed


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
    [(False, r"0 changed \(0 created, 0 changed, \d+ unchanged, 0 pruned\)"), (True, r"(?m)^\d+ unchanged$")],
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


@pytest.fixture
def growing(world: World) -> Iterator[str]:
    """A class that lets volumes grow, and some of it, for as long as the test takes."""
    kubectl, name = world.plane.kubectl, "growing"
    volumes.offer(kubectl, ZONES, {name: volumes.Wanted(3, 2**30)})
    kubectl.run("patch", "storageclass", name, '--patch={"allowVolumeExpansion":true}')
    yield name
    kubectl.run("delete", "storageclass", name)
    for volume in kubectl.json("get", "persistentvolumes")["items"]:
        if volume["spec"].get("storageClassName") == name:
            kubectl.run("delete", "persistentvolume", volume["metadata"]["name"], "--wait=false")


def test_volumes_grow_and_the_engine_replaces_no_member(world: World, growing: str) -> None:
    kubectl, stack = world.plane.kubectl, world.stack("grown", quorum="2 of 3")
    place = f"--namespace={stack.name}"

    def bring_up(size: str) -> tuple[set[str], set[str]]:
        """Pods and their set by identity, and what claims ask for."""
        config = stack.config()
        config["flyball:services"]["web"]["data"] = {"path": "/data", "size": size, "class": growing}
        stack.write(config)
        world.run(stack, "up")
        claims = kubectl.json("get", "persistentvolumeclaims", place)["items"]
        there = kubectl.json("get", "pods,statefulsets", place)["items"]
        return (
            {each["metadata"]["uid"] for each in there},
            {each["spec"]["resources"]["requests"]["storage"] for each in claims},
        )

    try:
        before, asked = bring_up("1Gi")
        assert (len(before), asked) == (4, {"1Gi"})
        assert bring_up("2Gi") == (before, {"2Gi"})
    finally:
        world.run(stack, "down")


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
