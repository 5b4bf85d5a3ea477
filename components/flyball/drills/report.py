"""The report: one HTML file with everything in it."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from pathlib import Path

from flyball.drills.drill import Drill
from flyball.drills.html import document
from flyball.drills.measure import Told
from flyball.drills.result import Result

FILE = "drills.html"
_ROWS = 15


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
    return document(
        "flyball drills",
        [
            "<header><h1>Drills</h1>",
            "<p>Each incident is replayed twice: on a service with flyball's guard, and on one as it is commonly "
            "written. The guard has to hold, and without it the damage has to show.</p></header>",
            _summary(by_name, drills),
            *sections,
            _method([drills[name] for name in by_name]),
            _rerun(list(by_name)),
        ],
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
    top = [max(values) for values in zip(*(run.recording.top for run in runs), strict=True)]
    panels = "".join(_panel(drill, run, seconds, top) for run in runs)
    return (
        f'<section id="{drill.name}"><h2>{escape(drill.title)} <code>{drill.name}</code></h2>'
        f"<p>{escape(drill.story)}</p>{_legend(runs)}"
        f'<div class="panels">{panels}</div>{_figures(runs)}</section>'
    )


def _panel(drill: Drill, run: Result, seconds: float, top: Sequence[float]) -> str:
    title, how = ("With the guard", drill.with_guard) if run.guard else ("Without it", drill.without_guard)
    label = f"{drill.name}, {title.lower()}: what happened over time"
    events = "".join(f"<li>{escape(e.text)} <span>{e.at:.1f} s</span></li>" for e in run.recording.events)
    return (
        f"<figure><figcaption><h3>{title} {_badge(run)}</h3><p>{escape(how)}</p></figcaption>"
        f"{run.recording.plot(seconds, top, label)}<ol>{events}</ol></figure>"
    )


def _legend(runs: Sequence[Result]) -> str:
    swatch = '<svg viewBox="0 0 30 12" width="30" height="12" aria-hidden="true">{}</svg>'.format
    entries = {text: drawing for run in runs for text, drawing in run.recording.legend().items()}
    entries["event"] = '<circle class="mark" cx="15" cy="6" r="5.5"/>'
    told = sorted({event.to for run in runs for event in run.recording.events if isinstance(event, Told)})
    for to in told:
        entries[f"people are told: {to}"] = f'<rect class="told {to}" x="9.5" y=".5" width="11" height="11"/>'
    items = "".join(f"<li>{swatch(drawing)} {text}</li>" for text, drawing in entries.items())
    return f'<ul class="legend">{items}</ul>'


def _figures(runs: Sequence[Result]) -> str:
    """Tables of at most so many rows, side by side."""
    names = list(dict.fromkeys(name for run in runs for name in run.figures))
    tables = (_table(runs, names[first : first + _ROWS]) for first in range(0, len(names), _ROWS))
    return f'<div class="tables">{"".join(tables)}</div>'


def _table(runs: Sequence[Result], names: Sequence[str]) -> str:
    head = "".join(f"<th>{'with the guard' if run.guard else 'without it'}</th>" for run in runs)
    rows = "".join(
        f'<tr><th scope="row">{escape(name.replace("_", " "))}</th>'
        + "".join(f"<td>{_number(run.figures.get(name))}</td>" for run in runs)
        + "</tr>"
        for name in names
    )
    return f'<table class="figures"><thead><tr><th></th>{head}</tr></thead><tbody>{rows}</tbody></table>'


def _number(value: float | int | None) -> str:
    return "–" if value is None else f"{value:,}"


def _method(shown: Sequence[Drill]) -> str:
    paragraphs = "".join(f"<p>{escape(method)}</p>" for method in dict.fromkeys(drill.method for drill in shown))
    return f"<section><h2>How it is measured</h2>{paragraphs}</section>"


def _rerun(names: Sequence[str]) -> str:
    return (
        "<section><h2>Run them again</h2><p>Everything, with this report and the figures as JSON; the exit code is 1 "
        "if a guard did not hold, or if the damage did not show without it:</p>"
        f"<pre>flyball drill {escape(' '.join(names))} --report report --json drills.json</pre></section>"
    )
