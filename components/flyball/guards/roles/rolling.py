"""Lesson 7 for changes to hosts: one canary first, then batches that never eat the headroom."""

from collections.abc import Mapping
from typing import TypedDict

from flyball.guards.headroom.batches import batches
from flyball.guards.headroom.headroom import DEFAULT_UTILIZATION, need
from flyball.guards.reading import strict
from flyball.guards.reading.problem import Broken, Problem
from flyball.guards.reading.reader import Reader
from flyball.guards.reading.units import show_number


class LoadArgs(TypedDict):
    """What a group of hosts must carry, in requests per second: all of it, and what one host can do."""

    peak: float
    host: float


class RolloutArgs(TypedDict):
    rollout_load: LoadArgs
    rollout_utilization: float


def read(variables: Mapping[str, object], hosts: int) -> tuple[int, list[Problem]]:
    """How many of `hosts` must serve at all times, and what is wrong with the variables."""
    problems = list(strict.check(dict(variables), RolloutArgs, ()))
    reader = Reader(variables, (), problems)
    load = reader.at("rollout_load")
    utilization = reader.number("rollout_utilization", DEFAULT_UTILIZATION, most=1)
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
