"""Lesson 1: every hop has a timeout, and all hops of a request fit in the deadline that was promised for it.

A caller that gives up before its callee's own deadline throws away work that would have been answered; a caller that
waits longer than its own deadline answers nobody. So along every path of the call graph timeouts must shrink.
"""

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise

from flyball.guards.reading.problem import Path, Problem
from flyball.guards.reading.units import Milliseconds, show_duration
from flyball.guards.timeouts.rules import (
    CALLS_BEYOND_DEADLINE,
    CALLS_IN_A_CIRCLE,
    CALLS_ITSELF,
    TIMEOUT_ABOVE_DEADLINE,
    TIMEOUT_BELOW_DEADLINE,
)

DEFAULT_DEADLINE: Milliseconds = 2_000
DEFAULT_CONNECT: Milliseconds = 250
DEFAULT_TIMEOUT: Milliseconds = 1_000
DEFAULT_RETRIES = 0


@dataclass(frozen=True, slots=True)
class Times:
    """One hop. `backoff` is all waiting between the tries together; calls of one `parallel` group run side by side."""

    connect: Milliseconds = DEFAULT_CONNECT
    timeout: Milliseconds = DEFAULT_TIMEOUT
    retries: int = DEFAULT_RETRIES
    backoff: Milliseconds = 0
    parallel: str | None = None
    outside: bool = False

    @property
    def longest(self) -> Milliseconds:
        """The longest it can take: `(connect + timeout) * (1 + retries) + backoff`."""
        return (self.connect + self.timeout) * (1 + self.retries) + self.backoff


@dataclass(frozen=True, slots=True)
class Promise:
    """A workload's deadline (None where it could not be read), and the calls it makes to keep it."""

    deadline: Milliseconds | None
    calls: Mapping[str, Times]

    @property
    def spent(self) -> Milliseconds:
        """The longest that all calls of one request take: the sum, of each parallel group only its longest."""
        groups: dict[str, Milliseconds] = {}
        for call in self.calls.values():
            if call.parallel is not None:
                groups[call.parallel] = max(groups.get(call.parallel, 0), call.longest)
        return sum(groups.values()) + sum(call.longest for call in self.calls.values() if call.parallel is None)


MOST_SHOWN = 20
"""Names of a path or a circle that are shown; of a chain of thousands nobody reads more."""


class Paths:
    """The longest paths of a call graph, for any number of questions."""

    def __init__(self, promises: Mapping[str, Promise]) -> None:
        self._next = {
            name: max(promise.calls, key=lambda callee, calls=promise.calls: calls[callee].longest)
            for name, promise in promises.items()
            if promise.calls
        }

    def longest(self, start: str) -> tuple[str, ...]:
        """From `start` along the call that may take longest, again and again, to a workload that calls nobody.

        At most `MOST_SHOWN` names, and a mark where there would be more.
        """
        path = {start: None}  # a dict, for the order and to look names up
        here = start
        while (here := self._next.get(here, start)) not in path:
            if len(path) == MOST_SHOWN:
                return (*path, "…")
            path[here] = None
        return tuple(path)


def check(promises: Mapping[str, Promise], paths: Mapping[str, Path] | None = None) -> Iterator[Problem]:
    """Every broken rule of the whole call graph; nothing where all hold.

    `paths` says where each workload is described [`services.NAME`]. No deadlines hold along a circle, so of those that
    lie on one only the circle is reported.
    """
    places = {name: ("services", name) for name in promises} if paths is None else paths
    circles, ways = cycles(promises), Paths(promises)
    hops = {hop for circle in circles for hop in pairwise(circle)}
    for name, promise in promises.items():
        yield from _check_calls(name, promise, promises, places[name], hops, ways)
        if not any((name, callee) in hops for callee in promise.calls):
            yield from _check_sum(name, promise, places[name])
    for cycle in circles:
        yield Problem(
            (*places[cycle[0]], "calls", cycle[1]),
            CALLS_IN_A_CIRCLE,
            f"the calls go round in a circle: {' -> '.join(_shown(cycle))}",
            "a request could wait for itself; remove one of these calls",
        )


def _shown(circle: tuple[str, ...]) -> tuple[str, ...]:
    """What is read of a circle: all of it, or its beginning and its last call."""
    return circle if len(circle) <= MOST_SHOWN + 2 else (*circle[:MOST_SHOWN], "…", *circle[-2:])


