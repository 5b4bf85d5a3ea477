"""A stack with a Governor, by the command alone: held to its limits, changed, frozen, and brought down."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.cluster.conftest import built
from tests.cluster.scaling.service import wait
from tests.cluster.shop import Shop

from flyball.kubectl import KubectlError
from flyball.lab.cluster import control_plane as planes
from flyball.lab.cluster import keda, metrics

pytestmark = pytest.mark.cluster

SERVICE: dict[str, Any] = {
    "image": "registry.example/web:1.4.2",
    "port": 8080,
    "load": {"peak": 100, "replica": 20},
    "proven": 16,
    "rollout": {"settle": "1s"},
}
ORDERS: dict[str, Any] = {
    "image": "registry.example/orders:3.5",
    "port": 8080,
    "load": {"peak": 30, "replica": 20},
    "rollout": {"settle": "1s"},
    "quorum": "2 of 3",
    "data": {"path": "/var/lib/orders", "size": "10Gi"},
}
NIGHT = {"windows": [{"start": "0 22 * * *", "end": "0 6 * * *", "peak": 20}]}
CONFIG: dict[str, Any] = {
    "flyball:environment": "local",
    "flyball:owner": "shop",
    "flyball:namespace": "shop",
    "flyball:cluster": "local",
    "flyball:zones": ["local-a", "local-b"],
    "flyball:governor": {},
    "flyball:services": {
        "web": SERVICE,
        "timed": SERVICE | {"schedule": NIGHT},
        "cheap": SERVICE | {"spot": {}},
        "orders": ORDERS,
    },
    "flyball:caches": {"sessions": {"memory": "1Gi", "ttl": "1h", "survive": "node"}},
    "flyball:jobs": {
        "report": {"image": "registry.example/job:1", "schedule": "0 4 * * *", "calls": {"web": {"timeout": "2s"}}},
        "migrate": {"image": "registry.example/job:1", "ttl": "1h"},
    },
}
AUTOMATION = ("--as=system:serviceaccount:shop:deployer", "--as-group=system:masters")
"""A deployment tool with all rights that RBAC can give."""


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    built(*planes.PROGRAMS, *keda.PROGRAMS, metrics.PROGRAM)
    name = f"test-{os.getpid()}-governed"
    shop = Shop(tmp_path_factory.mktemp("stack") / f"Pulumi.{name}.yaml", name)
    shop.write(CONFIG)
    try:
        shop.run("up")
        wait(lambda: refusal(shop, "scale", "deployment/web", "--replicas=0", *AUTOMATION), "the policies")
        yield shop
    finally:
        planes.stop(name)


def refusal(stack: Shop, *command: str, namespace: str = "shop") -> str:
    """What the server says against the command, which it only tries out; empty if it would do it."""
    try:
        stack.kubectl.run(*command, f"--namespace={namespace}", "--dry-run=server")
    except KubectlError as error:
        return str(error)
    return ""


def scaled(stack: Shop, deployment: str, replicas: int, *more: str) -> str:
    return refusal(stack, "scale", f"deployment/{deployment}", f"--replicas={replicas}", *more)


def test_again_changes_nothing(stack: Shop) -> None:
    assert "0 changed (0 created, 0 changed, " in stack.run("up")
    assert stack.run("up", "--preview").strip() == "nothing would change"


def test_no_limit_stops_a_job(stack: Shop) -> None:
    """Its pods are made and end, and none of them is counted as one of a service."""
    stack.kubectl.run("create", "job", "now", "--from=cronjob/report", "--namespace=shop")

    def ended() -> list[str]:
        items = stack.kubectl.json("get", "jobs", "--namespace=shop")["items"]
        done = [item["metadata"]["name"] for item in items if item.get("status", {}).get("succeeded") == 1]
        return sorted(name.partition("-")[0] for name in done)

    wait(lambda: ended() == ["migrate", "now"], "the end of both runs")


def test_every_writer_is_held_to_the_limits(stack: Shop) -> None:
    assert "8 -> 7 replicas asked, the lowest allowed now is 8 (floor 8, ceiling 24)" in scaled(stack, "web", 7)
    assert "8 -> 20 replicas asked, the highest allowed now is 16" in scaled(stack, "web", 20)
    assert scaled(stack, "web", 16) == ""
    assert "(floor 7, ceiling 7)" in scaled(stack, "cheap", 8)
    assert "(floor 1, ceiling 17)" in scaled(stack, "cheap-spot", 18)
    assert "may not be deleted" in refusal(stack, "delete", "deployment", "timed", *AUTOMATION)
    assert "may not be deleted" in refusal(stack, "delete", "scaledobject", "timed", *AUTOMATION)
    cache = ("scale", "statefulset/sessions")
    none = refusal(stack, *cache, "--replicas=0", *AUTOMATION)
    assert "sessions: 2 -> 0 replicas asked, the lowest allowed now is 2 (floor 2, ceiling 2)" in none
    assert "(floor 2, ceiling 2)" in refusal(stack, *cache, "--replicas=3")
    for kind, name in (("statefulset", "sessions"), ("service", "sessions-peers"), ("configmap", "sessions-cache")):
        assert "may not be deleted" in refusal(stack, "delete", kind, name, *AUTOMATION)


def test_members_keep_their_number_their_volumes_and_their_quorum(stack: Shop) -> None:
    pods = ("get", "pods", "--namespace=shop", "--selector=app.kubernetes.io/name=orders")
    nodes = {pod["metadata"]["name"]: pod["spec"]["nodeName"] for pod in stack.kubectl.json(*pods)["items"]}
    assert sorted(nodes) == ["orders-0", "orders-1", "orders-2"]
    assert len(set(nodes.values())) == 3
    claims = stack.kubectl.json("get", "persistentvolumeclaims", "--namespace=shop")["items"]
    bound = {claim["metadata"]["name"]: claim["status"]["phase"] for claim in claims}
    assert bound == {f"data-orders-{i}": "Bound" for i in range(3)}
    for size in (2, 4):
        said = refusal(stack, "scale", "statefulset/orders", f"--replicas={size}", *AUTOMATION)
        assert f"orders: 3 -> {size} replicas asked" in said
        assert "(floor 3, ceiling 3)" in said
    assert "may not be deleted" in refusal(stack, "delete", "service", "orders-peers", *AUTOMATION)
    budget = stack.kubectl.json("get", "poddisruptionbudget", "orders", "--namespace=shop")["status"]
    assert (budget["expectedPods"], budget["desiredHealthy"], budget["disruptionsAllowed"]) == (3, 2, 1)


LARGER = {"orders": ORDERS | {"data": {"path": "/var/lib/orders", "size": "20Gi"}}}


def test_volumes_that_their_class_lets_nobody_grow_are_refused_before(stack: Shop) -> None:
    services = CONFIG["flyball:services"] | {"web": SERVICE | {"port": 8081}} | LARGER
    stack.write(CONFIG | {"flyball:services": services})
    try:
        for command in (("up",), ("up", "--preview")):
            said = " ".join(stack.run(*command, code=1).split())
            assert (
                "services.orders.data.size: is 20Gi, and the volumes of orders have 10Gi; their class, standard, lets"
                " none grow" in said
            )
        web = stack.kubectl.json("get", "deployment", "web", "--namespace=shop")
        assert web["spec"]["template"]["spec"]["containers"][0]["ports"][0]["containerPort"] == 8080
        assert asked(stack) == {f"data-orders-{i}": "10Gi" for i in range(3)}
    finally:
        stack.write(CONFIG)


def asked(stack: Shop) -> dict[str, str]:
    """What the claims of members ask for."""
    claims = stack.kubectl.json("get", "persistentvolumeclaims", "--namespace=shop")["items"]
    return {each["metadata"]["name"]: each["spec"]["resources"]["requests"]["storage"] for each in claims}


def test_limits_change_with_the_stack_file(stack: Shop) -> None:
    """A higher peak raises floor and ceiling at once, and what leaves the file is pruned, for people only.

    A pair of caches becomes a single one and a pair again, both of which its limits would refuse to anybody else.
    """
    services = CONFIG["flyball:services"]
    raised = services["web"] | {"load": {"peak": 200, "replica": 20}, "proven": 30}
    caches = {"flyball:caches": {"sessions": {"memory": "1Gi", "ttl": "1h"}}}
    stack.write(CONFIG | {"flyball:services": {"web": raised, "timed": services["timed"]}} | caches)
    try:
        printed = stack.run("up")
        assert "changed configmap/flyball-limits" in printed
        assert "pruned deployment.apps/cheap-spot" in printed
        hpa = stack.kubectl.json("get", "hpa", "web", "--namespace=shop")["spec"]
        assert (hpa["minReplicas"], hpa["maxReplicas"]) == (14, 45)
        wait(lambda: stack.replicas("web") == 14, "the autoscaler to go to the new floor")
        assert "(floor 14, ceiling 45)" in scaled(stack, "web", 13)
        one = refusal(stack, "scale", "statefulset/sessions", "--replicas=0", *AUTOMATION)
        assert "1 -> 0 replicas asked, the lowest allowed now is 1 (floor 1, ceiling 1)" in one
    finally:
        stack.write(CONFIG)
        stack.run("up")
    assert stack.kubectl.json("get", "statefulset", "sessions", "--namespace=shop")["status"]["availableReplicas"] == 2


def test_a_freeze_from_the_command_to_the_deployment_tool(stack: Shop) -> None:
    assert stack.run("frozen").strip() == "not frozen"
    away = ("delete", stack.kubectl.run("get", "nodes", "--output=name").split()[0])
    assert refusal(stack, *away, *AUTOMATION) == ""

    printed = stack.run("freeze", "--reason", "queue migration", "--for", "2h", "--by", "mira")

    assert printed.startswith("frozen by mira since ")
    assert "(queue migration); meant to end " in printed
    wait(lambda: "frozen by mira (queue migration)" in refusal(stack, *away, *AUTOMATION), "the freeze")
    assert refusal(stack, *away) == ""
    refused = stack.run("freeze", "--reason", "another one", "--by", "otto", code=1)
    assert "freeze: was set already by mira (queue migration)" in refused
    assert "frozen by mira" in stack.run("up")
    assert "a freeze is changed and lifted by people" in refusal(
        stack, "delete", "configmap", "freeze", *AUTOMATION, namespace="flyball-system"
    )
    assert "(done soon); no end was given" in stack.run("freeze", "--reason", "done soon", "--by", "mira")
    assert stack.run("unfreeze").startswith("lifted: frozen by mira since ")
    assert stack.run("unfreeze").strip() == "it was not frozen"


def test_a_forgotten_freeze_is_reported(stack: Shop) -> None:
    stack.run("freeze", "--reason", "a moment", "--for", "1ms", "--by", "mira")
    try:
        assert "FORGOTTEN for 1m?" in stack.run("frozen", code=1)
    finally:
        stack.run("unfreeze")


def test_a_stack_that_is_not_up_cannot_be_frozen(tmp_path: Path) -> None:
    shop = Shop(tmp_path / "Pulumi.nowhere.yaml", "nowhere")
    shop.write(CONFIG)
    said = shop.run("freeze", "--reason", "queue migration", code=1)
    assert "cluster: the control plane nowhere does not run on this machine" in said


def test_a_robot_without_the_right_to_limits_changes_nothing_and_with_the_role_all(stack: Shop, tmp_path: Path) -> None:
    """Every right that RBAC has is not enough; what is applied without its limits would be open to everybody."""
    services = {"web": SERVICE | {"proven": 8}}
    shop = Shop(tmp_path / "Pulumi.robot.yaml", "robot")
    shop.write(
        CONFIG
        | {"flyball:cluster": "robot", "flyball:namespace": "robot", "flyball:services": services}
        | {"flyball:governor": {"policies": False}}
    )
    stack.kubectl.run("create", "serviceaccount", "all-rights", "--namespace=default")
    account = "--serviceaccount=default:all-rights"
    stack.kubectl.run("create", "clusterrolebinding", "all-rights", "--clusterrole=cluster-admin", account)
    stack.kubectl.run("create", "serviceaccount", "pipeline", "--namespace=default")
    own = "--serviceaccount=default:pipeline"
    stack.kubectl.run("create", "clusterrolebinding", "pipeline", "--clusterrole=flyball-deploy", own)

    said = " ".join(shop.run("up", code=1, env=_as_robot(stack, "all-rights", tmp_path)).split())

    assert "governor: system:serviceaccount:default:all-rights may not change limits" in said
    assert "its rights are to everything and so do not count; bind the ClusterRole flyball-deploy" in said
    assert stack.kubectl.run("get", "namespace", "robot", "--ignore-not-found") == ""
    as_pipeline = _as_robot(stack, "pipeline", tmp_path)
    assert "0 changed" in shop.run("up", env=as_pipeline)
    assert "0 changed (0 created, 0 changed, " in shop.run("up", env=as_pipeline)
    assert "may not be deleted" in refusal(stack, "delete", "deployment", "web", *AUTOMATION, namespace="robot")


def _as_robot(stack: Shop, account: str, folder: Path) -> dict[str, str]:
    """A kubeconfig of the user's own with a context `robot`, which is the service account."""
    token = stack.kubectl.run("create", "token", account, "--namespace=default").strip()
    config = stack.kubectl.json("config", "view", "--flatten", "--raw")
    cluster = {"cluster": config["clusters"][0]["name"], "user": "robot"}
    config |= {
        "contexts": [{"name": "robot", "context": cluster}],
        "users": [{"name": "robot", "user": {"token": token}}],
        "current-context": "robot",
    }
    file = folder / f"{account}.kubeconfig"
    file.write_text(json.dumps(config))
    return {"KUBECONFIG": str(file)}


def test_volumes_grow_and_no_member_is_disturbed(stack: Shop) -> None:
    """The last one, since no volume shrinks again."""
    members = ("get", "pods,statefulsets", "--namespace=shop", "--selector=app.kubernetes.io/name=orders")

    def there() -> set[str]:
        return {each["metadata"]["uid"] for each in stack.kubectl.json(*members)["items"]}

    before = there()
    stack.kubectl.run("patch", "storageclass", "standard", '--patch={"allowVolumeExpansion":true}')
    stack.write(CONFIG | {"flyball:services": CONFIG["flyball:services"] | LARGER})
    told = "orders: its volumes grow from 10Gi to 20Gi"
    assert told in stack.run("up", "--preview")
    assert asked(stack) == {f"data-orders-{i}": "10Gi" for i in range(3)}
    assert told in stack.run("up", progress=True)
    assert asked(stack) == {f"data-orders-{i}": "20Gi" for i in range(3)}
    assert there() == before
    again = stack.run("up", progress=True)
    assert "0 changed (0 created, 0 changed, " in again
    assert told not in again
