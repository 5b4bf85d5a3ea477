"""Lesson 1 along a path: retries of one hop are requests to the next one, which retries these too.

Each hop has a budget, a share of its requests. Budgets multiply: with a tenth at each of three hops the last one gets a
third more, and with all of them eight times as many, just when it fails from load (B. Beyer and others, "Site
Reliability Engineering", 2016, chapter 22, "Retries").
"""

from collections.abc import Iterator, Mapping
from fractions import Fraction
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise

from flyball.guards.reading.problem import Path, Problem
from flyball.guards.reading.units import show_number
from flyball.guards.timeouts.deadlines import MOST_SHOWN
from flyball.guards.timeouts.rules import RETRIES_MULTIPLY

MOST = 3
"""Requests that one may become at the end of a path: eleven hops of a tenth each stay below it."""
_COUNTED = Fraction(1000)
"""Beyond that nobody needs the number."""


def check(budgets: Mapping[str, Mapping[str, int]], paths: Mapping[str, Path]) -> Iterator[Problem]:
    """Refuse paths along which retries multiply beyond `MOST`: of each caller that nobody calls the worst one.

    `budgets` has the calls of each caller, with the percent of its requests that may be tried again, 0 where none are;
    callees that are no key are outside. `paths` says where each caller is described. Of circles `deadlines` speaks.
    """
    graph = {name: [callee for callee in calls if callee in budgets] for name, calls in budgets.items()}
    try:
        order = [*TopologicalSorter(graph).static_order()]
    except CycleError:
        return
    times: dict[str, Fraction] = {}
    worst: dict[str, str] = {}
    for name in order:
        through = {callee: _share(percent) * times.get(callee, 1) for callee, percent in budgets[name].items()}
        if through:
            worst[name] = max(through, key=lambda callee, through=through: through[callee])
        times[name] = min(max(through.values(), default=Fraction(1)), _COUNTED)
    called = {callee for callees in graph.values() for callee in callees}
    for name in budgets:
        if times[name] > MOST and name not in called:
            yield _problem(_way(name, worst), times[name], budgets, paths)


def _share(percent: int) -> Fraction:
    return Fraction(100 + percent, 100)


def _way(start: str, worst: Mapping[str, str]) -> list[str]:
    way = [start]
    while (further := worst.get(way[-1])) is not None:
        way.append(further)
    return way


def _problem(
    way: list[str], times: Fraction, budgets: Mapping[str, Mapping[str, int]], paths: Mapping[str, Path]
) -> Problem:
    """Said of the hop of the path at which most is tried again."""
    caller, callee = max(pairwise(way), key=lambda hop: budgets[hop[0]][hop[1]])
    shown = way if len(way) <= MOST_SHOWN else [*way[: MOST_SHOWN - 1], "…", way[-1]]
    made = f"{show_number(times, 1)}{' and more' if times == _COUNTED else ''}"
    return Problem(
        (*paths[caller], "calls", callee, "budget"),
        RETRIES_MULTIPLY,
        f"is {budgets[caller][callee]} percent, and along {' -> '.join(shown)} retries make up to {made} requests of"
        " one",
        f"lower it, or retry in fewer places of the path, until they make {MOST} at the most",
    )
