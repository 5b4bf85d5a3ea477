"""Lesson 4 for caches: bounded by memory, with room for everything else, and by a time to live.

`read` takes the variables of the Ansible role `redis`, and finds every problem in them. The names are those of Redis
(https://redis.io/docs/latest/develop/reference/eviction/).
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, TypedDict

from flyball.guards.clean_up.caches import LEAST_MAXMEMORY, MAXMEMORY_SHARE, maxmemory
from flyball.guards.clean_up.rules import CACHE_EVICTION
from flyball.guards.reading import strict
from flyball.guards.reading.problem import Broken, Problem
from flyball.guards.reading.reader import Reader
from flyball.guards.reading.rules import OUT_OF_RANGE, UNKNOWN_VALUE
from flyball.guards.reading.units import Bytes, Milliseconds, ceil_div, show_number
from flyball.guards.roles import daemons

EVICTION = "allkeys-lru"
EVICTS_ANY = ("allkeys-lru", "allkeys-lfu", "allkeys-random")
EVICTS_SOME = ("volatile-lru", "volatile-lfu", "volatile-random", "volatile-ttl")
"""Evict only keys with a time to live: where none has one, they evict nothing, and writes fail."""
CLIENT_TIMEOUT: Milliseconds = 300_000
TCP_KEEPALIVE: Milliseconds = 60_000


class CacheArgs(TypedDict):
    redis_bind: list[str]
    redis_port: int
    redis_maxmemory_share: float
    redis_eviction: str
    redis_keys_without_ttl: float
    redis_client_timeout: str
    redis_max_clients: int


@dataclass(frozen=True, slots=True)
class Cache:
    """A bounded Redis. Times in whole seconds, `keys_without_ttl` as a share of all keys."""

    bind: tuple[str, ...]
    port: int
    maxmemory: Bytes
    eviction: str
    keys_without_ttl: float
    timeout: int
    keepalive: int
    max_clients: int

    def as_variables(self) -> dict[str, Any]:
        return asdict(self)


def read(variables: Mapping[str, object], memory: Bytes) -> tuple[Cache, list[Problem]]:
    """The cache that the variables ask for on a host with so much memory, and what is wrong with them."""
    problems = list(strict.check(dict(variables), CacheArgs, ()))
    reader = Reader(variables, (), problems)
    share = reader.number("redis_maxmemory_share", MAXMEMORY_SHARE)
    bound = LEAST_MAXMEMORY
    try:
        bound = maxmemory(memory, share)
    except Broken as error:
        reader.broken("redis_maxmemory_share", error, "leave the rest of the memory to buffers and to the host")
    eviction = reader.value("redis_eviction", str, EVICTION)
    _check_eviction(eviction, reader)
    bind = daemons.addresses(reader, "redis_bind", "Redis")
    without_ttl = reader.value("redis_keys_without_ttl", float, 0.0)
    if not 0 <= without_ttl <= 1:
        reader.problem(
            "redis_keys_without_ttl", OUT_OF_RANGE, f"is {show_number(without_ttl)}", "allowed is a share from 0 to 1"
        )
    return Cache(
        bind=bind,
        port=reader.whole("redis_port", 6379, most=65535),
        maxmemory=bound,
        eviction=eviction,
        keys_without_ttl=without_ttl,
        timeout=ceil_div(reader.duration("redis_client_timeout", CLIENT_TIMEOUT, least=1000), 1000),
        keepalive=TCP_KEEPALIVE // 1000,
        max_clients=reader.whole("redis_max_clients", 1000, most=100_000),
    ), problems


def _check_eviction(eviction: str, reader: Reader) -> None:
    if eviction == "noeviction":
        reader.problem(
            "redis_eviction", CACHE_EVICTION, "noeviction refuses every write once memory is full", f"take {EVICTION}"
        )
    elif eviction in EVICTS_SOME:
        hint = f"take {'allkeys-lru' if eviction == 'volatile-ttl' else eviction.replace('volatile', 'allkeys')}"
        reader.problem(
            "redis_eviction", CACHE_EVICTION, f"{eviction} evicts nothing where no key has a time to live", hint
        )
    elif eviction not in EVICTS_ANY:
        reader.problem(
            "redis_eviction", UNKNOWN_VALUE, f"{eviction!r} is not known", strict.nearest(eviction, EVICTS_ANY)
        )
