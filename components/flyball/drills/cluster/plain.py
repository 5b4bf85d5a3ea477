"""A service as it is commonly written: what the runs without the guard are made of."""

from collections.abc import Mapping
from typing import Any

from flyball import wellknown
from flyball.drills.cluster.settings import CALM

Manifest = dict[str, Any]
MILLICORES = 250
"""Processor share that a pod asks for, plain or guarded: the default of `resources.cpu`."""


def deployment(name: str, namespace: str, image: str, replicas: int, pod: Mapping[str, Any] | None = None) -> Manifest:
    """A Deployment with nothing but what it needs; `pod` is added to the pod's spec."""
    labels = {wellknown.NAME_LABEL: name}
    container = {"name": name, "image": image, "resources": {"requests": {"cpu": f"{MILLICORES}m", "memory": "256Mi"}}}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": namespace, "labels": labels},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": [container], **(pod or {})}},
        },
    }


def stateful_set(name: str, namespace: str, image: str, replicas: int, size: str) -> Manifest:
    """A StatefulSet with nothing but what it needs, a volume of that size for each of its pods among it."""
    found = deployment(name, namespace, image, replicas)
    spec = found["spec"]
    spec["template"]["spec"]["containers"][0]["volumeMounts"] = [{"name": "data", "mountPath": "/data"}]
    claim = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": size}}}
    return {
        **found,
        "kind": "StatefulSet",
        "spec": {**spec, "serviceName": name, "volumeClaimTemplates": [{"metadata": {"name": "data"}, "spec": claim}]},
    }


def autoscaler(name: str, namespace: str, least: int, most: int, target: int = 80) -> Manifest:
    """An autoscaler with the behaviour that Kubernetes gives it by default, its times compressed.

    100 % or 4 pods up and 100 % down in each 15 s, down after 300 s of calm (https://kubernetes.io/docs/concepts/
    workloads/autoscaling/horizontal-pod-autoscale/#default-behavior); a period is at least 1 s.
    """
    every = {"type": "Percent", "value": 100, "periodSeconds": 1}
    pods = {"type": "Pods", "value": 4, "periodSeconds": 1}
    usage = {"type": "Resource", "resource": {"name": "cpu", "target": _share(target)}}
    return {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": name},
            "minReplicas": least,
            "maxReplicas": most,
            "metrics": [usage],
            "behavior": {
                "scaleUp": {"stabilizationWindowSeconds": 0, "policies": [every, pods]},
                "scaleDown": {"stabilizationWindowSeconds": CALM, "policies": [every]},
            },
        },
    }


def _share(target: int) -> Manifest:
    return {"type": "Utilization", "averageUtilization": target}
