"""The proxy beside an application: when it is there, how it is found, and what it must not take."""

from typing import Any

import pytest
from tests.kubernetes.programs import Objects, arguments, config_lines, objects, workload

from flyball.guards.reading.problem import Refused
from flyball.kubernetes import Workload

CALLS: dict[str, Any] = {
    "payment": {"port": 5000, "protocol": "http", "timeout": "300ms"},
    "redis": {"port": 6379, "protocol": "tcp", "timeout": "300ms"},
    "9.example.org": {"host": "9.example.org", "port": 443, "protocol": "grpc", "timeout": "300ms"},
}


def pod(found: Objects, deployment: str = "web") -> dict[str, Any]:
    return found[f"Deployment {deployment}"]["spec"]["template"]["spec"]


def config_map(found: Objects) -> dict[str, Any]:
    (one,) = (manifest for name, manifest in found.items() if name.startswith("ConfigMap "))
    return one


def test_each_call_has_its_address_in_a_variable() -> None:
    """Before all others, which may name it: Kubernetes fills in only what stands earlier."""
    found = workload(calls=CALLS, env={"CACHE": "redis://$(REDIS_ADDR)/0"})
    assert pod(found)["containers"][0]["env"] == [
        {"name": "_9_EXAMPLE_ORG_ADDR", "value": "127.0.0.1:21010"},
        {"name": "PAYMENT_URL", "value": "http://127.0.0.1:21011"},
        {"name": "REDIS_ADDR", "value": "127.0.0.1:21012"},
        {"name": "CACHE", "value": "redis://$(REDIS_ADDR)/0"},
    ]
    lines = config_lines(config_map(found)["data"]["haproxy.cfg"])
    binds = {head: next(iter(list(line)[1:])) for head, line in lines.items() if head.startswith("frontend call.")}
    assert binds == {
        "frontend call.9.example.org": "bind 127.0.0.1:21010 proto h2",
        "frontend call.payment": "bind 127.0.0.1:21011",
        "frontend call.redis": "bind 127.0.0.1:21012",
    }


@pytest.mark.parametrize("source", ["env", "secrets", "refs"])
def test_what_is_set_already_is_never_replaced(source: str) -> None:
    value: Any = {"name": "a", "key": "b"} if source == "refs" else "http://elsewhere"
    with pytest.raises(Refused) as refused:
        workload(calls={"payment": {"port": 1, "protocol": "http"}}, **{source: {"PAYMENT_URL": value}})
    assert str(refused.value) == (
        f"web.{source}.PAYMENT_URL: is the address that flyball sets for payment;"
        " remove it there, or name another one in calls.payment.variable"
    )


def test_two_calls_cannot_share_a_variable() -> None:
    quick = {"port": 1, "protocol": "http", "timeout": "100ms"}
    with pytest.raises(Refused, match=r"^web.calls.a.b.variable: A_B_URL is that of a-b too; name another one$"):
        workload(calls={"a-b": quick, "a.b": quick})


def test_the_port_of_a_callee_must_be_known() -> None:
    with pytest.raises(Refused) as refused:
        workload(calls={"cart": {}})
    hint = "or put both into one Services, which finds out by itself"
    assert str(refused.value).splitlines() == [
        f"web.calls.cart.port: is missing; say the port of its Service, {hint}",
        f"web.calls.cart.protocol: is missing; say what it speaks, {hint}",
    ]
    assert not any(name.startswith("ConfigMap") for name in workload(calls={"cart": {}}, proxy={"enabled": False}))


@pytest.mark.parametrize(
    ("more", "where", "whose"),
    [
        ({"port": 21_000}, "inbound.port", "21000 is the port of the application"),
        ({"port": 21_001}, "port", "21001 is the port of the proxy's metrics"),
        (
            {"port": 21_010, "calls": {"cart": {"port": 1, "protocol": "http"}}},
            "port",
            "21010 is the port of the call cart",
        ),
        ({"inbound": {"port": 21_001}}, "inbound.port", "21001 is the port of the proxy's metrics"),
    ],
)
def test_no_two_parts_listen_on_one_port(more: dict[str, Any], where: str, whose: str) -> None:
    with pytest.raises(Refused) as refused:
        workload(**more)
    assert str(refused.value).startswith(f"web.{where}: {whose}; choose another one")


