"""A Deployment, with the Services and the autoscaler that belong to it, as a service of a stack."""

import re
from dataclasses import dataclass
from typing import Any

from flyball.deploy.adopt import balancer, containers, load, members, ours, pod, probes
from flyball.deploy.adopt.found import Found, Item, Manifest, Way, mapping, maps
from flyball.deploy.adopt.notes import Notes
from flyball.deploy.adopt.work import Work, is_made, pod_of, ports_of, services_of, target
from flyball.guards.interruptions.interruption import LONGEST_SHUTDOWN, Shutdown
from flyball.guards.reading.units import duration
from flyball.guards.workload.init_containers import DEFAULT_STOP
from flyball.guards.workload.ports import MAIN, METRICS
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
_DEPLOYED = (
    *("replicas", "selector", "template", "strategy", "minReadySeconds", "progressDeadlineSeconds"),
    *("revisionHistoryLimit", "serviceName", "volumeClaimTemplates", "persistentVolumeClaimRetentionPolicy"),
    "podManagementPolicy",
)
_RELEASED = {
    "paused": "its rollouts stand still; here they go on",
    "updateStrategy": "a new version comes to one member after the other by itself",
    "ordinals": "members are counted from 0",
}
_OWN_PORTS = (MAIN, METRICS)
_USUAL = Shutdown()
_LONGEST_WAY_OUT, _PRESTOP, _STOP = LONGEST_SHUTDOWN // 1000, _USUAL.prestop // 1000, _USUAL.stop // 1000
_REST = _USUAL.drain // 1000 + _STOP
"""Seconds, of all of a way out, and of its parts where nothing is said; the rest is to drain and to stop."""


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
            work.lose("", f"the Service {other.name} leads to it too; here it has one name, {name}")
    port, protocol = number, _protocol(work, main, number)
    service = {"service": main["port"]} if main.get("port") not in (None, port) else {}
    spoken = {"protocol": protocol} if protocol != "http" else {}
    listens = {} if port is None else {"port": port, **service, **spoken}
    args = {"image": work.container["image"], **listens}
    args |= load.describe(work)
    args |= ours.describe(work)
    args |= _reached(work, services)
    if port is None:
        work.say("has no port, so that nobody calls it, and it is asked by commands alone")
    name_of_port = next(
        (each.get("name") for each in maps(work.container.get("ports")) if each.get("containerPort") == port), None
    )
    kept = members.describe(work)
    work.parts.extend(containers.parts(work))
    args |= {**kept, **pod.describe(work), **probes.describe(work, protocol, port, name_of_port)}
    further = _further(work, services, port)
    args |= {**containers.describe(work, port, _reached_ports(further)), **further}
    args |= _release(work)
    args |= balancer.describe(work, services, args) if port is not None else {}
    _drain(work, args)
    if port is None:
        _without_calls(work, args)
    if kept:
        _without_sizes(args)
    return Service(work, args, frozenset({name, *(each.name for each in services)}))


def _without_calls(work: Work, args: dict[str, Any]) -> None:
    """What means nothing for what has no port; that there is no guard in front of it, it need not say."""
    for key in CALLED:
        if args.pop(key, None) is not None and key != "inbound":
            work.lose("", f"{key} is left out: nothing says on which port it listens")


def _without_sizes(args: dict[str, Any]) -> None:
    """What means nothing for members, of whom nobody comes or goes."""
    for key in ("proven", "ceiling"):
        args.pop(key, None)
    rollout = {key: value for key, value in args.pop("rollout", {}).items() if key not in ("surge", "progress")}
    args |= {"rollout": rollout} if rollout else {}


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
    said = f"{main.get('appProtocol') or ''} {main.get('name') or ''}".lower().strip()
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
    if "http" in said or any("httpGet" in each for each in asked):
        return "http"
    work.say("nothing says what it speaks: http is a guess, grpc and tcp are the others", "port")
    return "http"


def _reached(work: Work, services: list[Item]) -> dict[str, Any]:
    """Who is let in from outside of the set: by an Ingress, or anybody."""
    found: dict[str, Any] = {}
    for way in work.found.ways(each.name for each in services):
        if "expose" in found or not way.rule.get("host"):
            why = "a service has one host and path here" if "expose" in found else "a host is needed here"
            work.notes.lose(way.ingress, way.at, why)
            continue
        found["expose"] = _exposed(way)
    for service in services:
        if not work.item.is_ours:
            said = {k: v for k, v in service.spec.items() if v != _DEFAULT_OPTIONS.get(k)}
            said |= {"externalTrafficPolicy": None} if said.get("type") == "LoadBalancer" else {}
            work.notes.rest(service, said, _SERVICE, "spec", **_OPTIONS)
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


def _exposed(way: Way) -> dict[str, str]:
    host, secrets = way.rule["host"], maps(way.ingress.spec.get("tls"))
    tls = [each.get("secretName") for each in secrets if host in (each.get("hosts") or [])]
    where = str(way.path.get("path") or "/")
    return {
        "host": str(host),
        **({"path": where} if where != "/" else {}),
        **({"tls": str(tls[0])} if tls and tls[0] else {}),
    }


