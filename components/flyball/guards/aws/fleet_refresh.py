"""How a new version of its launch template reaches a fleet's instances: an instance refresh that people can follow."""

from dataclasses import dataclass

from flyball.guards.aws.rules.fleets import REFRESH_BELOW_FULL
from flyball.guards.reading.reader import Reader
from flyball.guards.reading.rules import OUT_OF_RANGE
from flyball.guards.reading.strict import is_a
from flyball.guards.reading.units import show_duration, show_number

FULL, MOST = 100, 110
"""Percent of the desired instances: none fewer in service, and a tenth more while they are replaced."""
DEFAULT_CHECKPOINTS = (10, 50, 100)
DEFAULT_WAIT = 600
LONGEST_WAIT = 172_800
"""Seconds at a checkpoint (https://docs.aws.amazon.com/autoscaling/ec2/userguide/
asg-adding-checkpoints-instance-refresh.html)."""


@dataclass(frozen=True, slots=True)
class Refresh:
    """Percentages of the desired instances; `wait` in seconds at each checkpoint."""

    healthy: int = FULL
    most: int = MOST
    checkpoints: tuple[int, ...] = DEFAULT_CHECKPOINTS
    wait: int = DEFAULT_WAIT


def read_refresh(r: Reader) -> Refresh:
    """The refresh that is asked for; what would leave the fleet short, or go on unseen, is a problem."""
    healthy, most = r.whole("healthy", FULL, 0, 200), r.whole("most", MOST, 0, 200)
    for key, value in (("healthy", healthy), ("most", most)):
        if not FULL <= value <= MOST:
            message = f"{value} percent of the desired instances"
            r.problem(key, REFRESH_BELOW_FULL, message, f"allowed is from {FULL} to {MOST}")
    if FULL <= healthy <= MOST and FULL <= most <= MOST and most <= healthy:
        r.problem("most", REFRESH_BELOW_FULL, f"of {most} percent leaves nothing to replace with", f"give {MOST}")
    given = r.values.get("checkpoints")
    checkpoints = DEFAULT_CHECKPOINTS
    if isinstance(given, list | tuple) and all(is_a(each, int) for each in given):
        checkpoints = tuple(int(each) for each in given)
        rising = sorted({each for each in checkpoints if each > 0})
        if list(checkpoints) != rising or rising[-1:] != [FULL]:
            message = f"are {', '.join(map(show_number, checkpoints)) or 'none'}"
            hint = "let them rise from 1 or more to 100, as [10, 50, 100]"
            r.problem("checkpoints", REFRESH_BELOW_FULL, message, hint)
    wait = r.duration("wait", DEFAULT_WAIT * 1000)
    if wait % 1000 or not 1000 <= wait <= LONGEST_WAIT * 1000:
        hint = f"allowed are whole seconds up to {show_duration(LONGEST_WAIT * 1000)}"
        r.problem("wait", OUT_OF_RANGE, f"is {show_duration(wait)}", hint)
    return Refresh(healthy, most, checkpoints, wait // 1000)
