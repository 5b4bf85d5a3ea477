"""Builds in the background what tests come to need, while those run that need nothing.

With `--build`. A test that comes to a program before it is built waits for it, or builds it itself.
"""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest

from flyball.lab.cluster import toolchain

FIRST = "vegeta"
"""Needed by tests that need nothing else that is built."""
NICE = 5
"""Of the builds: below tests that wait for hosts, and not so far below that the processors stand still."""


def main() -> None:
    """Build one module after another, so that whoever waits for one of them need not wait for all."""
    modules: dict[str, list[str]] = {FIRST: []}
    for name, tool in toolchain.TOOLS.items():
        modules.setdefault(tool.module, []).append(name)
    for names in modules.values():
        toolchain.ensure(names, print)


@contextmanager
def building() -> Iterator[subprocess.Popen[bytes]]:
    """Builds as long as it is open, in a session of its own, so that all of it can be ended."""
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.running.builds"],
            cwd=Path(__file__).parents[2],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        os.setpriority(os.PRIO_PROCESS, process.pid, os.getpriority(os.PRIO_PROCESS, 0) + NICE)
        # That says nothing where the kernel weighs sessions against each other, see sched(7) on autogroups; this does.
        with suppress(OSError):
            Path(f"/proc/{process.pid}/autogroup").write_text(str(NICE))
        try:
            yield process
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
            process.wait()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--build", action="store_true", help="build all programs in the background, meanwhile")


@pytest.hookimpl(wrapper=True)
def pytest_sessionstart(session: pytest.Session) -> Iterator[None]:
    yield
    config = session.config
    if config.option.build and not hasattr(config, "workerinput") and not config.option.collectonly:
        at_end = ExitStack()
        at_end.enter_context(building())
        config.add_cleanup(at_end.close)


if __name__ == "__main__":
    main()
