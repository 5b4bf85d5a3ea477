"""The rules between services that were described apart from each other, in one program.

What one of them says of another is held against what that one is. Calls to services of which nothing is known hold.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from flyball.guards.reading.problem import Path, Problem
from flyball.guards.timeouts import deadlines
from flyball.guards.timeouts.calls import Outside
from flyball.guards.timeouts.deadlines import Promise
from flyball.guards.timeouts.rules import CALLER_NOT_LET_IN
from flyball.guards.workload.jobs import Job
from flyball.guards.workload.names import EVERYBODY, Caller
from flyball.guards.workload.relations import check_stated
from flyball.guards.workload.resolve import Service
from flyball.guards.workload.sizing import promise

Described = Service | Job
"""A job calls, and is not called."""
Known = Mapping[Caller, Described]
"""Services and jobs by namespace and name."""


def identity(service: Described) -> Caller:
    """Namespace and name: no two services of a cluster have both in common."""
    return Caller(service.spec.namespace, service.name)


def check(new: Sequence[Described], known: Known) -> Iterator[Problem]:
    """Every broken rule between new services and those `known`, the new ones among them; nothing where all hold."""
    added = {identity(service) for service in new}
    around = _around(new, known)
    for service in around.values():
        for name, _, callee in _calls(service, known):
            apart = service.path[:-1] != callee.path[:-1] or len(service.path) == 1
            if apart and added & {identity(service), identity(callee)}:
                yield from check_stated(service.spec.calls[name], callee.spec, (*service.path, "calls", name))
                yield from _check_let_in(service, callee)
    yield from _check_deadlines(around, known)


def _calls(service: Described, known: Known) -> Iterator[tuple[str, Caller, Service]]:
    """The calls to known services: their names, and whom they reach."""
    for name, call in service.spec.calls.items():
        if not isinstance(call.to, Outside):
            callee = Caller(call.to.namespace, call.to.name)
            found = known.get(callee)
            if isinstance(found, Service) and callee != identity(service):
                yield name, callee, found


def _around(new: Sequence[Described], known: Known) -> dict[Caller, Described]:
    """The new services, and all known ones that a way along calls leads to or from."""
    reached = {identity(service): service for service in new}
    callers: dict[Caller, list[Described]] = {}
    for service in known.values():
        for _, callee, _ in _calls(service, known):
            callers.setdefault(callee, []).append(service)
    for service in (waiting := list(new)):
        beside: list[Described] = [callee for _, _, callee in _calls(service, known)] + callers.get(
            identity(service), []
        )
        for other in beside:
            if identity(other) not in reached:
                reached[identity(other)] = other
                waiting.append(other)
    return {each: service for each, service in known.items() if each in reached}


def _check_let_in(caller: Described, callee: Service) -> Iterator[Problem]:
    if callee.spec.port is None:
        return  # that is what is told
    every = Caller(caller.spec.namespace, EVERYBODY)
    if callee.spec.public or identity(caller) in callee.callers or every in callee.callers:
        return
    same = caller.spec.namespace == callee.spec.namespace
    name = caller.name if same else str(identity(caller))
    hint = f"add {name} to its callers, or put both into one Services, which finds out by itself"
    message = f"{name} calls {callee.name}, which would not let it in"
    yield Problem((*callee.path, "callers"), CALLER_NOT_LET_IN, message, hint)


def _check_deadlines(services: Mapping[Caller, Described], known: Known) -> Iterator[Problem]:
    """Timeouts along paths, and circles: `deadlines.check` over all of them, called by one name each."""
    names = _names(services)
    paths = {names[each]: service.path for each, service in services.items()}
    promises: dict[str, Promise] = {}
    calls: dict[tuple[str, str], str] = {}
    for each, service in services.items():
        found = promise(service.spec)
        to = {name: names[callee] for name, callee, _ in _calls(service, known)}
        calls |= {(names[each], callee): name for name, callee in to.items()}
        made = {to.get(name, name): replace(times, outside=name not in to) for name, times in found.calls.items()}
        promises[names[each]] = Promise(found.deadline, made)
    by_path = {path: name for name, path in paths.items()}
    for problem in deadlines.check(promises, paths):
        yield _at_its_call(problem, by_path, calls)


def _names(services: Mapping[Caller, Described]) -> dict[Caller, str]:
    """Each by its own name, or where others have the same one with its namespace."""
    count = Counter(each.name for each in services)
    return {each: each.name if count[each.name] == 1 else str(each) for each in services}


def _at_its_call(problem: Problem, by_path: Mapping[Path, str], calls: Mapping[tuple[str, str], str]) -> Problem:
    """The problem under the name of the call in its arguments, which need not be that of the callee."""
    for i, step in enumerate(problem.path[:-1]):
        path, callee, *rest = problem.path[:i], problem.path[i + 1], *problem.path[i + 2 :]
        if step == "calls" and path in by_path:
            called = calls.get((by_path[path], str(callee)), callee)
            return replace(problem, path=(*path, "calls", called, *rest))
    return problem
