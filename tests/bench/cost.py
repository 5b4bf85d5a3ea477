"""What commands cost: by the clock, and in processor time of all their processes."""

import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

PROJECT = Path(__file__).parents[2]
_TICKS = os.sysconf("SC_CLK_TCK")
_LOOK_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds of one command: by the clock, and of the processor by the names of its programs."""

    wall: float
    by_program: Mapping[str, float]

    @property
    def processor(self) -> float:
        return sum(self.by_program.values())

    def of(self, *prefixes: str) -> float:
        """The processor time of programs whose names begin so."""
        return sum(seconds for name, seconds in self.by_program.items() if name.startswith(prefixes))


def of(command: Sequence[str], env: Mapping[str, str] | None = None, stdin: str | None = None) -> Cost:
    """Run a command, which must succeed, and look at all processes of its session until it ends.

    User and system time together. What a process takes after the last look, at most 0.1 s before its end, is missed.
    """
    started = time.perf_counter()
    seen: dict[int, tuple[str, float]] = {}
    # Input from a file: what `communicate` has not written by its first timeout it never writes.
    with (
        TemporaryFile("w+") as given,
        subprocess.Popen(
            command,
            cwd=PROJECT,
            env=env,
            text=True,
            stdin=_filled(given, stdin),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        ) as process,
    ):
        answer: list[str] = []
        while True:
            try:
                answer.append(process.communicate(timeout=_LOOK_SECONDS)[0] or "")
                break
            except subprocess.TimeoutExpired:
                seen |= _session(process.pid)
    if process.returncode:
        raise RuntimeError(f"{' '.join(command[:4])} … ended with {process.returncode}:\n{''.join(answer)[-4000:]}")
    total: dict[str, float] = {}
    for name, seconds in seen.values():
        total[name] = total.get(name, 0) + seconds
    return Cost(time.perf_counter() - started, total)


def _filled(file: IO[str], text: str | None) -> IO[str]:
    file.write(text or "")
    file.seek(0)
    return file


def of_processes(pids: Sequence[int]) -> dict[str, tuple[float, float]]:
    """Processor seconds so far and resident mebibytes of running processes, by program."""
    found: dict[str, tuple[float, float]] = {}
    for pid in pids:
        if (fields := _stat(pid)) is not None:
            pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
            found[fields[0]] = (fields[2], pages * os.sysconf("SC_PAGE_SIZE") / 2**20)
    return found


def _session(leader: int) -> dict[int, tuple[str, float]]:
    found: dict[int, tuple[str, float]] = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit() and (fields := _stat(int(entry))) is not None and fields[1] == leader:
            found[int(entry)] = (fields[0], fields[2])
    return found


def _stat(pid: int) -> tuple[str, int, float] | None:
    """Name, session and processor seconds of a process (proc(5), `stat`); None where it is gone."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    name, _, rest = text.partition("(")[2].rpartition(")")
    fields = rest.split()
    return name, int(fields[3]), (int(fields[11]) + int(fields[12])) / _TICKS
