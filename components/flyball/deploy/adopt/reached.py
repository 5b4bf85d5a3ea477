"""What others reach past the proxy: further ports, and the application's own figures."""

from collections.abc import Mapping
from typing import Any

from flyball.deploy.adopt import ours
from flyball.deploy.adopt.found import Item, Manifest, mapping, maps
from flyball.deploy.adopt.work import Work, ports_of, target
from flyball.guards.workload.ports import MAIN, METRICS

_OWN_PORTS = (MAIN, METRICS)
_SCRAPED = "prometheus.io/"
_PORT, _PATH, _SCRAPE = (f"{_SCRAPED}{word}" for word in ("port", "path", "scrape"))
_NOT_ASKED = "whoever scrapes its figures asks for them by port and path alone, as `metrics` says"


def describe(work: Work, services: list[Item], port: int | None) -> dict[str, Any]:
    """`metrics` and `ports`, beside the one on which it listens."""
    found: dict[str, Any] = _figures(work, services, port)
    ports: dict[str, Any] = {}
    listening = [work.container, *(each.container for each in work.parts)]
    for service in services:
        for i, each in enumerate(ports_of(service)):
            number, _ = target(each, listening)
            if number in (port, found.get("metrics", {}).get("port")) or each["name"] in _OWN_PORTS * work.item.is_ours:
                continue
            at = f"spec.ports[{i}]"
            if number is None:
                work.notes.lose(service, at, f"leads to {each.get('targetPort')}, which is no port of its pods")
                continue
            if each["protocol"] == "SCTP":
                work.notes.lose(service, at, "speaks SCTP, and is not led to")
                continue
            _put(work, ports, each, number)
            if ports[_name(each, number)]["port"] != number:
                work.notes.lose(service, at, f"is called as another port, {_name(each, number)}")
    return {**found, **({"ports": ports} if ports else {})}


def _name(port: Manifest, number: int) -> str:
    return str(port["name"] or f"port-{number}")[:15]


def _put(work: Work, ports: dict[str, Any], port: Manifest, number: int) -> None:
    name, said = _name(port, number), str(port.get("appProtocol") or port["name"] or "")
    known = {"grpc": "grpc", "http": "http", "kubernetes.io/h2c": "grpc"}
    word = known.get(said.split("-")[0], "udp" if port["protocol"] == "UDP" else "tcp")
    callers = ours.callers(work, number)
    reached = {"service": port["port"]} if port.get("port") != number else {}
    ports.setdefault(
        name, {"port": number, **reached, **({"protocol": word} if word != "tcp" else {}), "callers": callers}
    )
    if not callers:
        work.say("nobody is known to call it; name its callers, or set public", "ports", name)


def _figures(work: Work, services: list[Item], port: int | None) -> dict[str, Any]:
    """What the annotations of the pods say of figures, else those of a Service; what `metrics` cannot say is listed."""
    at = f"{work.pod_path.removesuffix('.spec')}.metadata.annotations"
    given = [(work.item, at, _marks(work.template))]
    given += [(each, "metadata.annotations", _marks(each.manifest)) for each in services]
    item, at, marks = next((each for each in given if _SCRAPE in each[2] or _PORT in each[2]), given[0])
    if work.item.is_ours:
        number = str(marks.get(_PORT, ""))
        return _metrics(int(number), marks) if marks.get(_SCRAPE) == "true" and number.isdigit() else {}
    for other, where, says in given:
        if other is not item and says and says != marks:
            work.notes.lose(other, f"{where} ({', '.join(sorted(says))})", f"what {item} says of figures counts")
    if str(marks.get(_SCRAPE)) != "true":
        if rest := sorted(marks.keys() - {_SCRAPE}):
            work.notes.lose(
                item, f"{at} ({', '.join(rest)})", "without prometheus.io/scrape nobody scrapes its figures"
            )
        return {}
    number, lost = _number(work, marks, port), sorted(marks.keys() - {_SCRAPE, _PORT, _PATH})
    if number is None:
        said = marks.get(_PORT, "none")
        work.notes.lose(
            item, at, f"figures are asked for at port {said}, which is none of its pods: say it in `metrics`"
        )
        return {}
    if lost := [key for key in lost if (key, marks[key]) != (f"{_SCRAPED}scheme", "http")]:
        work.notes.lose(item, f"{at} ({', '.join(lost)})", _NOT_ASKED)
    return _metrics(number, marks)


def _marks(manifest: Manifest) -> Mapping[str, str]:
    notes = mapping(mapping(manifest.get("metadata")).get("annotations"))
    return {str(k): str(v) for k, v in notes.items() if str(k).startswith(_SCRAPED)}


def _number(work: Work, marks: Mapping[str, str], port: int | None) -> int | None:
    """The port by its number, or by its name in any container; where none is said, that on which it listens."""
    said = marks.get(_PORT)
    if said is None or said.isdigit():
        return port if said is None else int(said)
    declared = (each for container in maps(work.pod.get("containers")) for each in maps(container.get("ports")))
    return next((each.get("containerPort") for each in declared if each.get("name") == said), None)


def _metrics(number: int, marks: Mapping[str, str]) -> dict[str, Any]:
    path = marks.get(_PATH, "/metrics")
    return {"metrics": {"port": number, **({"path": path} if path != "/metrics" else {})}}


def unreached(work: Work, port: int | None, found: Mapping[str, Any]) -> None:
    """List the ports of the application to which nothing leads: a network policy lets nobody in there."""
    led = {port, found.get("metrics", {}).get("port"), *(each["port"] for each in found.get("ports", {}).values())}
    for i, each in enumerate(maps(work.container.get("ports"))):
        if each.get("containerPort") not in led and not work.item.is_ours:
            loses = f"no Service leads to {each.get('containerPort')}; `ports` does, where others are to reach it"
            work.lose(f"{work.path}.ports[{i}]", loses)
