"""How an application goes on calling the names that it knows: they lead to its proxy, or a variable says where that is.

Where it listens itself on the port that it would dial, a variable that holds nothing but the address takes the proxy's
instead, or the value dials another port.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from flyball.deploy.adopt.addresses import Named, names_of, port_variable
from flyball.deploy.adopt.work import Work
from flyball.guards.timeouts.hops import Hop, variable

_LONGEST, _OUTSIDE = 63, "-outside"
"""Letters of a call's name, and how it ends where it would be another one's."""
_ANOTHER = 10_000
"""Added to a port that the application listens on itself, for the one that it dials instead."""


@dataclass(frozen=True, slots=True)
class Callee:
    """Whom it calls, by the name of the call: at which port where a value says none, and what is spoken there."""

    name: str
    port: int
    protocol: str


def apart_from(taken: Collection[str], name: str) -> str:
    """The name of a call to what is outside, which is none of those that are taken."""
    end = _OUTSIDE if name in taken else ""
    return name[: _LONGEST - len(end)].rstrip("-") + end


def way(work: Work, args: dict[str, Any], callee: Callee, places: list[Named]) -> dict[str, Any] | None:
    """What a call says of its way to the proxy; None, and said, where there is none."""
    own = args.get("port") if work.section == "services" else None
    call = _by_names(work, args, callee, places, own)
    return None if call is None else {**call, **_variable(args, callee, call)}


def apart(work: Work, args: dict[str, Any], calls: Mapping[str, Any], places: Iterable[Named]) -> list[Named]:
    """The places, naming their host otherwise where its name leads to the proxy for another port already."""
    led = {name.partition(":")[0] for call in calls.values() for name in call.get("names", ())}
    found = list[Named]()
    for each in places:
        env, variable, *within = _variables_of(args, each.source)
        other = next((host for host in (each.host, *names_of(each.name, work.found)) if host not in led), "")
        text = env.get(variable, "")
        written = _instead(text, each, f"{other}:{each.port}")
        if other == each.host:
            found.append(each)
        elif other and written != text:
            env[variable] = written
            found.append(replace(each, host=other))
            work.say(
                f"calls {other}: the name {each.host} leads to its proxy for another port", *within, "env", variable
            )
        else:
            loses = f"it calls {each.host}:{each.port}, and the name leads to its proxy, which does not listen there"
            work.lose("", f"{loses}; call it by another name" + (f", as {other}" if other else ""))
    return found


def _variables_of(args: Mapping[str, Any], source: str) -> tuple[dict[str, str], str, *tuple[str, ...]]:
    """The variables among which a source is, its name there, and the further container that has them."""
    kind, _, rest = source.partition(".")
    if kind not in ("init", "sidecars"):
        return args.get("env", {}), source
    name, _, variable = rest.partition(".")
    return args[kind][name].get("env", {}), variable, kind, name


def _instead(text: str, place: Named, other: str, port: int | None = None) -> str:
    """A value with another address in place of a host with its port."""
    written = re.escape(f"{place.host}:{port or place.port}")
    return re.sub(rf"(?<![-.\w]){written}(?![0-9])", other, text)


def _by_names(
    work: Work, args: dict[str, Any], callee: Callee, places: list[Named], own: int | None
) -> dict[str, Any] | None:
    names = sorted({(each.host, each.port or callee.port) for each in places})
    if all(port != own for _, port in names):
        return {"names": [host if port == callee.port else f"{host}:{port}" for host, port in names]}
    exact = {each.source for each in places if _is_address(work.text.get(each.source, ""), callee.protocol)}
    if len(exact) == 1 == len({each.source for each in places}) and exact <= args.get("env", {}).keys():
        [source] = exact
        del args["env"][source]
        return {"variable": source}
    return _dialled_otherwise(work, args, names, places)


def _variable(args: dict[str, Any], callee: Callee, call: dict[str, Any]) -> dict[str, str]:
    """Another variable for the proxy's address, where the one that it has by default is the application's already."""
    if "variable" in call:
        return {}
    default = variable(callee.name, Hop(protocol=callee.protocol))
    taken = default in {**args.get("env", {}), **args.get("refs", {})}
    return {"variable": f"{default}_OF_PROXY"} if taken else {}


def _is_address(value: str, protocol: str) -> bool:
    """Whether a value is an address as a proxy's variable holds it, and nothing more."""
    return bool(re.fullmatch(rf"{'http://' if protocol == 'http' else ''}[-.a-z0-9]+:[0-9]+", value))


def _dialled_otherwise(
    work: Work, args: dict[str, Any], names: list[tuple[str, int]], places: list[Named]
) -> dict[str, Any] | None:
    """Values that dial the port on which the application listens itself dial another one: its proxy's."""
    dialled: dict[tuple[str, int], int] = {}
    for host, port in names:
        if port != args.get("port"):
            dialled[host, port] = port
            continue
        other = port + _ANOTHER if port + _ANOTHER < 65_536 else port - _ANOTHER
        for each in [each for each in places if each.host == host]:
            env, variable, *within = _variables_of(args, each.source)
            if (text := _instead(env.get(variable, ""), each, f"{host}:{other}", port)) != env.get(variable, ""):
                env[variable] = text
            elif variable in env and (beside := port_variable(variable, env)) and env[beside] == str(port):
                env[beside] = str(other)
            else:
                continue
            dialled[host, port] = other
            why = f"dials {other} instead of {port}, on which it listens itself: there is its proxy"
            work.say(why, *within, "env", variable)
        if (host, port) not in dialled:
            where = "where its proxy would have to; let it listen on another port"
            work.lose("", f"it calls {host}:{port} and listens on {port} itself, {where}")
    if not dialled:
        return None
    return {"names": [f"{host}:{other}" for (host, _), other in sorted(dialled.items())]}
