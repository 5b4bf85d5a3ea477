"""What the objects of a stack have to be to each other, whatever the stack says: names, ports, selectors, numbers.

Each check yields what does not fit, in words. They know Kubernetes, and nothing of how objects are made here.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tests.stack.connections import calls, policies, services, ways_in
from tests.stack.running import Manifest, Pods, matches, of, pods, said, twice

_LABEL = r"[a-z0-9](?:[-a-z0-9]*[a-z0-9])?"
_NAME = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_VALUE = re.compile(r"(?:[A-Za-z0-9](?:[-_.A-Za-z0-9]{0,61}[A-Za-z0-9])?)?")
_KEY = re.compile(rf"(?:(?=[^/]{{1,253}}/){_LABEL}(?:\.{_LABEL})*/)?[A-Za-z0-9](?:[-_.A-Za-z0-9]{{0,61}}[A-Za-z0-9])?")
_VARIABLE = re.compile(r"[-._A-Za-z][-._A-Za-z0-9]*")
_PORT_NAME = re.compile(r"(?=.{1,15}\Z)(?=.*[a-z])[a-z0-9]+(?:-[a-z0-9]+)*")
_UNITS = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9, "Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40, "m": 0.001}
_LONGEST = {"CronJob": 52, "StatefulSet": 52}
"""Letters of a name, where what is made of it adds some: 11 for a run, and a hash in a label for members."""


def incoherent(objects: Iterable[Manifest]) -> list[str]:
    """Everything that does not fit."""
    every = list(objects)
    return [problem for check in CHECKS for problem in check(every)]


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
        yield from twice(each, "containers", (c["name"] for c in each.containers))
        for c in each.containers:
            where = f"{each}, {c['name']}"
            env = [v["name"] for v in c.get("env", ())]
            yield from twice(where, "variables", env)
            yield from twice(where, "mounts", (m["mountPath"] for m in c.get("volumeMounts", ())))
            yield from twice(where, "ports", ((p["containerPort"], p.get("protocol")) for p in c.get("ports", ())))
            yield from twice(where, "names of ports", (p["name"] for p in c.get("ports", ()) if "name" in p))
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


def volumes(objects: list[Manifest]) -> Iterator[str]:
    """Mounts of nothing, volumes that nobody mounts, and what is kept in more than the pod may hold."""
    made = {(e["kind"], e["metadata"].get("namespace", ""), e["metadata"]["name"]) for e in objects}
    used: set[tuple[str, str, str]] = set()
    claims = {e["metadata"]["name"]: e["spec"].get("volumeClaimTemplates", ()) for e in of(objects, "StatefulSet")}
    for each in pods(objects):
        found = each.spec.get("volumes", ())
        named = [v["name"] for v in found] + [c["metadata"]["name"] for c in claims.get(each.name, ())]
        yield from twice(each, "volumes", named)
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


CHECKS = (names, containers, volumes, services, budgets, autoscalers, policies, calls, ways_in)
