"""The rules between services: a call reaches somebody, says nothing of its callee that is not so, and is let in."""

from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping
from types import MappingProxyType

from flyball.guards.reading.problem import Path, Problem
from flyball.guards.reading.rules import GIVEN_TWICE
from flyball.guards.reading.strict import Words
from flyball.guards.reading.units import show_duration
from flyball.guards.timeouts import deadlines
from flyball.guards.timeouts.calls import Outside
from flyball.guards.timeouts.rules import (
    CALLER_NOT_LET_IN,
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
    calling = {**jobs, **specs}
    for name, spec in specs.items():
        yield from check_calls(spec, specs, (*root, name), bad, names, caches)
        yield from check_callers(spec.callers or (), spec, calling, caches, (*root, name))
    for name, cache in caches.items():
        yield from check_callers(cache.callers, cache, calling, caches, (*root[:-1], "caches", name))
    yield from _check_exposed(specs, root, bad)


def _check_exposed(specs: Mapping[str, Spec], root: Path, bad: Mapping[str, frozenset[Path]]) -> Iterator[Problem]:
    """Refuse two services in one place of the way in, of which one would be called: of an Ingress and of a Gateway the
    one that was made first (https://gateway-api.sigs.k8s.io/reference/spec/#httproutespec). A slash at the end of a
    prefix says nothing."""
    first: dict[tuple[str, str], str] = {}
    for name, spec in specs.items():
        if spec.expose is None or ("expose",) in bad.get(name, _ALL):
            continue
        host, path = spec.expose.host, spec.expose.path
        other = first.setdefault((host, path.rstrip("/")), name)
        if other != name:
            hint = "give it another host or path"
            yield Problem((*root, name, "expose"), GIVEN_TWICE, f"{host}{path} leads to {other} already", hint)


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
            yield from _check_outside(callee, call, spec, specs, caches, at)
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


def _check_outside(
    callee: str,
    call: Call,
    spec: Application,
    specs: Mapping[str, Spec],
    caches: Mapping[str, Callee],
    path: Path,
) -> Iterator[Problem]:
    """A call out of the set has a name of its own, and comes back to no service of the set but at a further port."""
    to = call.to
    if callee in specs or callee in caches:
        key = "host" if isinstance(to, Outside) else "service"
        yield Problem((*path, key), HIDDEN_SERVICE, f"hides the service {callee}", "give the outside one another name")
        return
    if not isinstance(to, Outside):
        if to.namespace == spec.namespace and (to.name in specs or to.name in caches):
            yield _led_back(to.name, (*path, "service"))
        return
    for at, host in (("host",), to.host), *((("hosts", i), each) for i, each in enumerate(to.hosts)):
        name, _, rest = host.lower().rstrip(".").partition(".")
        if rest not in (f"{spec.namespace}.svc", f"{spec.namespace}.svc.{spec.sidecar.domain}"):
            continue
        if name in caches or (name in specs and to.port == specs[name].service):
            yield _led_back(name, (*path, *at))
        elif name in specs:
            yield from _check_further(spec, specs[name], to.port, (*path, "port"))


def _led_back(name: str, path: Path) -> Problem:
    message = f"leads to {name} of this stack, which knows nothing of such a call"
    return Problem(
        path, HIDDEN_SERVICE, message, f"call it by its name, as calls.{name}, or a further port by its host"
    )


def _check_further(spec: Application, callee: Spec, port: int, path: Path) -> Iterator[Problem]:
    """A further port of a service of the set is there, and lets in who calls it."""
    found = {each.service: (name, each) for name, each in callee.ports.items() if each.protocol != "udp"}
    if port not in found:
        known = [*([] if callee.service is None else [callee.service]), *found]
        message = f"is {port}, and {callee.name} listens on {' and '.join(map(str, known)) or 'none'}"
        yield Problem(path, WRONG_PORT, message, "give one of its ports")
        return
    name, further = found[port]
    every = Caller(spec.namespace, EVERYBODY)
    if not further.public and Caller(spec.namespace, spec.name) not in further.callers and every not in further.callers:
        message = f"is the port {name} of {callee.name}, which would not let it in"
        yield Problem(path, CALLER_NOT_LET_IN, message, f"add {spec.name} to ports.{name}.callers of {callee.name}")


def check_references(spec: Application, path: Path, bad: frozenset[Path] = _ALL) -> Iterator[Problem]:
    """Refuse calls to services of another set that give up before these ones' deadlines, where they are known."""
    for callee, call in spec.calls.items():
        if isinstance(call.to, Outside) or not call.times.outside or ("calls", callee) in bad:
            continue
        if call.to.deadline is not None:
            way = (spec.name, callee)
            yield from deadlines.check_timeout(way, call.times, call.to.deadline, (*path, "calls", callee))


def check_callers(
    named: Iterable[Caller],
    callee: Spec | Callee,
    specs: Mapping[str, Application],
    caches: Container[str],
    path: Path,
) -> Iterator[Problem]:
    """Callers of the set follow from its calls; one that is `named`, and makes none, is let in for nothing."""
    for i, caller in enumerate(named):
        other = specs.get(caller.name) if caller.namespace == callee.namespace else None
        if other is not None and callee.name not in other.calls:
            kind, hint = "service" if isinstance(other, Spec) else "job", "remove it, or declare the call"
        elif other is None and caller.namespace == callee.namespace and caller.name in caches:
            kind, hint = "cache", "remove it"
        else:
            continue
        message = f"{caller.name} is a {kind} of this stack, and does not call {callee.name}"
        yield Problem((*path, "callers", i), CALLER_WITHOUT_CALL, message, hint)


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
