"""What all Kubernetes objects of a workload have in common, and how they refer to each other."""

import hashlib
import re
from collections.abc import Iterable, Mapping
from typing import Any

from flyball import wellknown
from flyball.guards.reading.units import Bytes, Millicores, show_size
from flyball.guards.workload.application import Placed
from flyball.guards.workload.resources import Resources

Manifest = dict[str, Any]
FORCED = {"pulumi.com/patchForce": "true"}
"""Annotation of what is written beside a deployment too, and must not be in the way of the next one."""
_CAPITAL = re.compile(r"(?=[A-Z])")

BASE_PART = "base"
SPOT_PART = "spot"
SECRET_SUFFIX = "-env"
"""Of the Secret with a workload's secret environment variables."""
PORT_NAME = "main"


def labels(s: Placed) -> dict[str, str]:
    """On every object; what the user adds never replaces what flyball relies on."""
    return {**s.spec.labels, **selector(s), **ownership(s.place.environment, s.place.owner)}


def selector(s: Placed) -> dict[str, str]:
    """What all pods of the workload have in common, on demand and on spot."""
    return {wellknown.NAME_LABEL: s.name}


def metadata(s: Placed, name: str | None = None, annotations: Mapping[str, str] | None = None) -> Manifest:
    """Metadata of a namespaced object; without a name of its own it is called as the workload."""
    merged = {**s.spec.annotations, **(annotations or {})}
    meta: Manifest = {"name": name or s.name, "namespace": s.spec.namespace, "labels": labels(s)}
    return {**meta, "annotations": merged} if merged else meta


def properties(manifest: Manifest) -> Manifest:
    """A manifest as keyword arguments of its resource class, which wants its outermost keys in snake case."""
    return {_CAPITAL.sub("_", key).lower(): value for key, value in manifest.items()}


def requests_and_limits(resources: Resources, ephemeral_storage: Bytes) -> Manifest:
    """A container's resources; of ephemeral storage it asks for all that it may use, since it is bounded anyway."""
    storage = show_size(ephemeral_storage)
    asked = {"cpu": show_cpu(resources.cpu), "memory": show_size(resources.memory)}
    most = {"cpu": show_cpu(resources.cpu_limit), "memory": show_size(resources.memory_limit)}
    return {
        "requests": {**asked, "ephemeral-storage": storage},
        "limits": {**most, "ephemeral-storage": storage},
    }


def unless_empty(key: str, items: list[Any]) -> Manifest:
    """The server drops an empty list, and each apply would put it back."""
    return {key: items} if items else {}


def as_user(user: int) -> Manifest:
    """Of a security context: one user and group, and never root."""
    return {"runAsNonRoot": True, "runAsUser": user, "runAsGroup": user}


def confined(capabilities: Iterable[str] = ()) -> Manifest:
    """Of a container's security context: no privilege, nor a way to any
    (https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted)."""
    return {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"], **unless_empty("add", list(capabilities))},
    }


PULL_POLICY = {
    "container-image-pull-policy": (
        "a registry that is away must not stop a pod from moving, and the image is pinned to its version"
    )
}
_LOW_USER = 10_000
"""Below it kube-score takes a user for one that the node may have too (container-security-context-user-group-id)."""


def asked_for(user: int) -> dict[str, str]:
    """Of the checks of kube-score, the one that a low user does not pass, and why."""
    why = f"user {user} was asked for, because the image's files belong to it"
    return {"container-security-context-user-group-id": why} if user < _LOW_USER else {}


def exempt(checks: Mapping[str, str]) -> dict[str, str]:
    """Annotations that exempt an object from checks of kube-score, each with the reason why it does not hold there."""
    reasons = "\n".join(f"{check}: {why}" for check, why in checks.items())
    return {"kube-score/ignore": ",".join(checks), "flyball.dev/kube-score-reason": reasons}


def show_cpu(millicores: Millicores) -> str:
    """As Kubernetes prints it: whole processors without a unit."""
    return f"{millicores}m" if millicores % 1000 else f"{millicores // 1000}"


def content_hash(text: str) -> str:
    """What tells contents apart, for the name of what holds them: 40 bits of their SHA-256."""
    return hashlib.sha256(text.encode()).hexdigest()[:10]


def ownership(environment: str, owner: str) -> dict[str, str]:
    """Labels that every object has, also those that belong to no workload."""
    return {
        wellknown.MANAGED_BY_LABEL: wellknown.MANAGED_BY,
        wellknown.ENVIRONMENT_LABEL: environment,
        wellknown.OWNER_LABEL: owner,
    }


def headless(meta: Manifest, pods: Mapping[str, str], ports: list[Manifest]) -> Manifest:
    """A Service that gives each pod of a StatefulSet a name, whether it is ready or not: who starts asks the others."""
    return {
        "metadata": meta,
        "spec": {
            "type": "ClusterIP",
            "clusterIP": "None",
            "ipFamilyPolicy": "PreferDualStack",
            "publishNotReadyAddresses": True,
            "selector": dict(pods),
            **unless_empty("ports", ports),
        },
    }


def never_together(pods: Mapping[str, str]) -> Manifest:
    """Of an affinity: no two of these pods on one node."""
    apart = [{"labelSelector": {"matchLabels": dict(pods)}, "topologyKey": wellknown.HOSTNAME}]
    return {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": apart}}


def evenly(pods: Mapping[str, str], key: str, must: bool) -> Manifest:
    """Pods spread evenly over what the label `key` says of nodes that take them, by must or by preference.

    By default a zone whose nodes are dead, drained or for others counts as one without pods, beside which no other may
    have more than one (https://kubernetes.io/docs/concepts/scheduling-eviction/topology-spread-constraints/
    #spread-constraint-definition).
    """
    return {
        "maxSkew": 1,
        "topologyKey": key,
        "nodeTaintsPolicy": "Honor",
        "whenUnsatisfiable": "DoNotSchedule" if must else "ScheduleAnyway",
        "labelSelector": {"matchLabels": dict(pods)},
    }


def from_pod(name: str, path: str) -> Manifest:
    """A variable with a field of the pod. The API's version is stated, since the server would fill in its default."""
    return {"name": name, "valueFrom": {"fieldRef": {"apiVersion": "v1", "fieldPath": path}}}


def container_port(name: str, port: int, protocol: str = "TCP") -> Manifest:
    """A port on which a container listens; its protocol is stated, since the server would fill in its default."""
    return {"name": name, "containerPort": port, "protocol": protocol}
