"""The rules between services: a call reaches somebody, says nothing of its callee that is not so, and is let in."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Set
from types import MappingProxyType

from flyball.guards.reading.problem import Path, Problem
from flyball.guards.reading.rules import GIVEN_TWICE
from flyball.guards.reading.strict import Words
from flyball.guards.reading.units import show_duration
from flyball.guards.timeouts import deadlines
from flyball.guards.timeouts.calls import Outside
from flyball.guards.timeouts.rules import (
    CALLER_WITHOUT_CALL,
    HIDDEN_SERVICE,
    NOTHING_LISTENS,
    UNKNOWN_CALLEE,
    WRONG_DEADLINE,
    WRONG_PORT,
    WRONG_PROTOCOL,
)
from flyball.guards.workload.application import Application
from flyball.guards.workload.balancer import SUFFIX as BALANCER_SUFFIX
from flyball.guards.workload.calls import Call, Callee
from flyball.guards.workload.names import EVERYBODY, PEERS_SUFFIX, Caller
from flyball.guards.workload.ports import Reached
from flyball.guards.workload.spec import Spec

_ALL: frozenset[Path] = frozenset()


def check_set(
    specs: Mapping[str, Spec],
    root: Path,
    bad: Mapping[str, frozenset[Path]],
    jobs: Mapping[str, Application] = MappingProxyType({}),
    caches: Mapping[str, Callee] = MappingProxyType({}),
) -> Iterator[Problem]:
    """Callees that are no service of the set, what hides one, and what is said of one and is not so.

    `bad` names, by service, the arguments that could not be read: nothing is held against their defaults. Deadlines and
    circles: `deadlines.check`.
    """
    names = Words({**specs, **caches}) if len(specs) + len(caches) > 1 else None
    for name, spec in specs.items():
        yield from check_calls(spec, specs, (*root, name), bad, names, caches)
        yield from _check_callers(spec, {**jobs, **specs}, (*root, name))


def check_calls(
    spec: Application,
    specs: Mapping[str, Spec],
    path: Path,
    bad: Mapping[str, frozenset[Path]],
    names: Words | None,
    caches: Mapping[str, Callee],
) -> Iterator[Problem]:
    """The calls of one caller, at `path`, to services and caches of the set; `names` are those it may have meant."""
    for callee, call in spec.calls.items():
        at = (*path, "calls", callee)
        if call.times.outside:
            yield from _check_outside(callee, call, {*specs, *caches}, at)
        elif callee in specs:
            yield from check_stated(call, specs[callee], at, "leave it out", bad.get(callee, _ALL))
        elif callee in caches:
            yield from _check_cache(call, caches[callee], at)
        else:
            yield _unknown(callee, names, spec.name, at)


def _unknown(callee: str, names: Words | None, caller: str, path: Path) -> Problem:
    hint = "what is outside of it needs host and port, or service"
    remedy = f"{names.nearest(callee, but=caller)} ({hint})" if names else hint
    return Problem(path, UNKNOWN_CALLEE, "is no service of this stack", remedy)


def _check_cache(call: Call, cache: Callee, path: Path) -> Iterator[Problem]:
    """A cache is called over plain TCP, at the one port that it has."""
    to = call.to
    if isinstance(to, Outside):
        return
    for key, said, right in (("port", to.port, cache.port), ("target", to.target, cache.target)):
        if said != right:
            yield Problem((*path, key), WRONG_PORT, f"is {said}, and {cache.name} listens on {right}", "leave it out")
    if to.protocol != cache.protocol:
        message = f"is {to.protocol}, and {cache.name} is a cache"
        yield Problem((*path, "protocol"), WRONG_PROTOCOL, message, "leave it out")


def _check_outside(callee: str, call: Call, specs: Set[str], path: Path) -> Iterator[Problem]:
    """A call out of the set has a name of its own."""
    if callee in specs:
        key = "host" if isinstance(call.to, Outside) else "service"
        yield Problem((*path, key), HIDDEN_SERVICE, f"hides the service {callee}", "give the outside one another name")


def check_references(spec: Application, path: Path, bad: frozenset[Path] = _ALL) -> Iterator[Problem]:
    """Refuse calls to services of another set that give up before these ones' deadlines, where they are known."""
    for callee, call in spec.calls.items():
        if isinstance(call.to, Outside) or not call.times.outside or ("calls", callee) in bad:
            continue
        if call.to.deadline is not None:
            way = (spec.name, callee)
            yield from deadlines.check_timeout(way, call.times, call.to.deadline, (*path, "calls", callee))