@pytest.mark.parametrize(
    "more", [{"inbound": {"enabled": False}}, {"proxy": {"enabled": False}}], ids=["guard", "proxy"]
)
def test_without_anything_to_do_there_is_none(more: dict[str, Any]) -> None:
    found = workload(**more)
    assert not any(name.startswith("ConfigMap") for name in found)
    assert "initContainers" not in pod(found)
    assert found["Service web"]["spec"]["ports"][0]["targetPort"] == "main"
    assert "ingress" not in found["NetworkPolicy web"]["spec"]


def test_the_service_and_the_policy_lead_to_the_guard() -> None:
    found = workload(callers=["shop"])
    assert found["Service web"]["spec"]["ports"][0]["targetPort"] == 21_000
    assert found["NetworkPolicy web"]["spec"]["ingress"][-1]["ports"] == [{"protocol": "TCP", "port": 21_000}]


def test_a_change_of_the_configuration_rolls_out() -> None:
    one, other = workload(), workload(inbound={"slow": "1s"})
    for found in (one, other):
        volume = next(v for v in pod(found)["volumes"] if v["name"] == "proxy")
        assert volume == {"name": "proxy", "configMap": {"name": config_map(found)["metadata"]["name"]}}
        assert config_map(found)["immutable"] is True
    assert config_map(one)["metadata"]["name"] != config_map(other)["metadata"]["name"]


def test_both_parts_of_a_workload_on_spot_have_it() -> None:
    found = workload(zones=["a", "b"], spot={})
    assert pod(found)["initContainers"] == pod(found, "web-spot")["initContainers"]


def test_only_the_application_is_measured() -> None:
    metrics = workload()["HorizontalPodAutoscaler web"]["spec"]["metrics"]
    assert [metric["containerResource"]["container"] for metric in metrics] == ["web"]


def test_probes_ask_the_application_past_the_proxy_and_the_proxy_by_itself() -> None:
    spec = pod(workload())
    ports = [
        {
            probe: next(iter(c[probe][kind]["port"] for kind in ("httpGet", "tcpSocket") if kind in c[probe]))
            for probe in PROBES
        }
        for c in (*spec["containers"], *spec["initContainers"])
    ]
    assert ports == [dict.fromkeys(PROBES, 8080), dict.fromkeys(PROBES, 21_001)]


PROBES = ("startupProbe", "readinessProbe", "livenessProbe")


def test_it_leaves_within_the_time_that_is_left_after_the_application() -> None:
    found = workload(shutdown={"prestop": "10s", "drain": "40s", "stop": "8s"})
    assert pod(found)["terminationGracePeriodSeconds"] == 58
    assert "hard-stop-after 8000ms" in config_lines(config_map(found)["data"]["haproxy.cfg"])["global"]


def test_grpc_is_http_2_from_end_to_end() -> None:
    found = workload(protocol="grpc", calls={"cart": {"port": 1, "protocol": "grpc"}})
    lines = config_lines(config_map(found)["data"]["haproxy.cfg"])
    ends = {
        head: [line for line in inner if line.startswith(("bind ", "server "))]
        for head, inner in lines.items()
        if head in ("frontend inbound", "backend app", "frontend call.cart", "backend to.cart")
    }
    assert all(end.endswith(" proto h2") for inner in ends.values() for end in inner)
    assert sum(map(len, ends.values())) == 6


@pytest.mark.parametrize(("prestop", "seconds"), [("10s", 9), ("1s", 0)])
def test_clients_of_grpc_are_told_to_go_elsewhere_before_the_application_ends(prestop: str, seconds: int) -> None:
    """By a reload; the process that it relieves stays for as long as calls may be under way."""
    found = workload(protocol="grpc", shutdown={"prestop": prestop, "drain": "40s", "stop": "8s"})
    (proxy,) = [it for it in pod(found)["initContainers"] if it["name"] == "proxy"]
    assert proxy["lifecycle"]["preStop"] == {
        "exec": {"command": ["sh", "-c", f"sleep {seconds}; kill -USR2 1 || pkill -USR2 -o haproxy"]}
    }
    assert "hard-stop-after 49000ms" in config_lines(config_map(found)["data"]["haproxy.cfg"])["global"]


def test_names_of_two_workloads_do_not_meet() -> None:
    found = objects(lambda: [Workload(name, arguments()) for name in ("a", "b")])
    assert len([name for name in found if name.startswith("ConfigMap")]) == 2
