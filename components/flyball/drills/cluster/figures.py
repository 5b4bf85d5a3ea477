"""metrics.k8s.io for a drill: what the autoscaler believes the pods use, from the stated load.

metrics-server itself needs two looks, 10 s apart at the least, before it has a figure of a pod; with time compressed
that would be minutes. This answers at once, from the load and the pods that serve at the moment of the question.
"""

import json
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import urlsplit

from flyball.drills.cluster.recorder import Recorder
from flyball.lab.cluster import servers
from flyball.lab.cluster.control_plane import ControlPlane
from flyball.lab.loopback import Silent, serving

GROUP, VERSION = "metrics.k8s.io", "v1beta1"
_NAMESPACE, _SERVICE = "kube-system", "metrics-server"
_ROOT = f"/apis/{GROUP}/{VERSION}"


class Figures:
    """What pods are said to use. `factor` is 1 while the metric is sound."""

    def __init__(self, recorder: Recorder, replica: float, millicores: int) -> None:
        self.factor = 1.0
        self._recorder, self._replica, self._millicores = recorder, replica, millicores

    def pods(self) -> list[dict[str, Any]]:
        """A PodMetrics for each pod that serves; the load is spread evenly over them.

        It comes when the recording begins, and all pods stand: those that begin first would be seen with that of all,
        and the more so the slower the others are.
        """
        serving = self._recorder.serving()
        if not serving:
            return []
        load = self._recorder.load.at(self._recorder.now) if self._recorder.has_begun else 0.0
        share = load / (len(serving) * self._replica)
        cpu = f"{round(share * self.factor * self._millicores * 1e6)}n"
        now = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        return [
            {
                "metadata": {key: pod["metadata"][key] for key in ("name", "namespace", "labels")},
                "timestamp": now,
                "window": "1s",
                "containers": [{"name": c["name"], "usage": {"cpu": cpu, "memory": "64Mi"}} for c in _containers(pod)],
            }
            for pod in serving
        ]


@contextmanager
def served(plane: ControlPlane, figures: Figures) -> Iterator[None]:
    """Answer the control plane's questions on a free port of the loopback interface."""
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(plane.folder / "pki" / "admin.crt", plane.folder / "pki" / "admin.key")
    with serving(_handler(figures.pods), tls) as port:
        servers.serve(plane, GROUP, VERSION, _NAMESPACE, _SERVICE, port)
        yield


def _handler(pods: Callable[[], list[dict[str, Any]]]) -> type[BaseHTTPRequestHandler]:
    class Handler(Silent, BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            path = urlsplit(self.path).path
            body = json.dumps(_pod_list(pods()) if path.endswith("/pods") else _discovery()).encode()
            self.send_response(200 if path.startswith(_ROOT) else 404)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            with suppress(OSError):  # who asked did not wait for the answer
                self.wfile.write(body)

    return Handler


def _pod_list(items: list[dict[str, Any]]) -> dict[str, Any]:
    return {"kind": "PodMetricsList", "apiVersion": f"{GROUP}/{VERSION}", "metadata": {}, "items": items}


def _discovery() -> dict[str, Any]:
    pods = {"name": "pods", "singularName": "", "namespaced": True, "kind": "PodMetrics", "verbs": ["get", "list"]}
    return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": f"{GROUP}/{VERSION}", "resources": [pods]}


def _containers(pod: Any) -> list[dict[str, Any]]:
    return pod["spec"]["containers"]
