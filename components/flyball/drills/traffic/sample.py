"""What is seen of the traffic, and what is read off it."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum

ANSWERED, REFUSED = 200, (413, 429, 503)


class Outcome(Enum):
    """What became of a request."""

    ANSWERED = "answered"
    REFUSED = "refused"
    """Told at once that it will not be done."""
    FAILED = "failed"
    """An error, or no answer before the client gave up."""


@dataclass(frozen=True, slots=True)
class Request:
    """A request of a user: its moment [s], where to, its status (0 without an answer) and how long it took [s]."""

    at: float
    route: str
    status: int
    took: float

    @property
    def outcome(self) -> Outcome:
        if self.status == ANSWERED:
            return Outcome.ANSWERED
        return Outcome.REFUSED if self.status in REFUSED else Outcome.FAILED


@dataclass(frozen=True, slots=True)
class Pool:
    """Workers of the application that are busy from `at` [s] on, and connections that wait for one."""

    at: float
    busy: int
    waiting: int


def share(requests: Sequence[Request], outcome: Outcome = Outcome.ANSWERED) -> float:
    """The part of the requests with that outcome; 0 of none."""
    return sum(request.outcome is outcome for request in requests) / len(requests) if requests else 0.0


def percentile(values: Iterable[float], percent: float) -> float:
    """The smallest value that is not below `percent` of them (nearest rank); 0 of none."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)] if ordered else 0.0


def within(requests: Iterable[Request], start: float, stop: float) -> list[Request]:
    """Those that were sent from `start` on and before `stop`."""
    return [request for request in requests if start <= request.at < stop]
