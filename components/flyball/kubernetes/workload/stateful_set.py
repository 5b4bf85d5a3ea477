"""The StatefulSet of what keeps data or must not run twice, and the Service that gives each of its pods a name.

A single one is a StatefulSet too, also without data: a Deployment begins a second pod while the first one is still on
its way out, or on a node that nobody hears of, where a StatefulSet has at most one
(https://kubernetes.io/docs/tasks/run-application/force-delete-stateful-set-pod/#statefulset-considerations).
"""

from flyball.guards.headroom.members import Members
from flyball.guards.reading.units import show_size
from flyball.guards.workload.members import VOLUME, Data
from flyball.guards.workload.names import PEERS_SUFFIX
from flyball.guards.workload.resolve import Service
from flyball.kubernetes.objects import (
    BASE_PART,
    PORT_NAME,
    PULL_POLICY,
    Manifest,
    asked_for,
    exempt,
    headless,
    metadata,
    selector,
)
from flyball.kubernetes.workload.network import protocol
from flyball.kubernetes.workload.pods import PodInputs, pod_template

TEMPLATES = "spec.volumeClaimTemplates"
"""Set once, at creation (`ignore_changes`)."""
SNAPSHOTS = "flyball.dev/snapshot-class"
"""Annotation: by which VolumeSnapshotClass copies of the volumes are to be taken. Not on the claims, whose templates
never change."""


def stateful_set(s: Service, members: Members, inputs: PodInputs) -> Manifest:
    """All members begin at once, and are replaced one after the other.

    `Parallel`, since one that waits for its quorum is not ready before the others are there, and would keep them from
    beginning; and since a bad version is left again without help, which it is not where each must be ready before the
    next one (https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/#forced-rollback). Updates go by one
    whatever it says. Volumes stay with what they hold when the set is deleted or scaled down, unless `keep: false`.
    """
    data, rollout = s.spec.kept.data, s.spec.rollout
    told = {SNAPSHOTS: data.snapshots} if data and data.snapshots else {}
    kept = "Retain" if data is None or data.keep else "Delete"
    volumes = {"persistentVolumeClaimRetentionPolicy": {"whenDeleted": kept, "whenScaled": kept}} if data else {}
    return {
        "metadata": metadata(s, annotations={**exempt(PULL_POLICY | asked_for(s.spec.user)), **told}),
        "spec": {
            "replicas": members.count,
            "serviceName": s.name + PEERS_SUFFIX,
            "podManagementPolicy": "Parallel",
            "updateStrategy": {"type": "RollingUpdate"},
            "minReadySeconds": rollout.settle,
            "revisionHistoryLimit": rollout.history,
            **volumes,
            "selector": {"matchLabels": selector(s)},
            "template": pod_template(s, BASE_PART, inputs),
            **({"volumeClaimTemplates": [_claim(s, data)]} if data else {}),
        },
    }


def _claim(s: Service, data: Data) -> Manifest:
    """Of one member. Its labels never change, so that there are none on it of which anybody could want that."""
    return {
        "metadata": {"name": VOLUME, "labels": selector(s)},
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            **({"storageClassName": data.storage} if data.storage else {}),
            "volumeMode": "Filesystem",
            "resources": {"requests": {"storage": show_size(data.size)}},
        },
    }


def peers(s: Service) -> Manifest:
    """A name for each member, at all ports of the application itself: members reach each other past the proxy."""
    own, ports = s.spec.port, list[Manifest]()
    if own is not None:
        ports.append({"name": PORT_NAME, "port": own, "targetPort": own, "protocol": "TCP"})
    for name, each in sorted(s.spec.ports.items()):
        ports.append({"name": name, "port": each.port, "targetPort": each.port, "protocol": protocol(each.protocol)})
    return headless(metadata(s, s.name + PEERS_SUFFIX, {"pulumi.com/skipAwait": "true"}), selector(s), ports)
