"""What all plots share: axes, a grid, and marks for what happened when. No library, no outside asset.

Colours are those of Okabe and Ito, which people with any kind of colour blindness tell apart (https://jfly.uni-koeln.de/
color/); lines differ in their dashes and areas in their hatching too, so that a print without colour reads the same.
"""

from collections.abc import Iterator, Sequence
from html import escape

from flyball.drills.measure import Event, Told

WIDTH = 560
LEFT, RIGHT = 50, 12
EVENTS = 66
"""Units of the picture above the first axes: room for the numbers of events, in rows, and the name of the axis."""
BELOW = 36
"""Units below the last axes: for the numbers of the seconds."""
_MARK = 17
"""Room for the number of an event; those that are closer stand in rows."""
_ROWS = 3
_MOST_TICKS = 6
_STEPS = (1, 2, 5)
Points = Sequence[tuple[float, float]]


class Axes:
    """From seconds and another unit to the units of the picture, between its lines `above` and `below`."""

    def __init__(self, seconds: float, top: float, above: float, below: float, ticks: int = _MOST_TICKS) -> None:
        self.seconds, self.step = seconds, nice(top / ticks)
        self.top = self.step * -(-top * 1.04 // self.step)
        self.above, self.below = above, below

    def x(self, at: float) -> float:
        return round(LEFT + (WIDTH - LEFT - RIGHT) * at / self.seconds, 1)

    def y(self, value: float) -> float:
        return round(self.below - (self.below - self.above) * value / self.top, 1)

    def line(self, points: Points) -> str:
        return "M" + "L".join(f"{self.x(at)} {self.y(value)}" for at, value in points)

    def area(self, points: Points) -> str:
        return f"{self.line(points)}L{self.x(points[-1][0])} {self.y(0)}L{self.x(points[0][0])} {self.y(0)}Z"

    def grid(self, name: str) -> Iterator[str]:
        """Lines and numbers from 0 up, with the name of the unit above them."""
        value = 0.0
        while value <= self.top + self.step / 2:
            yield from self.tick(self.y(value), f"{value:,.0f}")
            value += self.step
        yield self.name(name)

    def name(self, name: str) -> str:
        return f'<text class="tick" x="0" y="{self.above - 8}">{escape(name)}</text>'

    def tick(self, y: float, number: str) -> Iterator[str]:
        yield f'<path class="grid" d="M{LEFT} {y}H{WIDTH - RIGHT}"/>'
        yield f'<text class="tick" x="{LEFT - 6}" y="{y + 4}" text-anchor="end">{number}</text>'


def nice(rough: float) -> float:
    """The next of 1, 2, 5, 10, 20, … that is not below."""
    power = 1.0
    while power * 10 <= rough:
        power *= 10
    return next((step * power for step in _STEPS if step * power >= rough), 10 * power)


def seconds(axes: Axes) -> Iterator[str]:
    """The numbers of the seconds, below the last axes."""
    return numbers(axes, "seconds")


def numbers(axes: Axes, name: str) -> Iterator[str]:
    """The numbers along the axes, below the last of them, and what they count."""
    step, at = nice(axes.seconds / 8), 0.0
    while at <= axes.seconds:
        yield f'<text class="tick" x="{axes.x(at)}" y="{axes.below + 16}" text-anchor="middle">{at:g}</text>'
        at += step
    yield f'<text class="tick" x="{WIDTH - RIGHT}" y="{axes.below + 33}" text-anchor="end">{escape(name)}</text>'


def marks(events: Sequence[Event], axes: Axes) -> Iterator[str]:
    """A number above and a line down to the last axes for each event; who is told is one too, in a box."""
    row, last = 0, -float("inf")
    for number, event in enumerate(events, 1):
        x = axes.x(event.at)
        row = (row + 1) % _ROWS if x - last < _MARK else 0
        last, y = x, 10 + row * _MARK
        yield f'<path class="event" d="M{x} {y + 8}V{axes.below}"/>'
        if isinstance(event, Told):
            yield f'<rect class="told {event.to}" x="{x - 8}" y="{y - 8}" width="16" height="16"/>'
        else:
            yield f'<circle class="mark" cx="{x}" cy="{y}" r="8"/>'
        yield f'<text class="number" x="{x}" y="{y + 3.5}" text-anchor="middle">{number}</text>'


def picture(height: float, label: str, parts: Sequence[str]) -> str:
    """The whole as SVG."""
    head = f'<svg viewBox="0 0 {WIDTH} {height:g}" role="img" aria-label="{escape(label)}">'
    return "".join([head, *parts, "</svg>"])
