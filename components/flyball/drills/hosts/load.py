"""Users of the hosts of a lab: an open load, sent to balancers until it is told to stop."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from flyball.drills.drill import Report
from flyball.drills.hosts.recording import HostRecorder
from flyball.drills.traffic.load import LONGEST, Attack, Running
from flyball.drills.traffic.sample import Request
from flyball.lab.cluster import toolchain
from flyball.lab.hosts.lab import Lab

PATIENCE = 5.0
"""Seconds until a user gives up."""


class Users:
    """Requests to each of some origins. What became of them is known once the load has stopped."""

    def __init__(self, running: Sequence[Running]) -> None:
        self._running = running
        self._requests: list[Request] | None = None

    @property
    def requests(self) -> list[Request]:
        """All of them, in order of their moments; ends the load."""
        if self._requests is None:
            for one in self._running:
                one.stop()
            found = [request for one in self._running for request in one.results()]
            self._requests = sorted(found, key=lambda request: request.at)
        return self._requests

    @property
    def lost(self) -> list[Request]:
        """Those that were not answered well; ends the load."""
        return [request for request in self.requests if request.status != 200]

    def record(self, recorder: HostRecorder) -> dict[str, int]:
        """Put them into a plot, and return how many were sent and lost; ends the load."""
        for what, which in (("sent", self.requests), ("lost", self.lost)):
            recorder.add(f"requests {what} [1/s]", [request.at for request in which])
        return {"requests_sent": len(self.requests), "requests_lost": len(self.lost)}


@contextmanager
def users(lab: Lab, origins: Sequence[str], rate: float, report: Report) -> Iterator[Users]:
    """Ask each of the origins `rate` times a second, whether or not earlier requests were answered."""
    vegeta = toolchain.ensure(["vegeta"], report)["vegeta"]
    attack = Attack(("/",), rate, LONGEST, PATIENCE)
    running: list[Running] = []
    try:
        for i, origin in enumerate(origins):
            # The connections are the balancer's to spread: each request brings its own.
            file = lab.folder / f"users-{i}.bin"
            running.append(Running(vegeta, attack, origin, file, lab.network.command()))
        yield Users(running)
    finally:
        for one in running:
            one.end()
