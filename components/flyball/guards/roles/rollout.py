"""Lesson 7 for changes to hosts: one canary first, then batches that never eat the headroom."""

from collections.abc import Mapping
from typing import TypedDict

from flyball.guards.headroom.batches import batches
from flyball.guards.headroom.headroom import DEFAULT_UTILIZATION, need
from flyball.guards.reading.problem import Broken, Problem
from flyball.guards.reading.units import show_number
from flyball.guards.roles.variables import Role, Variable


class LoadArgs(TypedDict):
    """What a group of hosts must carry, in requests per second: all of it, and what one host can do."""

    peak: float
    host: float


ROLE = Role(
    "rollout",
    "What a group of hosts must carry while some of them are changed",
    (
        Variable(
            "rollout_load",
            LoadArgs,
            {},
            "The load of the group at its peak, and what one host can do, as peak and host.",
            "requests per second",
        ),
        Variable(
            "rollout_utilization",
            float,
            DEFAULT_UTILIZATION,
            "The most of what it can do that a host may have to do, above 0 and at most 1.",
            "share",
        ),
    ),
)


def read(variables: Mapping[str, object], hosts: int) -> tuple[int, list[Problem]]:
    """How many of `hosts` must serve at all times, and what is wrong with the variables."""
    reader = ROLE.read(variables)
    problems = reader.problems
    load = reader.at("rollout_load")
    utilization = reader.share("rollout_utilization")
    peak, host = load.number("peak", 1), load.number("host", 1)
    if problems:
        return 0, problems
    try:
        needed = need(peak, host, utilization)
        batches(hosts, needed)
    except Broken as error:
        share = f"at {show_number(100 * utilization)} % of {show_number(host)} requests/s each"
        reader.problem(
            ("rollout_load", "peak"),
            error.rule,
            f"{error} ({share})",
            "add a host, or change them at a quieter time with a lower peak",
        )
        return 0, problems
    return needed, problems
