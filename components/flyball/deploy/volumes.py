"""Members and their volumes as they run: what is refused of a change before anything is changed, and how they grow."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache, partial
from typing import Any

from flyball import wellknown
from flyball.deploy import api
from flyball.guards.fail_fast.rules import NO_VOLUME_CLASS
from flyball.guards.reading.problem import Problem
from flyball.guards.reading.strict import nearest
from flyball.guards.reading.units import Bytes, show_size, size
from flyball.guards.workload import fixed
from flyball.guards.workload.fixed import Volume, Was
from flyball.guards.workload.members import VOLUME
from flyball.guards.workload.resolve import Service
from flyball.kubectl import Kubectl
from flyball.lab.cluster.volumes import DEFAULT, Wanted


def check(kubectl: Kubectl, services: Iterable[Service]) -> Iterator[Problem]:
    """Refuse what Kubernetes would refuse in the middle of a change, and what members would not bear."""
    for namespace, each in _by_namespace(services).items():
        sets = api.named(kubectl, "statefulsets", namespace, wellknown.OURS)
        claims = api.named(kubectl, "persistentvolumeclaims", namespace)
        classes = cache(partial(_growing_classes, kubectl))
        for service in each:
            there, volume = sets.get(service.name), _of_claims(service, claims, classes)
            data = service.spec.kept.data
            if there:
                yield from fixed.check(service, _was(there, volume))
            elif data and volume:
                # They are there from before, and will be found again.
                yield from fixed.check_volume(service.name, data.size, data.storage, volume, (*service.path, "data"))


def growing(kubectl: Kubectl, services: Iterable[Service]) -> list[str]:
    """A line for each service whose volumes would grow."""
    return list(_growth(kubectl, services))


def grow(kubectl: Kubectl, services: Iterable[Service], report: Callable[[str], None]) -> None:
    """Have the claims of members ask for the size that is said. The template of claims stays as it was made, which
    nobody may change; whoever joins later gets a volume of that size, and it grows as soon as it is bound."""
    for line, claims in _growth(kubectl, services).items():
        report(line)
        for claim, wanted_size in claims:
            patch = json.dumps({"spec": {"resources": {"requests": {"storage": show_size(wanted_size)}}}})
            place = f"--namespace={claim['metadata']['namespace']}"
            kubectl.run(
                "patch", "persistentvolumeclaim", claim["metadata"]["name"], place, "--type=merge", f"--patch={patch}"
            )


def _growth(kubectl: Kubectl, services: Iterable[Service]) -> dict[str, list[tuple[Mapping[str, Any], Bytes]]]:
    """What there is to say of each service with volumes that are too small, and their claims. The server lets only
    those ask for more that are bound."""
    found: dict[str, list[tuple[Mapping[str, Any], Bytes]]] = {}
    keeping = [service for service in services if service.spec.kept.data]
    for namespace, each in _by_namespace(keeping).items():
        claims = api.named(kubectl, "persistentvolumeclaims", namespace)
        for service in each:
            if data := service.spec.kept.data:
                bound = [claim for claim in _own(service, claims) if claim.get("status", {}).get("phase") == "Bound"]
                small = [claim for claim in bound if _asked(claim) < data.size]
                if small:
                    least = min(map(_asked, small))
                    found[fixed.growth(service, Was(0, Volume(least)))] = [(claim, data.size) for claim in small]
    return found


def _own(service: Service, claims: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The claims of its members that are there."""
    count = service.members.count if service.members else 0
    names = (f"{VOLUME}-{service.name}-{i}" for i in range(count))
    return [claims[name] for name in names if name in claims]


def _of_claims(service: Service, claims: Mapping[str, Any], classes: Callable[[], frozenset[str]]) -> Volume | None:
    """The volume of which the most is to be said: the largest where one would have to shrink, else the smallest."""
    data, own = service.spec.kept.data, sorted(_own(service, claims), key=_asked)
    if not own or data is None:
        return None
    chosen = own[-1] if _asked(own[-1]) > data.size else own[0]
    name = chosen["spec"].get("storageClassName") or None
    return Volume(_asked(chosen), name, _asked(chosen) >= data.size or name in classes())


