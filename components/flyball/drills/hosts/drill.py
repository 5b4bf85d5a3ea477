"""What a drill on hosts is, and how it is run."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from flyball.hosts.lab import Lab, lab

Figures = Mapping[str, float | int]
Report = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class HostDrill:
    """One drill on hosts of its own."""

    name: str
    title: str
    story: str
    """What happens, for the report."""
    with_guard: str
    without_guard: str
    """How the host is run without the guard: as it is commonly set up."""
    script: Callable[[Lab, bool], Figures]
    """Makes the hosts, with the guard or without, lets it happen, and returns what it came to."""
    held: Callable[[Figures], bool]
    summary: Callable[[Figures], str]
    """The outcome in a few words."""


@dataclass(frozen=True, slots=True)
class HostResult:
    """One run. `held` must be what `guard` says."""

    drill: str
    guard: bool
    held: bool
    figures: Figures
    summary: str

    @property
    def as_it_should_be(self) -> bool:
        """The guard holds, and without it the damage shows."""
        return self.held == self.guard

    def as_json(self) -> dict[str, Any]:
        return {"drill": self.drill, "guard": self.guard, "held": self.held, "figures": dict(self.figures)}


def once(drill: HostDrill, guard: bool, report: Report) -> HostResult:
    """One run on hosts of its own. Raises `HostsError` where it could not be carried out."""
    with lab(report) as hosts:
        figures = drill.script(hosts, guard)
    return HostResult(drill.name, guard, drill.held(figures), figures, drill.summary(figures))
