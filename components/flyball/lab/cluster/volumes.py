"""Volumes of the control plane on this machine: they are bound as real ones are, and hold nothing.

Nobody runs there, so nobody mounts them. Each is in one zone, as those of clouds are: a pod whose volume is in a zone
comes back there, or waits.
"""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

from flyball import wellknown
from flyball.guards.reading.units import Bytes, show_size
from flyball.kubectl import UNCHECKED, Kubectl

DEFAULT = "standard"
"""The StorageClass of claims that name none."""
_DEFAULTS = {"storageclass.kubernetes.io/is-default-class": "true"}
Manifest = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Wanted:
    """How many volumes of a class there must be to choose from in each zone, and of which size at least."""

    count: int
    size: Bytes


def offer(kubectl: Kubectl, zones: Sequence[str], wanted: Mapping[str, Wanted]) -> None:
    """Make the classes, and so many volumes that each zone has enough that are free."""
    if not wanted:
        return
    there = kubectl.json("get", "persistentvolumes")["items"]
    free = Counter(_place(item) for item in there if item.get("status", {}).get("phase") in ("Available", "Pending"))
    taken = {item["metadata"]["name"] for item in there}
    names = (name for name in map("simulated-{}".format, count(1)) if name not in taken)
    objects: list[Manifest] = []
    for name, each in sorted(wanted.items()):
        objects.append(_class(name))
        for zone in zones:
            for _ in range(each.count - free[name, zone]):
                objects.append(_volume(next(names), name, zone, each.size))
    command = ("apply", "--server-side", "--force-conflicts", "--field-manager=flyball-lab", UNCHECKED, "--filename=-")
    kubectl.run(*command, stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": objects}), timeout=120)


def _place(volume: Mapping[str, Any]) -> tuple[str, str]:
    return volume["spec"].get("storageClassName", ""), volume["metadata"].get("labels", {}).get(wellknown.ZONE, "")


def _class(name: str) -> Manifest:
    return {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {"name": name, **({"annotations": _DEFAULTS} if name == DEFAULT else {})},
        "provisioner": "kubernetes.io/no-provisioner",
        "volumeBindingMode": "WaitForFirstConsumer",
    }


def _volume(name: str, storage: str, zone: str, size: Bytes) -> Manifest:
    here = {"key": wellknown.ZONE, "operator": "In", "values": [zone]}
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": name, "labels": {wellknown.ZONE: zone}},
        "spec": {
            "capacity": {"storage": show_size(size)},
            "accessModes": ["ReadWriteOnce"],
            "persistentVolumeReclaimPolicy": "Retain",
            "storageClassName": storage,
            "hostPath": {"path": f"/var/lib/simulated/{name}"},
            "nodeAffinity": {"required": {"nodeSelectorTerms": [{"matchExpressions": [here]}]}},
        },
    }
