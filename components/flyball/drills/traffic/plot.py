"""The plot of one run as SVG: what became of the requests, how long each took, and the application's pool."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from flyball.drills.axes import BELOW, EVENTS, LEFT, RIGHT, WIDTH, Axes, Points, marks, picture, seconds
from flyball.drills.traffic.sample import Outcome, Request

if TYPE_CHECKING:
    from flyball.drills.traffic.recording import Recording

HEIGHT = 500
_SHARES, _LATENCIES, _POOL = (EVENTS, 206.0), (236.0, 366.0), (396.0, HEIGHT - BELOW)
"""Where the three axes lie, from top to bottom."""
_BIN = 0.25
"""Requests are counted in bins of so many seconds."""
_FASTEST = 0.001
"""The latencies' axis begins here [s]."""
_ORDER = (Outcome.ANSWERED, Outcome.REFUSED, Outcome.FAILED)
_AREA = {Outcome.ANSWERED: "covered", Outcome.REFUSED: "refused", Outcome.FAILED: "lacking"}
_DOT = {Outcome.ANSWERED: "dot-answered", Outcome.REFUSED: "dot-refused", Outcome.FAILED: "dot-failed"}

LEGEND: Mapping[str, str] = {
    **{
        outcome.value: f'<path class="{_AREA[outcome]}" d="M0 0H18V12H0Z"/><path class="{_DOT[outcome]}" d="M25 6h0"/>'
        for outcome in _ORDER
    },
    "busy workers": '<path class="capacity" d="M0 6H30"/>',
    "all workers": '<path class="limit" d="M0 6H30"/>',
}


def plot(recording: "Recording", length: float, top: Sequence[float], label: str) -> str:
    """On axes from 0 to `length` seconds, up to `top` requests per second, seconds of latency, and pool."""
    shares, pool = Axes(length, top[0], *_SHARES), Axes(length, top[2], *_POOL, ticks=4)
    latencies = _Decades(length, top[1], *_LATENCIES)
    busy = [(sample.at, float(sample.busy)) for sample in recording.pool]
    parts = [
        *_stack(recording.requests, shares),
        *shares.grid("requests/s"),
        *latencies.grid("latency of each, log scale"),
        *_dots(recording.requests, latencies),
        *pool.grid("busy workers"),
        f'<path class="limit" d="M{LEFT} {pool.y(recording.workers)}H{WIDTH - RIGHT}"/>',
        f'<path class="capacity" d="{pool.line(busy)}"/>',
        *seconds(pool),
        *marks(recording.events, pool),
    ]
    return picture(HEIGHT, label, parts)


def highest(recording: "Recording") -> tuple[float, ...]:
    """The highest rate of requests, the longest latency, the number of workers."""
    longest = max(request.took for request in recording.requests)
    return (max(rate for _, rate in _curves(recording.requests)[-1]), longest, recording.workers)


def _curves(requests: Sequence[Request]) -> list[Points]:
    """Requests per second over time, for each outcome together with those before it in the order."""
    bins = int(max(request.at for request in requests) / _BIN) + 1
    counts = {outcome: [0] * bins for outcome in _ORDER}
    for request in requests:
        counts[request.outcome][int(request.at / _BIN)] += 1
    curves, below = [], [0] * bins
    for outcome in _ORDER:
        below = [a + b for a, b in zip(below, counts[outcome], strict=True)]
        # Steps: a bin is as high from its beginning to its end.
        curves.append([(edge * _BIN, n / _BIN) for i, n in enumerate(below) for edge in (i, i + 1)])
    return curves


def _stack(requests: Sequence[Request], axes: Axes) -> Iterator[str]:
    """The highest first, so that the others lie upon it."""
    curves = _curves(requests)
    for outcome, curve in reversed(list(zip(_ORDER, curves, strict=True))):
        clipped = [(min(at, axes.seconds), rate) for at, rate in curve]
        yield f'<path class="{_AREA[outcome]}" d="{axes.area(clipped)}"/>'


def _dots(requests: Sequence[Request], axes: "_Decades") -> Iterator[str]:
    """One path for all requests of an outcome; a line without length and with round ends is a dot."""
    for outcome in _ORDER:
        found = [request for request in requests if request.outcome is outcome]
        if found:
            points = "".join(f"M{axes.x(r.at)} {axes.y(r.took)}h0" for r in found)
            yield f'<path class="{_DOT[outcome]}" d="{points}"/>'


class _Decades(Axes):
    """Each power of ten as high as the next, from `_FASTEST` up."""

    def __init__(self, seconds: float, top: float, above: float, below: float) -> None:
        super().__init__(seconds, top, above, below)
        self.top = top

    def y(self, value: float) -> float:
        decades = math.log10(max(value, _FASTEST) / _FASTEST) / math.log10(max(self.top, 1.0) / _FASTEST)
        return round(self.below - (self.below - self.above) * min(decades, 1.0), 1)

    def grid(self, name: str) -> Iterator[str]:
        for value, text in ((0.001, "1 ms"), (0.01, "10 ms"), (0.1, "0.1 s"), (1.0, "1 s")):
            yield from self.tick(self.y(value), text)
        yield self.name(name)
