"""What the command shows: tables where somebody looks, plain lines where a program reads."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from flyball.alerts.known import of as alerts_of
from flyball.deploy.account import AccountError
from flyball.deploy.apply import Result
from flyball.deploy.checks.outcome import Outcome
from flyball.deploy.freeze_fleets import Group
from flyball.deploy.freeze_fleets import Outcome as FleetsOutcome
from flyball.deploy.rollout import Standing
from flyball.guards import catalogue
from flyball.guards.clean_up.nodes import Nodes, ceil_gi, ceil_mi
from flyball.guards.governor.envelope import WARN_PERCENT
from flyball.guards.governor.freeze import Freeze
from flyball.guards.reading.problem import Problem
from flyball.guards.reading.rule import Rule
from flyball.guards.reading.units import show_count, show_size
from flyball.guards.workload import kubelet
from flyball.guards.workload.resolve import Service
from flyball.guards.workload.survival import LOSSES, survived
from flyball.stack.plan import Plan, Row
from flyball.stack.platform_plan import PlatformPlan

if TYPE_CHECKING:
    from flyball.drills.drill import Drill
    from flyball.drills.result import Result as DrillResult

_FULL = 1.0
_PLAIN_WIDTH = 160
"""Columns where there is no terminal to ask: wide enough that no row of the plan is broken."""


def console(*, errors: bool = False) -> Console:
    """Colours and live progress only on a terminal; elsewhere plain text of a fixed width."""
    out = Console(stderr=errors)
    return out if out.is_terminal else Console(stderr=errors, width=_PLAIN_WIDTH, no_color=True, highlight=False)


def plan(result: Plan) -> None:
    """The table of a plan, the windows of its schedules, and its findings."""
    out = console()
    headings = ("service", "need", "floor", "target", "ceiling", "now", *(f"-{loss}" for loss in LOSSES))
    headings = (*headings, "waits", "after", "deadline", "longest path")
    if result.rows and not out.is_terminal:
        # Of thousands of rows a table that fits itself to a terminal takes longer than all the rules.
        out.out(*_aligned([headings, *([str(cell) for cell in _cells(row)] for row in result.rows)]), sep="\n")
    elif result.rows:
        table = Table(box=None, pad_edge=False, header_style="bold")
        for heading in headings:
            last = heading == headings[-1]
            left = last or heading == headings[0]
            table.add_column(heading, justify="left" if left else "right", no_wrap=not last)
        for row in result.rows:
            table.add_row(*_cells(row))
        out.print(table)
    if result.rows:
        out.print(
            "now and -loss: load of each replica at the peak, with the floor running and after losing a replica, a"
            " node, a zone, all spot; waits: share of requests that wait, before and after the loss it is sized for",
            style="dim",
        )
    for row in result.rows:
        if len(row.periods) > 1:
            out.print(f"{row.service} by the clock: " + ", ".join(f"{name}: {floor}" for name, _, floor in row.periods))
    released = {row.service: row.canary for row in result.rows if row.canary}
    _lines(out, [f"a new version of {name} runs as {steps}" for name, steps in released.items()], "none")
    promised = {row.service: row.objective for row in result.rows if row.objective}
    _lines(out, [f"{name} promises to answer {objective}" for name, objective in promised.items()], "none")
    _lines(
        out,
        [str(each) for each in (*result.members, *result.runs, *result.caches, *result.pools, *result.hears)],
        "none",
    )
    _lines(out, [str(way) for way in result.ways], "none")
    _lines(out, [str(result.images)] if result.images.by_digest else [], "none")
    _lines(out, [f"warning: {warning}" for warning in result.warnings], "yellow")
    if result.nodes:
        out.print(Text(_needed(result.nodes), style="dim"), soft_wrap=True)
    _findings(out, result.findings)


def platform(result: PlatformPlan) -> None:
    """What a platform comes to, and its findings."""
    out = console()
    _lines(out, result.lines, "none")
    _lines(out, [f"warning: {warning}" for warning in result.warnings], "yellow")
    _findings(out, result.findings)


def _findings(out: Console, findings: Sequence[Problem]) -> None:
    _lines(out, [str(finding) for finding in findings], "red")
    count = len(findings)
    out.print(show_count(count, "broken rule") if count else "every rule holds")


def _needed(nodes: Nodes) -> str:
    """What nodes need, for somebody who makes them."""
    logs = [
        f"{name} {value}" for name, value in kubelet.configuration(nodes).items() if name.startswith("containerLog")
    ]
    return (
        f"nodes need {show_size(ceil_gi(nodes.least_disk))} of disk or more"
        f" ({show_count(nodes.containers, 'container')} with {show_size(ceil_mi(nodes.logs.held))} of logs each,"
        f" {show_size(nodes.images.size)} of images), and kubelets"
        f" with {', '.join(logs)}, and what else `flyball render` writes into {kubelet.FILE}"
    )


def check(name: str, outcome: Outcome) -> None:
    """What a check came to: a line, and one for each finding."""
    out = console()
    out.print(Text(f"{name}: {outcome.summary}", style="" if outcome.good else "red"), soft_wrap=True)
    for finding in outcome.findings:
        out.print(Text(f"  {finding} [{finding.rule.id}]"), soft_wrap=True)


def _lines(out: Console, lines: Sequence[str], style: str) -> None:
    for line in lines:
        if out.is_terminal:
            out.print(Text(line, style=style))
        else:
            out.out(line)


def _aligned(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Each row as a line, numbers to the right, names and paths to the left."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for first, *others, last in rows:
        numbers = (cell.rjust(width) for cell, width in zip(others, widths[1:-1], strict=True))
        yield "  ".join([first.ljust(widths[0]), *numbers, last]).rstrip()


def _cells(row: Row) -> list[Text | str]:
    losses = [_share(row.after[loss]) for loss in LOSSES]
    waits = [f"{probability:.1%}" for probability in row.waiting]
    numbers = [str(row.need), str(row.floor), f"{row.target}%", str(row.ceiling)]
    return [row.service, *numbers, _share(row.now), *losses, *waits, f"{row.used:.0%}", " -> ".join(row.path)]


def _share(value: float | None) -> Text:
    if value is None:
        return Text("outage", style="red")
    style = "red" if value > _FULL else "yellow" if value * 100 > WARN_PERCENT else ""
    return Text(f"{value:.0%}", style=style)


class Steps:
    """Says what happens, and how many workloads stand."""

    def __init__(self, out: Console, bar: Progress | None) -> None:
        self._out, self._bar = out, bar
        self._task = bar.add_task("workloads", total=None, visible=False) if bar else None

    def say(self, line: str) -> None:
        self._out.print(line)

    def advance(self, done: int, total: int) -> None:
        if self._bar and self._task is not None:
            self._bar.update(self._task, completed=done, total=total, visible=True)
        else:
            self._out.print(f"{done} of {show_count(total, 'workload')} stand{'s' if total == 1 else ''}")


@contextmanager
def progress() -> Iterator[Steps]:
    """Progress on standard error: a bar on a terminal, elsewhere a line for each change."""
    out = console(errors=True)
    if not out.is_terminal:
        yield Steps(out, None)
        return
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed}/{task.total}"),
    )
    with Progress(*columns, TimeElapsedColumn(), console=out, transient=True) as bar:
        yield Steps(out, bar)


def result(applied: Result) -> None:
    """What an apply did, each change by name."""
    out = console()
    for verb, names in (("created", applied.created), ("changed", applied.changed), ("pruned", applied.pruned)):
        for name in names if len(names) <= 20 or verb != "created" else ():
            out.print(f"{verb} {name}")
    out.print(f"{len(applied.changed)} changed ({applied})" if not applied.created else str(applied))


def standing(services: tuple[Standing, ...], resolved: Mapping[str, Service]) -> None:
    """What stands, and which losses leave each service what its peak needs, judged by where its pods really are."""
    out = console()
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("service", "ready", "need", "floor", "ceiling", "survives the loss of"):
        table.add_column(heading, justify="left" if heading[0] == "s" else "right", no_wrap=True)
    for service in services:
        one = resolved[service.service]
        left = {
            "a replica": service.ready - 1,
            "a node": service.after_node,
            "a zone": service.after_zone,
            "all spot": service.after_spot,
        }
        numbers = [str(n) for n in (service.ready, one.sizing.need, one.sizing.floor, one.sizing.ceiling)]
        table.add_row(service.service, *numbers, ", ".join(survived(one, left)) or Text("nothing", style="red"))
    out.print(table)
    sys.stdout.flush()


def freeze(found: Freeze | None) -> bool:
    """The freeze that is on, if any; returns whether it is a forgotten one."""
    now = datetime.now(UTC)
    forgotten = found is not None and found.forgotten(now) is not None
    console().print(Text(found.describe(now) if found else "not frozen", style="red" if forgotten else ""))
    return forgotten


def fleets(found: Sequence[Group], gone: Sequence[str]) -> bool:
    """The freezes of fleets, and fleets without a group; returns whether one is forgotten, or does not hold."""
    now, bad = datetime.now(UTC), False
    for group in found:
        line, red = f"{group.name}: not frozen", False
        if group.freeze:
            goes_on = f"; but {', '.join(group.goes_on)} did not stop: freeze it again" if group.goes_on else ""
            line = f"{group.name}: {group.freeze.describe(now)}{goes_on}"
            red = bool(goes_on) or group.freeze.forgotten(now) is not None
        console().print(Text(line, style="red" if red else ""), soft_wrap=True)
        bad |= red
    for line in gone:
        console().print(Text(line), soft_wrap=True)
    if not (found or gone):
        console().print("there are no fleets")
    return bad


def fleets_done(outcome: FleetsOutcome, what: str) -> None:
    """Which groups were frozen, or were let go on. Raises `AccountError` for those where it was not done."""
    now = datetime.now(UTC)
    for name, found in outcome.done.items():
        stopped = "; its instance refresh was stopped" if name in outcome.refreshes else ""
        console().print(Text(f"{name}: {what}{found.describe(now)}{stopped}"), soft_wrap=True)
    if outcome.problems:
        raise AccountError("\n".join(["not done, or not whole:", *outcome.problems]))
    if not outcome.done:
        console().print("no fleet was frozen")


def unfrozen(found: Freeze | None) -> None:
    """What was lifted."""
    console().print(Text(f"lifted: {found.describe(datetime.now(UTC))}" if found else "it was not frozen"))


def rules() -> None:
    """The ids of all rules, by lesson."""
    out = console()
    for lesson, about in catalogue.LESSONS.items():
        out.print(Text(f"{lesson.value}. {about.title}", style="bold"))
        for rule in catalogue.of(lesson):
            out.print(Text(f"   {rule}"))


def rule(known: Rule) -> None:
    """What there is to know of a rule."""
    out = console()
    title = catalogue.LESSONS[known.lesson].title
    out.print(Text(f"{known} (lesson {known.lesson.value}: {title})", style="bold"))
    out.print(Text(known.what))
    for word, text in (
        ("source", known.source),
        ("remedy", known.remedy),
        ("drill", known.drill and f"flyball drill {known.drill}"),
        ("alerts", ", ".join(alert.name for alert in alerts_of(known.id))),
    ):
        if text:
            out.print(Text(f"{word}: {text}"))


def drills(known: Mapping[str, "Drill"]) -> None:
    """Names and titles of the drills."""
    table = Table(box=None, pad_edge=False, show_header=False)
    for name, drill in known.items():
        table.add_row(name, drill.title)
    console().print(table)


def drilled(run: "DrillResult") -> None:
    """What one run of a drill came to, as one line."""
    held, way = "held" if run.held else "did not hold", "with the guard" if run.guard else "without it"
    wrong = "" if run.as_it_should_be else " - not as it should be"
    console().print(Text(f"{run.drill} {way}: {held}, {run.summary}{wrong}", style="red" if wrong else ""))
