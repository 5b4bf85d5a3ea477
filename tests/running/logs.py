"""What the parts of a run said: kept in one folder, whose path is printed once where a test failed."""

import os
import shutil
import tempfile
import time
from contextlib import suppress

import pytest

from flyball import paths
from flyball.lab import logs

KEPT_DAYS = 3
"""Those of a run in which something failed are kept so long."""


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Choose the folder, for this process and those that it starts; xdist's workers are among them."""
    if hasattr(config, "workerinput") or logs.kept() or config.option.collectonly:
        return
    parent = paths.logs_dir() / "tests"
    parent.mkdir(parents=True, exist_ok=True)
    for earlier in parent.iterdir():
        with suppress(FileNotFoundError):  # another run ends, and removes its own
            if earlier.stat().st_mtime < time.time() - KEPT_DAYS * 86_400:
                shutil.rmtree(earlier, ignore_errors=True)
    folder = tempfile.mkdtemp(prefix="run-", dir=parent)
    os.environ[logs.VARIABLE] = folder
    config.pluginmanager.register(Logs(folder), "kept logs")


class Logs:
    """Of a run, in `folder`, and gone with a run in which nothing failed."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.failed = False

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.failed |= report.failed

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if self.failed and os.listdir(self.folder):
            terminalreporter.section("logs")
            terminalreporter.write_line(f"what control planes, hosts and proxies said is in {self.folder}")

    def pytest_unconfigure(self) -> None:
        del os.environ[logs.VARIABLE]
        if not self.failed:
            shutil.rmtree(self.folder, ignore_errors=True)
