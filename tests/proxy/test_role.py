"""The filter of the collection: plain data in, a configuration out, or every problem at once."""

import re
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.proxy.parsed import sections, what_haproxy_says

from flyball.guards.reading.problem import Refused
from flyball.proxy.role import haproxy_config, read

BALANCER: dict[str, Any] = {
    "name": "lb1",
    "calls": {
        "web": {
            "host": "192.0.2.1",
            "hosts": ["192.0.2.2", "192.0.2.3"],
            "port": 8080,
            "protocol": "http",
            "address": "192.0.2.9",
            "listen": 80,
            "health": {"path": "/ready"},
        }
    },
}
APPLICATION: dict[str, Any] = {
    "name": "app1",
    "port": 8080,
    "load": {"peak": 100, "replica": 40},
    "deadline": "1s",
    "inbound": {"port": 8081, "address": "192.0.2.1"},
    "calls": {"redis": {"host": "192.0.2.5", "port": 6379, "timeout": "100ms", "connect": "50ms"}},
    "metrics": {"port": 9101},
    "threads": 2,
    "headers": "32Ki",
}


def test_a_balancer() -> None:
    found = sections(haproxy_config(BALANCER))
    assert found["frontend call.web"][0] == "bind 192.0.2.9:80"
    assert [line for line in found["backend to.web"] if line.startswith("server ")] == [
        f"server s{i} 192.0.2.{i}:8080 maxconn 34 pool-purge-delay 60000ms max-reuse 1000"
        " check inter 2000ms fall 3 rise 2"
        for i in (1, 2, 3)
    ]
    assert "use_backend all.web if { nbsrv(to.web) lt 2 }" in found["frontend call.web"]
    assert found["peers local"] == ["peer lb1 127.0.0.1:21002"]
    assert "frontend inbound" not in found


def test_an_application() -> None:
    found = sections(haproxy_config(APPLICATION))
    assert found["frontend inbound"][0] == "bind 192.0.2.1:8081"
    assert found["backend app"][-1] == "server app 127.0.0.1:8080 maxconn 20 pool-purge-delay 60000ms"
    assert found["frontend call.redis"][0] == "bind 127.0.0.1:21010"
    assert found["frontend metrics"][0] == "bind 127.0.0.1:9101"
    assert {"nbthread 2", "tune.bufsize 33792"} <= set(found["global"])


@pytest.mark.parametrize(
    ("more", "drain"),
    [
        ({}, "30000ms"),
        ({"calls": {"a": {"host": "x", "port": 1, "timeout": "20s", "connect": "1s", "retries": 1}}}, "42000ms"),
        ({"port": 8080, "load": {"peak": 1, "replica": 1}, "deadline": "40s"}, "40000ms"),
        # A connection that is passed on as it is ends when its two ends want it to.
        ({"calls": {"a": {"host": "x", "port": 1, "protocol": "tcp", "timeout": "50s"}}}, "30000ms"),
    ],
)
def test_what_is_under_way_has_the_longest_that_a_request_may_take(more: dict[str, Any], drain: str) -> None:
    assert f"hard-stop-after {drain}" in sections(haproxy_config({"name": "lb"} | more))["global"]


@pytest.mark.haproxy
@pytest.mark.parametrize(
    "variables", [BALANCER, APPLICATION, {"name": "idle"}], ids=["balancer", "application", "idle"]
)
def test_haproxy_takes_it(variables: dict[str, Any], tmp_path: Path) -> None:
    assert what_haproxy_says(haproxy_config(variables), tmp_path) == ""


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"nmae": "x"}, "nmae: is not a known key; did you mean 'name'?"),
        ({"name": "a b"}, "'a b' is no name for a part of a proxy"),
        ({"load": {"peak": 1, "replica": 1}}, "load: is given without port"),
        ({"port": 8080}, "load: is missing"),
        ({"port": 8080, "load": {"peak": -1, "replica": 1}}, "load.peak: is -1; allowed is "),
        ({"port": 8080, "load": {"peak": float("nan"), "replica": 1}}, "load.peak: is nan; allowed is "),
        ({"calls": {"a": {}}}, "calls.a.host: is missing"),
        ({"calls": {"a": {"host": "x y", "port": 1}}}, "calls.a.host: is 'x y'"),
        ({"calls": {"a\nb": {"host": "x", "port": 1}}}, "is no name for a call"),
        ({"calls": {"a": {"host": "x", "port": 1, "listen": 21001}}}, "two parts listen on port 21001"),
        ({"metrics": {"port": 0}}, "metrics.port: is 0; allowed is from 1 to 65535"),
        ({"metrics": {"port": 1, "address": "everywhere"}}, "metrics.address: is 'everywhere'"),
        ({"socket": "/run/a b"}, "'/run/a b' is no path for a socket"),
        ({"headers": "14Ki"}, "headers: is out of range; allowed is from 15Ki to 64Ki"),
        ({"threads": 65}, "threads: is 65; allowed is from 1 to 64"),
        ({"drain": "30"}, "drain: '30' is not a duration"),
        (
            {"drain": "7s", "calls": {"a": {"host": "x", "port": 1, "timeout": "2s", "connect": "1s", "retries": 2}}},
            "drain: 7s is less than the deadline of 9s",
        ),
        (
            {"drain": "1s", "port": 8080, "load": {"peak": 1, "replica": 1}, "deadline": "1500ms"},
            "drain: 1s is less than the deadline of 1.5s",
        ),
        (
            {"deadline": "1s", "calls": {"a": {"host": "x", "port": 1, "timeout": "2s"}}},
            "calls.a.timeout: 2s is more than lb's deadline of 1s",
        ),
    ],
)
def test_refused(more: dict[str, Any], message: str) -> None:
    with pytest.raises(Refused) as refused:
        haproxy_config({"name": "lb"} | more)
    assert message in str(refused.value)