def _check_calls(
    name: str,
    promise: Promise,
    promises: Mapping[str, Promise],
    path: Path,
    circular: Set[tuple[str, str]],
    ways: Paths,
) -> Iterator[Problem]:
    for callee, call in promise.calls.items():
        at = (*path, "calls", callee)
        if callee == name and not call.outside:
            yield Problem(
                at,
                CALLS_ITSELF,
                f"{name} calls itself",
                "remove the call; a workload reaches itself without a hop",
            )
        if promise.deadline is not None and call.timeout > promise.deadline:
            yield Problem(
                (*at, "timeout"),
                TIMEOUT_ABOVE_DEADLINE,
                f"{show_duration(call.timeout)} is more than {name}'s deadline of {show_duration(promise.deadline)}",
                "lower it or raise the deadline",
            )
        other = None if call.outside or callee == name or (name, callee) in circular else promises.get(callee)
        if other is not None and other.deadline is not None and call.timeout < other.deadline:
            way = (name, *ways.longest(callee))
            yield from check_timeout(way, call, other.deadline, at)


def check_timeout(way: Sequence[str], call: Times, deadline: Milliseconds, path: Path) -> Iterator[Problem]:
    """Refuse a call, the first one along `way`, that gives up before the deadline of its callee."""
    if call.timeout < deadline:
        callee, waits = way[1], show_duration(call.timeout)
        message = f"{waits} is less than {callee}'s deadline of {show_duration(deadline)} ({' -> '.join(way)})"
        yield Problem((*path, "timeout"), TIMEOUT_BELOW_DEADLINE, message, f"raise it, or lower {callee}'s deadline")


def _check_sum(name: str, promise: Promise, path: Path) -> Iterator[Problem]:
    if promise.deadline is None or promise.spent <= promise.deadline:
        return
    if any(call.timeout > promise.deadline for call in promise.calls.values()):
        return  # said already, of that call
    terms = [f"{callee} {show_duration(call.longest)}" for callee, call in promise.calls.items()]
    yield Problem(
        (*path, "calls"),
        CALLS_BEYOND_DEADLINE,
        f"together they may take {show_duration(promise.spent)}, more than {name}'s deadline of"
        f" {show_duration(promise.deadline)} ({name} -> {', '.join(terms)})",
        "lower timeouts or retries, make calls side by side (parallel), or raise the deadline",
    )


def cycles(promises: Mapping[str, Promise]) -> list[tuple[str, ...]]:
    """Circles of calls, as `a, b, a`, each a shortest one, that together name every call that lies on a circle.

    Not all circles: there can be more of them than anyone could read. A workload that calls itself is reported by
    `check` on its own, so circles of one are left out.
    """
    graph = {
        name: [c for c, call in promise.calls.items() if c in promises and c != name and not call.outside]
        for name, promise in promises.items()
    }
    sorter = TopologicalSorter(graph)
    try:
        sorter.prepare()
    except CycleError:
        while ready := sorter.get_ready():  # what leads to no circle, from the leaves on
            sorter.done(*ready)
            for name in ready:
                del graph[name]
    else:
        return []
    callers = _turned(graph)
    order = {name: i for i, name in enumerate(promises)}
    found: list[tuple[str, ...]] = []
    named: set[tuple[str, str]] = set()
    for caller, callees in graph.items():
        for callee in callees:
            if (caller, callee) not in named and (way := _shortest(graph, callers, callee, caller)):
                first = way.index(min(way, key=lambda name: order[name]))
                circle = (*way[first:], *way[: first + 1])
                found.append(circle)
                named.update(pairwise(circle))
    return found


def _turned(graph: Mapping[str, list[str]]) -> dict[str, list[str]]:
    """From each callee to its callers."""
    callers: dict[str, list[str]] = {name: [] for name in graph}
    for caller, callees in graph.items():
        for callee in callees:
            callers.setdefault(callee, []).append(caller)
    return callers


def _shortest(
    graph: Mapping[str, list[str]], callers: Mapping[str, list[str]], start: str, goal: str
) -> tuple[str, ...]:
    """The shortest way along calls, both ends included; empty where there is none.

    Breadth first from both ends, a step of the side with fewer names at its edge each time: of thousands of services
    that call each other, it looks at some dozens.
    """
    before, after = {start: ""}, {goal: ""}
    ahead, behind = [start], [goal]
    while ahead and behind:
        if len(ahead) <= len(behind):
            ahead, met = _step(graph, ahead, before, after)
        else:
            behind, met = _step(callers, behind, after, before)
        if met:
            return (*reversed(_chain(before, met)), *_chain(after, met)[1:])
    return ()


def _step(
    graph: Mapping[str, list[str]], edge: list[str], reached: dict[str, str], others: Mapping[str, str]
) -> tuple[list[str], str]:
    """The next edge of one side, and a name that the other side has reached too, or empty."""
    further: list[str] = []
    for name in edge:
        for neighbour in graph.get(name, ()):
            if neighbour not in reached:
                reached[neighbour] = name
                further.append(neighbour)
                if neighbour in others:
                    return further, neighbour
    return further, ""


def _chain(links: Mapping[str, str], name: str) -> list[str]:
    """From a name back to where its side began."""
    chain = [name]
    while links[chain[-1]]:
        chain.append(links[chain[-1]])
    return chain
