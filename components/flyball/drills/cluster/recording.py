"""What was seen of a service on a control plane."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from flyball.drills.cluster import plot
from flyball.drills.measure import Event, Load, Sample, overload


@dataclass(frozen=True, slots=True)
class ClusterRecording:
    """`replica` is the requests per second that one pod can do, `seconds` how long it was."""

    samples: Sequence[Sample]
    events: Sequence[Event]
    load: Load
    replica: float
    seconds: float
    lines: Mapping[str, int] = field(default_factory=dict[str, int])
    """Sizes to mark, in what serves."""
    unit: str = "pods"
    """What serves."""

    @property
    def top(self) -> tuple[float, ...]:
        return (plot.highest(self),)

    def plot(self, seconds: float, top: Sequence[float], label: str) -> str:
        return plot.plot(self, seconds, top[0], label)

    def legend(self) -> Mapping[str, str]:
        return plot.legend(self)

    def figures(self) -> dict[str, float | int]:
        """The figures that all drills on a control plane have."""
        found = overload(self.samples, self.load, self.replica, self.seconds)
        ready = [sample.ready for sample in self.samples]
        return {
            "seconds": round(self.seconds, 1),
            "requests": round(found.requests),
            "requests_not_served": round(found.unserved),
            "overload_seconds": round(found.seconds, 1),
            "fewest_ready": min(ready),
            "most_ready": max(ready),
        }
