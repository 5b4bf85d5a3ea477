"""Follows the real pods and nodes of one service, event by event."""

import json
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from flyball import wellknown
from flyball.drills.errors import DrillError
from flyball.drills.measure import Event, Load, Sample
from flyball.kubectl import Kubectl, is_true

PATIENCE: Final = 300.0
"""How long to wait for what comes in seconds, so that no machine is too slow for it [s]."""


class Recorder:
    """Counts the pods that serve: ready, not on their way out, on a node that is there.

    A node that has vanished takes its pods along at once, though the API server still shows them as ready for a while.
    """

    def __init__(self, kubectl: Kubectl, namespace: str, service: str, load: float) -> None:
        self.load = Load(load)
        self.samples: list[Sample] = []
        self.events: list[Event] = []
        self._kubectl = kubectl
        self._pods: dict[str, Mapping[str, Any]] = {}
        self._nodes: set[str] = set()
        self._changed = threading.Condition()
        self._began: float | None = None
        self._blind: str = ""
        """Why nothing is seen any more; a service that nobody watches must not count as held."""
        selector = f"labelSelector={wellknown.NAME_LABEL}%3D{service}"
        self._watches = [
            self._watch("/api/v1/nodes?watch=1", self._node),
            self._watch(f"/api/v1/namespaces/{namespace}/pods?watch=1&{selector}", self._pod),
        ]

    @property
    def has_begun(self) -> bool:
        return self._began is not None

    @property
    def now(self) -> float:
        """Seconds since the recording began."""
        return 0.0 if self._began is None else time.monotonic() - self._began

    @property
    def ready(self) -> int:
        """Pods that serve now."""
        return len(self.serving())

    def serving(self) -> list[Mapping[str, Any]]:
        """The pods that serve now."""
        return [pod for pod in list(self._pods.values()) if self._serves(pod)]

    @property
    def pods(self) -> int:
        """Pods that there are, ready or not, and not on their way out."""
        return sum(1 for pod in list(self._pods.values()) if "deletionTimestamp" not in pod["metadata"])

    def begin(self, ready: int) -> None:
        """Wait until `ready` pods serve, then start the clock; the autoscaler may have gone further meanwhile."""
        self.wait(lambda: self.ready >= ready, f"{ready} ready pods")
        with self._changed:
            self._began = time.monotonic()
            self.samples = [Sample(0.0, self.ready, self.pods)]

    def event(self, text: str) -> None:
        """Mark the moment in the plot."""
        self.events.append(Event(self.now, text))

    def ramp(self, seconds: float, value: float) -> None:
        """From now on the load goes to `value` in `seconds`."""
        self.load.ramp(self.now, seconds, value)

    def wait(self, holds: Callable[[], bool], what: str, limit: float = PATIENCE) -> None:
        """Wait until something holds, looked at whenever a pod or node changes. Raises `DrillError` after `limit` s."""
        if not self.reached(holds, limit):
            raise DrillError(f"waited {limit:g} s for {what}; {self.ready} of {self.pods} pods serve")

    def reached(self, holds: Callable[[], bool], limit: float) -> bool:
        """As `wait`, but says whether it came to hold."""
        given_up = time.monotonic() + limit
        while not holds():
            self._check()
            if time.monotonic() > given_up:
                return False
            with self._changed:
                # What holds may depend on more than pods and nodes, so it is looked at without a change too.
                self._changed.wait(0.25)
        return True

    def pass_time(self, seconds: float) -> None:
        """Let the recording go on."""
        time.sleep(seconds)

    def finish(self) -> float:
        """Stop the clock; returns how long it ran [s]. Raises `DrillError` if not all of it was seen."""
        length = self.now
        self._check()
        return length

    def close(self) -> None:
        """Stop watching."""
        for process in self._watches:
            process.kill()
            process.wait()

    def _check(self) -> None:
        if self._blind:
            raise DrillError(f"the recording broke off: {self._blind}")

    def _watch(self, path: str, handle: Callable[[str, Mapping[str, Any]], None]) -> "subprocess.Popen[str]":
        process = subprocess.Popen(
            self._kubectl.command("get", "--raw", path),
            env=self._kubectl.environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

        def read() -> None:
            assert process.stdout
            try:
                for line in process.stdout:
                    change = json.loads(line)
                    with self._changed:
                        handle(change["type"], change["object"])
                        self._sample()
                        self._changed.notify_all()
                self._blind = f"the watch of {path} ended"
            except (ValueError, KeyError) as error:
                self._blind = f"the watch of {path} gave {error!r}"

        threading.Thread(target=read, daemon=True).start()
        return process

    def _node(self, change: str, node: Mapping[str, Any]) -> None:
        name = node["metadata"]["name"]
        self._nodes.discard(name) if change == "DELETED" else self._nodes.add(name)

    def _pod(self, change: str, pod: Mapping[str, Any]) -> None:
        uid = pod["metadata"]["uid"]
        if change == "DELETED":
            self._pods.pop(uid, None)
        else:
            self._pods[uid] = pod

    def _serves(self, pod: Mapping[str, Any]) -> bool:
        is_leaving = "deletionTimestamp" in pod["metadata"]
        return is_true(pod, "Ready") and not is_leaving and pod["spec"].get("nodeName") in self._nodes

    def _sample(self) -> None:
        if self._began is None:
            return
        ready, pods = self.ready, self.pods
        if (ready, pods) != (self.samples[-1].ready, self.samples[-1].pods):
            self.samples.append(Sample(self.now, ready, pods))
