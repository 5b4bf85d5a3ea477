"""Lesson 7, the cap: how far beyond what people have seen run well automation may go, and when to call them.

`proven` is the largest size that people have seen run well. Nobody knows what lies beyond it: connection pools,
quotas and bills have been tried only up to there.
"""

from dataclasses import dataclass

from flyball.guards.governor.rules import CEILING_BELOW_FLOOR, CEILING_BEYOND_ENVELOPE
from flyball.guards.reading.problem import Broken
from flyball.guards.reading.rules import OUT_OF_RANGE
from flyball.guards.reading.units import ceil_div, show_are

EXCESS_PERCENT = 50
"""A ceiling may exceed the proven size by this much."""
WARN_PERCENT = 80
"""The share of the ceiling from which people are warned."""
WARN_FOR_SECONDS = 600
PAGE_FOR_SECONDS = 300


@dataclass(frozen=True, slots=True)
class Envelope:
    """The cap and when it alerts, in replicas: warn from `warn` on for 10 min, page at `ceiling` for 5 min."""

    proven: int
    ceiling: int
    warn: int


def highest_ceiling(proven: int) -> int:
    """The highest ceiling that `proven` replicas justify: half as many again, rounded down."""
    return proven * (100 + EXCESS_PERCENT) // 100


def least_proven(ceiling: int) -> int:
    """The least that has to be proven for a ceiling: `highest_ceiling` of it is no lower."""
    return ceil_div(ceiling * 100, 100 + EXCESS_PERCENT)


def warn_at(ceiling: int) -> int:
    """The first size that counts as near the cap: 80 % of it, rounded up."""
    return ceil_div(ceiling * WARN_PERCENT, 100)


def remedy(floor: int, proven: int | None, ceiling: int | None) -> str:
    """How to mend what `envelope` refuses."""
    prove = "prove a larger size in a load test and raise proven"
    below = ceiling is not None and ceiling < floor
    if highest_ceiling(floor if proven is None else proven) < floor:
        return f"lower the peak, or {prove}{' and the ceiling' if below else ''}"
    return "raise the ceiling or lower the peak" if below else f"lower the ceiling or the peak, or {prove}"


def envelope(floor: int, proven: int | None = None, ceiling: int | None = None) -> Envelope:
    """Without `proven` the floor is taken as proven (the declared peak runs on it); without `ceiling`, the highest.

    Raises `Broken` where the ceiling is beyond the envelope or below the floor.
    """
    seen = floor if proven is None else proven
    if seen < 1:
        raise Broken(OUT_OF_RANGE, f"proven is {seen}; it counts replicas that have run well, at least 1")
    highest = highest_ceiling(seen)
    cap = highest if ceiling is None else ceiling
    run_well = show_are(seen, "replica")
    if ceiling is None and cap < floor:
        message = f"{run_well} proven, which allows a ceiling of {highest}, below the floor of {floor}"
        raise Broken(CEILING_BELOW_FLOOR, message)
    if cap > highest:
        message = f"a ceiling of {cap} is beyond the envelope: {run_well} proven, which allows {highest}"
        raise Broken(CEILING_BEYOND_ENVELOPE, message)
    if cap < floor:
        raise Broken(CEILING_BELOW_FLOOR, f"a ceiling of {cap} is below the floor of {floor}")
    return Envelope(proven=seen, ceiling=cap, warn=warn_at(cap))
