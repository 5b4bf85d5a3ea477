"""The caches of a set of services: read once, and then called by these."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from flyball.guards.reading.problem import Path, Problem
from flyball.guards.reading.units import show_count
from flyball.guards.timeouts.rules import CLIENTS_BELOW_CALLERS
from flyball.guards.workload import caches
from flyball.guards.workload.caches import PORT, Cache, Seen
from flyball.guards.workload.calls import Callee
from flyball.guards.workload.names import Caller


@dataclass(frozen=True, slots=True)
class Held:
    """The caches that hold their rules, all that are named as services see them, and what is wrong with the others."""

    caches: Mapping[str, Cache]
    callees: Mapping[str, Callee]
    problems: tuple[Problem, ...]
    path: Path

    def check_callers(
        self, callers: Mapping[tuple[str, str], Iterable[Caller]], pods: Mapping[Caller, int]
    ) -> Iterator[Problem]:
        """Refuse caches that take fewer clients than those who call them have `pods`; of others nobody knows."""
        for name, cache in self.caches.items():
            known = {caller for caller in callers.get((cache.namespace, name), ()) if caller in pods}
            if (count := sum(pods[caller] for caller in known)) <= cache.clients:
                continue
            names = ", ".join(sorted(caller.name for caller in known))
            taken = show_count(count, "pod")
            message = (
                f"is {cache.clients}, and {names} may have {taken} in a release, each with a connection of its own"
            )
            hint = "raise it, or lower the ceiling there"
            yield Problem((*self.path, name, "clients"), CLIENTS_BELOW_CALLERS, message, hint)

    def called(self, callers: Mapping[tuple[str, str], Iterable[Caller]]) -> dict[str, Cache]:
        """With those who call them, by namespace and name, beside those who are named."""
        return {
            name: replace(
                cache, callers=tuple(sorted({*cache.callers, *callers.get((cache.namespace, cache.name), ())}))
            )
            for name, cache in self.caches.items()
        }


def hold(given: object, others: Iterable[str], namespace: str, path: Path, expected: Any) -> Held:
    """Read the caches `given`, which share their names with no service or job; `expected` describes one."""
    found: dict[str, Cache] = {}
    callees: dict[str, Callee] = {}
    problems: list[Problem] = []
    named: Mapping[str, Any] = {str(n): args for n, args in given.items()} if isinstance(given, Mapping) else {}
    for name, args in named.items():
        cache, theirs = caches.read(args, name, namespace, (*path, name), expected)
        problems += theirs
        if cache is not None:
            found[name] = cache
        # Of one that could not be read, callers need no more than that it is there.
        seen = Seen(cache.ttl, cache.secret) if cache else Seen(1, name)
        named_callers = cache.callers if cache else ()
        callees[name] = Callee(name, namespace, PORT, PORT, "tcp", cache=seen, callers=named_callers)
    problems += caches.check_names(named, others, path)
    return Held(found, callees, tuple(problems), path)
