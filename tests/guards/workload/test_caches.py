"""A cache as it is said, and what follows where nothing is said."""

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flyball.guards.clean_up.retention import MI
from flyball.guards.workload import caches
from flyball.guards.workload.caches import Cache, GuardedCacheArgs
from flyball.guards.workload.held import hold
from flyball.guards.workload.names import Caller

LEAST: dict[str, Any] = {"memory": "256Mi", "ttl": "1h"}


def read(**more: Any) -> Cache:
    cache, problems = caches.read({**LEAST, **more}, "sessions", "shop", ("caches", "sessions"), GuardedCacheArgs)
    assert (problems, cache is None) == ([], False)
    assert cache
    return cache


def said(**more: Any) -> list[str]:
    return [str(p) for p in caches.read({**LEAST, **more}, "s", "shop", ("s",), GuardedCacheArgs)[1]]


def test_defaults() -> None:
    assert read() == Cache(
        name="sessions",
        namespace="shop",
        memory=256 * MI,
        maxmemory=161_061_273,
        output=16_106_127,
        replica=None,
        ttl=3600,
        clients=1000,
        idle=300,
        eviction="allkeys-lru",
        endless=0,
        secret="sessions-password",
        password=None,
        cpu=250,
        image="docker.io/valkey/valkey:8.1.1",
        exporter="docker.io/oliver006/redis_exporter:v1.69.0",
        router="docker.io/library/haproxy:3.2.4-alpine",
        domain="cluster.local",
        scrape="monitoring",
        callers=(),
    )


@pytest.mark.parametrize(
    ("argument", "value", "field", "read_as"),
    [
        ("share", 0.3, "maxmemory", 80_530_636),
        ("clients", 50, "clients", 50),
        ("idle", "10m", "idle", 600),
        ("eviction", "allkeys-lfu", "eviction", "allkeys-lfu"),
        ("endless", 0.1, "endless", 0.1),
        ("secret", "mine", "secret", "mine"),
        ("cpu", "1", "cpu", 1000),
        ("image", "docker.io/valkey/valkey:9.0.0", "image", "docker.io/valkey/valkey:9.0.0"),
        ("exporter", "example.org/exporter:2", "exporter", "example.org/exporter:2"),
        ("router", "haproxy:3.0", "router", "haproxy:3.0"),
        ("domain", "example.org", "domain", "example.org"),
        ("scrape", "watch", "scrape", "watch"),
        ("callers", ["front", "trade/desk"], "callers", (Caller("shop", "front"), Caller("trade", "desk"))),
    ],
)
def test_an_argument_is_what_it_says(argument: str, value: Any, field: str, read_as: Any) -> None:
    cache = read(**{argument: value})
    assert getattr(cache, field) == read_as
    assert caches.Cache.__slots__  # frozen values, one field each
    others = {name for name in Cache.__slots__ if getattr(cache, name) != getattr(read(), name)}
    assert others == ({"maxmemory", "output"} if argument == "share" else {field})


def test_with_a_replica_keys_have_half_as_much() -> None:
    pair = read(survive="node")
    assert (pair.paired, pair.replicas, pair.maxmemory) == (True, 2, 80_530_636)
    assert pair.replica == 256 * MI - 2 * 80_530_636 - 8_053_063 - 256 * MI // 4
    assert said(survive="node", writes="40Mi") == [
        "s.memory: of 256Mi two copies of 77Mi of keys, 8Mi for clients and 64Mi for the process leave 31Mi for its"
        " replica's buffer, and 644Mi go there in the 8 s in which it is filled; raise it or cpu, or lower share"
        " or writes"
    ]


def test_a_password_shows_itself_nowhere() -> None:
    class WithPassword(GuardedCacheArgs):
        password: str

    given_one = {**LEAST, "password": "correct-horse-battery"}
    cache, problems = caches.read(given_one, "s", "shop", ("s",), WithPassword)
    assert problems == []
    assert cache
    assert "correct" not in repr(cache)
    assert cache.password == "correct-horse-battery"


def test_of_what_cannot_be_read_nothing_follows() -> None:
    assert said(memory="1") == ["s.memory: 0.6 of 1 is less than 1Mi; raise it"]
    assert said(memory="lots", share=0.9) == [
        "s.memory: 'lots' is not a size; write a number with its unit, as in 64Mi, 1Gi, 500M"
    ]


_PLAIN = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5), st.just("1Gi"))
_ANY = st.one_of(_PLAIN, st.lists(_PLAIN, max_size=2), st.dictionaries(st.text(max_size=3), _PLAIN, max_size=2))


@given(
    st.dictionaries(
        st.text(max_size=4),
        st.one_of(_ANY, st.dictionaries(st.sampled_from(sorted(GuardedCacheArgs.__annotations__)), _ANY)),
        max_size=3,
    )
)
def test_whatever_is_given_is_read_or_refused(given_ones: Mapping[str, Any]) -> None:
    held = hold(given_ones, ["front"], "shop", ("caches",), GuardedCacheArgs)
    assert set(held.callees) == set(given_ones)
    assert held.caches.keys() == set(given_ones) - {
        problem.path[1] for problem in held.problems if problem.rule.id != "given-twice"
    }


def test_those_who_call_are_added_to_those_who_are_named() -> None:
    held = hold({"sessions": {**LEAST, "callers": ["trade/desk"]}}, [], "shop", ("caches",), GuardedCacheArgs)
    found = held.called({("shop", "sessions"): {Caller("shop", "front")}, ("shop", "other"): {Caller("shop", "x")}})
    assert found["sessions"].callers == (Caller("shop", "front"), Caller("trade", "desk"))


@given(st.dictionaries(st.sampled_from(["front", "cart", "desk"]), st.integers(1, 400)), st.integers(1, 1000))
def test_each_pod_that_may_call_it_has_a_connection(pods: Mapping[str, int], clients: int) -> None:
    held = hold({"sessions": {**LEAST, "clients": clients}}, [], "shop", ("caches",), GuardedCacheArgs)
    callers = {Caller("shop", name): count for name, count in pods.items()}
    unknown = Caller("trade", "other")
    found = list(held.check_callers({("shop", "sessions"): {*callers, unknown}, ("shop", "other"): callers}, callers))
    taken = sum(pods.values())
    assert [(problem.path, problem.rule.id) for problem in found] == (
        [(("caches", "sessions", "clients"), "clients-below-callers")] if taken > clients else []
    )
    assert all(f"is {clients}, and {', '.join(sorted(pods))} may have {taken} pods" in str(each) for each in found)
