"""Who calls whom, guessed from values that name other services of the set; each call says what it was guessed from.

The application goes on calling the names that it knows (`told`).
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flyball.deploy.adopt import outside, told
from flyball.deploy.adopt.addresses import Named, named, names_of
from flyball.deploy.adopt.found import Found, Item
from flyball.deploy.adopt.service import Service
from flyball.deploy.adopt.times import Graph, leads_to
from flyball.deploy.adopt.work import Work


@dataclass(frozen=True, slots=True)
class Callees:
    """Whom services and jobs may call: services by each name that leads to them, and what is outside by its own."""

    services: Mapping[str, Sequence[Service]]
    outside: Mapping[str, Item]
    taken: frozenset[str]
    """Names that calls within the set have."""
    named: frozenset[str]
    """These, and those of what is outside."""

    def called(self, name: str, work: Work) -> Service | None:
        """The service that a name leads to; None where it leads to none, or to the one that calls."""
        found = (each for each in reversed(self.services.get(name, ())) if _is_another(each, work))
        return next(found, None)


def _is_another(service: Service, work: Work) -> bool:
    return service.work.name != work.name or work.section == "jobs"


def callees(found: Found, services: Iterable[Service]) -> Callees:
    """All that may be called in a namespace of these services."""
    services, others, aliases = [*services], outside.names(found), outside.aliases(found)
    by_name: dict[str, list[Service]] = {}
    for each in services:
        for host in each.known - others.keys():
            by_name.setdefault(host, []).append(each)
    by_name |= {name: by_name[within] for name, within in aliases.items() if within in by_name}
    taken = frozenset(each.work.name for each in services)
    return Callees(by_name, others, taken, taken | {each.name for each in others.values()})


def guess(work: Work, args: dict[str, Any], there: Callees, graph: Graph) -> None:
    """Put calls into the arguments of a service or job, and its name among the callers of others' further ports.

    `graph` are the calls so far: one that closes a circle is left out, for there nobody's deadline can be kept.
    """
    found = _by_callee(work, there)
    calls: dict[str, Any] = dict(args.get("calls", {}))
    for name, (callee, places) in sorted(found.items()):
        if name in calls:
            continue
        main = _main(callee)
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
            call = told.way(work, args, told.Callee(name, main, callee.args.get("protocol", "http")), to_main)
            if call is not None:
                calls[name] = call
                work.say(f"a guess, from {', '.join(dict.fromkeys(each.source for each in to_main))}", "calls", name)
        further = [each for each in places if each not in to_main]
        _call_further(work, args, calls, callee, further, there.named)
    outside.guess(work, args, calls, there.outside, there.taken)
    if calls:
        args["calls"] = dict(sorted(calls.items()))


def _by_callee(work: Work, there: Callees) -> dict[str, tuple[Service, list[Named]]]:
    """Who is named and where, by the callee's name; without those that listen nowhere."""
    found: dict[str, tuple[Service, list[Named]]] = {}
    for each in named(work, lambda name: there.called(name, work) is not None):
        if callee := there.called(each.name, work):
            found.setdefault(callee.work.name, (callee, []))[1].append(each)
    for name in [name for name, (callee, _) in found.items() if "port" not in callee.args]:
        work.lose("", f"it seems to call {name}, which has no port")
        del found[name]
    return found


def _main(callee: Service) -> int:
    """The port of its Service that leads to the one that it is for."""
    return callee.args.get("service", callee.args["port"])


def _call_further(
    work: Work,
    args: dict[str, Any],
    calls: dict[str, Any],
    callee: Service,
    places: list[Named],
    taken: Collection[str],
) -> None:
    """Calls to ports beside the one that a service is for: past its guard, and so as to what is outside; none has a
    name that is `taken`."""
    for number in sorted({each.port for each in places if each.port is not None}):
        name, port = _further(work, callee, number)
        if work.item.is_ours:
            continue
        # Whether a call leads there or none: where the name leads to the proxy, nobody listens on that port.
        there = told.apart(work, args, calls, list(dict.fromkeys(each for each in places if each.port == number)))
        if port is None:
            continue
        if port.get("protocol") == "udp" or port["port"] != number:
            why = "speaks UDP" if port.get("protocol") == "udp" else f"is {port['port']} in its pods"
            work.lose("", f"it seems to call port {number} of {callee.work.name}, which {why}: no call leads there")
            continue
        spoken = port.get("protocol", "tcp")
        key = told.apart_from(taken, f"{callee.work.name}-{name}")
        if there:
            call = told.way(work, args, told.Callee(key, number, spoken), there)
            if call is not None:
                host = names_of(there[0].name, work.found)[-1]
                calls[key] = {"host": host, "port": number, **({"protocol": spoken} if spoken != "tcp" else {}), **call}
                work.say(f"a guess, from {', '.join(dict.fromkeys(each.source for each in there))}", "calls", key)


def _further(work: Work, callee: Service, number: int) -> tuple[str, dict[str, Any] | None]:
    """The port of a service by its number, with its name; who calls it is among its callers then."""
    for name, port in callee.args.get("ports", {}).items():
        if port.get("service", port["port"]) == number:
            if not port.get("public") and work.name not in port["callers"]:
                port["callers"] = sorted([*port["callers"], work.name])
                callee.work.notes.comments.pop(("services", callee.work.name, "ports", name), None)
            return name, port
    work.lose("", f"it seems to call port {number} of {callee.work.name}, which is no port of it")
    return "", None
