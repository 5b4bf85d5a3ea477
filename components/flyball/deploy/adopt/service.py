"""A Deployment, with the Services and the autoscaler that belong to it, as a service of a stack."""

import re
from dataclasses import dataclass
from typing import Any

from flyball.deploy.adopt import balancer, containers, load, members, ours, pod, probes, reached, release
from flyball.deploy.adopt.found import Found, Item, Manifest, Way, mapping, maps
from flyball.deploy.adopt.notes import Notes
from flyball.deploy.adopt.work import Work, is_made, pod_of, ports_of, services_of, target
from flyball.guards.workload.ports import MAIN
from flyball.guards.workload.without_port import CALLED

_STORE_PORTS = (1433, 3306, 5432, 5672, 6379, 9042, 9092, 9200, 11211, 27017)
"""Of databases, queues and caches, which speak a protocol of their own."""
_BESIDE = ("metrics", "prometheus", "admin", "management", "exporter", "debug", "health", "ui", "controller")
"""Words in the name of a port that is not what a service is for."""
_OWN_WORDS = r"(?:tcp|mysql|mongo|redis|amqp|postgres\w*|kafka)\b"
"""How the name of a port begins that is none of http and grpc
(https://istio.io/latest/docs/ops/configuration/traffic-management/protocol-selection/#explicit-protocol-selection)."""
_ENCRYPTED = r"(?:https|tls)\b"
_SERVICE = (
    *(
        "selector",
        "ports",
        "type",
        "clusterIP",
        "clusterIPs",
        "ipFamilies",
        "ipFamilyPolicy",
        "publishNotReadyAddresses",
    ),
    *("allocateLoadBalancerNodePorts", "healthCheckNodePort", "loadBalancerSourceRanges", "loadBalancerClass"),
)
_OPTIONS = {
    "sessionAffinity": "a request goes to any replica, whoever sends it",
    "externalIPs": "it has no address outside of the cluster",
}
_DEFAULT_OPTIONS = {"sessionAffinity": "None", "externalTrafficPolicy": "Cluster", "internalTrafficPolicy": "Cluster"}


@dataclass(frozen=True, slots=True)
class Service:
    """A service as it enters the stack file; `known` are all host names that lead to it."""

    work: Work
    args: dict[str, Any]
    known: frozenset[str]


def name_of(item: Item, found: Found) -> str:
    """The name in the stack file: that of its Service, by which it is called, where that is another one."""
    if own := ours.name_of(item):
        return own
    if item.kind not in ("Deployment", "StatefulSet"):
        return item.name
    services = sorted(services_of(found, item.template), key=lambda each: (each.name != item.name, _is_headless(each)))
    return services[0].name if services else item.name


def _is_headless(service: Item) -> bool:
    """Whether its name leads to each pod by itself, and not to all of them."""
    return service.spec.get("clusterIP") == "None"


def describe(item: Item, found: Found, notes: Notes) -> Service:
    path, template = pod_of(item)
    services = services_of(found, template)
    name = name_of(item, found)
    beside = maps(mapping(template.get("spec")).get("containers"))
    main, number, index = _main(item, [each for each in services if each.name == name], beside)
    work = Work(item, found, notes, name, "services", path, template, beside[index], index)
    if name != item.name:
        work.say(f"is the {item.kind} {item.name}; here it has the name of its Service, by which it is called")
    for other in services:
        if other.name != name and not item.is_ours and other.spec.get("type") != "LoadBalancer":
            notes.lose(other, "", f"leads to {item} too; here that has one name, {name}")
    port, protocol = number, _protocol(work, main, number)
    service = {"service": main["port"]} if main.get("port") not in (None, port) else {}
    spoken = {"protocol": protocol} if protocol != "http" else {}
    listens = {} if port is None else {"port": port, **service, **spoken}
    args = {"image": work.container["image"], **listens}
    kept = members.describe(work)
    args |= load.describe(work, fixed=bool(kept))
    args |= ours.describe(work)
    args |= _reached(work, services, port)
    if port is None:
        work.say("has no port, so that nobody calls it, and it is asked by commands alone")
    name_of_port = next(
        (each.get("name") for each in maps(work.container.get("ports")) if each.get("containerPort") == port), None
    )
    work.parts.extend(containers.parts(work))
    args |= {**kept, **pod.describe(work), **probes.describe(work, protocol, port, name_of_port)}
    further = reached.describe(work, services, port)
    reached.unreached(work, port, further)
    args |= {**containers.describe(work, port, _reached_ports(further)), **further}
    args |= release.describe(work, fixed=bool(kept))
    args |= balancer.describe(work, services, args) if port is not None else {}
    release.drain(work, args)
    if port is None:
        _without_calls(work, args)
    return Service(work, args, frozenset({name, *(each.name for each in services)}))


def _without_calls(work: Work, args: dict[str, Any]) -> None:
    """What means nothing for what has no port; that there is no guard in front of it, it need not say."""
    for key in CALLED:
        if args.pop(key, None) is not None and key != "inbound":
            work.lose("", f"{key} is left out: nothing says on which port it listens")


def _main(item: Item, services: list[Item], containers: list[Manifest]) -> tuple[Manifest, int | None, int]:
    """The Service's port that the service is for, the port of the pods behind it, and whose container that is."""
    if item.is_ours:
        own = next((each for each in maps(containers[0].get("ports")) if each.get("name") == MAIN), {})
        port = next((each for service in services for each in ports_of(service) if each["name"] == MAIN), {})
        return port, own.get("containerPort"), 0
    given = [each for service in services for each in ports_of(service)]
    first = [each for each in given if not any(word in str(each["name"]) for word in _BESIDE)] or given
    if first:
        number, index = target(first[0], containers)
        return first[0], number, index
    own = [i for i, each in enumerate(containers) if not is_made(item, each)] or [0]
    index = next((i for i in own if containers[i].get("name") == item.name), own[0])
    ports = maps(containers[index].get("ports"))
    return {}, (ports[0].get("containerPort") if ports else None), index