def test_all_problems_at_once() -> None:
    with pytest.raises(Refused) as refused:
        haproxy_config({"name": "a", "threads": 0, "calls": {"b": {"host": "x", "port": 0, "retries": 11}}, "drain": 5})
    assert sorted(problem.where for problem in refused.value.problems) == [
        "calls.b.port",
        "calls.b.retries",
        "drain",
        "threads",
    ]


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["name", "calls", "port", "load", "host", "inbound", "deadline", "a", "b c"]), inner
            )
        ),
        max_leaves=12,
    )
)
def test_anything_is_rendered_or_refused(variables: object) -> None:
    text = "global"
    with suppress(Refused):
        text = haproxy_config(variables)
    assert text.startswith("global")


def test_the_role_gives_the_same_text_and_its_own_paths() -> None:
    given = {"haproxy_proxy": BALANCER}
    found, problems = read(given)
    assert (found.config, problems) == (haproxy_config(BALANCER), [])
    assert found.listens == ("192.0.2.9:80", "127.0.0.1:21001", "127.0.0.1:21002")
    everywhere = {"haproxy_proxy": BALANCER | {"calls": {"web": BALANCER["calls"]["web"] | {"address": "::"}}}}
    assert read(everywhere)[0].listens[:2] == ("0.0.0.0:80", "[::]:80")
    _, problems = read({"haproxy_proxy": BALANCER | {"threads": 0, "deadline": "100ms"}})
    assert {problem.where for problem in problems} == {"haproxy_proxy.threads", "haproxy_proxy.calls.web.timeout"}


def test_a_role_with_nothing_to_proxy_is_refused() -> None:
    _, problems = read({"haproxy_proxy": {"name": "lb1"}})
    assert [str(problem) for problem in problems] == [
        "haproxy_proxy: has neither an application nor calls, so there is nothing to proxy; name the application's "
        "port, or calls"
    ]


@pytest.mark.parametrize(
    ("families", "address", "binds"),
    [
        ("ipv4", "0.0.0.0", ["bind 0.0.0.0:8000", "bind :21000"]),
        ("both", "0.0.0.0", ["bind 0.0.0.0:8000", "bind :21000", "bind :::21000 v6only"]),
        ("both", "::", ["bind :8000", "bind :::8000 v6only", "bind :21000", "bind :::21000 v6only"]),
        ("both", "fd00::b", ["bind [fd00::b]:8000", "bind :21000", "bind :::21000 v6only"]),
        ("ipv6", "fd00::b", ["bind [fd00::b]:8000", "bind :21000", "bind :::21000 v6only"]),
    ],
)
def test_every_address_is_one_of_each_family(families: str, address: str, binds: list[str]) -> None:
    """Each by a socket of its own, or a client of IPv4 would be called by an address of IPv6."""
    balancer = {"host": "fd00::a", "port": 80, "protocol": "http", "address": address, "listen": 8000}
    proxy = {"port": 8080, "load": {"peak": 100, "replica": 50}, "calls": {"shop": balancer}}
    found, problems = read({"haproxy_proxy": proxy}, "lb1", families)
    assert problems == []
    lines = {line.strip() for line in found.config.splitlines()}
    assert sorted(line for line in lines if line.startswith("bind ") and "127.0.0.1" not in line) == sorted(binds)
    assert "server s1 [fd00::a]:80 maxconn 100 pool-purge-delay 60000ms max-reuse 1000" in lines


@pytest.mark.parametrize(("families", "prefers"), [("ipv4", "ipv4"), ("both", "ipv4"), ("ipv6", "ipv6")])
def test_a_name_of_both_families_is_called_over_one_that_the_host_has(families: str, prefers: str) -> None:
    proxy = {"calls": {"shop": {"host": "shop.test", "port": 80, "protocol": "http"}}}
    found, _ = read({"haproxy_proxy": proxy}, "lb1", families)
    assert set(re.findall(r"server s1 shop.test:80 .*resolve-prefer (\S+)", found.config)) == {prefers}
