"""Members and their volumes as they run, asked before anything is changed."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from flyball import wellknown
from flyball.deploy import api
from flyball.guards.fail_fast.rules import NO_VOLUME_CLASS
from flyball.guards.reading.problem import Problem
from flyball.guards.reading.strict import nearest
from flyball.guards.reading.units import size
from flyball.guards.workload import fixed
from flyball.guards.workload.fixed import Volume, Was
from flyball.guards.workload.members import VOLUME
from flyball.guards.workload.resolve import Service
from flyball.kubectl import Kubectl
from flyball.lab.cluster.volumes import DEFAULT, Wanted


def check(kubectl: Kubectl, services: Iterable[Service]) -> Iterator[Problem]:
    """Refuse what Kubernetes would refuse in the middle of a change, and what members would not bear."""
    for namespace, each in _by_namespace(services).items():
        sets = _named(kubectl, "statefulsets", namespace, wellknown.OURS)
        claims = _named(kubectl, "persistentvolumeclaims", namespace, "")
        for service in each:
            there = sets.get(service.name)
            if there:
                yield from fixed.check(service, _was(there))
            else:
                yield from _check_left(service, claims)


def _check_left(service: Service, claims: Mapping[str, Any]) -> Iterator[Problem]:
    """Volumes that are there from before, and will be found again, are as the file says."""
    data = service.spec.kept.data
    for i in range(service.members.count if service.members else 0):
        claim = claims.get(f"{VOLUME}-{service.name}-{i}")
        if claim and data:
            path = (*service.path, "data")
            found = list(fixed.check_volume(service.name, data.size, data.storage, _volume(claim["spec"]), path))
            yield from found
            if found:
                return


def _was(there: Mapping[str, Any]) -> Was:
    spec = there["spec"]
    templates = [each["spec"] for each in spec.get("volumeClaimTemplates", ()) if each["metadata"]["name"] == VOLUME]
    containers = spec["template"]["spec"]["containers"]
    mounts = [mount for each in containers for mount in each.get("volumeMounts", ()) if mount["name"] == VOLUME]
    folder = mounts[0].get("subPath") if templates and mounts else None
    return Was(spec.get("replicas", 1), _volume(templates[0]) if templates else None, folder)


def _volume(claim: Mapping[str, Any]) -> Volume:
    return Volume(size(claim["resources"]["requests"]["storage"]), claim.get("storageClassName"))


def _by_namespace(services: Iterable[Service]) -> dict[str, list[Service]]:
    found: dict[str, list[Service]] = {}
    for service in services:
        if service.members:
            found.setdefault(service.spec.namespace, []).append(service)
    return found


def _named(kubectl: Kubectl, kind: str, namespace: str, selector: str) -> dict[str, Any]:
    chosen = (f"--selector={selector}",) if selector else ()
    items = kubectl.json("get", kind, f"--namespace={namespace}", *chosen)["items"]
    return {item["metadata"]["name"]: item for item in items}


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
