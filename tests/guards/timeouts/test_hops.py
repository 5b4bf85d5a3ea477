"""Calls beyond their timeouts: names, variables, ejection, and the split of the connection time."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flyball.guards.breakers.breaker import Breaker
from flyball.guards.reading.problem import Problem
from flyball.guards.reading.reader import Reader
from flyball.guards.timeouts.deadlines import Times
from flyball.guards.timeouts.hops import HealthCheck, Hop, check_call_name, ejectable, queue_and_connect, read, variable


def hop(name: str = "cart", outside: bool = False, **more: Any) -> tuple[Hop, list[str]]:
    problems: list[Problem] = []
    found = read(Reader(more, ("calls", "cart"), problems), name, Times(outside=outside), "tcp" if outside else "http")
    return found, [str(problem) for problem in problems]


def test_every_default() -> None:
    assert hop() == (Hop("http", Breaker(), None, 60_000, 100, 10, False, False, None, None, None), [])
    assert hop(protocol="grpc")[0].stream is True
    assert hop(outside=True)[0] == Hop("tcp", None, None, 300_000, 100, 10, False, False, None, None, None)
    assert hop(outside=True, protocol="http")[0].breaker == Breaker()
    assert hop(health={})[0].health == HealthCheck(None, 2_000, 3)


@pytest.mark.parametrize(
    ("name", "protocol", "expected"),
    [
        ("payment", "http", "PAYMENT_URL"),
        ("redis", "tcp", "REDIS_ADDR"),
        ("redis-cart", "tcp", "REDIS_CART_ADDR"),
        ("cart", "grpc", "CART_ADDR"),
        ("api.example.org", "http", "API_EXAMPLE_ORG_URL"),
        ("3scale", "http", "_3SCALE_URL"),
    ],
)
def test_variables(name: str, protocol: str, expected: str) -> None:
    assert variable(name, Hop(protocol)) == expected
    assert variable(name, Hop(protocol, variable="MINE")) == "MINE"


@given(st.text(max_size=70))
def test_a_name_that_passes_makes_a_variable_and_nothing_else(name: str) -> None:
    if not list(check_call_name(name, ("calls",))):
        assert variable(name, Hop()).isascii()
        assert variable(name, Hop()).isidentifier()
        assert not set(name) & set(" \n\t#\"'\\$%;{}\0/:")


@pytest.mark.parametrize(
    ("servers", "eject", "expected"),
    [(1, None, 0), (2, None, 1), (5, None, 1), (5, 2, 2), (5, 5, 4), (5, 0, 0), (1, 3, 0)],
)
def test_never_all_servers_are_left_out(servers: int, eject: int | None, expected: int) -> None:
    assert ejectable(servers, eject) == expected


@given(st.integers(2, 100_000))
def test_queue_and_connection_keep_within_the_time_for_both(connect: int) -> None:
    queue, rest = queue_and_connect(Times(connect=connect))
    assert queue >= 1
    assert rest >= 1
    assert queue + rest == connect


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        ({"protocol": "udp"}, "calls.cart.protocol: is 'udp'; allowed are http, grpc, tcp"),
        ({"protocol": "tcp", "breaker": {}}, "calls.cart.breaker: is given, and protocol is tcp;"),
        ({"protocol": "tcp", "idle": "1s", "timeout": "1s"}, None),
        ({"variable": "A-B"}, "calls.cart.variable: 'A-B' is no name for an environment variable;"),
        ({"connections": 0}, "calls.cart.connections: is 0; allowed is from 1 to 10000"),
        ({"budget": 101}, "calls.cart.budget: is 101; allowed is from 1 to 100"),
        ({"idle": "999ms"}, "calls.cart.idle: is 999ms; allowed is at least 1s"),
        ({"eject": -1}, "calls.cart.eject: is -1; allowed is from 0 to 1000"),
        ({"health": {"path": "up"}}, "calls.cart.health.path: is 'up'; a path starts with /"),
        ({"health": {"path": "/a b"}}, "calls.cart.health.path: is '/a b'; a path starts with /"),
        ({"health": {"path": "/a\nb"}}, "calls.cart.health.path: is '/a\\nb'; a path starts with /"),
    ],
)
def test_refused(more: dict[str, Any], problem: str | None) -> None:
    found = hop(**more)[1]
    assert len(found) == (problem is not None)
    assert problem is None or found[0].startswith(problem)


def test_an_idle_time_below_the_timeout() -> None:
    problems: list[Problem] = []
    read(Reader({"protocol": "tcp", "idle": "5s"}, ("calls", "db"), problems), "db", Times(timeout=9_000))
    assert [str(problem) for problem in problems] == [
        "calls.db.idle: 5s is less than the timeout of 9s;"
        " a connection would be cut while its answer is awaited; raise it"
    ]
