"""A call as it will be made: to whom, how long it may take, and what keeps a dependency from doing harm."""

from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass, replace

from flyball.guards.fail_fast.rules import VARIABLE_TAKEN
from flyball.guards.reading import address
from flyball.guards.reading.address import Target
from flyball.guards.reading.problem import Path, Problem
from flyball.guards.reading.reader import Reader
from flyball.guards.reading.rules import EITHER_OR, INVALID_ADDRESS, UNKNOWN_VALUE
from flyball.guards.reading.units import Milliseconds, show_duration
from flyball.guards.timeouts import calls, deadlines, hops
from flyball.guards.timeouts.call_arguments import ServiceReferenceArgs
from flyball.guards.timeouts.calls import Outside
from flyball.guards.timeouts.deadlines import Times
from flyball.guards.timeouts.hops import PROTOCOLS, Hop
from flyball.guards.timeouts.rules import UNKNOWN_ADDRESS
from flyball.guards.workload import promised
from flyball.guards.workload.caches import Seen, variables
from flyball.guards.workload.names import Caller, check_name, check_namespace
from flyball.guards.workload.sidecar import FIRST_PORT, Sidecar


@dataclass(frozen=True, slots=True)
class Callee:
    """A service as those see it who call it.

    `port` is that of its Service, `target` the one of its pods behind that, of which network policies speak. `deadline`
    is what it promises [ms], None where nobody says. `cache` is what its callers are told of a cache, `callers` those
    that it names.
    """

    name: str
    namespace: str
    port: int = 1
    target: int = FIRST_PORT
    protocol: str = "http"
    deadline: Milliseconds | None = None
    cache: Seen | None = None
    callers: tuple[Caller, ...] = ()


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a workload: its times, what it needs beside them, and where it goes."""

    times: Times
    hop: Hop
    to: Callee | Outside
    names: tuple[Target, ...] = ()
    """Host names that lead to the proxy, with the ports that are dialled."""


def check_told(made: Mapping[str, Call], taken: Mapping[str, str], path: Path) -> Iterator[Problem]:
    """Refuse variables that are set already and tell of a called cache: `taken` says under which argument."""
    for name, call in made.items():
        for variable in variables(name) if isinstance(call.to, Callee) and call.to.cache else ():
            if variable in taken:
                hint = f"remove it there: it follows from calls.{name}"
                yield Problem((*path, taken[variable], variable), VARIABLE_TAKEN, f"is what is told of {name}", hint)


def told(calls: Mapping[str, Call]) -> dict[str, str]:
    """The variables that calls bring, and of which call each is."""
    found = {hops.variable(name, call.hop): name for name, call in calls.items()}
    cached = {name for name, call in calls.items() if isinstance(call.to, Callee) and call.to.cache}
    return found | {variable: name for name in cached for variable in variables(name)}


def as_reference(callee: Callee) -> ServiceReferenceArgs:
    """What another set has to know to call a service: the words of `calls.*.service`."""
    reference: ServiceReferenceArgs = {
        "name": callee.name,
        "namespace": callee.namespace,
        "port": callee.port,
        "target": callee.target,
        "protocol": callee.protocol,
    }
    return reference if callee.deadline is None else {**reference, "deadline": show_duration(callee.deadline)}


def read(r: Reader, namespace: str, known: Mapping[str, Callee]) -> dict[str, Call]:
    """The calls of a workload in `namespace`; those to a `known` service go where that one is."""
    return {name: _read(call, name, namespace, known) for name, call in r.maps("calls").items()}


def _read(r: Reader, name: str, namespace: str, known: Mapping[str, Callee]) -> Call:
    outside = calls.read_outside(r) if r.has("host") else None
    calls.check_outside_words(r, outside is not None)
    callee = known.get(name) or Callee(name, namespace)
    times = calls.read_call(r, r.has("host") or r.has("service"), promised.timeout(r, callee.deadline))
    to = _referenced(r, namespace) or outside or _stated(r, callee)
    hop = hops.read(r, name, times, "tcp" if isinstance(to, Outside) else to.protocol)
    return Call(times, hop, to, read_names(r, to.port))


def read_names(r: Reader, port: int) -> tuple[Target, ...]:
    """The names of a call, each with the port that is dialled: `port` where it does not say."""
    found: list[Target] = []
    for i, text in enumerate(r.words("names")):
        place = address.target(text) or Target(text, port)
        if address.is_address(place.host) or not address.is_name(place.host) or place.host == "localhost":
            hint = "give the name by which the application calls it, as catalogue, or catalogue:80 with another port"
            r.problem(("names", i), INVALID_ADDRESS, f"is {text!r}", hint)
            continue
        found.append(place)
    return tuple(found)


def check_hosts(
    made: Mapping[str, Call], known: Container[str], proxy: Sidecar, namespace: str, path: Path
) -> Iterator[Problem]:
    """Refuse hosts outside that a pod's own resolver would find, and its proxy does not.

    HAProxy asks the name servers of resolv.conf for a name as it stands: it reads neither search domains nor /etc/hosts
    (https://docs.haproxy.org/3.2/configuration.html#5.3.2-parse-resolv-conf). Nobody can tell `db.prod`, of a
    namespace, from `db.example`: of two words only a name of the set, `known`, in its namespace is no whole one.
    """
    for name, call in made.items() if proxy.enabled else ():
        if not isinstance(call.to, Outside):
            continue
        for at, host in (("host",), call.to.host), *((("hosts", i), each) for i, each in enumerate(call.to.hosts)):
            if hint := _completed(host, known, proxy.domain, namespace):
                message = f"is {host!r}, and the proxy completes no name"
                yield Problem((*path, "calls", name, *at), INVALID_ADDRESS, message, f"write {hint}")


def _completed(host: str, known: Container[str], domain: str, namespace: str) -> str | None:
    """What to write in place of a name that is not whole; None of one that is, or of what is no name."""
    host = host.lower()
    first, *rest = host.split(".")
    if not address.is_name(host):
        return None
    if host == "localhost":
        return "127.0.0.1"
    if rest == [namespace] and first in known:
        return f"{host}.svc.{domain}"
    if rest and rest[-1] != "svc":
        return None
    whole = f"{host}.{domain}" if len(rest) > 1 else None
    return whole or f"the whole name, of a Service here {first}.{namespace}.svc.{domain}, or the address"


def _stated(r: Reader, known: Callee) -> Callee:
    """A workload of the same namespace, and what the call itself says of it."""
    protocol = r.value("protocol", str, known.protocol)
    return replace(
        known,
        port=r.whole("port", known.port, 1, 65_535),
        target=r.whole("target", known.target, 1, 65_535),
        protocol=protocol if protocol in PROTOCOLS else known.protocol,
    )


def _referenced(r: Reader, namespace: str) -> Callee | None:
    """A service of another set, as that set's outputs describe it."""
    if not r.has("service"):
        return None
    for key in ("host", "port", "target", "protocol"):
        if r.has(key):
            r.problem(key, EITHER_OR, "is given beside service", "the reference says it; remove one of them")
    given = r.at("service")
    there = given.value("namespace", str, namespace)
    name = given.value("name", str, "unnamed")
    if given.has("name"):
        r.problems.extend(check_name(name, (*given.path, "name")))
    if given.has("namespace"):
        r.problems.extend(check_namespace(there, (*given.path, "namespace")))
    protocol = given.value("protocol", str, "http")
    if protocol not in PROTOCOLS:
        given.problem("protocol", UNKNOWN_VALUE, f"is {protocol!r}", f"allowed are {', '.join(PROTOCOLS)}")
        protocol = "http"
    deadline = given.duration("deadline", deadlines.DEFAULT_DEADLINE) if given.has("deadline") else None
    return Callee(
        name=name,
        namespace=there,
        port=given.whole("port", 1, 1, 65_535),
        target=given.whole("target", FIRST_PORT, 1, 65_535),
        protocol=protocol,
        deadline=deadline if given.readable("deadline") else None,
    )


def check_alone(r: Reader) -> Iterator[Problem]:
    """A workload by itself knows nobody: each of its calls says where it goes."""
    for name, call in r.maps("calls").items():
        if call.has("host") or call.has("service") or not r.at("calls").is_map(name):
            continue
        for key, what in (("port", "the port of its Service"), ("protocol", "what it speaks")):
            if not call.has(key):
                hint = f"say {what}, or put both into one Services, which finds out by itself"
                yield Problem((*call.path, key), UNKNOWN_ADDRESS, "is missing", hint)
