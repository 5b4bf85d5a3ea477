"""What the proxies of a drill's service would count, from the stated load.

The pods are simulated, and so are the proxies in them. Names and labels are those of HAProxy's own exporter, and of the
PodMonitor that asks it. The load is spread evenly over the pods that serve; what one cannot do it turns away.
"""

import threading
import time
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from flyball.drills.cluster.recorder import Recorder

ANSWER = 0.05
"""What an answer takes [s]."""
_REQUESTS = "haproxy_frontend_http_requests_total", "inbound"
_REFUSED = "haproxy_frontend_intercepted_requests_total", "inbound"
_FORWARDED = "haproxy_backend_http_requests_total", "app"
_BROKEN = "haproxy_backend_response_errors_total", "app"
_CONNECTIONS = "haproxy_backend_connection_errors_total", "app"
_TAKES = "haproxy_backend_response_time_average_seconds", "app"


class Proxies:
    """Counters of each pod that has served; `replica` is the requests per second that one can do."""

    def __init__(self, recorder: Recorder, replica: float) -> None:
        self._recorder, self._replica = recorder, replica
        self._at = time.monotonic()
        self._counted: defaultdict[tuple[tuple[str, str], str, str], float] = defaultdict(float)
        self._one_at_a_time = threading.Lock()

    def text(self) -> str:
        """As Prometheus reads it."""
        with self._one_at_a_time:
            serving = [pod["metadata"] for pod in self._recorder.serving()]
            self._count(serving)
            lines = [
                _line(*metric, *pod, self._counted[metric, *pod])
                for pod in [(head["namespace"], head["name"]) for head in serving]
                for metric in (_REQUESTS, _REFUSED, _FORWARDED, _BROKEN, _CONNECTIONS)
            ]
            return "".join([*lines, *(_line(*_TAKES, head["namespace"], head["name"], ANSWER) for head in serving)])

    def _count(self, serving: list[Mapping[str, Any]]) -> None:
        now = time.monotonic()
        passed, self._at = now - self._at, now
        if not serving:
            return
        share = self._recorder.load.at(self._recorder.now) / len(serving)
        for head in serving:
            pod = head["namespace"], head["name"]
            self._counted[_REQUESTS, *pod] += share * passed
            self._counted[_FORWARDED, *pod] += min(share, self._replica) * passed
            self._counted[_REFUSED, *pod] += max(0.0, share - self._replica) * passed


def _line(name: str, proxy: str, namespace: str, pod: str, value: float) -> str:
    return f'{name}{{proxy="{proxy}",namespace="{namespace}",pod="{pod}"}} {value:.3f}\n'
