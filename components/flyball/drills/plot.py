"""A plot as SVG: capacity against load over time, and what happened when. No library, no outside asset.

Colours are those of Okabe and Ito, which people with any kind of colour blindness tell apart (https://jfly.uni-koeln.de/
color/); lines differ in their dashes and areas in their hatching too, so that a print without colour reads the same.
"""

from collections.abc import Iterator, Sequence
from html import escape

from flyball.drills.measure import ready_at
from flyball.drills.result import Recording

WIDTH, HEIGHT = 560, 320
_LEFT, _RIGHT, _TOP, _BOTTOM = 50, 12, 66, 36
_MARK = 17
"""Room for the number of an event; those that are closer stand in rows."""
_ROWS = 3
_MOST_TICKS = 6
_STEPS = (1, 2, 5)


def plot(recording: Recording, seconds: float, top: float, label: str) -> str:
    """The plot of one run, on axes from 0 to `seconds` and from 0 to `top` requests per second."""
    axes = _Axes(seconds, top)
    capacity, load = _capacity(recording), _load(recording)
    parts = [
        # What of the load the capacity does not cover stays visible.
        f'<path class="lacking" d="{axes.area(load)}"/>',
        f'<path class="covered" d="{axes.area(capacity)}"/>',
        *_grid(axes),
        *_lines(recording, axes),
        f'<path class="capacity" d="{axes.line(capacity)}"/>',
        f'<path class="load" d="{axes.line(load)}"/>',
        *_events(recording, axes),
    ]
    head = f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(label)}">'
    return "".join([head, *parts, "</svg>"])


def highest(recordings: Sequence[Recording]) -> float:
    """The highest load or capacity of all the recordings."""
    curves = [point for recording in recordings for point in [*_capacity(recording), *_load(recording)]]
    lines = [pods * recording.replica for recording in recordings for pods in recording.lines.values()]
    return max([value for _, value in curves] + lines)


def _capacity(recording: Recording) -> list[tuple[float, float]]:
    """Corners of the step function."""
    points = [(0.0, recording.replica * ready_at(recording.samples, 0.0))]
    for sample in recording.samples:
        points += [(sample.at, points[-1][1]), (sample.at, recording.replica * sample.ready)]
    return [*points, (recording.seconds, points[-1][1])]


def _load(recording: Recording) -> list[tuple[float, float]]:
    within = [point for point in recording.load.points if point[0] < recording.seconds]
    return [*within, (recording.seconds, recording.load.at(recording.seconds))]


class _Axes:
    """From seconds and requests per second to the units of the picture."""

    def __init__(self, seconds: float, top: float) -> None:
        self.seconds, self.step = seconds, _nice(top / _MOST_TICKS)
        self.top = self.step * -(-top * 1.04 // self.step)

    def x(self, at: float) -> float:
        return round(_LEFT + (WIDTH - _LEFT - _RIGHT) * at / self.seconds, 1)

    def y(self, value: float) -> float:
        return round(HEIGHT - _BOTTOM - (HEIGHT - _BOTTOM - _TOP) * value / self.top, 1)

    def line(self, points: Sequence[tuple[float, float]]) -> str:
        return "M" + "L".join(f"{self.x(at)} {self.y(value)}" for at, value in points)

    def area(self, points: Sequence[tuple[float, float]]) -> str:
        return f"{self.line(points)}L{self.x(points[-1][0])} {self.y(0)}L{self.x(points[0][0])} {self.y(0)}Z"


def _nice(rough: float) -> float:
    """The next of 1, 2, 5, 10, 20, … that is not below."""
    power = 1.0
    while power * 10 <= rough:
        power *= 10
    return next((step * power for step in _STEPS if step * power >= rough), 10 * power)


def _grid(axes: _Axes) -> Iterator[str]:
    value = 0.0
    while value <= axes.top + axes.step / 2:
        y = axes.y(value)
        yield f'<path class="grid" d="M{_LEFT} {y}H{WIDTH - _RIGHT}"/>'
        yield f'<text class="tick" x="{_LEFT - 6}" y="{y + 4}" text-anchor="end">{value:,.0f}</text>'
        value += axes.step
    step, at = _nice(axes.seconds / 8), 0.0
    while at <= axes.seconds:
        yield f'<text class="tick" x="{axes.x(at)}" y="{HEIGHT - _BOTTOM + 16}" text-anchor="middle">{at:g}</text>'
        at += step
    yield f'<text class="tick" x="{WIDTH - _RIGHT}" y="{HEIGHT - 3}" text-anchor="end">seconds</text>'
    yield f'<text class="tick" x="0" y="{_TOP - 8}">requests/s</text>'


def _lines(recording: Recording, axes: _Axes) -> Iterator[str]:
    """The highest is named above its line, the others below theirs."""
    highest_line = max(recording.lines.values(), default=0)
    for name, pods in recording.lines.items():
        y = axes.y(pods * recording.replica)
        text = y - 4 if pods == highest_line else y + 11
        yield f'<path class="limit" d="M{_LEFT} {y}H{WIDTH - _RIGHT}"/>'
        yield f'<text class="limit-name" x="{_LEFT + 5}" y="{text}">{escape(name)}: {pods} pods</text>'


def _events(recording: Recording, axes: _Axes) -> Iterator[str]:
    row, last = 0, -float("inf")
    for number, event in enumerate(recording.events, 1):
        x = axes.x(event.at)
        row = (row + 1) % _ROWS if x - last < _MARK else 0
        last, y = x, 10 + row * _MARK
        yield f'<path class="event" d="M{x} {y + 8}V{HEIGHT - _BOTTOM}"/>'
        yield f'<circle class="mark" cx="{x}" cy="{y}" r="8"/>'
        yield f'<text class="number" x="{x}" y="{y + 3.5}" text-anchor="middle">{number}</text>'
