"""Lesson 6: anything may vanish at any time, with two minutes' notice if one is lucky.

A spot machine is reclaimed 120 s after its notice (https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/
spot-instance-termination-notices.html). A pod must have left the load balancer, answered what it had accepted and
stopped within 110 s of it; the other ten are for the notice to be seen and the eviction to begin.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from flyball.guards.interruptions.rules import (
    DRAIN_BELOW_DEADLINE,
    SPOT_BASE_AT_FLOOR,
    SPOT_BASE_BELOW_NEED,
    WAY_OUT_TOO_LONG,
)
from flyball.guards.reading.problem import Broken, Path, Problem
from flyball.guards.reading.rules import OUT_OF_RANGE
from flyball.guards.reading.units import Milliseconds, ceil_div, show_count, show_duration

SPOT_NOTICE: Milliseconds = 120_000
LONGEST_SHUTDOWN: Milliseconds = 110_000
LONGEST_UNSEEN: Milliseconds = SPOT_NOTICE - LONGEST_SHUTDOWN
"""From the notice until something acts on it."""


@dataclass(frozen=True, slots=True)
class Shutdown:
    """A pod's way out: `prestop` until nobody sends any more, `drain` for what is under way, `stop` for the rest."""

    prestop: Milliseconds = 5_000
    drain: Milliseconds = 30_000
    stop: Milliseconds = 5_000

    @property
    def total(self) -> Milliseconds:
        return self.prestop + self.drain + self.stop

    @property
    def grace_seconds(self) -> int:
        """`terminationGracePeriodSeconds`: the whole way, rounded up to a second."""
        return ceil_div(self.total, 1000)


@dataclass(frozen=True, slots=True)
class SpotSplit:
    """Replicas at the floor: `base` run on demand, `above` prefer spot but may fall back."""

    base: int
    above: int


def check_shutdown(shutdown: Shutdown, deadline: Milliseconds, path: Path) -> Iterator[Problem]:
    """Refuse a way out that a spot notice would cut short, or that drops requests it had accepted."""
    if shutdown.total > LONGEST_SHUTDOWN:
        yield Problem(
            path,
            WAY_OUT_TOO_LONG,
            f"prestop + drain + stop take {show_duration(shutdown.total)}, more than the"
            f" {show_duration(LONGEST_SHUTDOWN)} that a spot notice of {show_duration(SPOT_NOTICE)} leaves",
            "shorten them",
        )
    yield from check_drain(shutdown.drain, deadline, path)


def check_drain(drain: Milliseconds, deadline: Milliseconds, path: Path) -> Iterator[Problem]:
    """Refuse less time for what is under way than a request may take. `path` is of what has the argument `drain`."""
    if drain < deadline:
        yield Problem(
            (*path, "drain"),
            DRAIN_BELOW_DEADLINE,
            f"{show_duration(drain)} is less than the deadline of {show_duration(deadline)}",
            "requests under way would be cut off; raise drain or lower the deadline",
        )


def check_sidecars(total: Milliseconds, own: Milliseconds, path: Path, way: str) -> Iterator[Problem]:
    """Refuse sidecars for whose end, after the application's, a spot notice leaves no time.

    `total` is the application's way out, said by the argument `way`; `own` is what all sidecars take.
    """
    if total <= LONGEST_SHUTDOWN < total + own:
        left, longest = show_duration(LONGEST_SHUTDOWN - total), show_duration(LONGEST_SHUTDOWN)
        message = f"take {show_duration(own)} to end after the application, and its way out leaves {left} of {longest}"
        yield Problem(path, WAY_OUT_TOO_LONG, message, f"shorten their stop, or {way}")


def spot_split(need: int, floor: int, base: int | None = None, *, survive_spot: bool = False) -> SpotSplit:
    """How many replicas stay on demand when spot is on.

    By default `need`: losing all spot at once then leaves what the peak needs. Raises `Broken` for a base below 1,
    for one that leaves nothing above it, and, where `survive` claims spot, for one below `need`.
    """
    on_demand = need if base is None else base
    if on_demand < 1:
        raise Broken(OUT_OF_RANGE, f"base is {on_demand}; at least 1 replica stays on demand")
    if on_demand >= floor:
        message = f"a base of {on_demand} leaves nothing of the floor of {floor} for spot; turn spot off instead"
        raise Broken(SPOT_BASE_AT_FLOOR, message)
    if survive_spot and on_demand < need:
        message = (
            f"a base of {on_demand} is less than the {show_count(need, 'replica')} that must be left when spot is lost"
        )
        raise Broken(SPOT_BASE_BELOW_NEED, message)
    return SpotSplit(base=on_demand, above=floor - on_demand)
