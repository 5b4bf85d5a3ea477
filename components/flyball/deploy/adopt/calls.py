"""Who calls whom, guessed from values that name other services of the set; each call says what it was guessed from.

The application goes on calling the names that it knows: in its pods they lead to its proxy (`names`). Where it listens
itself on the port that it would dial, a variable that holds nothing but the address takes the proxy's instead, or the
value dials another port.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from flyball.deploy.adopt.service import Service
from flyball.deploy.adopt.times import Graph, leads_to
from flyball.deploy.adopt.work import Work
from flyball.guards.timeouts.hops import Hop, variable

_HOST = re.compile(
    r"(?<![-.\w$({])(?P<host>[a-z](?:[-a-z0-9]*[a-z0-9])?(?:\.[-a-z0-9]+)*)(?::(?P<port>[0-9]{1,5}))?(?![-.\w:])"
)
_ADDRESS = re.compile(
    r"(?i)host|addr|url|uri|endpoint|server|broker|domain|dsn|connection|datasource|upstream|origin|target"
)
_KEYED = re.compile(r"(?i)(?:host|server|data source|addr|address|hostname)\s*=\s*$")
_REFERENCE = re.compile(r"\$\(([A-Za-z_][A-Za-z0-9_]*)\)")
_ANOTHER = 10_000
"""Added to a port that the application listens on itself, for the one that it dials instead."""


@dataclass(frozen=True, slots=True)
class _Named:
    """A place where a value names a service: `port` is the one that is dialled, None where the value says none."""

    source: str
    callee: Service
    host: str
    port: int | None


def guess(work: Work, args: dict[str, Any], services: Iterable[Service], graph: Graph) -> None:
    """Put calls into the arguments of a service or job, and its name among the callers of others' further ports.

    `graph` are the calls so far: one that closes a circle is left out, for there nobody's deadline can be kept.
    """
    known = {
        host: each for each in services for host in each.known if each.work.name != work.name or work.section == "jobs"
    }
    own = args.get("port") if work.section == "services" else None
    found = _by_callee(work, known)
    calls: dict[str, Any] = dict(args.get("calls", {}))
    for name, places in sorted(found.items()):
        if name in calls:
            continue
        callee = places[0].callee
        main = _main(callee)
        for number in sorted({each.port for each in places if each.port is not None} - {main, callee.args["port"]}):
            _further(work, callee, number)
        to_main = [each for each in places if each.port in (None, main, callee.args["port"])]
        if to_main and work.item.is_ours:
            # What its proxy leads to is known, and times are made for: a guess may be more than its deadline allows.
            work.lose("", f"it seems to call {name} past its proxy, and goes on so")
        elif to_main and leads_to(graph, name, work.name):
            work.lose(
                "", f"it seems to call {name}, which calls it by others: that call is left out, and goes past the proxy"
            )
        elif to_main:
            graph.setdefault(work.name, []).append(name)
            call = _call(work, args, callee, to_main, own)
            if call is not None:
                calls[name] = {**call, **_variable(work, args, callee, call)}
                work.say(f"a guess, from {', '.join(dict.fromkeys(each.source for each in to_main))}", "calls", name)
    if calls:
        args["calls"] = dict(sorted(calls.items()))


def _by_callee(work: Work, known: Mapping[str, Service]) -> dict[str, list[_Named]]:
    """Who is named, without those that listen nowhere."""
    found: dict[str, list[_Named]] = {}
    for each in _named(work, known):
        found.setdefault(each.callee.work.name, []).append(each)
    for name in [name for name, places in found.items() if "port" not in places[0].callee.args]:
        work.lose("", f"it seems to call {name}, which has no port")
        del found[name]
    return found


def _main(callee: Service) -> int:
    """The port of its Service that leads to the one that it is for."""
    return callee.args.get("service", callee.args["port"])


def _named(work: Work, known: Mapping[str, Service]) -> Iterator[_Named]:
    namespace = work.found.namespace or "default"
    texts = {name: _resolved(value, work.text) for name, value in work.text.items()}
    for name, value in sorted(texts.items()):
        for match in _HOST.finditer(value):
            host, port = match["host"], match["port"]
            short = _short(host, namespace)
            if short not in known:
                continue
            before = value[: match.start()]
            whole = match.start() == 0 and match.end() == len(value)
            if not (
                port
                or host != short
                or before.endswith(("://", "@"))
                or _KEYED.search(before)
                or (whole and _ADDRESS.search(name.rsplit(".", 1)[-1]))
            ):
                continue
            dialled = int(port) if port else _beside(name, texts) if whole else None
            yield _Named(name, known[short], host, dialled)
    for key in ("command", "args"):
        for word in work.container.get(key) or []:
            for match in _HOST.finditer(str(word)):
                short = _short(match["host"], namespace)
                if short in known and (match["port"] or str(word)[: match.start()].endswith(("://", "@"))):
                    yield _Named(key, known[short], match["host"], int(match["port"]) if match["port"] else None)


def _short(host: str, namespace: str) -> str:
    """The name within the namespace, of a host name that leads into it."""
    name, _, rest = host.partition(".")
    return name if rest in ("", namespace, f"{namespace}.svc", f"{namespace}.svc.cluster.local") else host


def _resolved(value: str, texts: Mapping[str, str]) -> str:
    return _REFERENCE.sub(lambda match: texts.get(match[1], match[0]), value)


def _beside(name: str, texts: Mapping[str, str]) -> int | None:
    """The port that another variable says: FLAGD_PORT beside FLAGD_HOST."""
    stem = _stem(name)
    found = next((texts[key] for key in (f"{stem}_PORT", f"{stem}_UI_PORT", f"{name}_PORT") if key in texts), "")
    return int(found) if found.isdigit() else None


def _further(work: Work, callee: Service, number: int) -> None:
    for name, port in callee.args.get("ports", {}).items():
        if port.get("service", port["port"]) == number:
            if not port.get("public") and work.name not in port["callers"]:
                port["callers"] = sorted([*port["callers"], work.name])
                callee.work.notes.comments.pop(("services", callee.work.name, "ports", name), None)
            return
    work.lose("", f"it seems to call port {number} of {callee.work.name}, which is no port of it")


def _call(
    work: Work, args: dict[str, Any], callee: Service, places: list[_Named], own: int | None
) -> dict[str, Any] | None:
    main = _main(callee)
    names = sorted({(each.host, each.port or main) for each in places})
    if all(port != own for _, port in names):
        return {"names": [host if port == main else f"{host}:{port}" for host, port in names]}
    protocol = callee.args.get("protocol", "http")
    exact = {each.source for each in places if _is_address(work.text.get(each.source, ""), protocol)}
    if len(exact) == 1 == len({each.source for each in places}) and exact <= args.get("env", {}).keys():
        [source] = exact
        del args["env"][source]
        return {"variable": source}
    return _dialled_otherwise(work, args, names, places)


def _variable(work: Work, args: dict[str, Any], callee: Service, call: dict[str, Any]) -> dict[str, str]:
    """Another variable for the proxy's address, where the one that it has by default is the application's already."""
    if "variable" in call:
        return {}
    default = variable(callee.work.name, Hop(protocol=callee.args.get("protocol", "http")))
    taken = default in {**args.get("env", {}), **args.get("refs", {})}
    return {"variable": f"{default}_OF_PROXY"} if taken else {}


def _is_address(value: str, protocol: str) -> bool:
    """Whether a value is an address as a proxy's variable holds it, and nothing more."""
    return bool(re.fullmatch(rf"{'http://' if protocol == 'http' else ''}[-.a-z0-9]+:[0-9]+", value))


