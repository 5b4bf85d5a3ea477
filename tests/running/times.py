"""Where the time of a run goes: a line when a folder of tests is done, and tables by folder and by group at the end.

With `--folders`, in place of a dot for each test. Under xdist all of it happens in the process that hands out tests.
"""

import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import pytest

PARTS = ("setup", "call", "teardown")
"""Of a test, as pytest reports them."""
SHORT = 20.0
"""Seconds; groups that take less have no line of their own."""


@dataclass
class Folder:
    """Tests of a folder: how many there are, are done and failed, seconds in their parts, and when [s of the run]."""

    tests: int = 0
    done: int = 0
    failed: int = 0
    seconds: dict[str, float] = field(default_factory=lambda: dict.fromkeys(PARTS, 0.0))
    begun: float = 0.0
    ended: float = 0.0

    @property
    def total(self) -> float:
        return sum(self.seconds.values())

    def line(self, name: str, width: int, zero: float) -> str:
        """Its line of the table."""
        seconds = " ".join(f"{part:8.1f}" for part in (*self.seconds.values(), self.total))
        return f"{name:{width}} {self.done:6} {seconds} {clock(self.begun - zero):>6} {clock(self.ended - zero):>6}"


@dataclass
class Group:
    """Tests that one worker runs one after another: how many, seconds in all of them, and when [s since 1970]."""

    tests: int = 0
    seconds: float = 0.0
    begun: float = 0.0
    ended: float = 0.0


def group_of(nodeid: str) -> str:
    """The group that xdist has added to the id of a test, if any."""
    return nodeid.removeprefix(name_of(nodeid)).removeprefix("@")


def name_of(nodeid: str) -> str:
    """The id of a test without the group that xdist adds to it."""
    name, _, group = nodeid.rpartition("@")
    return name if name and "]" not in group else nodeid


def reason(report: pytest.TestReport) -> str:
    """The first line of why a test failed, to be put behind its name."""
    crash: Any = getattr(report.longrepr, "reprcrash", None)
    text = crash.message if crash else report.longrepr if isinstance(report.longrepr, str) else ""
    return f" - {text.splitlines()[0][:200]}" if text else ""


def folder_of(nodeid: str) -> str:
    """The folder of a test."""
    return nodeid.partition("::")[0].rpartition("/")[0]


@dataclass(eq=False)
class Folders:
    """The plugin."""

    reporter: pytest.TerminalReporter
    quiet: bool
    started: float = field(default_factory=time.time)
    folders: dict[str, Folder] = field(default_factory=dict[str, Folder])
    groups: dict[tuple[str, str], Group] = field(default_factory=dict[tuple[str, str], Group])
    """By worker and name."""

    def expect(self, nodeids: Iterable[str]) -> None:
        for name, count in Counter(map(folder_of, nodeids)).items():
            self.folders.setdefault(name, Folder()).tests = count

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self.expect(item.nodeid for item in session.items)

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, node: object, ids: list[str]) -> None:
        del node
        self.expect(ids)

    @pytest.hookimpl(tryfirst=True)
    def pytest_report_teststatus(self, report: pytest.TestReport | pytest.CollectReport) -> tuple[str, str, str] | None:
        """No dot for what passed, nor a letter for what did not: it has a line of its own."""
        if not self.quiet or report.when == "collect":
            return None
        if report.failed:
            return ("failed", "", "FAILED") if report.when == "call" else ("error", "", "ERROR")
        if report.skipped:
            return ("xfailed", "", "XFAIL") if hasattr(report, "wasxfail") else ("skipped", "", "SKIPPED")
        return ("passed", "", "") if report.when == "call" else None

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        worker: Any = getattr(report, "node", None)  # of xdist
        is_timed = report.when in PARTS  # if not, the worker has crashed, and nothing more comes of this test
        is_last = report.when == "teardown" or not is_timed
        if worker and (of := group_of(report.nodeid)):
            group = self.groups.setdefault((worker.gateway.id, of), Group())
            group.tests += is_last
            if is_timed:
                group.seconds += report.duration
                group.begun, group.ended = group.begun or report.start, report.stop
        name = folder_of(report.nodeid)
        folder = self.folders.setdefault(name, Folder())
        if is_timed:
            folder.seconds[report.when] += report.duration
            folder.begun = min(folder.begun or report.start, report.start)
            folder.ended = report.stop
        if report.failed:
            folder.failed += 1
            self.say(f"{'FAILED' if report.when == 'call' else 'ERROR'} {name_of(report.nodeid)}{reason(report)}")
        folder.done += is_last
        if folder.done == folder.tests and is_last:
            self.say(f"{name}: {folder.done} tests{f', {folder.failed} failed' if folder.failed else ''}")

    def say(self, line: str) -> None:
        """A line with the time of the run before it [min:s]."""
        if self.quiet:
            self.reporter.write_line(f"{clock(time.time() - self.started)} {line}")
            self.reporter.flush()  # in a file too it is read while the run goes on, and remains if the run is ended

    def pytest_terminal_summary(self) -> None:
        if self.quiet and self.folders:
            self.reporter.section("where the time went")
            for line in (*table(self.folders, self.started, time.time()), *by_group(self.groups, self.started)):
                self.reporter.write_line(line)


def table(folders: dict[str, Folder], started: float, now: float) -> list[str]:
    """A line for each folder, the longest first; seconds of all workers together, and from when to when."""
    every = folders.values()
    together = {part: sum(folder.seconds[part] for folder in every) for part in PARTS}
    last = Folder(done=sum(folder.done for folder in every), seconds=together, begun=started, ended=now)
    width = max(map(len, (*folders, "folder")))
    heads = f"{'folder':{width}}  tests {'set-up':>8} {'calls':>8} {'end':>8} {'all [s]':>8} {'from':>6} {'to':>6}"
    longest = sorted(folders.items(), key=lambda each: each[1].total, reverse=True)
    return [heads, *(folder.line(name, width, started) for name, folder in longest), last.line("all", width, started)]


def by_group(groups: dict[tuple[str, str], Group], started: float) -> list[str]:
    """What ran in each worker, one after another: a line for each group of more than `SHORT`, and one for the rest."""
    lines: list[str] = []
    for worker in sorted({worker for worker, _ in groups}):
        own = sorted((g for g in groups.items() if g[0][0] == worker), key=lambda each: each[1].begun)
        rest = Group(ended=max(group.ended for _, group in own))
        lines += ["", f"{worker}   tests  all [s]   from     to  group"]
        for (_, name), group in own:
            if group.seconds >= SHORT:
                lines.append(_line(group, name, started))
            else:
                rest.tests += group.tests
                rest.seconds += group.seconds
                rest.begun = rest.begun or group.begun
        if rest.tests:
            lines.append(_line(rest, "and what is short", started))
    return lines


def _line(group: Group, name: str, started: float) -> str:
    when = f"{clock(group.begun - started):>6} {clock(group.ended - started):>6}"
    return f"{group.tests:11} {group.seconds:8.1f} {when}  {name}"


def clock(seconds: float) -> str:
    """Minutes and seconds, as 7:05."""
    return f"{int(seconds) // 60}:{int(seconds) % 60:02}"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--folders", action="store_true", help="a line for each folder of tests, and where the time went")


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    reporter: Any = config.pluginmanager.get_plugin("terminalreporter")
    if not hasattr(config, "workerinput") and reporter is not None:
        config.pluginmanager.register(Folders(reporter, config.option.folders), "folders")
