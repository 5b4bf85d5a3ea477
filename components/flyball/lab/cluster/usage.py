"""What simulated pods use, as their simulated kubelets report it to metrics-server.

kwok serves the figures of each node under a path of its own, in the words of the kubelet's `/metrics/resource`
(https://kubernetes.io/docs/reference/instrumentation/node-metrics/,
https://kwok.sigs.k8s.io/docs/user/resource-usage-configuration/).
"""

import json
from typing import Any

CPU, MEMORY = "flyball.dev/usage-cpu", "flyball.dev/usage-memory"
"""Annotations of a pod: what each of its containers uses, as quantities."""
IDLE = {"cpu": "1m", "memory": "1Mi"}
"""What a container without the annotations uses."""
PATH_ANNOTATION = "metrics.k8s.io/resource-metrics-path"
"""Tells metrics-server where a node's figures are."""
_API = "kwok.x-k8s.io/v1alpha1"
_LABELS = {
    "node": {},
    "pod": {"namespace": "pod.metadata.namespace", "pod": "pod.metadata.name"},
    "container": {
        "namespace": "pod.metadata.namespace",
        "pod": "pod.metadata.name",
        "container": "container.name",
    },
}


def path(node: str) -> str:
    """Where kwok serves the figures of a node."""
    return f"/metrics/nodes/{node}/metrics/resource"


def configuration() -> str:
    """kwok's configuration of all this."""
    return "\n---\n".join(json.dumps(part) for part in (_metric(), _usage()))


def _metric() -> dict[str, Any]:
    figures = [_figure("container_start_time_seconds", "container", "gauge", "pod.SinceSecond()")]
    for dimension in _LABELS:
        who = "node" if dimension == "node" else "pod"
        of = ", container.name" if dimension == "container" else ""
        total, now = f'{who}.CumulativeUsage("cpu"{of})', f'{who}.Usage("memory"{of})'
        figures.append(_figure(f"{dimension}_cpu_usage_seconds_total", dimension, "counter", total))
        figures.append(_figure(f"{dimension}_memory_working_set_bytes", dimension, "gauge", now))
    spec = {"path": path("{nodeName}"), "metrics": figures}
    return {"apiVersion": _API, "kind": "Metric", "metadata": {"name": "usage"}, "spec": spec}


def _figure(name: str, dimension: str, kind: str, value: str) -> dict[str, Any]:
    labels = [{"name": label, "value": expression} for label, expression in _LABELS[dimension].items()]
    return {"name": name, "dimension": dimension, "help": name, "kind": kind, "labels": labels, "value": value}


def _usage() -> dict[str, Any]:
    usage = {
        resource: {
            "expression": f'"{annotation}" in pod.metadata.annotations'
            f' ? Quantity(pod.metadata.annotations["{annotation}"]) : Quantity("{IDLE[resource]}")'
        }
        for resource, annotation in (("cpu", CPU), ("memory", MEMORY))
    }
    metadata = {"name": "usage"}
    return {
        "apiVersion": _API,
        "kind": "ClusterResourceUsage",
        "metadata": metadata,
        "spec": {"usages": [{"usage": usage}]},
    }
