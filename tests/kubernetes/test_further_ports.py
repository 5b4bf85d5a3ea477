"""Callers of a further port go there past the proxy: let in, and let out."""

from typing import Any

from tests.kubernetes.programs import SERVICE, objects

from flyball.kubernetes import Services


def out(*callers: str) -> dict[str, list[Any]]:
    """By workload what its policy lets out to the further ports of cart."""
    probes = {"readiness": {"exec": ["ready"]}, "liveness": {"exec": ["alive"]}}
    ports = {
        "admin": {"port": 9000, "callers": [*callers]},
        "stats": {"port": 9125, "service": 125, "protocol": "udp", "callers": ["front"]},
    }
    given: Any = {
        "namespace": "shop",
        "services": {
            "cart": {**SERVICE, "ports": ports},
            "front": {**SERVICE, "migrate": {"command": ["migrate"]}},
            "worker": {"image": SERVICE["image"], "load": SERVICE["load"], "probes": probes},
        },
        "jobs": {"report": {"image": SERVICE["image"]}},
        "caches": {"sessions": {"memory": "1Gi", "ttl": "1h"}},
    }
    return {
        name.removeprefix("NetworkPolicy "): led
        for name, each in objects(lambda: Services("shop", given)).items()
        if name.startswith("NetworkPolicy ")
        and (led := [rule for rule in each["spec"].get("egress", []) if rule["ports"][0]["port"] in (9000, 9125, 125)])
    }


def test_of_the_set_go_out_there_too() -> None:
    cart = {"podSelector": {"matchLabels": {"app.kubernetes.io/name": "cart"}}}
    admin = {"to": [cart], "ports": [{"protocol": "TCP", "port": 9000}]}
    stats = {"to": [cart], "ports": [{"protocol": "UDP", "port": 9125}]}
    assert out("front", "front-migrate", "worker", "report", "cart", "elsewhere", "trade/desk") == {
        "cart": [admin],
        "front": [admin, stats],
        "front-migrate": [admin],
        "worker": [admin],
        "report": [admin],
    }


def test_all_of_the_namespace_do() -> None:
    assert [*out("shop/*")] == ["cart", "front", "front-migrate", "report", "worker"]


def test_others_do_not() -> None:
    assert [*out("trade/*", "elsewhere")] == ["front"]
