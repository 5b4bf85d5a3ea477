"""What a configuration means: services with the stack's defaults, who calls whom, and what goes wrong together."""

import copy
from typing import Any, get_type_hints

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.examples import so_many

from flyball.guards.clean_up.nodes import Nodes
from flyball.guards.reading.problem import Refused
from flyball.guards.reading.units import show_size
from flyball.guards.timeouts.deadlines import Promise, Times
from flyball.guards.workload.limits import Governed
from flyball.guards.workload.names import Caller
from flyball.guards.workload.resolve import Place
from flyball.stack.read import examine, read
from flyball.stack.schema import Encrypted, JobArgs, ServiceArgs, StackArgs


def _service(**more: Any) -> dict[str, Any]:
    return {"image": "example.org/app:1.0", "port": 8080, "load": {"peak": 100, "replica": 50}, **more}


def _config(services: Any, **more: Any) -> dict[str, Any]:
    outer = {"environment": "test", "owner": "shop", "namespace": "shop", "cluster": "local"}
    return {**outer, "services": services, **more}


def _problems(config: dict[str, Any], **options: Any) -> list[str]:
    return [str(problem) for problem in examine(config, **options)[1]]


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ({}, None),
        ({"governor": {}}, Governed(policies=True)),
        ({"governor": {"enabled": True, "policies": False}}, Governed(policies=False)),
        ({"governor": {"enabled": False}}, None),
    ],
)
def test_a_governor(given: dict[str, Any], wanted: Governed | None) -> None:
    assert read(_config({"web": _service()}, **given)).governor == wanted


def test_a_stack() -> None:
    config = _config({"web": _service()}, zones=["a", "b"], nodes={"count": 4})
    stack = read(config)
    assert stack.place == Place("shop", ("a", "b"), "test", "shop", "flyball-shop", "flyball.shop.jobs")
    assert (stack.cluster, stack.zones, stack.nodes) == ("local", ("a", "b"), Nodes(count=4))
    web = stack.services["web"]
    assert web.given == config["services"]["web"]
    assert (web.sizing.need, web.sizing.floor, web.sizing.target, web.sizing.ceiling) == (3, 4, 60, 6)


def test_zones_and_nodes_may_be_left_out() -> None:
    stack = read(_config({"web": _service()}))
    assert (stack.zones, stack.nodes) == ((), Nodes())


def test_who_calls_whom() -> None:
    calls = {"cart": {"timeout": "1s", "connect": "50ms"}}
    services = {
        "web": _service(calls=calls),
        "ads": _service(calls=calls),
        "cart": _service(deadline="1s", calls={"db": {"host": "db.example.org", "port": 5432, "timeout": "500ms"}}),
    }
    stack = read(_config(services))
    assert stack.services["cart"].callers == (Caller("shop", "ads"), Caller("shop", "web"))
    assert stack.services["web"].callers == ()
    assert stack.promises["web"] == Promise(2000, {"cart": Times(connect=50, timeout=1000)})
    assert stack.promises["cart"] == Promise(1000, {"db": Times(timeout=500, outside=True)})


class TestDefaults:
    def test_go_into_every_service_key_by_key(self) -> None:
        defaults = {"protocol": "grpc", "resources": {"cpu": "100m", "limits": {"memory": "512Mi"}}, "env": {"A": "1"}}
        own = {"protocol": "http", "resources": {"limits": {"cpu": "1"}}, "env": {"B": "2"}}
        stack = read(_config({"web": _service(**own), "cart": _service()}, defaults=defaults))
        web, cart = stack.services["web"], stack.services["cart"]
        assert web.given["resources"] == {"cpu": "100m", "limits": {"memory": "512Mi", "cpu": "1"}}
        assert web.given["env"] == {"A": "1", "B": "2"}
        assert (web.spec.protocol, cart.spec.protocol) == ("http", "grpc")
        assert (web.spec.resources.cpu, web.spec.resources.cpu_limit) == (100, 1000)
        assert (cart.spec.resources.cpu, cart.spec.resources.cpu_limit) == (100, 200)
        assert show_size(cart.spec.resources.memory_limit) == "512Mi"

    def test_lists_are_replaced(self) -> None:
        stack = read(_config({"web": _service(arguments=["b"])}, defaults={"arguments": ["a", "c"]}))
        assert stack.services["web"].given["arguments"] == ["b"]

    def test_leave_the_configuration_as_it_was(self) -> None:
        config = _config({"web": _service(resources={"cpu": "1"})}, defaults={"resources": {"memory": "1Gi"}})
        before = copy.deepcopy(config)
        read(config)
        assert config == before

    def test_may_lack_what_the_services_add(self) -> None:
        services = {"web": {"port": 8080, "load": {"peak": 100}}}
        stack = read(_config(services, defaults={"image": "example.org/app:1.0", "load": {"replica": 50}}))
        assert stack.services["web"].given == _service()

    def test_what_breaks_every_service_is_said_once(self) -> None:
        services = {"web": _service(), "cart": _service(), "ads": _service(lose=1)}
        message = "defaults.lose: is 0; allowed is from 1 to 100000"
        assert _problems(_config(services, defaults={"lose": 0})) == [message]

    def test_what_breaks_some_services_names_them(self) -> None:
        services = {"web": _service(), "cart": _service(deadline="40s")}
        assert _problems(_config(services, defaults={"shutdown": {"drain": "30s"}})) == [
            "defaults.shutdown.drain: in cart: 30s is less than the deadline of 40s;"
            " requests under way would be cut off; raise drain or lower the deadline"
        ]


