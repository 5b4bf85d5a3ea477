"""What was measured, as one HTML file: figures, what they change, a picture and the query behind each."""

from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path

from flyball.drills.html import document
from flyball.measure import plot
from flyball.measure.fragment import Proposal, sizes, text

FILE = "measured.html"
QUERIES = {
    "load.peak": ("requests", "resets"),
    "load.replica": ("answered", "latency", "ready", "in_vain", "restarts"),
    "proven": ("ready", "in_vain"),
}
"""By figure, what it is read off; latency is read off as load.replica is."""


def write(proposals: Sequence[Proposal], folder: Path) -> Path:
    """Write it into a folder, which is created if need be; returns its path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / FILE
    path.write_text(page(proposals), encoding="utf-8")
    return path


def page(proposals: Sequence[Proposal]) -> str:
    head = (
        "<header><h1>Load figures</h1><p>What services carried, and what one replica of each can do, as it was counted."
        " Windows in which something else happened are left out.</p></header>"
    )
    paste = f"<section><h2>For the stack file</h2><pre>{escape(text(proposals))}</pre></section>"
    return document("flyball: load figures", [head, *(_section(each) for each in proposals), paste])


def _section(proposal: Proposal) -> str:
    found, windows = proposal.report.measured, proposal.report.windows
    pictures = [
        ("Load", plot.load(windows, found.peak, proposal.report.seconds), "load.peak"),
        ("Answers", plot.latency(found.samples, found.found), "load.replica"),
        (
            "Replicas",
            plot.replicas(windows, found.proven, proposal.report.seconds) if proposal.report.queries else "",
            "proven",
        ),
    ]
    panels = "".join(_panel(proposal, *each) for each in pictures if each[1])
    words = "".join(f"<li>{escape(word)}</li>" for word in found.words)
    return (
        f'<section id="{escape(proposal.name)}"><h2>{escape(proposal.name)}</h2>{_table(proposal)}'
        f"{f'<ul>{words}</ul>' if words else ''}"
        f'<div class="panels">{panels}</div></section>'
    )


def _table(proposal: Proposal) -> str:
    rows = "".join(
        f'<tr><th scope="row">{escape(each.name)}</th><td>{escape(each.today)}</td><td>{escape(each.proposed)}'
        f"{f' ({escape(each.about)})' if each.about else ''}</td></tr>"
        for each in proposal.figures
    )
    if proposal.change:
        for line in sizes(proposal.change):
            rows += f'<tr><th scope="row">comes to</th><td colspan="2">{escape(line)}</td></tr>'
    head = "<tr><th></th><th>today</th><th>measured</th></tr>"
    return f'<table class="figures"><thead>{head}</thead><tbody>{rows}</tbody></table>' if rows else ""


def _panel(proposal: Proposal, title: str, drawn: str, figure: str) -> str:
    queries = "\n\n".join(_queries(proposal, figure))
    shown = f"<pre>{escape(queries)}</pre>" if queries else ""
    return f"<figure><figcaption><h3>{title}</h3><p>{escape(figure)}</p></figcaption>{drawn}{shown}</figure>"


def _queries(proposal: Proposal, figure: str) -> Iterator[str]:
    for name in QUERIES[figure]:
        if query := proposal.report.queries.get(name):
            yield f"# {name.replace('_', ' ')}\n{query}"
