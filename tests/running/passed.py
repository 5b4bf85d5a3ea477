"""That a checker found nothing is kept, and it is not asked again while nothing of what it reads has changed.

Only that it passed: what failed runs anew each time, and in CI everything does. Each line at the end of a run that
names what was kept says how to have it run anew.
"""

import functools
import hashlib
import json
import os
import platform
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from importlib import metadata
from pathlib import Path

import pytest

from flyball import paths

Ends = tuple[str, ...]
ALL: Ends = ("",)
"""The end of every name."""
MOST = 32
"""So many are kept, those that were of use last."""
_MADE = (
    *("__pycache__", ".ansible", ".git", ".hypothesis", ".import_linter_cache", ".pytest_cache"),
    *(".ruff_cache", ".venv"),
)
"""Folders of what programs make of the rest."""
_SETTINGS = ("ANSIBLE", "NODE", "PYRIGHT", "PYTHONPATH", "YAMLLINT")
"""How the variables begin that checkers take settings from."""
_OF_THE_USER = ("~/.ansible.cfg", "/etc/ansible/ansible.cfg", "~/.config/yamllint/config")


def folder() -> Path:
    """Where what passed is kept, as an empty file each."""
    return paths.cache_dir() / "passed"


@pytest.fixture
def unless_passed(request: pytest.FixtureRequest) -> Callable[..., None]:
    """Runs a checker as `once` does; what is kept is said at the end of the run."""

    def check(command: Sequence[str], reads: Sequence[Path], run: Callable[[], str | None], only: Ends = ALL) -> None:
        if kept := once(command, reads, run, only):
            request.node.user_properties.append((__name__, kept))

    return check


def once(command: Sequence[str], reads: Sequence[Path], run: Callable[[], str | None], only: Ends = ALL) -> str:
    """Run it on the files and folders that it reads, or say since when it has passed with just these.

    `run` raises where something is found, and nothing is kept then; what it says of what was kept is said. Of files
    whose name does not end in one of `only` it matters which there are, and not what is in them.
    """
    if os.environ.get("CI"):
        return run() or ""
    file = _file(command, reads, only)
    try:
        since = file.stat().st_mtime_ns
        os.utime(file, ns=(time.time_ns(), since))
    except FileNotFoundError:
        said = run() or ""
        # What was changed meanwhile it may have read before or after that.
        if file == _file(command, reads, only):
            _keep(file, "")
        return said
    when = time.strftime("%Y-%m-%d %H:%M", time.localtime(since / 1e9))
    return (
        f"{command[0]} was not asked again: it passed at {when}, and what it reads is the same; `rm {file}` has it run"
        " anew"
    )


def once_each(
    command: Sequence[str],
    reads: Callable[[], Mapping[Path, Iterable[Path]]],
    settings: Sequence[Path],
    run: Callable[[Sequence[Path]], object],
) -> str:
    """Run it on those files that have not passed as they, and all that each of them reads, are now; say how many.

    Where none has passed, and in CI, it is told no files, which is to run on all. `settings` count for each file.
    """
    if os.environ.get("CI"):
        run(())
        return ""
    file = _file((*command, "each"), settings, ALL)
    those = reads()
    now = _each(those)
    before = json.loads(file.read_text()) if file.exists() else {}
    left = [path for path in now if before.get(path) != now[path]]
    if left:
        run([Path(path) for path in left] if len(left) < len(now) else ())
    with suppress(FileNotFoundError):
        if now == _each(those):
            _keep(file, json.dumps(now))
    if len(left) == len(now):
        return ""
    return (
        f"{command[0]} was asked of {len(left)} files: {len(now) - len(left)} others, and what they import, are as they"
        f" passed; `rm {file}` has it run on all"
    )


def _each(reads: Mapping[Path, Iterable[Path]]) -> dict[str, str]:
    """Of each file what it and all that it reads are now."""
    contents = {file: hashlib.sha256(file.read_bytes()).digest() for file in reads}
    return {
        str(file): hashlib.sha256(b"".join(str(each).encode() + contents[each] for each in sorted(those))).hexdigest()
        for file, those in reads.items()
    }


def _keep(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    written = file.with_name(f"{file.name}-{os.getpid()}")
    written.write_text(text)
    written.replace(file)  # as a whole: another run may read it
    now = time.time_ns()
    os.utime(file, ns=(now, now))  # finer than the kernel's own clock of files
    _forget(file.parent)


def _file(command: Sequence[str], reads: Iterable[Path], only: Ends) -> Path:
    """Whose name tells all that decides what is found: files by their names and contents, packages, settings."""
    found = hashlib.sha256()
    settings = [f"{key}={value}" for key, value in sorted(os.environ.items()) if key.startswith(_SETTINGS)]
    for word in (*command, sys.version, sys.prefix, platform.platform(), *settings, *_packages()):
        found.update(f"{word}\0".encode())
    for above in (*reads, *(Path(name).expanduser() for name in _OF_THE_USER)):
        for file in files(above):
            if file.is_symlink():
                content = os.readlink(file).encode()
            else:
                content = file.read_bytes() if file.name.endswith(only) else b""
            found.update(f"{file}\0{file.lstat().st_mode:o}\0{len(content)}\0".encode())
            found.update(content)
    return folder() / f"{command[0]}-{found.hexdigest()[:40]}"


def files(path: Path) -> Iterator[Path]:
    """A file or a link, or all of them below a folder, in order; nothing where there is none."""
    if path.is_dir() and not path.is_symlink():
        for below in sorted(path.iterdir()):
            if below.name not in _MADE:
                yield from files(below)
    elif path.is_symlink() or path.exists():
        yield path


@functools.cache
def _packages() -> list[str]:
    """Of each installed package what was installed, by the hashes that its record has of all its files."""
    found = (each.read_text("RECORD") or str(each.metadata["Version"]) for each in metadata.distributions())
    return sorted(hashlib.sha256(record.encode()).hexdigest() for record in found)


def _forget(folder: Path) -> None:
    with suppress(FileNotFoundError):  # another run does the same
        for file in sorted(folder.iterdir(), key=lambda file: file.stat().st_atime_ns)[:-MOST]:
            file.unlink()


class Kept:
    """Says at the end of a run what was kept, in one line each; under xdist where the tests are handed out."""

    def __init__(self) -> None:
        self.lines: dict[str, None] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        lines = [str(line) for key, line in report.user_properties if key == __name__]
        self.lines.update(dict.fromkeys(lines))

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        for line in self.lines:
            terminalreporter.write_line(line)


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Kept(), "kept passes")
