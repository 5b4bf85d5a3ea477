"""Deadlines that fit each other, where those that everybody has do not: from the services that call nobody on."""

from collections.abc import Iterable, Mapping
from graphlib import CycleError, TopologicalSorter

from flyball.deploy.adopt.service import Service
from flyball.guards.reading.units import Milliseconds, duration, show_duration
from flyball.guards.timeouts.deadlines import DEFAULT_DEADLINE

_LONGEST: Milliseconds = 60_000
"""What a request may take; a pod that leaves needs that long, and has 110 s in all."""
_SHORTER: tuple[Milliseconds, ...] = (1_000, 500, 200, 100, 50)
_CONNECT: Milliseconds = 50
_DEFAULT_CONNECT: Milliseconds = 250
_DEFAULT: Milliseconds = 2_000
Graph = dict[str, list[str]]
_OUTSIDE = ""
"""Stands for all that is no service of the stack."""


def leads_to(graph: Graph, name: str, other: str) -> bool:
    """Whether calls of a service lead to another one, over any others; or it is the other one."""
    return other in _reached(graph, name)


def _reached(graph: Graph, name: str) -> set[str]:
    found: set[str] = set()
    waiting = [name]
    while waiting:
        each = waiting.pop()
        if each not in found:
            found.add(each)
            waiting += graph.get(each, [])
    return found


def fit(services: Iterable[Service]) -> None:
    """Give deadlines and timeouts where calls one after another would take longer than a minute by the defaults; to
    what flyball has made none, for there they are told."""
    by_name = {service.work.name: service for service in services}
    calls = {name: service.args.get("calls", {}) for name, service in by_name.items()}
    graph = {
        name: [_OUTSIDE if "host" in call else callee for callee, call in own.items()] for name, own in calls.items()
    }
    told = {
        name: duration(service.args["deadline"]) if "deadline" in service.args else DEFAULT_DEADLINE
        for name, service in by_name.items()
        if service.work.item.is_ours
    }
    guessed = [name for name in by_name if name not in told]
    try:
        names = [*TopologicalSorter(graph).static_order()]
    except CycleError:
        return  # of stacks that do not know each other: a plan refuses it, and no times fit

    def fits(own: Milliseconds, connect: Milliseconds) -> bool:
        taken = _taken(graph, names, told, own, connect)
        return all(taken[name] <= _LONGEST for name in guessed)

    if fits(_DEFAULT, _DEFAULT_CONNECT):
        return
    own = next((each for each in _SHORTER if fits(each, _CONNECT)), _SHORTER[-1])
    taken = _taken(graph, names, told, own, _CONNECT)
    for name in guessed:
        service = by_name[name]
        service.args["deadline"] = show_duration(taken[name])
        service.work.say("a guess, so short that all calls one after another fit into a minute; measure it", "deadline")
        for callee, call in calls[name].items():
            timeout = own if "host" in call else taken[callee]
            call |= {"connect": show_duration(_CONNECT), "timeout": show_duration(timeout)}


def _taken(
    graph: Graph, names: Iterable[str], told: Mapping[str, Milliseconds], own: Milliseconds, connect: Milliseconds
) -> dict[str, Milliseconds]:
    """What each may take: as is `told`, else `own`, or all its calls one after another where that is longer. Who is
    outside takes `own`.

    `names` are all of them, each after those that it calls.
    """
    found: dict[str, Milliseconds] = {}
    for name in names:
        found[name] = told.get(name) or max(own, sum(connect + found[callee] for callee in graph.get(name, ())))
    return found