def _dialled_otherwise(
    work: Work, args: dict[str, Any], names: list[tuple[str, int]], places: list[_Named]
) -> dict[str, Any] | None:
    """Values that dial the port on which the application listens itself dial another one: its proxy's."""
    env, dialled = args.get("env", {}), {}
    for host, port in names:
        if port != args.get("port"):
            dialled[host, port] = port
            continue
        other = port + _ANOTHER if port + _ANOTHER < 65_536 else port - _ANOTHER
        for each in [each for each in places if each.host == host and each.source in env]:
            written = f"{host}:{port}"
            if written in env[each.source]:
                env[each.source] = env[each.source].replace(written, f"{host}:{other}")
            elif (beside := _port_variable(each.source, env)) and env[beside] == str(port):
                env[beside] = str(other)
            else:
                continue
            dialled[host, port] = other
            work.say(
                f"dials {other} instead of {port}, on which it listens itself: there is its proxy", "env", each.source
            )
        if (host, port) not in dialled:
            where = "where its proxy would have to; let it listen on another port"
            work.lose("", f"it calls {host}:{port} and listens on {port} itself, {where}")
    if not dialled:
        return None
    return {"names": [f"{host}:{other}" for (host, _), other in sorted(dialled.items())]}


def _port_variable(name: str, env: Mapping[str, str]) -> str | None:
    return next((key for key in (f"{_stem(name)}_PORT", f"{name}_PORT") if key in env), None)


def _stem(name: str) -> str:
    """What a variable speaks of: FLAGD of FLAGD_HOST."""
    return re.sub(r"(?i)_?(host|hostname|addr|address|endpoint|server)$", "", name)
