"""The report: one HTML file with everything in it."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from importlib.metadata import version
from pathlib import Path

from flyball.drills.drill import Drill
from flyball.drills.plot import highest, plot
from flyball.drills.result import Result
from flyball.drills.settings import COMPRESSION

FILE = "drills.html"
_STYLE = (Path(__file__).parent / "report.css").read_text(encoding="utf-8")
_HATCH = (
    '<svg width="0" height="0" aria-hidden="true" style="position:absolute"><defs><pattern id="hatch" width="7" '
    'height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect width="7" height="7" '
    'fill="#f6c9a8"/><path d="M0 0V7" stroke="#d55e00" stroke-width="4"/></pattern></defs></svg>'
)


def write(results: Sequence[Result], drills: Mapping[str, Drill], folder: Path) -> Path:
    """Write the report into `folder`, which is created if need be; returns its path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / FILE
    path.write_text(page(results, drills), encoding="utf-8")
    return path


def page(results: Sequence[Result], drills: Mapping[str, Drill]) -> str:
    """The report as HTML."""
    by_name: dict[str, list[Result]] = {}
    for result in results:
        by_name.setdefault(result.drill, []).append(result)
    sections = [_section(drills[name], runs) for name, runs in by_name.items()]
    return "\n".join(
        [
            '<!doctype html><html lang="en"><head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>flyball drills</title><style>{_STYLE}</style></head><body>{_HATCH}<main>",
            "<header><h1>Drills</h1>",
            "<p>Each incident is replayed twice on a real Kubernetes control plane with simulated nodes: on a service "
            "with flyball's guard, and on one as it is commonly written. The guard has to hold, and without it the "
            "damage has to show.</p></header>",
            _summary(by_name, drills),
            *sections,
            _method(),
            _rerun(list(by_name)),
            f"<footer>flyball {escape(version('flyball'))}</footer></main></body></html>",
        ]
    )


def _summary(by_name: Mapping[str, Sequence[Result]], drills: Mapping[str, Drill]) -> str:
    rows = []
    for name, runs in by_name.items():
        cells = f'<th scope="row"><a href="#{name}">{escape(name)}</a><small>{escape(drills[name].title)}</small></th>'
        rows.append(f"<tr>{cells}{''.join(_verdict_cell(runs, guard) for guard in (True, False))}</tr>")
    head = "<tr><th>drill</th><th>with the guard</th><th>without it</th></tr>"
    return f'<table class="summary"><thead>{head}</thead><tbody>{"".join(rows)}</tbody></table>'


def _verdict_cell(runs: Iterable[Result], guard: bool) -> str:
    run = next((run for run in runs if run.guard is guard), None)
    if run is None:
        return "<td>not run</td>"
    return f"<td>{_badge(run)}<small>{escape(run.summary)}</small></td>"


def _badge(run: Result) -> str:
    text, kind = ("✓ held", "held") if run.held else ("✗ did not hold", "broke")
    wrong = "" if run.as_it_should_be else " <strong>(not as it should be)</strong>"
    return f'<span class="badge {kind}">{text}</span>{wrong}'


def _section(drill: Drill, runs: Sequence[Result]) -> str:
    seconds = max(run.recording.seconds for run in runs)
    top = highest([run.recording for run in runs])
    panels = "".join(_panel(drill, run, seconds, top) for run in runs)
    return (
        f'<section id="{drill.name}"><h2>{escape(drill.title)} <code>{drill.name}</code></h2>'
        f"<p>{escape(drill.story)}</p>{_legend(runs)}"
        f'<div class="panels">{panels}</div>{_figures(runs)}</section>'
    )


def _panel(drill: Drill, run: Result, seconds: float, top: float) -> str:
    title, how = ("With the guard", drill.with_guard) if run.guard else ("Without it", drill.without_guard)
    label = f"{drill.name}, {title.lower()}: capacity against load over time"
    events = "".join(f"<li>{escape(e.text)} <span>{e.at:.1f} s</span></li>" for e in run.recording.events)
    return (
        f"<figure><figcaption><h3>{title} {_badge(run)}</h3><p>{escape(how)}</p></figcaption>"
        f"{plot(run.recording, seconds, top, label)}<ol>{events}</ol></figure>"
    )


def _legend(runs: Sequence[Result]) -> str:
    swatch = '<svg viewBox="0 0 30 12" width="30" height="12" aria-hidden="true">{}</svg>'.format
    covered = '<path class="covered" d="M0 3H30V12H0Z"/><path class="capacity" d="M0 3H30"/>'
    entries: dict[str, str] = {
        "capacity: pods that serve × what each can do": covered,
        "load": '<path class="load" d="M0 6H30"/>',
        "requests not served": '<path class="lacking" d="M0 0H30V12H0Z"/>',
        "event": '<circle class="mark" cx="15" cy="6" r="5.5"/>',
    }
    if any(run.recording.lines for run in runs):
        entries["limit"] = '<path class="limit" d="M0 6H30"/>'
    items = "".join(f"<li>{swatch(drawing)} {text}</li>" for text, drawing in entries.items())
    return f'<ul class="legend">{items}</ul>'


def _figures(runs: Sequence[Result]) -> str:
    names = list(dict.fromkeys(name for run in runs for name in run.figures))
    head = "".join(f"<th>{'with the guard' if run.guard else 'without it'}</th>" for run in runs)
    rows = "".join(
        f'<tr><th scope="row">{escape(name.replace("_", " "))}</th>'
        + "".join(f"<td>{run.figures.get(name, '–'):,}</td>" for run in runs)
        + "</tr>"
        for name in names
    )
    return f'<table class="figures"><thead><tr><th></th>{head}</tr></thead><tbody>{rows}</tbody></table>'


def _method() -> str:
    return (
        "<section><h2>How it is measured</h2><p>A pod serves while it is ready, is not on its way out, and its node "
        "is there. Each change of a pod or node is taken from the API server as it happens. Capacity is the number of "
        "pods that serve times what one replica can do; it is held against the stated load at every moment, so that "
        "nothing depends on how often somebody looked. Load is taken to be spread evenly over the pods that serve.</p>"
        f"<p>Time is compressed: one second here stands for {COMPRESSION} in real life, alike for the start of a pod, "
        "the autoscaler's periods and the waiting times of Kubernetes. API server, controllers, scheduler and policies "
        "are the real ones; nodes and what runs on them are simulated by kwok.</p></section>"
    )


def _rerun(names: Sequence[str]) -> str:
    return (
        "<section><h2>Run them again</h2><p>Everything, with this report and the figures as JSON; the exit code is 1 "
        "if a guard did not hold, or if the damage did not show without it:</p>"
        f"<pre>flyball drill {escape(' '.join(names))} --report report --json drills.json</pre></section>"
    )
