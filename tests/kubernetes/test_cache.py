"""A `Cache` by itself and in a set: its objects, who may reach it, and what its callers are told."""

import json
from pathlib import Path
from typing import Any

import pytest
from tests.expected import documents
from tests.kubernetes.programs import SERVICE, Objects, objects

from flyball.deploy.program import run_program
from flyball.guards.reading.problem import Refused
from flyball.kubernetes import Cache, CacheArgs, Services, ServicesArgs

PASSWORD = "correct-horse-battery"
CACHES: dict[str, Any] = {
    "sessions": {"memory": "1Gi", "ttl": "1h", "clients": 500, "survive": "node"},
    "pages": {"memory": "256Mi", "ttl": "10m", "password": PASSWORD, "callers": ["trade/front"]},
}
FRONT = {**SERVICE, "public": True, "calls": {"sessions": {}, "pages": {"timeout": "50ms"}}}


def shop(caches: dict[str, Any], **services: Any) -> Objects:
    args = ServicesArgs(services=services, caches=caches, namespace="shop")
    return objects(lambda: Services("shop", args))


@pytest.fixture(scope="module")
def found() -> Objects:
    return shop(CACHES, front=FRONT)


def alone(**more: Any) -> Objects:
    args: Any = {"memory": "256Mi", "ttl": "1h", "callers": ["front"], **more}
    return objects(lambda: Cache("sessions", CacheArgs(**args)))


def test_objects_are_exactly_these(found: Objects) -> None:
    written = documents(Path(__file__).parent / "caches.yaml")
    expected = {f"{o['kind']} {o['metadata']['name']}": o for o in written}
    ours = {name: manifest for name, manifest in found.items() if not name.split()[1].startswith("front")}
    assert ours == expected


def container(found: Objects, name: str, workload: str) -> dict[str, Any]:
    pod = found[workload]["spec"]["template"]["spec"]
    return next(each for each in pod["containers"] if each["name"] == name)


def variables(found: Objects, name: str, workload: str) -> dict[str, Any]:
    env = container(found, name, workload).get("env", [])
    return {each["name"]: each.get("value", each.get("valueFrom")) for each in env}


def test_a_caller_is_told_where_it_is_how_long_keys_live_and_its_password(found: Objects) -> None:
    def kept(secret: str) -> dict[str, Any]:
        return {"secretKeyRef": {"name": secret, "key": "password"}}

    assert variables(found, "front", "Deployment front") == {
        "PAGES_ADDR": "127.0.0.1:21010",
        "PAGES_PASSWORD": kept("pages-password"),
        "PAGES_TTL": "600",
        "SESSIONS_ADDR": "127.0.0.1:21011",
        "SESSIONS_PASSWORD": kept("sessions-password"),
        "SESSIONS_TTL": "3600",
    }
    (config,) = [o["data"]["haproxy.cfg"] for name, o in found.items() if name.startswith("ConfigMap front-proxy")]
    assert "sessions.shop.svc.cluster.local:6379" in config


def test_a_caller_may_go_there_and_callers_alone_may_come(found: Objects) -> None:
    out = found["NetworkPolicy front"]["spec"]["egress"]
    for name in ("sessions", "pages"):
        pods = {"podSelector": {"matchLabels": {"app.kubernetes.io/name": name}}}
        assert {"to": [pods], "ports": [{"protocol": "TCP", "port": 6379}]} in out
    came = {
        name: [peer for rule in policy["spec"]["ingress"] if rule["ports"][0]["port"] == 6379 for peer in rule["from"]]
        for name, policy in found.items()
        if name in ("NetworkPolicy sessions", "NetworkPolicy pages")
    }
    front = {"podSelector": {"matchLabels": {"app.kubernetes.io/name": "front"}}}
    trade = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "trade"}}}
    assert came == {"NetworkPolicy sessions": [front], "NetworkPolicy pages": [front, {**trade, **front}]}


def test_a_password_is_in_its_secret_and_nowhere_else(found: Objects) -> None:
    holders = [name for name, manifest in found.items() if PASSWORD in json.dumps(manifest)]
    assert holders == ["Secret pages-password"]
    assert "Secret sessions-password" not in found


def test_another_password_replaces_the_pods() -> None:
    def notes(password: str) -> dict[str, str]:
        return alone(password=password)["StatefulSet sessions"]["spec"]["template"]["metadata"]["annotations"]

    assert notes(PASSWORD) == notes(PASSWORD) != notes("another-long-password")


def test_so_does_another_configuration() -> None:
    def note(**more: Any) -> str:
        notes = alone(**more)["StatefulSet sessions"]["spec"]["template"]["metadata"]["annotations"]
        return notes["flyball.dev/configuration"]

    assert note() == note(cpu="300m") != note(eviction="allkeys-lfu")


def test_by_itself_it_says_who_calls_it() -> None:
    args: Any = {"memory": "1Gi", "ttl": "1h"}
    with pytest.raises(Refused) as refused:
        objects(lambda: Cache("sessions", args))
    assert str(refused.value) == (
        "sessions.callers: is missing, and nobody could call it; name who may call it, as [front], or [] for nobody;"
        " Services finds out by itself"
    )


def test_by_itself_it_has_a_priority_unless_one_is_named() -> None:
    assert alone()["PriorityClass default.sessions"]["value"] == 1000
    named = alone(priority="high")
    assert not [name for name in named if name.startswith("PriorityClass")]
    assert named["StatefulSet sessions"]["spec"]["template"]["spec"]["priorityClassName"] == "high"


def test_fewer_clients_than_pods_that_call_it_are_refused_before_anything_is_made() -> None:
    with pytest.raises(Refused, match=r"shop\.caches\.sessions\.clients: is 4, and front may have \d+ pods"):
        shop({"sessions": {**CACHES["sessions"], "clients": 4}}, front={**FRONT, "calls": {"sessions": {}}})


def test_a_stack_file_gives_the_same(found: Objects) -> None:
    root = Path(__file__).parents[2]
    outer = {"environment": "dev", "owner": "shop", "namespace": "shop", "cluster": "there"}
    config = {
        **outer,
        "caches": {"sessions": CACHES["sessions"]},
        "services": {"front": {**FRONT, "calls": {"sessions": {}}}},
    }
    made = {
        f"{r.inputs['kind']} {r.inputs['metadata']['name']}": r
        for r in run_program(root, "dev", config)
        if r.inputs.get("kind")
    }
    assert made["StatefulSet sessions"].inputs["spec"] == found["StatefulSet sessions"]["spec"]
    assert made["ConfigMap sessions-cache"].inputs["data"] == found["ConfigMap sessions-cache"]["data"]
