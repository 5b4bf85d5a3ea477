"""A drill with traffic: a script of what befalls a service, and the promise that it has to keep."""

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from flyball.drills.drill import Report
from flyball.drills.result import Figures, Result
from flyball.drills.traffic.lab import Lab, lab
from flyball.lab.monitoring import programs

_METHOD = (
    "With traffic: HAProxy is the real one, configured as flyball configures it; applications and dependencies are "
    "small servers on the loopback interface. The load is open: requests are sent at a stated rate whether or not the "
    "earlier ones were answered, and each is timed by the load generator. A request is answered, refused (503, told at "
    "once) or failed (an error, or no answer before its user gave up). When a circuit opened, probed and closed is "
    "read from HAProxy's access log, what reached a dependency from its own. Windows and waiting times are "
    "compressed, in proportion. Latencies are those of a machine that also runs everything else, so promises are "
    "judged with wide margins and the exact figures shown."
)

MOST_WAIT = 10.0
"""Milliseconds that the processes together may wait for a processor for each request; a fifth of what one needs."""


@dataclass(frozen=True)
class TrafficDrill:
    """One drill."""

    name: str
    title: str
    story: str
    """What happens, for the report."""
    with_guard: str
    """What the guard is."""
    without_guard: str
    """How the service is run without it: as it is commonly written."""
    script: Callable[[Lab], Mapping[str, float | int]]
    """What befalls the service; returns figures of its own."""
    held: Callable[[Figures], bool]
    """Whether the promise was kept."""
    summary: Callable[[Figures], str]
    """The outcome in a few words."""
    part: bool = False
    """Whether the proxy is there in both runs, as where the guard is a part of it."""
    prometheus: bool = False
    """Whether the guard asks one."""
    most_wait: float = MOST_WAIT
    """More where no latency is judged."""
    method: str = _METHOD
    """How it is measured, for the report."""


def lacks(drill: TrafficDrill, guard: bool) -> str:
    """What has to be installed for a run; empty if nothing has."""
    needed = (guard or drill.part) and not shutil.which("haproxy")
    if needed:
        return "install haproxy (Debian: apt-get install haproxy)"
    reason = programs.why_not() if guard and drill.prometheus else None
    return f"its guard asks a Prometheus like those of hosts, and {reason}" if reason else ""


TRIES = 3


def once(drill: TrafficDrill, guard: bool, report: Report) -> Result:
    """One run. Raises `DrillError` where it could not be carried out.

    A run in which the processes did not get the processor says nothing about the service: it is thrown away, whatever
    came out, and made again; the last of `TRIES` counts in any case, and its figures show it.
    """
    for _ in range(TRIES - 1):
        result = _once(drill, guard, report)
        if (wait := result.figures["processor_wait_ms"]) <= drill.most_wait:
            return result
        report(f"thrown away: each request waited {wait:g} ms for a processor that was busy with others; again")
    return _once(drill, guard, report)


def _once(drill: TrafficDrill, guard: bool, report: Report) -> Result:
    with lab(guard, report) as made:
        own = drill.script(made)
        recording = made.recording()
    figures = {**recording.figures(), **own}
    return Result(drill.name, guard, drill.held(figures), figures, drill.summary(figures), recording)
