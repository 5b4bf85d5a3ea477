"""When people are told that a job failed, did not run, or has not succeeded for long."""

from flyball.guards.headroom import schedule
from flyball.guards.reading.units import Milliseconds

LATE = 900
"""Seconds after a run was due: a control plane that restarts, or a freeze that is lifted, has started it by then."""


def succeeds_within(expression: str, timezone: str, start: int, deadline: Milliseconds) -> int:
    """Seconds from one success to the next, at the most: the longest time between two runs, how late the later one may
    begin, and how long it may take. `start` is in seconds."""
    return schedule.longest(expression, timezone) // 1000 + max(start, LATE) + deadline // 1000
