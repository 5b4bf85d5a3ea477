"""A workload on a real control plane, and what the autoscaler did with it."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from tests.kubernetes.programs import arguments, registered

from flyball.deploy.apply import ApplySet, Result
from flyball.deploy.manifests import Object, rendered
from flyball.kubectl import Kubectl
from flyball.kubernetes import Workload

QUICK: dict[str, Any] = {
    "behavior": {"up": {"period": "5s"}, "down": {"period": "5s"}, "calm": "5s"},
    "probes": {"startup": {"period": "1s", "failures": 1}},
    "rollout": {"settle": "1s"},
}
"""Steps that a test can wait for: by default one comes each minute, and down only after five."""


@dataclass(frozen=True)
class Service:
    """A workload named web, in a namespace of its own."""

    kubectl: Kubectl
    namespace: str

    def apply(self, replicas: int | None = None, **more: Any) -> Result:
        """As `flyball up` does; `replicas` in place of those that the Deployment would begin with."""
        given = arguments(**QUICK | more, namespace=self.namespace)
        objects = rendered(registered(lambda: Workload("web", given))).objects
        if replicas is not None:
            objects = tuple(_with_replicas(o, replicas) for o in objects)
        return ApplySet(self.kubectl, self.namespace).apply(objects)

    def get(self, kind: str, name: str) -> dict[str, Any]:
        return self.kubectl.json("get", kind, name, f"--namespace={self.namespace}")

    @property
    def replicas(self) -> int:
        return self.get("deployment", "web")["spec"]["replicas"]

    def steps(self) -> list[tuple[datetime, int]]:
        """When the autoscaler wrote the replicas, by the clock of the control plane, and how many."""
        selector = "--field-selector=reason=SuccessfulRescale"
        events = self.kubectl.json("get", "events", f"--namespace={self.namespace}", selector)["items"]
        assert all(event["count"] == 1 for event in events), "the same size twice hides the order"
        found = [(at(e["firstTimestamp"]), int(e["message"].split("New size: ")[1].split(";")[0])) for e in events]
        return sorted(found, key=lambda step: (step[0], events[found.index(step)]["metadata"]["resourceVersion"]))

    def sizes(self) -> list[int]:
        return [size for _, size in self.steps()]

    def wait_for(self, replicas: int, seconds: float = 240) -> None:
        """Until the autoscaler has gone there and said so: its events come after what it writes."""
        wait(lambda: self.replicas == replicas, f"{replicas} replicas", seconds)
        wait(lambda: self.sizes()[-1:] == [replicas], f"the event of the step to {replicas}", seconds)


def _with_replicas(o: Object, replicas: int) -> Object:
    if o.kind != "Deployment":
        return o
    return Object({**o.manifest, "spec": {**o.manifest["spec"], "replicas": replicas}}, o.ignored)


def wait(sign: Callable[[], object], what: str, seconds: float = 240) -> None:
    """Until the sign is given; a failure of the test if it is not."""
    deadline = time.monotonic() + seconds
    while not sign():
        assert time.monotonic() < deadline, f"waited {seconds:g} s for {what}"
        time.sleep(0.5)


def at(timestamp: str) -> datetime:
    return datetime.fromisoformat(timestamp)


def cron(moment: datetime) -> str:
    """Daily at that minute, in UTC."""
    moment = moment.astimezone(UTC)
    return f"{moment.minute} {moment.hour} * * *"
