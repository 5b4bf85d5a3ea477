"""A plot as SVG: capacity against load over time, and what happened when."""

from collections.abc import Iterator, Mapping
from html import escape
from typing import TYPE_CHECKING

from flyball.drills.axes import BELOW, EVENTS, LEFT, RIGHT, WIDTH, Axes, marks, picture, seconds
from flyball.drills.measure import ready_at

if TYPE_CHECKING:
    from flyball.drills.cluster.recording import ClusterRecording

HEIGHT = 320


def plot(recording: "ClusterRecording", length: float, top: float, label: str) -> str:
    """The plot of one run, on axes from 0 to `length` seconds and from 0 to `top` requests per second."""
    axes = Axes(length, top, EVENTS, HEIGHT - BELOW)
    capacity, load = _capacity(recording), _load(recording)
    parts = [
        # What of the load the capacity does not cover stays visible.
        f'<path class="lacking" d="{axes.area(load)}"/>',
        f'<path class="covered" d="{axes.area(capacity)}"/>',
        *axes.grid("requests/s"),
        *seconds(axes),
        *_lines(recording, axes),
        f'<path class="capacity" d="{axes.line(capacity)}"/>',
        f'<path class="load" d="{axes.line(load)}"/>',
        *marks(recording.events, axes),
    ]
    return picture(HEIGHT, label, parts)


def legend(recording: "ClusterRecording") -> Mapping[str, str]:
    """What is in the plot, and how it is drawn in a box of 30 by 12."""
    entries = {
        f"capacity: {recording.unit} that serve × what each can do": '<path class="covered" d="M0 3H30V12H0Z"/>'
        '<path class="capacity" d="M0 3H30"/>',
        "load": '<path class="load" d="M0 6H30"/>',
        "requests not served": '<path class="lacking" d="M0 0H30V12H0Z"/>',
    }
    return entries | ({"limit": '<path class="limit" d="M0 6H30"/>'} if recording.lines else {})


def highest(recording: "ClusterRecording") -> float:
    """The highest load, capacity or limit."""
    lines = [pods * recording.replica for pods in recording.lines.values()]
    return max([value for _, value in [*_capacity(recording), *_load(recording)]] + lines)


def _capacity(recording: "ClusterRecording") -> list[tuple[float, float]]:
    """Corners of the step function."""
    points = [(0.0, recording.replica * ready_at(recording.samples, 0.0))]
    for sample in recording.samples:
        points += [(sample.at, points[-1][1]), (sample.at, recording.replica * sample.ready)]
    return [*points, (recording.seconds, points[-1][1])]


def _load(recording: "ClusterRecording") -> list[tuple[float, float]]:
    within = [point for point in recording.load.points if point[0] < recording.seconds]
    return [*within, (recording.seconds, recording.load.at(recording.seconds))]


def _lines(recording: "ClusterRecording", axes: Axes) -> Iterator[str]:
    """The highest is named above its line, the others below theirs."""
    highest_line = max(recording.lines.values(), default=0)
    for name, pods in recording.lines.items():
        y = axes.y(pods * recording.replica)
        text = y - 4 if pods == highest_line else y + 11
        yield f'<path class="limit" d="M{LEFT} {y}H{WIDTH - RIGHT}"/>'
        yield f'<text class="limit-name" x="{LEFT + 5}" y="{text}">{escape(name)}: {pods} {recording.unit}</text>'
