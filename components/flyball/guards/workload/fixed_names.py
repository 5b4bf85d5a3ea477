"""Calls of an application that cannot be told an address: the names that it knows lead to its proxy.

In its pods each such call has a loopback address of its own, at which the proxy listens on the port that the
application dials, and the names resolve to that. Everything else of the call is as of any other.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from flyball.guards.reading.problem import Path, Problem
from flyball.guards.reading.rules import DOES_NOT_APPLY, GIVEN_TWICE, UNKNOWN_VALUE
from flyball.guards.reading.strict import nearest
from flyball.guards.timeouts.calls import Outside
from flyball.guards.timeouts.rules import NAME_UNREACHABLE, PAST_THE_PROXY
from flyball.guards.workload.application import Application
from flyball.guards.workload.calls import Call, Callee, told

FIRST_PRIVILEGED = 1024
"""Below it only who has a right may listen, or who is told by `net.ipv4.ip_unprivileged_port_start` (ip(7)), one of the
settings that every pod may make (https://kubernetes.io/docs/tasks/administer-cluster/sysctl-cluster/)."""
_EACH = 250
"""Loopback addresses taken of each 256."""
_PLACE = re.compile(
    r"(?:^|(?P<scheme>[a-z][-+.a-z0-9]*:/)/|@|,)(?P<host>[A-Za-z0-9][-.A-Za-z0-9]*)"
    r"(?::(?P<port>[0-9]{1,5}))?(?=$|[/?,;])"
)
"""A host in a value, as it stands in URLs, connection strings, lists of servers, or alone."""
_DIALLED = re.compile(
    r"(?:(?<![-.\w$({:/])|(?<=//))(?P<host>[A-Za-z0-9][-.A-Za-z0-9]*):(?P<port>[0-9]{1,5})(?![-.\w:@])"
)
"""A host with a port anywhere in a value or in a word of a command; no user with a password, and no image's tag."""
_COMMENT = re.compile(r"^[ \t]*(?:#|//|;|--).*", re.MULTILINE)
"""A line of a file that only people read."""
_REFERENCE = re.compile(r"(?<!\$)(?:\$\$)*\$\(([A-Z_][A-Z0-9_]*)\)")


def places(calls: Mapping[str, Call]) -> dict[str, str]:
    """The loopback address of each call with names, in alphabetical order; 127.0.0.1 is everybody's."""
    named = sorted(name for name, call in calls.items() if call.names)
    return {name: f"127.0.{i // _EACH}.{2 + i % _EACH}" for i, name in enumerate(named)}


def lowest(calls: Mapping[str, Call]) -> int | None:
    """The lowest port below 1024 on which the proxy listens for names; None where there is none."""
    return min((to.port for call in calls.values() for to in call.names if to.port < FIRST_PRIVILEGED), default=None)


def check(spec: Application, taken: Mapping[int, str], path: Path) -> Iterator[Problem]:
    """Refuse names that lead to two places, and ports that others of the pod listen on, at every address: `taken`."""
    leads: dict[str, str] = {name: f"hosts.{where}" for where, named in spec.pod.hosts.items() for name in named}
    for name, call in sorted(spec.calls.items()):
        at = (*path, "calls", name, "names")
        if call.names and not spec.sidecar.enabled:
            yield Problem(
                at, DOES_NOT_APPLY, "are given, and proxy.enabled is false", "nobody would listen; remove them"
            )
            continue
        for to in call.names:
            if leads.setdefault(to.host, f"calls.{name}") != f"calls.{name}":
                yield Problem(
                    at, GIVEN_TWICE, f"{to.host} leads to {leads[to.host]} already", "a name leads to one place"
                )
            elif to.port in taken:
                hint = "let it listen on another port, or call another one, as catalogue:8080"
                message = f"{to.host}:{to.port} cannot lead to the proxy: {taken[to.port]} listens on {to.port}"
                yield Problem(at, NAME_UNREACHABLE, message, hint)


def check_values(spec: Application, env: Any, known: Mapping[str, object], path: Path) -> Iterator[Problem]:
    """Refuse variables that lead past the proxy to whom a call goes, and those that name a variable that is not there.

    `known` are all variables that are; of what comes by the dozen (`variables`) nobody knows the names.
    """
    values = {key: text for key, text in env.items() if isinstance(text, str)} if isinstance(env, Mapping) else {}
    for variable, text in values.items():
        at = (*path, "env", variable)
        for other in _REFERENCE.findall(text) if not spec.variables else ():
            if other not in known:
                meant = nearest(other, map(str, known))
                hint = f"{meant}{'' if meant.endswith('?') else '.'} A text that only looks so is written $$({other})"
                yield Problem(at, UNKNOWN_VALUE, f"names $({other}), and there is no such variable", hint)
        if spec.sidecar.enabled and variable not in told(spec.calls):
            yield from _check_way(spec, text, at)


def check_dialled(spec: Application, args: Mapping[str, Any], path: Path) -> Iterator[Problem]:
    """Refuse variables, words of commands and files that dial a name which leads to the proxy on a port on which that
    does not listen there: a pod has one table of hosts, for its own further containers too."""
    led: dict[str, tuple[str, list[int]]] = {}
    for name, call in spec.calls.items() if spec.sidecar.enabled else ():
        for to in call.names:
            led.setdefault(to.host, (name, []))[1].append(to.port)
    for at, text in _texts(args, path) if led else ():
        for match in _DIALLED.finditer(text):
            host, port = match["host"].lower().rstrip("."), int(match["port"])
            name, ports = led.get(host, ("", [port]))
            if port not in ports:
                there = " and ".join(map(str, sorted({*ports})))
                message = f"dials {host}:{port}, and the name leads to the proxy, which listens on {there} there"
                hint = (
                    f"dial that, or add {host}:{port} to calls.{name}.names where it means the same; what else listens"
                    " there needs a call of its own, with another name"
                )
                yield Problem(at, NAME_UNREACHABLE, message, hint)


def _texts(args: Mapping[str, Any], path: Path) -> Iterator[tuple[Path, str]]:
    """What is said to the containers of a pod, and where."""
    yield from _words(args, path)
    for kind in ("init", "sidecars"):
        for name, own in _maps(args.get(kind)):
            yield from _words(own, (*path, kind, name))
    for name, files in _maps(args.get("files")):
        content = files.get("content")
        for key, text in content.items() if isinstance(content, Mapping) else ():
            if isinstance(text, str):
                yield (*path, "files", name, "content", key), _COMMENT.sub("", text)


def _words(args: Mapping[str, Any], path: Path) -> Iterator[tuple[Path, str]]:
    for key in ("env", "command", "arguments"):
        given = args.get(key)
        each = given.items() if isinstance(given, Mapping) else enumerate(given if isinstance(given, list) else ())
        yield from (((*path, key, step), text) for step, text in each if isinstance(text, str))


def _maps(given: object) -> Iterator[tuple[Any, Mapping[str, Any]]]:
    for name, each in given.items() if isinstance(given, Mapping) else ():
        if isinstance(each, Mapping):
            yield name, each


def _check_way(spec: Application, text: str, at: Path) -> Iterator[Problem]:
    led = {to.host for call in spec.calls.values() for to in call.names}
    for match in _PLACE.finditer(text):
        host, port = match["host"].lower().rstrip("."), match["port"]
        for name, call in spec.calls.items():
            if host in led or not _is_of(spec, call, host, port):
                continue
            # A word alone, without scheme and port, may be anything.
            if match["scheme"] or port or "." in host:
                hint = f"name its variable, as in $(…), or the name that the application knows in calls.{name}.names"
                message = f"leads to {name} past the proxy, which keeps timeouts and circuits of the call"
                yield Problem(at, PAST_THE_PROXY, message, hint)


def _is_of(spec: Application, call: Call, host: str, port: str | None) -> bool:
    to = call.to
    if port not in (None, str(to.port)):
        return False
    if isinstance(to, Outside):
        return host in (to.host, *to.hosts)
    return host in _names(to, spec.sidecar.domain, spec.namespace)


def _names(to: Callee, domain: str, namespace: str) -> set[str]:
    whole = f"{to.name}.{to.namespace}"
    return {whole, f"{whole}.svc", f"{whole}.svc.{domain}", *([to.name] if to.namespace == namespace else [])}
