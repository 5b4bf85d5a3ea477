"""What was seen of a service under traffic."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flyball.drills.measure import Event
from flyball.drills.traffic import plot
from flyball.drills.traffic.sample import Outcome, Pool, Request, percentile, share


@dataclass(frozen=True, slots=True)
class Recording:
    """Requests of users, and the pool of the application they came to; `seconds` is how long it was."""

    requests: Sequence[Request]
    pool: Sequence[Pool]
    events: Sequence[Event]
    seconds: float
    workers: int
    waited: float = 0.0
    """How long all processes together waited for a processor [s]; for each request it is a figure."""

    @property
    def top(self) -> tuple[float, ...]:
        return plot.highest(self)

    def plot(self, seconds: float, top: Sequence[float], label: str) -> str:
        return plot.plot(self, seconds, top, label)

    def legend(self) -> Mapping[str, str]:
        return plot.LEGEND

    def figures(self) -> dict[str, float | int]:
        """The figures that all drills with traffic have."""
        took = [request.took for request in self.requests]
        return {
            "seconds": round(self.seconds, 1),
            "requests": len(self.requests),
            **{f"{o.value}_share": round(share(self.requests, o), 4) for o in Outcome},
            "p50_ms": round(percentile(took, 50) * 1000, 1),
            "p99_ms": round(percentile(took, 99) * 1000, 1),
            "workers": self.workers,
            "most_busy_workers": max((sample.busy for sample in self.pool), default=0),
            "processor_wait_ms": round(self.waited / len(self.requests) * 1000, 2),
            "most_waiting_connections": max((sample.waiting for sample in self.pool), default=0),
        }
