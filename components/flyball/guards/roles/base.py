"""What every host keeps to: a journal with an end, connections that are found dead, time from somewhere.

`read` takes the variables of the Ansible role `base`.
"""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, TypedDict

from flyball.guards.clean_up.retention import Journal
from flyball.guards.reading import strict
from flyball.guards.reading.problem import Problem
from flyball.guards.reading.reader import Reader
from flyball.guards.reading.rules import INVALID_ADDRESS, OUT_OF_RANGE
from flyball.guards.reading.units import Bytes, show_duration

KEEPALIVE_TIME, KEEPALIVE_INTERVAL, KEEPALIVE_PROBES = 60, 10, 6
"""Seconds until the first probe, between two, and how many [s, s, count]: a dead peer is found after 2 minutes. Linux
waits two hours (tcp(7)), long after the pools above are exhausted."""


class BaseArgs(TypedDict):
    base_journal_size: str
    base_journal_days: int
    base_time_servers: list[str]
    base_keepalive: str


@dataclass(frozen=True, slots=True)
class Basics:
    journal_size: Bytes
    journal_days: int
    time_servers: tuple[str, ...]
    keepalive_time: int
    keepalive_interval: int = KEEPALIVE_INTERVAL
    keepalive_probes: int = KEEPALIVE_PROBES

    def as_variables(self) -> dict[str, Any]:
        return asdict(self)


def read(variables: Mapping[str, object]) -> tuple[Basics, list[Problem]]:
    """What the variables ask for, and what is wrong with them."""
    problems = list(strict.check(dict(variables), BaseArgs, ()))
    reader = Reader(variables, (), problems)
    servers = tuple(reader.words("base_time_servers"))
    for i, server in enumerate(servers):
        if not re.fullmatch(r"[A-Za-z0-9:.-]+", server):
            reader.problem(
                ("base_time_servers", i), INVALID_ADDRESS, f"{server!r} is no host", "give a name or an address"
            )
    keepalive = reader.duration("base_keepalive", KEEPALIVE_TIME * 1000, least=10_000)
    if keepalive > 600_000:
        reader.problem(
            "base_keepalive",
            OUT_OF_RANGE,
            f"is {show_duration(keepalive)}",
            "allowed is at most 10m: dead peers hold a pool until then",
        )
    return Basics(
        journal_size=reader.size("base_journal_size", Journal().size),
        journal_days=reader.whole("base_journal_days", Journal().days, most=365),
        time_servers=servers,
        keepalive_time=keepalive // 1000,
    ), problems
