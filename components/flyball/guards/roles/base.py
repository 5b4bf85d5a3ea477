"""What every host keeps to: a journal with an end, connections that are found dead, time from somewhere.

`read` takes the variables of the Ansible role `base`.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from flyball.guards.clean_up.retention import Journal
from flyball.guards.reading import address
from flyball.guards.reading.problem import Problem
from flyball.guards.reading.rules import OUT_OF_RANGE
from flyball.guards.reading.units import Bytes, Milliseconds, show_duration, show_size
from flyball.guards.roles.variables import Role, Variable

KEEPALIVE_TIME, KEEPALIVE_INTERVAL, KEEPALIVE_PROBES = 60, 10, 6
"""Seconds until the first probe, between two, and how many [s, s, count]: a dead peer is found after 2 minutes. Linux
waits two hours (tcp(7)), long after the pools above are exhausted."""
LEAST_JOURNAL: Bytes = 2**20
"""Two files of the journal, each at the least 512 KiB (systemd, src/libsystemd/sd-journal/journal-file.c)."""
LOCK_TIMEOUT: Milliseconds = 300_000
"""Security upgrades of one day are installed within it; Ansible's own minute is over in the midst of them."""
LONGEST_LOCK: Milliseconds = 3_600_000


ROLE = Role(
    "base",
    "A journal with an end, dead connections found, time kept, security upgrades that revive nothing",
    (
        Variable(
            "base_journal_size", str, show_size(Journal().size), "The most that the journal may hold on disk.", "size"
        ),
        Variable(
            "base_journal_days",
            int,
            Journal().days,
            "Days after which entries of the journal are deleted, from 1 to 365.",
            "days",
        ),
        Variable(
            "base_time_servers",
            list[str],
            [],
            "Time servers, by name or address; empty for those that Debian names.",
        ),
        Variable(
            "base_keepalive",
            str,
            show_duration(KEEPALIVE_TIME * 1000),
            "Silence on a TCP connection after which its other end is probed, from 10s to 10m.",
            "duration",
        ),
        Variable(
            "base_lock_timeout",
            str,
            show_duration(LOCK_TIMEOUT),
            "How long to wait while another program installs packages, such as Debian's own upgrades, at most"
            f" {show_duration(LONGEST_LOCK)}.",
            "duration",
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class Basics:
    journal_size: Bytes
    journal_days: int
    time_servers: tuple[str, ...]
    keepalive_time: int
    lock_timeout: int
    keepalive_interval: int = KEEPALIVE_INTERVAL
    keepalive_probes: int = KEEPALIVE_PROBES

    def as_variables(self) -> dict[str, Any]:
        return asdict(self)


def read(variables: Mapping[str, object]) -> tuple[Basics, list[Problem]]:
    """What the variables ask for, and what is wrong with them."""
    reader = ROLE.read(variables)
    keepalive = reader.time("base_keepalive", least=10_000)
    if keepalive > 600_000:
        reader.problem(
            "base_keepalive",
            OUT_OF_RANGE,
            f"is {show_duration(keepalive)}",
            "allowed is at most 10m: dead peers hold a pool until then",
        )
    return Basics(
        journal_size=reader.amount("base_journal_size", LEAST_JOURNAL),
        journal_days=reader.count("base_journal_days", most=365),
        time_servers=address.hosts(reader, "base_time_servers"),
        keepalive_time=keepalive // 1000,
        lock_timeout=reader.time("base_lock_timeout", least=1000, most=LONGEST_LOCK) // 1000,
    ), reader.problems
