"""Calls to what is outside of the namespace by a name within it: Services of type ExternalName."""

from collections.abc import Collection, Mapping
from typing import Any

from flyball.deploy.adopt import told
from flyball.deploy.adopt.addresses import Named, named, short
from flyball.deploy.adopt.found import Found, Item
from flyball.deploy.adopt.work import Work, ports_of
from flyball.guards.reading.address import LAST_PORT, is_address, is_name

_USUAL = {
    "http": 80,
    "https": 443,
    **dict.fromkeys(("postgres", "postgresql"), 5432),
    "mysql": 3306,
    "mongodb": 27017,
    **dict.fromkeys(("redis", "rediss"), 6379),
    "amqp": 5672,
    "amqps": 5671,
    "nats": 4222,
}
"""Where an address leads that begins so and says no port
(https://www.iana.org/assignments/service-names-port-numbers)."""


def host_of(service: Item) -> str | None:
    """The host that a Service is another name of; None where it is none."""
    host = str(service.spec.get("externalName") or "").rstrip(".").lower()
    return host if service.spec.get("type") == "ExternalName" and is_name(host) and not is_address(host) else None


def names(found: Found) -> dict[str, Item]:
    """The Services that lead outside, by each name that leads there: their own, and that of the host."""
    services = {name: each for name, (each, host) in _hosts(found).items() if short(host, found) == host}
    return {str(host_of(each)): each for each in reversed(services.values())} | services


def aliases(found: Found) -> dict[str, str]:
    """Further names of Services of the namespace, each with theirs."""
    return {name: within for name, (_, host) in _hosts(found).items() if (within := short(host, found)) != host}


def _hosts(found: Found) -> dict[str, tuple[Item, str]]:
    """The Services that are another name of a host, with it, by their names."""
    return {each.name: (each, host) for each in found.of("Service") if not each.is_ours and (host := host_of(each))}


def guess(
    work: Work, args: dict[str, Any], calls: dict[str, Any], others: Mapping[str, Item], services: Collection[str]
) -> None:
    """Put in what it calls of `others`, which are by name; `services` are the names that calls within the set have."""
    there = {name.rpartition(":")[0] or name for call in calls.values() for name in call.get("names", ())}
    found: dict[str, list[Named]] = {}
    for each in named(work, lambda name: name in others and name not in there):
        found.setdefault(others[each.name].name, []).append(each)
    for name, places in sorted(found.items()):
        service = others[name]
        ports = {port for each in places if (port := _port(each, service))}
        if work.item.is_ours:
            work.lose("", f"it seems to call {name} past its proxy, and goes on so")
        elif len(ports) != 1:
            at = f"at ports {', '.join(map(str, sorted(ports)))}, and a name leads to one place here"
            at = at if ports else "at a port that nothing says"
            work.lose("", f"it seems to call {name} {at}: say it in `calls`, with `host: {host_of(service)}`")
        else:
            key, [port] = told.apart_from(services, name), ports
            web = all(each.scheme == "http" for each in places)
            call = told.way(work, args, told.Callee(key, port, "http" if web else "tcp"), places)
            if call is not None:
                spoken = {"protocol": "http"} if web else {}
                calls[key] = {"host": host_of(service), "port": port, **spoken, **call}
                work.say(f"a guess, from {', '.join(dict.fromkeys(each.source for each in places))}", "calls", key)


def _port(place: Named, service: Item) -> int | None:
    """The port that is dialled; where no value says it, what is usual, or the only one of the Service."""
    given = [each.get("port") for each in ports_of(service)]
    only = given[0] if len(given) == 1 and isinstance(given[0], int) else None
    port = place.port or _USUAL.get(place.scheme) or only
    return port if port and port <= LAST_PORT else None
