"""What the objects of a stack have to be to each other, whatever the stack says: names, ports, selectors, numbers.

Each check yields what does not fit, in words. They know Kubernetes, and nothing of how objects are made here.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Manifest = Mapping[str, Any]
_LABEL = r"[a-z0-9](?:[-a-z0-9]*[a-z0-9])?"
_NAME = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_VALUE = re.compile(r"(?:[A-Za-z0-9](?:[-_.A-Za-z0-9]{0,61}[A-Za-z0-9])?)?")
_KEY = re.compile(rf"(?:(?=[^/]{{1,253}}/){_LABEL}(?:\.{_LABEL})*/)?[A-Za-z0-9](?:[-_.A-Za-z0-9]{{0,61}}[A-Za-z0-9])?")
_VARIABLE = re.compile(r"[-._A-Za-z][-._A-Za-z0-9]*")
_PORT_NAME = re.compile(r"(?=.{1,15}\Z)(?=.*[a-z])[a-z0-9]+(?:-[a-z0-9]+)*")
_SERVER = re.compile(r"^ +server \S+ \"?([a-z0-9.-]+):(\d+)", re.MULTILINE)
_BIND = re.compile(r"^ +bind (\S+)", re.MULTILINE)
_UNITS = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9, "Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40, "m": 0.001}
_LONGEST = {"CronJob": 52, "StatefulSet": 52}
"""Letters of a name, where what is made of it adds some: 11 for a run, and a hash in a label for members."""


@dataclass(frozen=True)
class Pods:
    """What runs pods: its object, and their template."""

    kind: str
    name: str
    namespace: str
    template: Manifest
    replicas: int | None = None
    selector: Mapping[str, str] | None = None

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"

    @property
    def labels(self) -> Mapping[str, str]:
        return self.template["metadata"].get("labels", {})

    @property
    def spec(self) -> Manifest:
        return self.template["spec"]

    @property
    def containers(self) -> list[Manifest]:
        return [*self.spec.get("initContainers", ()), *self.spec["containers"]]

    @property
    def ports(self) -> set[tuple[int, str]]:
        """Those on which containers say that they listen."""
        return {(p["containerPort"], p.get("protocol", "TCP")) for c in self.containers for p in c.get("ports", ())}

    def number(self, port: int | str) -> int | None:
        """Of a port that may be named."""
        named = {p.get("name"): p["containerPort"] for c in self.containers for p in c.get("ports", ())}
        return port if isinstance(port, int) else named.get(port)


def incoherent(objects: Iterable[Manifest]) -> list[str]:
    """Everything that does not fit."""
    every = list(objects)
    return [problem for check in CHECKS for problem in check(every)]


def pods(objects: Iterable[Manifest]) -> Iterator[Pods]:
    for each in objects:
        kind, meta, spec = each["kind"], each["metadata"], each.get("spec", {})
        if kind == "CronJob":
            spec = spec["jobTemplate"]["spec"]
        if kind in ("Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob"):
            selector = spec.get("selector", {}).get("matchLabels")
            yield Pods(kind, meta["name"], meta.get("namespace", ""), spec["template"], spec.get("replicas"), selector)


def of(objects: Iterable[Manifest], *kinds: str) -> Iterator[Manifest]:
    return (each for each in objects if each["kind"] in kinds)


def said(each: Manifest) -> str:
    return f"{each['kind']} {each['metadata']['name']}"


def matches(selector: Mapping[str, Any] | None, labels: Mapping[str, str]) -> bool:
    """Whether labels match; of expressions those that are used: In, NotIn, Exists."""
    selector = selector or {}
    met = {"In": lambda v, of: v in of, "NotIn": lambda v, of: v not in of, "Exists": lambda v, _: v is not None}
    return all(labels.get(key) == value for key, value in selector.get("matchLabels", {}).items()) and all(
        met[e["operator"]](labels.get(e["key"]), e.get("values", ())) for e in selector.get("matchExpressions", ())
    )


def size(text: str | int) -> float:
    number, unit = re.fullmatch(r"([0-9.]+)([A-Za-z]*)", str(text)).groups()  # pyright: ignore[reportOptionalMemberAccess]
    return float(number) * _UNITS[unit]


def names(objects: list[Manifest]) -> Iterator[str]:
    """Names, labels and keys that the API server would refuse, and two objects of one name."""
    seen = Counter((e["kind"], e["metadata"].get("namespace"), e["metadata"]["name"]) for e in objects)
    yield from (f"{identity} is there twice" for identity, count in seen.items() if count > 1)
    for each in objects:
        name, longest = each["metadata"]["name"], _LONGEST.get(each["kind"], 63)
        if len(name) > longest and each["kind"] not in (
            "ClusterRole",
            "ClusterRoleBinding",
            "CustomResourceDefinition",
        ):
            yield f"{said(each)} has a name of {len(name)} letters"
        if not _NAME.fullmatch(name) and ":" not in name:
            yield f"{said(each)} has no valid name"
        for key, value in _pairs(each, "labels"):
            if not _KEY.fullmatch(key) or not _VALUE.fullmatch(value):
                yield f"{said(each)} has the label {key}={value}"
        yield from (
            f"{said(each)} has the annotation {k}" for k, _ in _pairs(each, "annotations") if not _KEY.fullmatch(k)
        )


def _pairs(value: Any, wanted: str) -> Iterator[tuple[str, str]]:
    """Labels or annotations at any depth; those of selectors and of nodes too."""
    also = ("matchLabels", "nodeSelector") if wanted == "labels" else ()
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if (
                key in (wanted, *also)
                and isinstance(inner, Mapping)
                and all(isinstance(v, str) for v in inner.values())
            ):
                yield from inner.items()
            elif key not in ("data", "stringData"):
                yield from _pairs(inner, wanted)
    elif isinstance(value, list):
        for inner in value:
            yield from _pairs(inner, wanted)


def containers(objects: list[Manifest]) -> Iterator[str]:
    """What cannot stand in one pod."""
    for each in pods(objects):
        if each.selector is not None and not matches({"matchLabels": each.selector}, each.labels):
            yield f"{each} does not select its own pods"
        yield from _twice(each, "containers", (c["name"] for c in each.containers))
        for c in each.containers:
            where = f"{each}, {c['name']}"
            env = [v["name"] for v in c.get("env", ())]
            yield from _twice(where, "variables", env)
            yield from _twice(where, "mounts", (m["mountPath"] for m in c.get("volumeMounts", ())))
            yield from _twice(where, "ports", ((p["containerPort"], p.get("protocol")) for p in c.get("ports", ())))
            yield from _twice(where, "names of ports", (p["name"] for p in c.get("ports", ()) if "name" in p))
            yield from (f"{where} has the variable {name}" for name in env if not _VARIABLE.fullmatch(name))
            yield from (
                f"{where} has a port {p['name']}"
                for p in c.get("ports", ())
                if not _PORT_NAME.fullmatch(p.get("name", "a"))
            )
            asked, most = (c.get("resources", {}).get(key, {}) for key in ("requests", "limits"))
            yield from (
                f"{where} may use less {k} than it asks for"
                for k in asked
                if k in most and size(asked[k]) > size(most[k])
            )
            for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
                yield from _probe(where, each, c.get(probe))


def _probe(where: object, each: Pods, probe: Manifest | None) -> Iterator[str]:
    if probe is None:
        return
    kinds = [kind for kind in ("exec", "httpGet", "tcpSocket", "grpc") if kind in probe]
    if len(kinds) != 1:
        yield f"{where} has a probe of {kinds}"
    port = probe[kinds[0]].get("port") if kinds and kinds[0] != "exec" else None
    if isinstance(port, str) and each.number(port) is None:
        yield f"{where} is asked at port {port}, which has no number"


def _twice(where: object, what: str, found: Iterable[object]) -> Iterator[str]:
    yield from (f"{where} has {value} twice among its {what}" for value, n in Counter(found).items() if n > 1)


def volumes(objects: list[Manifest]) -> Iterator[str]:
    """Mounts of nothing, volumes that nobody mounts, and what is kept in more than the pod may hold."""
    made = {(e["kind"], e["metadata"].get("namespace", ""), e["metadata"]["name"]) for e in objects}
    used: set[tuple[str, str, str]] = set()
    claims = {e["metadata"]["name"]: e["spec"].get("volumeClaimTemplates", ()) for e in of(objects, "StatefulSet")}
    for each in pods(objects):
        found = each.spec.get("volumes", ())
        named = [v["name"] for v in found] + [c["metadata"]["name"] for c in claims.get(each.name, ())]
        yield from _twice(each, "volumes", named)
        mounted = {m["name"] for c in each.containers for m in c.get("volumeMounts", ())}
        yield from (f"{each} mounts {name}, which is no volume" for name in mounted - {*named})
        yield from (f"{each} has the volume {name}, which nobody mounts" for name in {*named} - mounted)
        held = sum(
            size(v["emptyDir"].get("sizeLimit", 0))
            for v in found
            if v.get("emptyDir", {"medium": "Memory"}).get("medium") != "Memory"
        )
        most = [c.get("resources", {}).get("limits", {}).get("ephemeral-storage") for c in each.containers]
        if all(most) and held > sum(map(size, filter(None, most))):
            yield f"{each} has volumes of {held:.0f} bytes, and may hold less"
        account = ("ServiceAccount", each.namespace, each.spec.get("serviceAccountName", ""))
        if account[2] and account not in made and account[2] != "default":
            yield f"{each} runs as {account[2]}, which there is not"
        used |= _references(each)
    for kind, namespace, name in made:
        of_pods = kind == "ConfigMap" and any(each.namespace == namespace for each in pods(objects))
        if of_pods and (kind, namespace, name) not in used and not name.startswith("flyball-"):
            yield f"{kind} {name} is in no pod"


def _references(each: Pods) -> set[tuple[str, str, str]]:
    sources = list(each.spec.get("volumes", ()))
    sources += [s for v in sources for s in v.get("projected", {}).get("sources", ())]
    found = {("ConfigMap", each.namespace, s["configMap"]["name"]) for s in sources if "configMap" in s}
    for c in each.containers:
        found |= {
            ("ConfigMap", each.namespace, e["configMapRef"]["name"])
            for e in c.get("envFrom", ())
            if "configMapRef" in e
        }
    return found


def services(objects: list[Manifest]) -> Iterator[str]:
    """Services that lead to no pod, or to a port on which none listens."""
    every = list(pods(objects))
    for each in of(objects, "Service"):
        spec = each["spec"]
        to = [
            p
            for p in every
            if p.namespace == each["metadata"].get("namespace", "")
            and spec.get("selector")
            and matches({"matchLabels": spec["selector"]}, p.labels)
        ]
        if not to:
            yield f"{said(each)} leads to no pod"
        ports = spec.get("ports", ())
        yield from _twice(said(each), "ports", ((p["port"], p.get("protocol", "TCP")) for p in ports))
        yield from _twice(said(each), "names", (p.get("name") for p in ports))
        for port, one in ((port, one) for port in ports for one in to):
            target, protocol = port.get("targetPort", port["port"]), port.get("protocol", "TCP")
            if (one.number(target), protocol) not in one.ports:
                yield f"{said(each)} leads to port {target} of {one}, where nothing listens"


def budgets(objects: list[Manifest]) -> Iterator[str]:
    """Budgets that let nobody go, or everybody, and pods of two budgets, which nothing can evict."""
    every, found = list(pods(objects)), list(of(objects, "PodDisruptionBudget"))
    for each in found:
        spec = each["spec"]
        of_it = [
            p
            for p in every
            if p.namespace == each["metadata"].get("namespace", "") and matches(spec["selector"], p.labels)
        ]
        if not of_it:
            yield f"{said(each)} is of no pod"
        replicas = sum(p.replicas or 0 for p in of_it)
        if "maxUnavailable" in spec and not 0 < spec["maxUnavailable"] < max(2, replicas):
            yield f"{said(each)} lets {spec['maxUnavailable']} of {replicas} go"
        if "minAvailable" in spec and not spec["minAvailable"] < replicas:
            yield f"{said(each)} keeps {spec['minAvailable']} of {replicas}"
    for one in every:
        mine = [
            said(e)
            for e in found
            if e["metadata"].get("namespace", "") == one.namespace and matches(e["spec"]["selector"], one.labels)
        ]
        if len(mine) > 1:
            yield f"{one} has {mine}"


def autoscalers(objects: list[Manifest]) -> Iterator[str]:
    """Autoscalers of nothing, two of one, and sizes that are not between both ends."""
    every = {(p.kind, p.namespace, p.name): p for p in pods(objects)}
    seen: set[tuple[str, str, str]] = set()
    for each in of(objects, "HorizontalPodAutoscaler", "ScaledObject"):
        spec, keda = each["spec"], each["kind"] == "ScaledObject"
        to = spec["scaleTargetRef"]
        target = (to.get("kind", "Deployment"), each["metadata"].get("namespace", ""), to["name"])
        least, most = (spec.get(f"{end}{'ReplicaCount' if keda else 'Replicas'}") for end in ("min", "max"))
        if target not in every:
            yield f"{said(each)} scales {to['name']}, which there is not"
            continue
        if target in seen:
            yield f"{said(each)} is the second of {to['name']}"
        seen.add(target)
        if not 1 <= least <= (every[target].replicas or least) <= most:
            yield f"{said(each)} keeps {every[target].replicas} replicas between {least} and {most}"


def policies(objects: list[Manifest]) -> Iterator[str]:
    """Pods of no policy, policies of no pod, and ports that are let in and on which nothing listens."""
    every, found = list(pods(objects)), list(of(objects, "NetworkPolicy"))
    for each in found:
        of_it = [p for p in every if _selects(each, p)]
        if not of_it:
            yield f"{said(each)} is of no pod"
        let_in = {
            (p["port"], p.get("protocol", "TCP"))
            for rule in each["spec"].get("ingress", ())
            for p in rule.get("ports", ())
        }
        listening = {port for one in of_it for port in one.ports}
        yield from (f"{said(each)} lets in to port {port}, where nothing listens" for port in let_in - listening)
    guarded = {e["metadata"].get("namespace", "") for e in found}
    for one in every:
        if one.namespace in guarded and not any(_selects(each, one) for each in found):
            yield f"{one} is of no policy"


def _selects(policy: Manifest, one: Pods) -> bool:
    return one.namespace == policy["metadata"].get("namespace", "") and matches(
        policy["spec"]["podSelector"], one.labels
    )


def calls(objects: list[Manifest]) -> Iterator[str]:
    """Calls of proxies to Services of the stack that a policy on either side would drop."""
    every, found = list(pods(objects)), list(of(objects, "NetworkPolicy"))
    known = {(e["metadata"]["name"], e["metadata"].get("namespace", "")): e for e in of(objects, "Service")}
    configured = {
        (e["metadata"]["name"], e["metadata"].get("namespace", "")): e.get("data", {}).get("haproxy.cfg")
        for e in of(objects, "ConfigMap")
    }
    for one in every:
        for name in (v["configMap"]["name"] for v in one.spec.get("volumes", ()) if "configMap" in v):
            text = configured.get((name, one.namespace)) or ""
            yield from _twice(f"{one}'s proxy", "addresses", (b.strip('"') for b in _BIND.findall(text)))
            for host, port in _SERVER.findall(text):
                called = known.get(tuple([*host.split("."), one.namespace][:2]))  # pyright: ignore[reportArgumentType]
                if called:
                    yield from _call(one, called, int(port), every, found)


def _call(one: Pods, called: Manifest, port: int, every: list[Pods], found: list[Manifest]) -> Iterator[str]:
    spec = called["spec"]
    if spec.get("clusterIP") == "None":
        targets = [port]
    else:
        targets = [p.get("targetPort", port) for p in spec["ports"] if p["port"] == port]
    if not targets:
        yield f"{one} calls port {port} of {said(called)}, which has none"
    namespace = called["metadata"].get("namespace", "")
    to = [p for p in every if p.namespace == namespace and matches({"matchLabels": spec["selector"]}, p.labels)]
    for callee, target in ((callee, callee.number(target) or 0) for callee in to for target in targets):
        if not any(
            _lets(rule, "to", callee, target) for e in found if _selects(e, one) for rule in e["spec"].get("egress", ())
        ):
            yield f"{one} may not call {callee} at {target}"
        if not any(
            _lets(rule, "from", one, target)
            for e in found
            if _selects(e, callee)
            for rule in e["spec"].get("ingress", ())
        ):
            yield f"{callee} does not let {one} in at {target}"


def _lets(rule: Manifest, way: str, other: Pods, port: int) -> bool:
    ports, peers = rule.get("ports"), rule.get(way)
    if ports and not any(p.get("port") in (None, port) and p.get("protocol", "TCP") == "TCP" for p in ports):
        return False
    return not peers or any(_is(peer, other) for peer in peers)


def _is(peer: Manifest, other: Pods) -> bool:
    """Whether a peer is these pods; of a namespace only its name is known."""
    if "ipBlock" in peer:
        return False
    there = matches(peer.get("namespaceSelector"), {"kubernetes.io/metadata.name": other.namespace})
    return there and matches(peer.get("podSelector"), other.labels)


def ways_in(objects: list[Manifest]) -> Iterator[str]:
    """Ingresses and routes that lead to no Service, or to a port that it has not."""
    known = {(e["metadata"].get("namespace", ""), e["metadata"]["name"]): e for e in of(objects, "Service")}
    for each in of(objects, "Ingress", "HTTPRoute"):
        for name, port in _backends(each["spec"]):
            service = known.get((each["metadata"].get("namespace", ""), name))
            if not service or port not in {p.get(key) for p in service["spec"]["ports"] for key in ("port", "name")}:
                yield f"{said(each)} leads to port {port} of {name}, which there is not"


def _backends(spec: Any) -> Iterator[tuple[str, int | str]]:
    if isinstance(spec, Mapping):
        for key, inner in spec.items():
            if key == "backend" and "service" in inner:
                yield inner["service"]["name"], next(iter(inner["service"]["port"].values()))
            elif key == "backendRefs":
                yield from ((each["name"], each["port"]) for each in inner)
            else:
                yield from _backends(inner)
    elif isinstance(spec, list):
        for inner in spec:
            yield from _backends(inner)


CHECKS = (names, containers, volumes, services, budgets, autoscalers, policies, calls, ways_in)
