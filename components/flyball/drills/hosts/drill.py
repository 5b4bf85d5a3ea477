"""What a drill on hosts is, and how it is run."""

from collections.abc import Callable
from dataclasses import dataclass

from flyball.drills.drill import Report
from flyball.drills.result import Figures, Verdict
from flyball.hosts.lab import Lab, lab


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


def once(drill: HostDrill, guard: bool, report: Report) -> Verdict:
    """One run on hosts of its own. Raises `HostsError` where it could not be carried out."""
    with lab(report) as hosts:
        figures = drill.script(hosts, guard)
    return Verdict(drill.name, guard, drill.held(figures), figures, drill.summary(figures))
