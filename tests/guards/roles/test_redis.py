"""Caches are bounded by the memory there is."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flyball.guards.clean_up.caches import LEAST_MAXMEMORY, MAXMEMORY_SHARE, maxmemory
from flyball.guards.clean_up.evictions import EVICTS_SOME
from flyball.guards.reading.units import exact
from flyball.guards.roles.redis import ROLE, Cache, read

DEFAULTS: dict[str, object] = {
    "redis_bind": ["127.0.0.1"],
    "redis_port": 6379,
    "redis_maxmemory_share": 0.6,
    "redis_eviction": "allkeys-lru",
    "redis_keys_without_ttl": 0.0,
    "redis_client_timeout": "5m",
    "redis_max_clients": 1000,
    "redis_group": "cache",
    "redis_refill": "2m",
    "redis_password": "",
}
PASSWORD = "correct-horse-battery"


def said(**changed: object) -> list[str]:
    return [str(problem) for problem in read({**DEFAULTS, **changed}, 2**31)[1]]


def test_the_defaults_on_a_host_of_2_gib() -> None:
    cache, problems = read(DEFAULTS, 2**31)
    assert problems == []
    assert cache == Cache(("127.0.0.1",), 6379, 1_288_490_188, "allkeys-lru", 0.0, 300, 60, 1000, 120, "")


@given(st.integers(2 * 10**7, 2**45), st.floats(0.1, MAXMEMORY_SHARE))
def test_never_more_than_the_share_and_never_a_byte_less_than_it_allows(memory: int, share: float) -> None:
    assert maxmemory(memory, share) <= memory * exact(share) < maxmemory(memory, share) + 1


def test_a_share_that_leaves_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^0.1 of 1Mi is less than 1Mi$"):
        maxmemory(LEAST_MAXMEMORY, 0.1)
    for share in (0, -0.1, 0.61, 1):
        with pytest.raises(ValueError, match=r"is not above 0 and at most 0\.6"):
            maxmemory(2**31, share)


@pytest.mark.parametrize("eviction", [*EVICTS_SOME, "noeviction", "allkeys"])
def test_an_eviction_that_may_evict_nothing_is_refused(eviction: str) -> None:
    _, problems = read({**DEFAULTS, "redis_eviction": eviction}, 2**31)
    assert [problem.where for problem in problems] == ["redis_eviction"]


def test_it_takes_no_more_clients_than_its_process_may_have_files() -> None:
    assert said(redis_max_clients=60_000, redis_refill="1h", redis_group="zone_a") == []
    assert said(redis_max_clients=60_001, redis_refill="61m") == [
        "redis_max_clients: is 60001; allowed is from 1 to 60000",
        "redis_refill: is 1h1m; allowed is at most 1h",
    ]


def test_a_group_is_one_of_the_inventory() -> None:
    assert said(redis_group="zone-a") == [
        "redis_group: 'zone-a' is not allowed; give the name of a group of the inventory"
    ]


def test_what_others_reach_asks_for_a_password() -> None:
    bind = ["127.0.0.1", "::1", "192.0.2.1"]
    assert said(redis_bind=bind) == [
        "redis_password: is missing, and others reach 192.0.2.1: whoever does could empty the cache and take the lock"
        " of planned restarts; give one from a vault, or listen on 127.0.0.1 alone"
    ]
    assert said(redis_bind=bind, redis_password=PASSWORD) == []
    assert said(redis_bind=["127.0.0.53", "::1"]) == []


@pytest.mark.parametrize(
    ("password", "wrong"),
    [
        ("secret", "has 6 characters"),
        ("s" * 129, "has 129 characters"),
        ("correct horse battery", "holds a space, a quote, a \\ or what is not in ASCII"),
        ('correct"horse"battery', "holds a space, a quote, a \\ or what is not in ASCII"),
        (1234567890123456, "is no text"),
        (["correct-horse-battery"], "is no text"),
    ],
)
def test_no_message_repeats_a_password(password: object, wrong: str) -> None:
    (message,) = said(redis_bind=["192.0.2.1"], redis_password=password)
    assert message.startswith(f"redis_password: {wrong}; ")
    assert str(password) not in message


@given(st.text(st.sampled_from(sorted({*map(chr, range(33, 127))} - {*"\"'\\"})), min_size=16, max_size=128))
def test_a_password_is_taken_as_it_is(password: str) -> None:
    cache, problems = read({**DEFAULTS, "redis_bind": ["192.0.2.1"], "redis_password": password}, 2**31)
    assert (cache.password, problems) == (password, [])


@pytest.mark.parametrize("name", [5, None, True, 1.5])
def test_a_variable_whose_name_is_no_text_is_unknown(name: Any) -> None:
    (problem,) = ROLE.read({name: "x"}).problems
    assert (problem.path, problem.rule.id) == ((str(name),), "unknown-key")
