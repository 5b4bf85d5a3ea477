"""What all tests share: the profiles of property tests, and which tests this machine cannot run."""

import os
import re
import shutil
import subprocess
from collections.abc import Collection, Generator, Iterable, Mapping
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from flyball.deploy import engine
from flyball.lab.cluster import control_plane, toolchain
from flyball.lab.hosts import base

settings.register_profile(
    "flyball", max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.register_profile("ci", settings.get_profile("flyball"), derandomize=True, database=None)
settings.load_profile("ci" if os.environ.get("CI") else "flyball")
# For `make check`; all else is as in the one that is loaded.
settings.register_profile("quick", max_examples=10)

pytest_plugins = [f"tests.running.{name}" for name in ("builds", "garbage", "groups", "logs", "passed", "times")]
JAVA = 17
"""The oldest that Spring Boot 4 runs on (https://docs.spring.io/spring-boot/system-requirements.html)."""
Marks = Mapping[pytest.Item, Collection[str]]
"""The names of each test's marks."""
_left_out: dict[str, None] = {}
"""Lines, each once, however many workers leave the same out."""


# For what `-m` leaves out nobody looks at the machine: to ask Java for its version takes a third of a second.
@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselect what this machine cannot run, in one line each; in CI all of it runs, but for what needs Java."""
    marks = {item: {mark.name for mark in item.iter_markers()} for item in items}
    if any("java" in of for of in marks.values()) and (reason := why_not_java()):
        _leave_out(config, items, marks, ("java",), reason)
    if os.environ.get("CI") == "true":
        return
    if not engine.find():
        _leave_out(config, items, marks, ("pulumi_cli",), "they need Pulumi's engine: `make engine` builds it")
    if not shutil.which("haproxy"):
        _leave_out(config, items, marks, ("haproxy",), "they need haproxy on PATH (Debian: apt-get install haproxy)")
    if reason := _why_not_built(control_plane.PROGRAMS):
        _leave_out(config, items, marks, ("cluster", "checkers"), reason)
    if reason := _why_not_built(["vegeta"]):
        _leave_out(config, items, marks, ("vegeta",), reason)
    if reason := _why_not_built(["otelcol"]):
        _leave_out(config, items, marks, ("collector",), reason)
    if reason := base.why_not():
        _leave_out(config, items, marks, ("hosts",), reason)


def why_not_java() -> str | None:
    """Why this machine runs no Spring Boot; None where it does."""
    if lacking := [name for name in ("java", "mvn") if not shutil.which(name)]:
        return f"they need {' and '.join(lacking)} on PATH (Debian: apt-get install maven)"
    said = subprocess.run(["java", "-version"], capture_output=True, text=True, check=False).stderr
    version = re.search(r'version "(?:1\.)?(\d+)', said)
    if version is None:
        return f"they need Java {JAVA} or newer, and that on PATH does not say which it is: {said.strip()[:200]!r}"
    if int(version[1]) < JAVA:
        return f"they need Java {JAVA} or newer, and that on PATH is {version[1]}"
    return None


def _leave_out(
    config: pytest.Config, items: list[pytest.Item], marks: Marks, markers: tuple[str, ...], reason: str
) -> None:
    rest = {item for item in items if any(name in marks[item] for name in markers)}
    if rest:
        config.hook.pytest_deselected(items=[*rest])
        items[:] = [item for item in items if item not in rest]
        _left_out[f"{len(rest)} deselected: {reason}"] = None


def _why_not_built(programs: Iterable[str]) -> str | None:
    """Why some of the programs are neither built nor can be; None where they are or can."""
    tools = toolchain.tools_dir()
    missing = toolchain.missing({name: toolchain.cached_path(toolchain.TOOLS[name], tools) for name in programs})
    try:
        for module in {toolchain.TOOLS[name].module for name in missing}:
            toolchain.check_go(tools / module)
    except toolchain.GoMissingError as error:
        return str(error)
    return None


def pytest_sessionfinish(session: pytest.Session) -> None:
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["left_out"] = [*_left_out]  # pyright: ignore[reportAttributeAccessIssue] - xdist's


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    _left_out.update(dict.fromkeys(getattr(node, "workeroutput", {}).get("left_out", ())))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for line in _left_out:
        terminalreporter.write_line(line)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """In CI a test that skips itself has failed."""
    report = yield
    if os.environ.get("CI") == "true" and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome, report.longrepr = "failed", f"left out in CI: {report.longrepr}"
    return report