def _growing_classes(kubectl: Kubectl) -> frozenset[str]:
    """The classes that let volumes grow
    (https://kubernetes.io/docs/concepts/storage/storage-classes/#allow-volume-expansion)."""
    items = kubectl.json("get", "storageclasses")["items"]
    return frozenset(item["metadata"]["name"] for item in items if item.get("allowVolumeExpansion"))


def _was(there: Mapping[str, Any], volume: Volume | None) -> Was:
    """Members as they run. What their claims ask for counts, and not the template, which does not grow with them."""
    spec = there["spec"]
    templates = [each for each in spec.get("volumeClaimTemplates", ()) if each["metadata"]["name"] == VOLUME]
    containers = spec["template"]["spec"]["containers"]
    mounts = [mount for each in containers for mount in each.get("volumeMounts", ()) if mount["name"] == VOLUME]
    folder = mounts[0].get("subPath") if templates and mounts else None
    if not templates:
        return Was(spec.get("replicas", 1), None)
    made = Volume(_asked(templates[0]), templates[0]["spec"].get("storageClassName"))
    return Was(spec.get("replicas", 1), volume or made, folder)


def _asked(claim: Mapping[str, Any]) -> Bytes:
    return size(claim["spec"]["resources"]["requests"]["storage"])


def _by_namespace(services: Iterable[Service]) -> dict[str, list[Service]]:
    found: dict[str, list[Service]] = {}
    for service in services:
        if service.members:
            found.setdefault(service.spec.namespace, []).append(service)
    return found


def wanted(services: Iterable[Service]) -> dict[str, Wanted]:
    """What a control plane on this machine must have to choose from, by the name of the class."""
    found: dict[str, Wanted] = {}
    for service in services:
        if service.members and (data := service.spec.kept.data):
            name = data.storage or DEFAULT
            known = found.get(name, Wanted(0, 0))
            found[name] = Wanted(known.count + service.members.count, max(known.size, data.size))
    return found


_DEFAULT_NOTE = "storageclass.kubernetes.io/is-default-class"
_SNAPSHOTS = "snapshot.storage.k8s.io"


def check_classes(kubectl: Kubectl, services: Iterable[Service]) -> Iterator[Problem]:
    """Refuse volumes for which the cluster has no class: their pods would wait for ever."""
    keeping = [service for service in services if service.spec.kept.data]
    if not keeping:
        return
    items = kubectl.json("get", "storageclasses")["items"]
    names = sorted(item["metadata"]["name"] for item in items)
    notes = [item["metadata"].get("annotations", {}) for item in items]
    has_default = any(each.get(_DEFAULT_NOTE) == "true" for each in notes)
    copies = _snapshot_classes(kubectl) if any(s.spec.kept.data.snapshots for s in keeping if s.spec.kept.data) else []
    for service in keeping:
        data, path = service.spec.kept.data, (*service.path, "data")
        if data and data.storage is None and not has_default:
            hint = f"name one: {', '.join(names) or 'the cluster has none at all'}"
            yield Problem((*path, "class"), NO_VOLUME_CLASS, "is not given, and the cluster has no default one", hint)
        elif data and data.storage and data.storage not in names:
            message = f"is {data.storage}, which the cluster does not have"
            yield Problem((*path, "class"), NO_VOLUME_CLASS, message, nearest(data.storage, names))
        if data and data.snapshots and data.snapshots not in copies:
            message = f"is {data.snapshots}, and the cluster has no such VolumeSnapshotClass"
            hint = nearest(data.snapshots, copies) if copies else "install one with the driver of the volumes"
            yield Problem((*path, "snapshots"), NO_VOLUME_CLASS, message, hint)


def _snapshot_classes(kubectl: Kubectl) -> list[str]:
    if f"volumesnapshotclasses.{_SNAPSHOTS}" not in api.kinds(kubectl, _SNAPSHOTS):
        return []
    items = kubectl.json("get", f"volumesnapshotclasses.{_SNAPSHOTS}")["items"]
    return sorted(item["metadata"]["name"] for item in items)
