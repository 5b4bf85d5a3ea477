"""Lesson 4 for caches: bounded by memory, with room for everything else, and by a time to live.

`read` takes the variables of the Ansible role `redis`, and finds every problem in them. The names are those of Redis
(https://redis.io/docs/latest/develop/reference/eviction/).
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from flyball.guards.clean_up import evictions
from flyball.guards.clean_up.caches import (
    CLIENTS_PERCENT,
    LEAST_MAXMEMORY,
    MAXMEMORY_SHARE,
    OUTPUT_SECONDS,
    maxmemory,
    output_buffer,
)
from flyball.guards.clean_up.evictions import EVICTION
from flyball.guards.fail_fast import listening
from flyball.guards.fail_fast.rules import OPEN_STORE
from flyball.guards.reading import address
from flyball.guards.reading.problem import Broken, Problem
from flyball.guards.reading.rules import OUT_OF_RANGE
from flyball.guards.reading.units import Bytes, Milliseconds, ceil_div, show_number
from flyball.guards.roles import passwords
from flyball.guards.roles.variables import Role, Variable, Variables

MOST_CLIENTS = 60_000
"""As packaged its process may have 65,535 files open; told to take more clients than that, it would take fewer."""
TCP_KEEPALIVE: Milliseconds = 60_000


ROLE = Role(
    "redis",
    "A cache that is bounded by memory and by time to live",
    (
        Variable(
            "redis_bind",
            list[str],
            ["127.0.0.1"],
            "Addresses of the host to listen on; never all of them, and none but loopback without redis_password.",
        ),
        Variable("redis_port", int, 6379, "Port to listen on."),
        Variable(
            "redis_maxmemory_share",
            float,
            MAXMEMORY_SHARE,
            f"Share of the host's memory that keys may take, at most {MAXMEMORY_SHARE}.",
            "share",
        ),
        Variable(
            "redis_eviction",
            str,
            EVICTION,
            "What is evicted when memory is full, one of allkeys-lru, allkeys-lfu and allkeys-random.",
        ),
        Variable(
            "redis_keys_without_ttl",
            float,
            0.0,
            "Share of the keys that may lack a time to live before the audit fails.",
            "share",
        ),
        Variable("redis_client_timeout", str, "5m", "How long an idle client is kept, at least 1s.", "duration"),
        Variable("redis_max_clients", int, 1000, f"Clients at one time, from 1 to {MOST_CLIENTS}.", "connections"),
        Variable("redis_group", str, "cache", "The group of the inventory of which one host is restarted at a time."),
        Variable(
            "redis_refill",
            str,
            "2m",
            "How long a cache that was restarted with keys in it is left to fill before the next one is, at most 1h.",
            "duration",
        ),
        Variable(
            "redis_password",
            str,
            "",
            f"What clients must give, from {passwords.LEAST} to {passwords.MOST} characters; keep it in a vault.",
            secret=True,
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class Cache:
    """A bounded Redis. Times in whole seconds, `keys_without_ttl` as a share of all keys.

    After a restart it has `refill` to fill before the next one of its group is restarted.
    """

    bind: tuple[str, ...]
    port: int
    maxmemory: Bytes
    eviction: str
    keys_without_ttl: float
    timeout: int
    keepalive: int
    max_clients: int
    refill: int
    password: str = field(repr=False)

    def as_variables(self) -> dict[str, Any]:
        output = output_buffer(self.maxmemory)
        return {
            **asdict(self),
            "listens": [address.join(text, self.port) for text in self.bind],
            "clients_percent": CLIENTS_PERCENT,
            "output": f"{output} {output // 4} {OUTPUT_SECONDS}",
        }


def read(variables: Mapping[str, object], memory: Bytes) -> tuple[Cache, list[Problem]]:
    """The cache that the variables ask for on a host with so much memory, and what is wrong with them."""
    reader = ROLE.read(variables)
    share = reader.share("redis_maxmemory_share")
    bound = LEAST_MAXMEMORY
    try:
        bound = maxmemory(memory, share)
    except Broken as error:
        reader.broken("redis_maxmemory_share", error, "leave the rest of the memory to buffers and to the host")
    eviction = reader.text("redis_eviction")
    reader.problems.extend(evictions.check(eviction, ("redis_eviction",)))
    bind = listening.listens(reader, "redis_bind", "Redis")
    reader.group("redis_group")
    password = passwords.read(reader, "redis_password")
    _check_open(bind, password, reader)
    without_ttl = reader.value("redis_keys_without_ttl", float, 0.0)
    if not 0 <= without_ttl <= 1:
        reader.problem(
            "redis_keys_without_ttl", OUT_OF_RANGE, f"is {show_number(without_ttl)}", "allowed is a share from 0 to 1"
        )
    return Cache(
        bind=bind,
        port=reader.count("redis_port", most=address.LAST_PORT),
        maxmemory=bound,
        eviction=eviction,
        keys_without_ttl=without_ttl,
        timeout=ceil_div(reader.time("redis_client_timeout", least=1000), 1000),
        keepalive=TCP_KEEPALIVE // 1000,
        max_clients=reader.count("redis_max_clients", most=MOST_CLIENTS),
        refill=reader.time("redis_refill", most=3_600_000) // 1000,
        password=password,
    ), reader.problems


def _check_open(bind: tuple[str, ...], password: str, reader: Variables) -> None:
    reached = [text for text in bind if address.is_address(text) and not address.is_loopback(text)]
    if reached and not password and not reader.reported("redis_password"):
        harm = "whoever does could empty the cache and take the lock of planned restarts"
        hint = "give one from a vault, or listen on 127.0.0.1 alone"
        reader.problem("redis_password", OPEN_STORE, f"is missing, and others reach {', '.join(reached)}: {harm}", hint)
