"""The control groups of hosts: they know every process of a host, whatever became of its parents."""

import os
import signal
import time
from pathlib import Path

from flyball.lab.hosts.errors import HostsError

HIERARCHIES = (Path("/sys/fs/cgroup"), Path("/sys/fs/cgroup/systemd"), Path("/sys/fs/cgroup/unified"))
"""Where control groups may be: version 2 alone, or beside version 1. host.sh makes a host's group in each."""
_END_SECONDS = 120


def named(prefix: str) -> set[str]:
    """The names of the groups that begin so."""
    return {folder.name for hierarchy in HIERARCHIES for folder in hierarchy.glob(f"{prefix}*") if folder.is_dir()}


def end(name: str) -> None:
    """End every process of a group and of those within it, and remove them. Raises `HostsError` if one stays."""
    deadline = time.monotonic() + _END_SECONDS
    while tops := [hierarchy / name for hierarchy in HIERARCHIES if (hierarchy / name).is_dir()]:
        if time.monotonic() > deadline:
            raise HostsError(f"{tops[0]} cannot be emptied: {sorted(_processes(tops[0]))}")
        for top in tops:
            for process in _processes(top):
                _kill(process)
            for folder in reversed(_groups(top)):
                try:
                    folder.rmdir()
                except OSError:  # not empty yet, or gone
                    continue
        time.sleep(0.02)


def _groups(top: Path) -> list[Path]:
    """A group and those within it, each before its own; one that is removed meanwhile is as good as none."""
    # `rglob` raises for such a folder before Python 3.13; `walk` passes over it.
    return [Path(folder) for folder, _, _ in os.walk(top)]


def _processes(top: Path) -> set[int]:
    found: set[int] = set()
    for folder in _groups(top):
        try:
            found |= {int(line) for line in (folder / "cgroup.procs").read_text().split()}
        except OSError:  # gone meanwhile
            continue
    return found - {0, os.getpid()}


def _kill(process: int) -> None:
    try:
        os.kill(process, signal.SIGKILL)
    except ProcessLookupError:
        return
