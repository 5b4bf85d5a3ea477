"""How much a service may fail, and how fast it may use that up before people are told.

An availability of 99.9 % leaves a budget of 0.1 % of the requests in 30 days. The burn rate is the share of errors
divided by that: at 1 the budget lasts for just as long. A rate over a long window tells that it matters, the same over
a short one that it goes on (https://sre.google/workbook/alerting-on-slos/, 6: multiwindow, multi-burn-rate alerts).
"""

import math
from dataclasses import dataclass
from fractions import Fraction

from flyball.guards.governor.rules import OBJECTIVE_TOO_FINE, OBJECTIVE_UNCOUNTED
from flyball.guards.reading.problem import Path, Problem
from flyball.guards.reading.reader import Reader
from flyball.guards.reading.rules import OUT_OF_RANGE
from flyball.guards.reading.units import exact, show_count, show_number

MINUTE, HOUR, DAY = 60, 3600, 86_400
"""Seconds, as everything here."""
LEAST_AVAILABILITY, MOST_AVAILABILITY = 95, 99.999
"""Percent. Below 93.1 % even a service that answers nothing would not burn 14.4 times as fast."""
LEAST_ERRORS = 10
"""Errors within the shortest of the long windows that it takes to be paged: one failed request is no outage."""


@dataclass(frozen=True, slots=True)
class Burn:
    """Told of where errors come `factor` times as fast as the budget allows, over `long` and over `short`."""

    factor: float
    long: int
    short: int

    @property
    def budget(self) -> Fraction:
        """The share of a budget of 30 days that is used up by then."""
        return exact(self.factor) * self.long / (30 * DAY)


FAST = (Burn(14.4, HOUR, 5 * MINUTE), Burn(6, 6 * HOUR, 30 * MINUTE))
"""A page: after 2 % and 5 % of the budget."""
SLOW = (Burn(3, DAY, 2 * HOUR), Burn(1, 3 * DAY, 6 * HOUR))
"""A warning: after 10 % of it."""
QUIET_WINDOW = DAY
"""For a service with less traffic than rates need, over which errors are counted as such."""


@dataclass(frozen=True, slots=True)
class Objective:
    """`availability` is in percent, `minimum` the requests an hour below which rates say nothing."""

    availability: float
    minimum: int

    @property
    def budget(self) -> Fraction:
        """The share of requests that may fail."""
        return 1 - exact(self.availability) / 100

    def __str__(self) -> str:
        return f"{show_number(self.availability)} % of at least {show_count(self.minimum, 'request')} an hour"


def default_minimum(availability: float) -> int:
    """`ceil(1 / (1 - availability))`: the requests an hour of which a single one may fail."""
    return math.ceil(1 / (1 - exact(availability) / 100))


def after(objective: Objective, burn: Burn, share: Fraction) -> Fraction | None:
    """Seconds after which so large a share of errors is told of, with steady traffic and none before; None for never.

    `factor * budget * long / share`, which is the same part of the budget whatever the share; the short window reaches
    its limit before.
    """
    limit = exact(burn.factor) * objective.budget
    return limit * burn.long / share if share > limit else None


def read(r: Reader) -> Objective:
    """An objective; a minimum that would let a single error page is refused."""
    availability = r.number("availability", 99.9)
    if not LEAST_AVAILABILITY <= availability <= MOST_AVAILABILITY:
        limits = f"allowed is from {LEAST_AVAILABILITY} to {MOST_AVAILABILITY} percent"
        if not r.reported("availability"):
            r.problem("availability", OUT_OF_RANGE, f"is {show_number(availability)}", limits)
        availability = 99.9
    found = Objective(availability, r.whole("minimum", default_minimum(availability)))
    fast = exact(FAST[0].factor) * found.budget
    if found.minimum * fast < LEAST_ERRORS and not r.reported("minimum") and not r.reported("availability"):
        hourly, few = show_count(found.minimum, "request"), math.floor(found.minimum * fast) + 1
        message = f"of {hourly} an hour {show_count(few, 'failed one')} would page"
        least = math.ceil(LEAST_ERRORS / fast)
        r.problem("minimum", OBJECTIVE_TOO_FINE, message, f"allowed is at least {least}, or a lower availability")
    return found


def check(counted: bool, path: Path) -> list[Problem]:
    """Refuse an objective of a service whose requests nobody counts."""
    if counted:
        return []
    hint = "leave it out, or let the proxy stand in front (inbound), with protocol http or grpc"
    return [Problem(path, OBJECTIVE_UNCOUNTED, "is given, and nobody counts the requests", hint)]
