"""Processes of a folder: found by the program they run, never by a remembered process id alone."""

import os
import signal
import subprocess
import time
from collections.abc import Collection, Iterator
from pathlib import Path

from flyball.errors import FlyballError

END_SECONDS = 60.0
"""How long killed processes may take to vanish [s]; only a stuck disk or file system makes it take that long."""


class ProcessError(FlyballError):
    """A process of the folder could not be ended."""


def of(folder: Path, programs: Collection[str] | None = None) -> dict[int, str]:
    """Command lines by process id of the programs run from `folder` ``/bin``, and of kwokctl at work on `folder`.

    With `programs`, only of these, named as in that ``/bin``.
    """
    found = {pid: command for pid, command in _commands() if _belongs(command, folder)}
    if programs is None:
        return found
    paths = {f"{folder}/bin/{program}" for program in programs}
    return {pid: command for pid, command in found.items() if command.split(" ")[0] in paths}


def end(folder: Path, programs: Collection[str] | None = None) -> int:
    """End the processes `of` these; returns how many there were. Raises `ProcessError` if one cannot be ended."""
    ended: set[int] = set()
    deadline = time.monotonic() + END_SECONDS
    # Again until none is left: a kwokctl that was still starting programs may have added one since the last look.
    while left := of(folder, programs):
        if time.monotonic() > deadline:
            raise ProcessError(f"cannot end {', '.join(f'{pid} ({command})' for pid, command in left.items())}")
        for pid, command in left.items():
            _kill(pid, command)
        ended |= left.keys()
        time.sleep(0.02)
    return len(ended)


def command(pid: int) -> str | None:
    """The command line of a process; None where there is none of that id."""
    return dict(_commands()).get(pid)


def _belongs(command: str, folder: Path) -> bool:
    if command.startswith(f"{folder}/bin/"):
        return True
    program, _, arguments = command.partition(" ")
    return program.endswith("/kwokctl") and f"={folder}/" in arguments


def _kill(pid: int, command: str) -> None:
    # The state goes with the processes, so there is nothing that a slower, orderly end would save.
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    except PermissionError as error:
        raise ProcessError(f"process {pid} ({command}) belongs to another user") from error


def _commands() -> Iterator[tuple[int, str]]:
    proc = Path("/proc")
    if not (proc / "self" / "cmdline").exists():
        yield from _commands_from_ps()
        return
    for entry in proc.iterdir():
        if entry.name.isdigit():
            try:
                command = (entry / "cmdline").read_bytes()
            except OSError:  # gone meanwhile
                continue
            yield int(entry.name), command.replace(b"\0", b" ").decode(errors="replace").strip()


def _commands_from_ps() -> Iterator[tuple[int, str]]:
    """The same where there is no /proc, as on macOS."""
    output = subprocess.run(["ps", "-axww", "-o", "pid=,command="], capture_output=True, text=True, check=True).stdout
    for line in output.splitlines():
        pid, _, command = line.strip().partition(" ")
        yield int(pid), command.strip()