class TestSecrets:
    def test_are_encrypted_in_the_file(self) -> None:
        config = _config({"web": _service(secrets={"TOKEN": Encrypted("AAABAExample")})})
        assert _problems(config) == []

    def test_may_be_plain_once_decrypted(self) -> None:
        config = _config({"web": _service(secrets={"TOKEN": "hunter2"})})
        assert _problems(config, decrypted=True) == []
        with pytest.raises(Refused, match=r"^services\.web\.secrets\.TOKEN: is a secret in plain text"):
            read(config)

    def test_never_reach_a_message(self) -> None:
        config = _config({"web": _service(secrets={"TOKEN": "hunter2"}, image=Encrypted("hunter2"))}, owner="a b")
        assert len(_problems(config)) == 3
        assert "hunter2" not in "\n".join(_problems(config))


def test_problems_come_with_what_could_be_read() -> None:
    services = {"web": _service(port=70000), "cart": _service()}
    stack, problems = examine(_config(services))
    assert [str(problem) for problem in problems] == ["services.web.port: is 70000; allowed is from 1 to 65535"]
    assert list(stack.services) == ["cart"]
    assert list(stack.promises) == ["web", "cart"]


def test_a_number_where_the_cli_would_hand_over_text_is_refused() -> None:
    assert _problems(_config({"web": _service()}, owner=7)) == ["owner: is the number 7, not text; quote it"]


def test_a_thousand_services_with_one_mistake() -> None:
    services = {f"s{i}": _service() for i in range(1000)}
    services["s999"] = _service(port=0)
    assert _problems(_config(services)) == ["services.s999.port: is 0; allowed is from 1 to 65535"]


@pytest.mark.parametrize("cluster", ["", " ", "a\0", "a\nb", "\x1b", "aws"])
def test_a_cluster_that_no_kubeconfig_has(cluster: str) -> None:
    """It becomes an argument of kubectl, which can hold no NUL."""
    config = {**_config({"web": _service()}), "cluster": cluster}
    assert [str(problem) for problem in examine(config)[1]] == [
        f"cluster: {cluster!r} is no cluster; allowed are local, or a kubeconfig context"
    ]


LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-2, 10**30),
    st.floats(),
    st.text(max_size=4),
    st.sampled_from(["1s", "64Mi", "100m", "web", "cart", "zone", "0 8 * * *", "/tmp", "a:1", "tcp", Encrypted("x")]),
)
SERVICE_KEYS, STACK_KEYS = sorted(get_type_hints(ServiceArgs)), sorted(get_type_hints(StackArgs))
INNER_KEYS = [
    "peak",
    "replica",
    "up",
    "pods",
    "readiness",
    "path",
    "limits",
    "memory",
    "base",
    "windows",
    "start",
    "end",
]
KEYS = st.one_of(st.sampled_from([*INNER_KEYS, "timeout", "host", "port", "web", "cart"]), st.integers(0, 2), st.text())
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(KEYS, inner, max_size=3), max_leaves=6
)
SERVICES = st.one_of(
    VALUES,
    st.dictionaries(st.sampled_from(SERVICE_KEYS), VALUES, max_size=6),
    st.builds(lambda more: _service(**more), st.dictionaries(st.sampled_from(SERVICE_KEYS), VALUES, max_size=4)),
)
JOB_KEYS = sorted(get_type_hints(JobArgs))
JOBS = st.one_of(
    VALUES,
    st.builds(lambda more: {"image": "a:1", **more}, st.dictionaries(st.sampled_from(JOB_KEYS), VALUES, max_size=5)),
)
CONFIGS = st.builds(
    lambda outer, services, jobs: {**outer, "services": services, "jobs": jobs},
    st.dictionaries(st.sampled_from(STACK_KEYS), VALUES, max_size=4),
    st.dictionaries(st.sampled_from(["web", "cart", 7]), SERVICES, max_size=3),
    st.dictionaries(st.sampled_from(["report", "web", 8]), JOBS, max_size=2),
)


@settings(max_examples=so_many(100), suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(CONFIGS)
def test_nothing_but_problems_comes_of_nonsense(config: dict[str, Any]) -> None:
    _, problems = examine(config)
    assert all(problem.message for problem in problems)


@pytest.mark.parametrize("key", [True, None, 5], ids=str)
def test_a_secret_whose_name_is_no_text_has_a_path_of_texts(key: object) -> None:
    files = {"tls": {"path": "/tls", "secrets": {key: "x"}}, key: {"path": "/keys", "secrets": {"a": "x"}}}
    config = _config({"web": _service(secrets={key: "x"}, files=files, refs={key: {"name": "A_B", "key": "a"}})})
    found = [problem.path for problem in examine(config)[1]]
    assert ("services", "web", "secrets", str(key)) in found
    assert all(isinstance(step, str) for path in found for step in path), found
