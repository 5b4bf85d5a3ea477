"""A stand-in for kube-state-metrics, which Debian does not have: the same names and labels for what the API server has.

As the real one it answers from what it knows: it asks the API server again and again, however long that takes.
"""

import http.client
import json
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import yaml

from flyball.kubectl import condition
from flyball.lab.cluster.control_plane import ControlPlane
from flyball.lab.monitoring import published

RESOURCES = {
    "deployments": "/apis/apps/v1/deployments",
    "stateful_sets": "/apis/apps/v1/statefulsets",
    "autoscalers": "/apis/autoscaling/v2/horizontalpodautoscalers",
    "pods": "/api/v1/pods",
    "budgets": "/apis/policy/v1/poddisruptionbudgets",
    "nodes": "/api/v1/nodes",
    "config_maps": "/api/v1/configmaps",
}
Object = Mapping[str, Any]
Sample = tuple[str, Mapping[str, str], float]


class Api:
    """The API server of a control plane, asked by the administrator's certificate; for one thread."""

    def __init__(self, plane: ControlPlane) -> None:
        self.pki = plane.folder / "pki"
        config = yaml.safe_load(plane.kubeconfig.read_text())
        self.address = urlsplit(config["clusters"][0]["cluster"]["server"]).netloc
        tls = ssl.create_default_context(cafile=str(self.pki / "ca.crt"))
        tls.load_cert_chain(self.pki / "admin.crt", self.pki / "admin.key")
        self._connection = http.client.HTTPSConnection(self.address, context=tls, timeout=60)

    def get(self, path: str) -> Any:
        """What it answers to a GET request. Raises `OSError` or `HTTPException` where it does not."""
        try:
            self._connection.request("GET", path, headers={"Accept": "application/json"})
            answer = self._connection.getresponse()
            body = answer.read()
        except (OSError, http.client.HTTPException):
            self._connection.close()  # the next request opens it again
            raise
        if answer.status != 200:
            raise OSError(f"GET {path}: {answer.status} {body[:200].decode(errors='replace')}")
        return json.loads(body)


class _Known:
    """What was last heard of the API server, as an exposition."""

    def __init__(self, api: Api, every: float) -> None:
        self.text = self._look(api)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._go_on, args=(api, every), daemon=True)
        self._thread.start()

    def end(self) -> None:
        self._ended.set()
        self._thread.join()

    def _go_on(self, api: Api, every: float) -> None:
        while not self._ended.wait(every):
            # Without the API server there is nothing new to tell.
            with suppress(OSError, http.client.HTTPException):
                self.text = self._look(api)

    def _look(self, api: Api) -> str:
        # Version 0: what the server has in its memory, as everybody gets it who watches.
        found = {name: api.get(f"{path}?resourceVersion=0")["items"] for name, path in RESOURCES.items()}
        return exposition(samples(found))


@contextmanager
def known(api: Api, every: float) -> Iterator[Callable[[], str]]:
    """Look each `every` seconds meanwhile; gives what says what was seen last."""
    seen = _Known(api, every)
    try:
        yield lambda: seen.text
    finally:
        seen.end()


def samples(found: Mapping[str, Sequence[Object]]) -> Iterator[Sample]:
    """Of all objects, by the names in `RESOURCES`."""
    for deployment in found["deployments"]:
        yield from _deployment(deployment)
    for each in found["stateful_sets"]:
        of = {"namespace": each["metadata"]["namespace"], "statefulset": each["metadata"]["name"]}
        yield "kube_statefulset_status_replicas_ready", of, each.get("status", {}).get("readyReplicas", 0)
    for autoscaler in found["autoscalers"]:
        yield from _autoscaler(autoscaler)
    for pod in found["pods"]:
        yield from _pod(pod)
    for budget in found["budgets"]:
        of = {"namespace": budget["metadata"]["namespace"], "poddisruptionbudget": budget["metadata"]["name"]}
        for name, key in _BUDGET.items():
            yield f"kube_poddisruptionbudget_status_{name}", of, budget.get("status", {}).get(key, 0)
    for node in found["nodes"]:
        yield from _node(node)
    for config_map in found["config_maps"]:
        head = config_map["metadata"]
        of = {"namespace": head["namespace"], "configmap": head["name"]}
        yield "kube_configmap_created", of, datetime.fromisoformat(head["creationTimestamp"]).timestamp()