def _check_callers(spec: Spec, specs: Mapping[str, Application], path: Path) -> Iterator[Problem]:
    """Callers of the set follow from its calls; one that is named, and makes none, is let in for nothing."""
    for i, caller in enumerate(spec.callers or ()):
        other = specs.get(caller.name) if caller.namespace == spec.namespace else None
        if other is not None and spec.name not in other.calls:
            message = f"{caller.name} is a {_kind(other)} of this stack, and does not call {spec.name}"
            yield Problem((*path, "callers", i), CALLER_WITHOUT_CALL, message, "remove it, or declare the call")


def _kind(spec: Application) -> str:
    return "service" if isinstance(spec, Spec) else "job"


def check_stated(
    call: Call, callee: Spec, path: Path, remedy: str = "", bad: frozenset[Path] = _ALL
) -> Iterator[Problem]:
    """What a call says of a service and is not so; mended by `remedy`, or by saying what is so.

    Plain TCP is not refused: it carries what the callee speaks, whatever that is.
    """
    to, right = call.to, callee.callee
    if isinstance(to, Outside):
        return
    if callee.port is None:
        message = f"{callee.name} has no port, so that nobody can call it"
        yield Problem(path, NOTHING_LISTENS, message, f"give {callee.name} a port, or take the call out")
        return
    at = (*path, "service") if call.times.outside else path
    unread = {argument[0] for argument in bad}
    if to.port != right.port and not unread & {"port", "service"}:
        message = f"is {to.port}, and {right.name} listens on {right.port}"
        yield Problem((*at, "port"), WRONG_PORT, message, remedy or f"give {right.port}")
    if to.target != right.target and not unread & {"port", "inbound", "proxy"}:
        message = f"is {to.target}, and the pods of {right.name} listen on {right.target}"
        yield Problem((*at, "target"), WRONG_PORT, message, remedy or f"give {right.target}")
    if {to.protocol, right.protocol} == {"http", "grpc"} and "protocol" not in unread:
        message = f"is {to.protocol}, and {right.name} speaks {right.protocol}"
        yield Problem((*at, "protocol"), WRONG_PROTOCOL, message, remedy or f"give {right.protocol}")
    if call.times.outside and to.deadline not in (None, right.deadline) and "deadline" not in unread:
        said, promised = (show_duration(time or 0) for time in (to.deadline, right.deadline))
        message = f"is {said}, and {right.name} promises {promised}"
        yield Problem((*at, "deadline"), WRONG_DEADLINE, message, remedy or f"give {promised}")


def callers(specs: Iterable[Application]) -> dict[tuple[str, str], set[Caller]]:
    """By namespace and name of a callee: who calls it, as far as these know."""
    found: dict[tuple[str, str], set[Caller]] = defaultdict(set)
    for spec in specs:
        for call in spec.calls.values():
            if not isinstance(call.to, Outside):
                found[call.to.namespace, call.to.name].add(Caller(spec.namespace, spec.name))
    return found


def reached(specs: Iterable[Spec]) -> dict[Caller, list[Reached]]:
    """By who is named as a caller of further ports of these: which ones, so that it gets out to where it is let in."""
    found: dict[Caller, list[Reached]] = defaultdict(list)
    for spec in specs:
        for port in spec.ports.values():
            for caller in set(port.callers):
                found[caller].append(Reached(spec.namespace, spec.name, port.port, port.protocol))
    return found


def reaches(spec: Application, found: Mapping[Caller, Iterable[Reached]]) -> tuple[Reached, ...]:
    """The further ports that name an application, or all of its namespace; each once, in order."""
    named = (Caller(spec.namespace, name) for name in (spec.name, EVERYBODY))
    return tuple(sorted({each for caller in named for each in found.get(caller, ())}))


def check_names(
    specs: Mapping[str, Spec], root: Path, caches: Mapping[str, Callee] = MappingProxyType({})
) -> Iterator[Problem]:
    """Two services whose objects would have the same name."""
    for name, spec in specs.items():
        balanced = name + BALANCER_SUFFIX
        if spec.balancer and (balanced in specs or balanced in caches):
            hint = f"{name} has its balancer under that one; rename one of them"
            yield Problem((*root, name), GIVEN_TWICE, f"and {balanced} would have a Service in common", hint)
        peers = name + PEERS_SUFFIX
        if spec.kept.members and (peers in specs or peers in caches):
            hint = f"{name} gives each member a name under that one; rename one of them"
            yield Problem((*root, name), GIVEN_TWICE, f"and {peers} would have a Service in common", hint)