def _protocol(work: Work, main: Manifest, port: int | None) -> str:
    """By what is said of it, else by what is usual; a guess says that it is one."""
    if port is None:
        return "tcp"
    said = str(main.get("appProtocol") or main.get("name") or "").lower()
    asked = [mapping(work.container.get(f"{key}Probe")) for key in ("readiness", "liveness", "startup")]
    if work.item.is_ours:
        return {"http": "http", "kubernetes.io/h2c": "grpc"}.get(str(main.get("appProtocol")), "tcp")
    if "grpc" in said or "h2c" in said or any("grpc" in each for each in asked):
        return "grpc"
    encrypted = re.match(_ENCRYPTED, said)
    if encrypted:
        work.say("is encrypted by itself, and passed on as it is; spoken plainly, its proxy could guard it", "port")
    if encrypted or re.match(_OWN_WORDS, said) or port in _STORE_PORTS or main.get("port") in _STORE_PORTS:
        return "tcp"
    if "http" in said or said.startswith("kubernetes.io/ws"):
        return "http"
    if main.get("appProtocol"):
        work.say(f"says that it speaks {said}, which nothing here knows: tcp would be passed on as it is", "port")
    elif all("httpGet" not in each for each in asked):
        work.say("nothing says what it speaks: http is a guess, grpc and tcp are the others", "port")
    return "http"


def _reached(work: Work, services: list[Item], port: int | None) -> dict[str, Any]:
    """Who is let in from outside of the set: by an Ingress, or anybody."""
    found: dict[str, Any] = {}
    for way in work.found.ways(each.name for each in services):
        if "expose" in found or not way.rule.get("host"):
            why = "a service has one host and path here" if "expose" in found else "a host is needed here"
            work.notes.lose(way.ingress, way.at, why)
            continue
        found["expose"] = _exposed(work, way)
        _to_main(work, way, services, port)
    for service in services:
        if not work.item.is_ours:
            _options(work, service, port)
        if service.spec.get("type") == "NodePort":
            found["public"] = True
            loses = "the way in of a NodePort is not made; `expose` and platform.way are one"
            work.notes.lose(service, "spec.type", loses)
    if "expose" in found:
        found["public"] = True
        work.say(
            "whoever answers for the host has to reach it; platform.way.namespace would let in that one alone", "public"
        )
    return found


def _options(work: Work, service: Item, port: int | None) -> None:
    """What of a Service is not so here, and of the one by which it is called."""
    said = {k: v for k, v in service.spec.items() if v != _DEFAULT_OPTIONS.get(k)}
    said |= {"externalTrafficPolicy": None} if said.get("type") == "LoadBalancer" else {}
    work.notes.rest(service, said, _SERVICE, "spec", **_OPTIONS)
    if service.name != work.name:
        return
    containers = maps(work.pod.get("containers"))
    for i, each in enumerate(ports_of(service)):
        if each["protocol"] != "TCP" and target(each, containers)[0] == port:
            work.notes.lose(service, f"spec.ports[{i}].protocol", f"{port} speaks TCP here; give `ports` what is not")
    if _is_headless(service):
        work.notes.lose(service, "spec.clusterIP", "its name leads to each pod; here to all of them, by one address")
    if service.spec.get("publishNotReadyAddresses"):
        work.notes.lose(service, "spec.publishNotReadyAddresses", "who is not ready is not led to")
    if service.spec.get("ipFamilyPolicy") not in (None, "SingleStack"):
        work.notes.lose(service, "spec.ipFamilyPolicy", "it has an address of the cluster's first family alone")


def _to_main(work: Work, way: Way, services: list[Item], own: int | None) -> None:
    """Say where a path leads past the port that the service is for."""
    backend = mapping(way.path.get("backend"))
    port = mapping(mapping(backend.get("service")).get("port"))
    wanted = port.get("number") or port.get("name") or backend.get("servicePort")
    containers = maps(work.pod.get("containers"))
    leads = [
        target(each, containers)[0]
        for service in services
        for each in ports_of(service)
        if service.name == way.backend and wanted in (each.get("port"), each["name"])
    ]
    if wanted is not None and own not in leads and not work.item.is_ours:
        work.notes.lose(
            way.ingress, f"{way.at}.backend", f"leads to port {wanted}, and `expose` to the one that it is for"
        )


def _exposed(work: Work, way: Way) -> dict[str, str]:
    """Its host, with a certificate that is for the host, or for whatever host there is."""
    host, given = way.rule["host"], list(enumerate(maps(way.ingress.spec.get("tls"))))
    own = [i for i, each in given if host in (each.get("hosts") or [host])]
    where, names = str(way.path.get("path") or "/"), [given[i][1].get("secretName") for i in own]
    if own and not names[0]:
        work.notes.lose(
            way.ingress, f"spec.tls[{own[0]}]", "it has the certificate that is there for all; name one in `expose.tls`"
        )
    return {
        "host": str(host),
        **({"path": where} if where != "/" else {}),
        **({"tls": str(names[0])} if names and names[0] else {}),
    }


def _reached_ports(args: dict[str, Any]) -> set[int]:
    """Ports beside its own, of the application or of what runs beside it, that others reach."""
    metrics = {args["metrics"]["port"]} if "metrics" in args else set[int]()
    return metrics | {each["port"] for each in args.get("ports", {}).values()}
