"""Services that each go through every change there is, and what of them serves meanwhile."""

import json
import subprocess
import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from flyball import wellknown
from flyball.guards.workload.resolve import Service
from flyball.kubectl import Kubectl

Services = dict[str, dict[str, Any]]
NAMESPACE = "changes"

PLAIN: dict[str, Any] = {
    "image": "registry.example/web:1.4.2",
    "port": 8080,
    "load": {"peak": 30, "replica": 20},
    "proven": 6,
    "rollout": {"settle": "1s", "surge": 100},
    "resources": {"cpu": "20m", "memory": "16Mi"},
    "behavior": {"down": {"period": "1s"}},
}
"""2 replicas needed, 3 at least, 9 at most."""
RUNNING = 7
"""How many run before each change: more than the floor, as where the load of the hour asks for it."""
_NIGHT = {"windows": [{"start": "0 22 * * *", "end": "0 6 * * *", "peak": 10}]}
_QUERY = {"prometheus": {"server": "http://127.0.0.1:9", "query": "vector(0)"}}
STATES: tuple[Mapping[str, Any] | None, ...] = (
    PLAIN,
    PLAIN | {"spot": {}},
    PLAIN | {"survive": "zone", "proxy": {"enabled": False}},
    PLAIN | {"schedule": _NIGHT, "triggers": {"rps": _QUERY}},
    PLAIN | {"schedule": _NIGHT, "triggers": {"requests": _QUERY}, "spot": {}},
    PLAIN | {"name": "new"},
    None,
    {key: value for key, value in PLAIN.items() if key != "proven"}
    | {"load": {"peak": 15, "replica": 20}, "deadline": "1s"},
)
"""Of a service: as it is, on spot, over zones and without a proxy, by the clock and a query, by both on spot with a
query of another name, renamed, left out, and smaller with another deadline."""


def rounds() -> Iterator[list[int]]:
    """The state of each service, round by round, so that each change from one state to another occurs just once.

    A row-complete Latin square for an even number of states (E. J. Williams, Experimental designs balanced for the
    estimation of residual effects of treatments, 1949): service i is in state i, i + 1, i - 1, i + 2, i - 2, …
    """
    count = len(STATES)
    for turn in range(count):
        ahead = (turn + 1) // 2 if turn % 2 else -(turn // 2)
        yield [(first + ahead) % count for first in range(count)]


def services(states: list[int]) -> Services:
    """The services in these states; one that is left out is not there, and one is always there for the others."""
    found: Services = {"always": dict(PLAIN)}
    for number, state in enumerate(states):
        given = STATES[state]
        if given is not None:
            name = f"w{number}" + given.get("name", "")
            found[name] = {key: value for key, value in given.items() if key != "name"}
    return found


def grow(kubectl: Kubectl, services: Iterable[Service]) -> None:
    """As many of each as run at a busy hour, as far as it may have that many."""
    sizes: dict[int, list[str]] = {}
    for each in services:
        size = min(RUNNING, each.sizing.ceiling) - each.not_autoscaled
        sizes.setdefault(size, []).append(f"deployment/{each.autoscaled}")
    for size, deployments in sizes.items():
        kubectl.run("scale", *deployments, f"--replicas={size}", f"--namespace={NAMESPACE}")


@dataclass
class Watch:
    """The ready pods of each service of a namespace, from moment to moment, and the fewest there were."""

    ready: dict[str, str] = field(default_factory=dict)
    fewest: Counter[str] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def begin(self) -> None:
        """From now on."""
        with self._lock:
            self.fewest = Counter(self.ready.values())

    def end(self) -> Counter[str]:
        """The fewest since the beginning, by number of the service."""
        with self._lock:
            return Counter(self.fewest)

    def take(self, event: Mapping[str, Any]) -> None:
        pod = event["object"]
        service = pod["metadata"]["labels"][wellknown.NAME_LABEL].removesuffix("new")
        conditions = pod.get("status", {}).get("conditions", ())
        serves = any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)
        with self._lock:
            if event["type"] != "DELETED" and serves and "deletionTimestamp" not in pod["metadata"]:
                self.ready[pod["metadata"]["name"]] = service
            else:
                self.ready.pop(pod["metadata"]["name"], None)
            now = Counter(self.ready.values())
            self.fewest = Counter({each: min(count, now[each]) for each, count in self.fewest.items()})


@contextmanager
def watched(kubectl: Kubectl) -> Iterator[Watch]:
    """The pods of the namespace, while it lasts."""
    watch = Watch()
    flags = (f"--namespace={NAMESPACE}", "--watch", "--output-watch-events", "--output=json")
    command = kubectl.command("get", "pods", *flags)
    with subprocess.Popen(command, env=kubectl.environment(), stdout=subprocess.PIPE, text=True) as process:
        reader = threading.Thread(target=_read, args=(process, watch))
        reader.start()
        try:
            yield watch
        finally:
            process.kill()
            reader.join()


def _read(process: subprocess.Popen[str], watch: Watch) -> None:
    assert process.stdout
    for line in process.stdout:
        watch.take(json.loads(line))
