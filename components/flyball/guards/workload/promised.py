"""Deadlines and timeouts that nobody has stated: they fit those that were, and each other.

A call waits for as long as its callee may take, and who calls takes at least as long as its calls: from those that call
nobody on, each default follows from the ones before it. What was stated is a promise, and is not moved.
"""

from collections.abc import Mapping

from flyball.guards.reading.reader import Reader
from flyball.guards.reading.units import Milliseconds
from flyball.guards.timeouts import calls
from flyball.guards.timeouts.deadlines import DEFAULT_DEADLINE, DEFAULT_TIMEOUT, Promise, Times


def timeout(call: Reader, callee: Milliseconds | None) -> Milliseconds:
    """How long a call waits that does not say: 1 s, or as long as its callee may take where that is known and longer.

    `callee` is the deadline of the service of its name, if there is one.
    """
    if call.has("host"):
        return DEFAULT_TIMEOUT
    if call.has("service"):
        callee = Reader(call.values.get("service"), (), []).duration("deadline", DEFAULT_TIMEOUT)
    return max(DEFAULT_TIMEOUT, callee or 0)


def deadlines(services: Mapping[str, object]) -> dict[str, Milliseconds]:
    """The deadline of each service of a set, where it says none: 2 s, or what its calls may take where that is longer.

    Calls that wait for longer than 2 s because they say so do not count: a slip of the pen would raise the deadlines of
    all who call. In a circle nobody's default can follow; it is refused anyway.
    """
    found = {name: _stated(args) for name, args in services.items() if _has_deadline(args)}
    waiting = {name: _calls(args) for name, args in services.items() if name not in found}
    before, round_, after = _callees_first(
        {name: [each for each in made if each in waiting] for name, made in waiting.items()}
    )
    for names in (before, after):
        for name in names:
            found[name] = _taken(waiting[name], found)
        found.update(dict.fromkeys(round_, DEFAULT_DEADLINE))
    return found


def _callees_first(graph: Mapping[str, list[str]]) -> tuple[list[str], list[str], list[str]]:
    """The names of a call graph, each after all that it calls: those that lead to no circle, those that lie on one or
    between two, in no order, and those that lead to these.
    """
    callers: dict[str, list[str]] = {name: [] for name in graph}
    for name, callees in graph.items():
        for callee in callees:
            callers[callee].append(name)
    before = _peeled(graph, callers)
    rest = {name: [each for each in made if each not in before] for name, made in callers.items() if name not in before}
    after = _peeled(rest, {name: [each for each in graph[name] if each in rest] for name in rest})
    return list(before), [name for name in rest if name not in after], list(reversed(after))


def _peeled(graph: Mapping[str, list[str]], turned: Mapping[str, list[str]]) -> dict[str, None]:
    """Names that lead to none but names before them: from the leaves on, without those that lead to a circle."""
    ahead = {name: len(names) for name, names in graph.items()}
    found = dict.fromkeys(name for name, count in ahead.items() if not count)
    waiting = list(found)
    for name in waiting:
        for other in turned[name]:
            ahead[other] -= 1
            if not ahead[other]:
                found[other] = None
                waiting.append(other)
    return found


def _has_deadline(args: object) -> bool:
    return isinstance(args, Mapping) and "deadline" in args


def _stated(args: object) -> Milliseconds:
    return Reader(args, (), []).duration("deadline", DEFAULT_DEADLINE)


def _calls(args: object) -> dict[str, Reader]:
    return Reader(args, (), []).maps("calls")


def _taken(made: Mapping[str, Reader], known: Mapping[str, Milliseconds]) -> Milliseconds:
    times: dict[str, Times] = {}
    for name, call in made.items():
        read = calls.read_call(call, False, timeout(call, known.get(name)))
        if not call.has("timeout") or read.timeout <= DEFAULT_DEADLINE:
            times[name] = read
    return max(DEFAULT_DEADLINE, Promise(None, times).spent)