_BUDGET = {
    "current_healthy": "currentHealthy",
    "desired_healthy": "desiredHealthy",
    "expected_pods": "expectedPods",
    "pod_disruptions_allowed": "disruptionsAllowed",
}


def exposition(given: Iterator[Sample]) -> str:
    """As Prometheus reads it. Raises `ValueError` for a name or labels that kube-state-metrics does not publish."""
    lines: list[str] = []
    for name, labels, value in given:
        told = {key for key in labels if not key.startswith("label_")}
        if name not in published.METRICS or told != set(published.METRICS[name]):
            raise ValueError(f"{name} with {', '.join(sorted(labels))} is not what kube-state-metrics publishes")
        pairs = ",".join(f"{key}={json.dumps(text)}" for key, text in labels.items())
        lines.append(f"{name}{{{pairs}}} {float(value)}\n")
    return "".join(lines)


def _deployment(deployment: Object) -> Iterator[Sample]:
    head, status = deployment["metadata"], deployment.get("status", {})
    of = {"namespace": head["namespace"], "deployment": head["name"]}
    yield "kube_deployment_spec_replicas", of, deployment["spec"].get("replicas", 1)
    yield "kube_deployment_status_replicas", of, status.get("replicas", 0)
    yield "kube_deployment_status_replicas_ready", of, status.get("readyReplicas", 0)
    yield "kube_deployment_status_replicas_available", of, status.get("availableReplicas", 0)


def _autoscaler(autoscaler: Object) -> Iterator[Sample]:
    head, spec, status = autoscaler["metadata"], autoscaler["spec"], autoscaler.get("status", {})
    of = {"namespace": head["namespace"], "horizontalpodautoscaler": head["name"]}
    prefix = "kube_horizontalpodautoscaler"
    yield f"{prefix}_spec_min_replicas", of, spec.get("minReplicas", 1)
    yield f"{prefix}_spec_max_replicas", of, spec["maxReplicas"]
    yield f"{prefix}_status_current_replicas", of, status.get("currentReplicas", 0)
    yield f"{prefix}_status_desired_replicas", of, status.get("desiredReplicas", 0)
    yield from _conditions(f"{prefix}_status_condition", of, status)


def _conditions(name: str, of: Mapping[str, str], status: Object) -> Iterator[Sample]:
    for each in status.get("conditions", ()):
        for value in published.CONDITIONS:
            is_it = each["status"].lower() == value
            yield name, {**of, "condition": each["type"], "status": value}, is_it


def _pod(pod: Object) -> Iterator[Sample]:
    head, spec, status = pod["metadata"], pod["spec"], pod.get("status", {})
    of = {"namespace": head["namespace"], "pod": head["name"], "uid": head["uid"]}
    owner = next(iter(head.get("ownerReferences", ())), {})
    info = {
        "host_ip": status.get("hostIP", ""),
        "pod_ip": status.get("podIP", ""),
        "node": spec.get("nodeName", ""),
        "created_by_kind": owner.get("kind", "<none>"),
        "created_by_name": owner.get("name", "<none>"),
        "priority_class": spec.get("priorityClassName", ""),
        "host_network": str(spec.get("hostNetwork", False)).lower(),
    }
    yield "kube_pod_info", {**of, **info}, 1
    for phase in published.PHASES:
        yield "kube_pod_status_phase", {**of, "phase": phase}, status.get("phase", "Unknown") == phase
    ready = condition(pod, "Ready").get("status", "").lower()
    for value in published.CONDITIONS if ready else ():
        yield "kube_pod_status_ready", {**of, "condition": value}, ready == value
    for reason in published.EVICTED_REASONS:
        yield "kube_pod_status_reason", {**of, "reason": reason}, status.get("reason") == reason
    for container in status.get("containerStatuses", ()):
        of_container = {**of, "container": container["name"]}
        yield "kube_pod_container_status_restarts_total", of_container, container["restartCount"]
        if ended := container.get("lastState", {}).get("terminated"):
            name = "kube_pod_container_status_last_terminated_reason"
            yield name, {**of_container, "reason": ended.get("reason", "")}, 1


def _node(node: Object) -> Iterator[Sample]:
    of = {"node": node["metadata"]["name"]}
    labels = node["metadata"].get("labels", {})
    told = {published.label(name): labels[name] for name in published.NODE_LABELS if name in labels}
    yield "kube_node_labels", {**of, **told}, 1
    yield "kube_node_spec_unschedulable", of, bool(node["spec"].get("unschedulable"))
    yield from _conditions("kube_node_status_condition", of, node.get("status", {}))
