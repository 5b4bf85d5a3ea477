"""What a run of a drill came to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from flyball.drills.measure import Event, Told

Figures = Mapping[str, float | int]


class Recording(Protocol):
    """What was seen of a run, and how it is drawn. Seconds are those since the recording began."""

    @property
    def seconds(self) -> float:
        """How long it was."""
        ...

    @property
    def events(self) -> Sequence[Event]: ...

    @property
    def top(self) -> tuple[float, ...]:
        """The highest value of each of its axes, so that the runs of a drill are drawn alike."""
        ...

    def plot(self, seconds: float, top: Sequence[float], label: str) -> str:
        """As SVG, on axes up to these values."""
        ...

    def legend(self) -> Mapping[str, str]:
        """What is in the plot, and how it is drawn in a box of 30 by 12."""
        ...


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one run came to. `held` says whether the service kept its promise, and must be what `guard` says."""

    drill: str
    guard: bool
    held: bool
    figures: Figures
    summary: str
    """The outcome in a few words, for people."""

    @property
    def as_it_should_be(self) -> bool:
        """The guard holds, and without it the damage shows."""
        return self.held == self.guard

    def as_json(self) -> dict[str, Any]:
        return {"drill": self.drill, "guard": self.guard, "held": self.held, "figures": dict(self.figures)}


@dataclass(frozen=True, slots=True)
class Result(Verdict):
    """One run with all that was seen of it."""

    recording: Recording

    @property
    def told(self) -> list[Told]:
        """Alerts that reached people, the first first."""
        return [event for event in self.recording.events if isinstance(event, Told)]

    def as_json(self) -> dict[str, Any]:
        told = [{"at": round(each.at, 1), "alert": each.alert, "to": each.to} for each in self.told]
        return {**super(Result, self).as_json(), **({"told": told} if told else {})}