def _further(work: Work, services: list[Item], port: int | None) -> dict[str, Any]:
    """Further ports, and the application's own figures."""
    annotated = (work.template, *(service.manifest for service in services))
    notes = [mapping(mapping(each.get("metadata")).get("annotations")) for each in annotated]
    marks = next((each for each in notes if "prometheus.io/port" in each), notes[0])
    found: dict[str, Any] = {}
    scraped = str(marks.get("prometheus.io/port", ""))
    if marks.get("prometheus.io/scrape") == "true" and scraped.isdigit():
        path = marks.get("prometheus.io/path", "/metrics")
        found["metrics"] = {"port": int(scraped), **({"path": path} if path != "/metrics" else {})}
    ports: dict[str, Any] = {}
    listening = [work.container, *(each.container for each in work.parts)]
    for service in services:
        for each in ports_of(service):
            number, _ = target(each, listening)
            if (
                number in (port, None, found.get("metrics", {}).get("port"))
                or each["name"] in _OWN_PORTS * work.item.is_ours
            ):
                continue
            name = str(each["name"] or f"port-{number}")[:15]
            word = {"grpc": "grpc", "http": "http"}.get(
                name.split("-")[0], "udp" if each["protocol"] == "UDP" else "tcp"
            )
            spoken = {"protocol": word} if word != "tcp" else {}
            if each["protocol"] == "SCTP":
                work.notes.lose(service, f"spec.ports ({each['name'] or number})", "speaks SCTP, and is not led to")
                continue
            callers = ours.callers(work, number)
            reached = {"service": each["port"]} if each.get("port") != number else {}
            ports.setdefault(name, {"port": number, **reached, **spoken, "callers": callers})
            if not callers:
                work.say("nobody is known to call it; name its callers, or set public", "ports", name)
    return {**found, **({"ports": ports} if ports else {})}


def _reached_ports(args: dict[str, Any]) -> set[int]:
    """Ports beside its own, of the application or of what runs beside it, that others reach."""
    metrics = {args["metrics"]["port"]} if "metrics" in args else set[int]()
    return metrics | {each["port"] for each in args.get("ports", {}).values()}


def _release(work: Work) -> dict[str, Any]:
    """The way to a new version, and the way out."""
    spec, rollout = work.item.spec, dict[str, Any]()
    strategy = mapping(spec.get("strategy"))
    surge = str(mapping(strategy.get("rollingUpdate")).get("maxSurge") or "")
    if not work.item.is_ours:
        said = {**spec, "updateStrategy": None} if _comes_by_itself(spec) else spec
        work.rest(said, _DEPLOYED, "spec", _RELEASED)
        missing = mapping(strategy.get("rollingUpdate")).get("maxUnavailable")
        if missing not in (None, 0, "0", "0%", "25%"):
            loses = "a new pod comes before an old one goes, and none is missing meanwhile"
            work.lose("spec.strategy.rollingUpdate.maxUnavailable", loses)
    if strategy.get("type") == "Recreate" and spec.get("replicas", 1) != 1:
        work.lose("spec.strategy.type", "all old pods end before a new one begins; here a new one begins first")
    if surge.endswith("%") and surge != "25%" and surge != "0%":
        rollout["surge"] = int(surge[:-1])
    for key, word, default, unit in (
        ("minReadySeconds", "settle", 10, "s"),
        ("progressDeadlineSeconds", "progress", 600, "s"),
        ("revisionHistoryLimit", "history", 3, ""),
    ):
        value = spec.get(key)
        if isinstance(value, int) and value > 0 and value != default and not (word == "history" and value > 9):
            rollout[word] = f"{value}{unit}" if unit else value
    return {**({"rollout": rollout} if rollout else {}), **_prestop(work)}


def _comes_by_itself(spec: Manifest) -> bool:
    """Whether a StatefulSet's new version comes to all its members, as it does by default."""
    strategy = mapping(spec.get("updateStrategy"))
    return strategy.get("type") in (None, "RollingUpdate") and not mapping(strategy.get("rollingUpdate")).get(
        "partition"
    )


def _prestop(work: Work) -> dict[str, Any]:
    """How long a pod that leaves waits, where it says so: no longer than leaves the rest of its way out its time."""
    hooks = mapping(work.container.get("lifecycle"))
    hook = mapping(hooks.get("preStop"))
    if not work.item.is_ours:
        begins = "it is not run: what has to be done first, a container in `init` does"
        work.rest(hooks, ("preStop",), f"{work.path}.lifecycle", {"postStart": begins})
    waits = mapping(hook.get("sleep")).get("seconds")
    words = [str(word) for word in mapping(hook.get("exec")).get("command") or []]
    if len(words) == 2 and words[0].endswith("sleep") and words[1].isdigit():
        waits = int(words[1])
    elif words or "httpGet" in hook:
        work.lose(
            f"{work.path}.lifecycle.preStop", "it is not run: a pod that leaves waits until nobody sends any more"
        )
    if not isinstance(waits, int) or waits in (0, _PRESTOP):
        return {}
    longest = _LONGEST_WAY_OUT - _ways_out(work) - _REST
    if waits > longest:
        work.lose(f"{work.path}.lifecycle.preStop", f"{waits} s leave none for the rest; {longest} s here")
    return {"shutdown": {"prestop": f"{min(waits, longest)}s"}}


def _drain(work: Work, args: dict[str, Any]) -> None:
    """Put in how long it has for what is under way, where that is more than is usual."""
    grace, shutdown, others = work.pod.get("terminationGracePeriodSeconds"), args.get("shutdown", {}), _ways_out(work)
    prestop = duration(shutdown["prestop"]) // 1000 if shutdown else balancer.prestop(args)
    if not isinstance(grace, int) or grace - others <= prestop + _REST:
        return
    args["shutdown"] = {**shutdown, "drain": f"{min(grace, _LONGEST_WAY_OUT) - others - prestop - _STOP}s"}
    if grace > _LONGEST_WAY_OUT:
        loses = f"{grace} s are more than a spot notice leaves; {_LONGEST_WAY_OUT} s here"
        work.lose(f"{work.pod_path}.terminationGracePeriodSeconds", loses)


def _ways_out(work: Work) -> int:
    """Seconds in which its sidecars end, after it."""
    return DEFAULT_STOP // 1000 * sum(part.within[0] == containers.SIDECARS for part in work.parts)
