"""Deadlines that fit each other, where those that everybody has do not: from the services that call nobody on."""

from collections.abc import Iterable
from graphlib import CycleError, TopologicalSorter

from flyball.deploy.adopt.service import Service
from flyball.guards.reading.units import Milliseconds, show_duration

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
    """Give deadlines and timeouts where calls one after another would take longer than a minute by the defaults."""
    by_name = {service.work.name: service for service in services}
    calls = {name: service.args.get("calls", {}) for name, service in by_name.items()}
    graph = {
        name: [_OUTSIDE if "host" in call else callee for callee, call in own.items()] for name, own in calls.items()
    }
    try:
        names = [*TopologicalSorter(graph).static_order()]
    except CycleError:
        return  # of stacks that do not know each other: a plan refuses it, and no times fit
    if max(_taken(graph, names, _DEFAULT, _DEFAULT_CONNECT).values(), default=0) <= _LONGEST:
        return
    own = next((d for d in _SHORTER if max(_taken(graph, names, d, _CONNECT).values()) <= _LONGEST), _SHORTER[-1])
    taken = _taken(graph, names, own, _CONNECT)
    for name, service in by_name.items():
        service.args["deadline"] = show_duration(taken[name])
        service.work.say("a guess, so short that all calls one after another fit into a minute; measure it", "deadline")
        for callee, call in calls[name].items():
            timeout = own if "host" in call else taken[callee]
            call |= {"connect": show_duration(_CONNECT), "timeout": show_duration(timeout)}


def _taken(graph: Graph, names: Iterable[str], own: Milliseconds, connect: Milliseconds) -> dict[str, Milliseconds]:
    """What each may take: `own`, or all its calls one after another where that is longer. Who is outside takes `own`.

    `names` are all of them, each after those that it calls.
    """
    found: dict[str, Milliseconds] = {}
    for name in names:
        found[name] = max(own, sum(connect + found[callee] for callee in graph.get(name, ())))
    return found
