"""The pictures of one service: its load over time, how long answers take at each load, and its replicas."""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from html import escape

from flyball.drills.axes import BELOW, LEFT, RIGHT, WIDTH, Axes, Points, numbers, picture
from flyball.guards.headroom.knee import TIMES, Found, Sample
from flyball.guards.headroom.measured import Peak, Window
from flyball.guards.reading.units import ceil_div, show_number

HEIGHT = 230
_ABOVE = 24
MOST_DOTS = 3_000
"""Of a picture; of more samples every second, third, … is drawn, from the lowest load on."""
DAY, HOUR = 86_400, 3600


def load(windows: Sequence[Window], peak: Peak | None, seconds: float) -> str:
    """Requests per second, and the peak; what is no peak is cut off above it."""
    limit = peak.value if peak else None
    return _over_time(windows, seconds, lambda window: window.requests, "requests/s", limit, cut=True)


def replicas(windows: Sequence[Window], proven: int | None, seconds: float) -> str:
    """Ready replicas, and how many are proven."""
    return _over_time(windows, seconds, lambda window: window.ready, "ready replicas", proven)


def _over_time(
    windows: Sequence[Window],
    seconds: float,
    value: Callable[[Window], float | None],
    name: str,
    limit: float | None,
    *,
    cut: bool = False,
) -> str:
    """A line that breaks where nobody knows, on axes up to its highest value, or with `cut` to the limit."""
    known = [(window.at, found) for window in windows if (found := value(window)) is not None]
    if not known:
        return ""
    first, last = known[0][0], known[-1][0]
    unit, word = next(((u, w) for u, w in ((DAY, "days"), (HOUR, "hours")) if last - first > 2 * u), (1, "seconds"))
    top = limit if cut and limit else max(limit or 0.0, *(found for _, found in known))
    axes = Axes(max((last - first) / unit, 1e-9), top or 1.0, _ABOVE, HEIGHT - BELOW)
    lines = [[((at - first) / unit, min(v, axes.top)) for at, v in run] for run in _runs(known, seconds)]
    start = datetime.fromtimestamp(first, UTC).strftime("%Y-%m-%d %H:%M UTC")
    parts = [
        *axes.grid(name),
        *numbers(axes, f"{word} since {start}"),
        *(f'<path class="capacity" d="{axes.line(_thinned(line))}"/>' for line in lines),
        *(_limit(axes, limit) if limit else ()),
    ]
    return picture(HEIGHT, f"{name} over time", parts)


def _runs(points: Points, seconds: float) -> Iterator[Points]:
    """Stretches without a gap."""
    run = [points[0]]
    for point in points[1:]:
        if point[0] - run[-1][0] > 1.5 * seconds:
            yield run
            run = []
        run.append(point)
    yield run


def _thinned(points: Points) -> Points:
    """The highest of every few, so that no peak is lost."""
    few = ceil_div(len(points), MOST_DOTS)
    return [max(points[i : i + few], key=lambda point: point[1]) for i in range(0, len(points), few)]


def _limit(axes: Axes, value: float) -> Iterator[str]:
    y = axes.y(value)
    yield f'<path class="limit" d="M{LEFT} {y}H{WIDTH - RIGHT}"/>'
    yield f'<text class="limit-name" x="{LEFT + 5}" y="{y + 11}">{show_number(value)}</text>'


def latency(samples: Sequence[Sample], found: Found | None) -> str:
    """Each window as a dot, the curve through them, and the knee."""
    if not samples:
        return ""
    ordered = sorted(samples, key=lambda sample: sample.load)
    shown = ordered[:: ceil_div(len(ordered), MOST_DOTS)]
    # Some moments at which all was slow would press the curve to the ground.
    most = max((found.curve.points[-1][1] if found else 0.0), (found.rest or 0.0) * 3 if found else 0.0)
    top = 1000 * (1.2 * most or max(sample.latency for sample in shown))
    axes = Axes(ordered[-1].load * 1.02, top, _ABOVE, HEIGHT - BELOW)
    dots = "".join(f"M{axes.x(s.load)} {axes.y(min(1000 * s.latency, axes.top))}h0" for s in shown)
    parts = [
        *axes.grid("ms"),
        *numbers(axes, "requests/s of one replica"),
        f'<path class="dot-answered" d="{dots}"/>',
        *(_curve(axes, found) if found else ()),
    ]
    return picture(HEIGHT, "how long an answer takes, by the load of one replica", parts)


def _curve(axes: Axes, found: Found) -> Iterator[str]:
    points = [(load, 1000 * seconds) for load, seconds in found.curve.points]
    yield f'<path class="load" d="{axes.line(points)}"/>'
    if found.rest:
        y = axes.y(TIMES * 1000 * found.rest)
        yield f'<path class="limit" d="M{LEFT} {y}H{WIDTH - RIGHT}"/>'
        text = escape(f"{show_number(TIMES)} times as long as at rest")
        yield f'<text class="limit-name" x="{LEFT + 5}" y="{y - 4}">{text}</text>'
    if found.knee:
        x = axes.x(found.knee)
        yield f'<path class="event" d="M{x} {axes.above}V{axes.below}"/>'
        place = f'x="{x - 4}" y="{axes.above + 10}" text-anchor="end"'
        yield f'<text class="limit-name" {place}>knee {show_number(found.knee)}/s</text>'
