"""What a run of a drill came to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flyball.drills.measure import Event, Load, Sample, overload

Figures = Mapping[str, float | int]


@dataclass(frozen=True, slots=True)
class Recording:
    """What was seen; `replica` is the requests per second that one pod can do, `seconds` how long it was."""

    samples: Sequence[Sample]
    events: Sequence[Event]
    load: Load
    replica: float
    seconds: float
    lines: Mapping[str, int] = field(default_factory=dict[str, int])
    """Sizes to mark, in pods."""

    def figures(self) -> dict[str, float | int]:
        """The figures that all drills have."""
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


@dataclass(frozen=True, slots=True)
class Result:
    """One run. `held` says whether the service kept its promise, and must be what `guard` says."""

    drill: str
    guard: bool
    held: bool
    figures: Figures
    recording: Recording
    summary: str
    """The outcome in a few words, for people."""

    @property
    def as_it_should_be(self) -> bool:
        """The guard holds, and without it the damage shows."""
        return self.held == self.guard

    def as_json(self) -> dict[str, Any]:
        return {"drill": self.drill, "guard": self.guard, "held": self.held, "figures": dict(self.figures)}
