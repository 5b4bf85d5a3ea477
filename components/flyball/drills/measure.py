"""What a recording comes to: how long, and by how much, the load was more than the capacity.

Capacity is a step function of real events, load a stated curve with straight lines between its points, so both are
integrated exactly; nothing depends on how often somebody looked.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from operator import itemgetter


@dataclass(frozen=True, slots=True)
class Sample:
    """From `at` on [s since the drill began]: pods that serve, and pods that there are."""

    at: float
    ready: int
    pods: int


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened [s since the drill began]."""

    at: float
    text: str


@dataclass(frozen=True, slots=True)
class Told(Event):
    """An alert has reached people."""

    alert: str
    to: str
    """Who is told: `page` or `warning`."""


class Load:
    """Requests per second over time: straight lines between points, constant after the last."""

    def __init__(self, value: float) -> None:
        self.points: list[tuple[float, float]] = [(0.0, value)]

    def at(self, moment: float) -> float:
        """The load at a time; where it jumps, what it jumps to."""
        return self._along(moment, bisect_right(self.points, moment, key=itemgetter(0)))

    def before(self, moment: float) -> float:
        """The load just before a time; where it jumps, what it jumps from."""
        return self._along(moment, bisect_left(self.points, moment, key=itemgetter(0)))

    def _along(self, moment: float, following: int) -> float:
        """The load on the line that ends at the point of that index."""
        if following == 0:
            return self.points[0][1]
        (start, first), *rest = self.points[following - 1 : following + 1]
        if not rest:
            return first
        ((stop, last),) = rest
        return first + (last - first) * (moment - start) / (stop - start)

    def ramp(self, start: float, seconds: float, value: float) -> None:
        """Go to `value` in a straight line that begins at `start` and takes `seconds`; forgets what was to come."""
        current = self.at(start)
        self.points = [point for point in self.points if point[0] < start]
        self.points += [(start, current), (start + seconds, value)]


@dataclass(frozen=True, slots=True)
class Overload:
    """`seconds` during which the load was more than the capacity, and the requests not served in them."""

    seconds: float
    unserved: float
    requests: float
    """All that were to be served."""


def overload(samples: Sequence[Sample], load: Load, replica: float, end: float) -> Overload:
    """Hold the load against `replica` requests per second for each pod that serves, from 0 to `end`."""
    seconds = unserved = requests = 0.0
    edges = sorted({0.0, end, *(s.at for s in samples), *(at for at, _ in load.points)})
    edges = [edge for edge in edges if 0 <= edge <= end]
    for start, stop in pairwise(edges):
        capacity = replica * ready_at(samples, start)
        first, last = load.at(start), load.before(stop)
        requests += (stop - start) * (first + last) / 2
        above, excess = _above(first - capacity, last - capacity, stop - start)
        seconds += above
        unserved += excess
    return Overload(seconds, unserved, requests)


def ready_at(samples: Sequence[Sample], moment: float) -> int:
    """Pods that serve at a time; before the first sample none."""
    ready = 0
    for sample in samples:
        if sample.at > moment:
            break
        ready = sample.ready
    return ready


def seconds_below(samples: Sequence[Sample], least: int, end: float) -> float:
    """For how long fewer pods than that served, from 0 to `end`."""
    edges = sorted({0.0, end, *(s.at for s in samples if 0 <= s.at <= end)})
    return sum(stop - start for start, stop in pairwise(edges) if ready_at(samples, start) < least)


def _above(first: float, last: float, seconds: float) -> tuple[float, float]:
    """For how long a straight line from `first` to `last` is above zero, and the area under it there."""
    if first <= 0 and last <= 0:
        return 0.0, 0.0
    if first >= 0 and last >= 0:
        return seconds, seconds * (first + last) / 2
    highest = max(first, last)
    above = seconds * highest / abs(first - last)
    return above, above * highest / 2
