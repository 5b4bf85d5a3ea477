"""A dashboard as a picture, from what each of its lines came to in a run: SVG, without Grafana.

Colours and dashes are those of the plots of drills (`flyball.drills.axes`).
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape

from flyball.dashboards.board import Board, Panel, Series, Unit
from flyball.drills.axes import LEFT, WIDTH, Axes, Points, nice

COLUMNS, HEIGHT, ABOVE, BELOW = 2, 150, 64, 30
"""Of panels, and units of the picture: the height of one's axes, what is above them for title and names, and below."""
_HEAD = 34
_COLOURS = ("#0072b2", "#d55e00", "#00704f", "#7a4a8c", "#8a7500", "#56b4e9")
_DASHES = ("", "7 3", "2 2", "9 3 2 3")
_STYLE = (
    "text{font:11px system-ui,sans-serif;fill:#57606a}.title{font-size:13px;font-weight:600;fill:#1b1f24}"
    ".head{font-size:16px;font-weight:600;fill:#1b1f24}.grid{stroke:#1b1f24;stroke-opacity:.12;fill:none}"
    ".line{fill:none;stroke-width:1.8;stroke-linejoin:round}.limit{stroke-width:1.3;stroke-dasharray:2 3}"
)
_SUFFIX = {Unit.SHARE: " %", Unit.SECONDS: " s"}


@dataclass(frozen=True)
class Line:
    """What one line of a panel came to: its name, and its values over time [s]."""

    name: str
    points: Points
    limit: bool


Lines = Mapping[str, Sequence[Line]]
"""By the title of the panel."""


class _Range(Axes):
    """As `Axes`, and below 0 where values are."""

    def __init__(self, seconds: float, low: float, top: float, above: float, below: float) -> None:
        super().__init__(seconds, max(top, -low, 1e-9), above, below, ticks=3)
        self.low = -self.step * -(low // self.step) if low < 0 else 0.0
        self.top = self.step * max(-(-top * 1.04 // self.step), 1)

    def y(self, value: float) -> float:
        return round(self.below - (self.below - self.above) * (value - self.low) / (self.top - self.low), 1)


def lines(series: Series, found: Sequence[Mapping[str, object]], start: float) -> Iterator[Line]:
    """The lines of a query over time, named as the dashboard names them."""
    for each in found:
        labels, values = each["metric"], each["values"]
        assert isinstance(labels, Mapping)
        assert isinstance(values, Sequence)
        name = re.sub(r"{{(\w+)}}", lambda match, of=labels: str(of.get(match[1], "")), series.legend)
        points = [(moment - start, float(value)) for moment, value in values if value not in ("NaN", "+Inf", "-Inf")]
        if points:
            yield Line(name, _corners(points), series.limit)


def picture(board: Board, found: Lines, seconds: float) -> str:
    """The whole board over so many seconds."""
    rows = -(-len(board.panels) // COLUMNS)
    width, row = WIDTH * COLUMNS, ABOVE + HEIGHT + BELOW
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {_HEAD + rows * row}" role="img"'
        f' aria-label="{escape(board.title)}"><style>{_STYLE}</style>',
        f'<rect width="{width}" height="{_HEAD + rows * row}" fill="#fff"/>',
        f'<text class="head" x="{LEFT}" y="22">{escape(board.title)}</text>',
    ]
    for i, panel in enumerate(board.panels):
        x, y = WIDTH * (i % COLUMNS), _HEAD + row * (i // COLUMNS)
        parts += [f'<g transform="translate({x} {y})">', *_panel(panel, found.get(panel.title, ()), seconds), "</g>"]
    return "\n".join([*parts, "</svg>", ""])


def _panel(panel: Panel, found: Sequence[Line], seconds: float) -> Iterator[str]:
    scale = 100 if panel.unit is Unit.SHARE else 1
    values = [value * scale for line in found for _, value in line.points]
    axes = _Range(seconds, min(values, default=0), max(values, default=1), ABOVE, ABOVE + HEIGHT)
    yield f'<text class="title" x="{LEFT}" y="18">{escape(panel.title)}</text>'
    at = axes.low
    while at <= axes.top + axes.step / 2:
        yield from axes.tick(axes.y(at), f"{at:,.6g}{_SUFFIX.get(panel.unit, '')}")
        at += axes.step
    x = float(LEFT)
    for i, line in enumerate(found):
        colour = _COLOURS[i % len(_COLOURS)]
        look = 'class="line limit"' if line.limit else f'class="line" stroke-dasharray="{_DASHES[i % len(_DASHES)]}"'
        drawn = axes.line([(moment, value * scale) for moment, value in line.points])
        yield f'<path {look} stroke="{colour}" d="{drawn}"/>'
        if x + 16 + 6 * len(line.name) > WIDTH:
            continue  # what has no room for its name is told apart by its colour
        yield f'<path {look} stroke="{colour}" d="M{x:g} 38h14"/><text x="{x + 18:g}" y="42">{escape(line.name)}</text>'
        x += 30 + 6.2 * len(line.name)
    step, second = nice(seconds / 6), 0.0
    while second <= seconds:
        yield f'<text x="{axes.x(second)}" y="{axes.below + 16}" text-anchor="middle">{second:g}</text>'
        second += step


def _corners(points: Points) -> Points:
    """Without those that lie between two of the same value."""
    last = len(points) - 1
    return [
        point
        for i, point in enumerate(points)
        if i in (0, last) or not points[i - 1][1] == point[1] == points[i + 1][1]
    ]
