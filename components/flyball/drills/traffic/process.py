"""A process of a drill: told on standard input what to do, heard on standard output, ended when the drill is."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from flyball.drills.errors import DrillError
from flyball.lab import ports

START_SECONDS = 120.0
"""How long a process may take until it listens [s]; a second on an idle machine."""
_FIRST = '{ echo -10 > /proc/self/autogroup; } 2> /dev/null; exec nice -n -10 setpriv --pdeathsig KILL "$@"'
WRAPPED = ("setsid", "sh", "-c", _FIRST, "first")
"""Before other work of the machine, where the user may (else `nice` says so and goes on): what is measured is the
service, and not who else wanted the processor. Linux weighs whole sessions against each other, and niceness only
within one (sched(7), autogroups): so it has a session of its own, and that goes first. The kernel ends the process when
the drill dies, however it dies. All are part of every Debian."""


class Process:
    """A program that listens on a port of the loopback interface."""

    def __init__(
        self, name: str, command: Sequence[str], port: int, folder: Path, env: Mapping[str, str] | None = None
    ) -> None:
        self.name, self.port = name, port
        self.log, self._errors = folder / f"{name}.log", folder / f"{name}.err"
        with self.log.open("w") as log, self._errors.open("w") as errors:
            self._process = subprocess.Popen(
                [*WRAPPED, *command],
                env=os.environ | (env or {}),
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=errors,
                text=True,
            )

    def wait_until_it_listens(self) -> None:
        """Raises `DrillError` where it ends instead, or takes too long."""
        self.wait_until(lambda: ports.is_served(self.port), "does not listen")

    def wait_for(self, words: list[str], seconds: float = 120.0) -> None:
        """Until its last line is that. Raises `DrillError` where it ends instead, or takes too long."""
        self.wait_until(lambda: self.lines()[-1:] == [words], "does not come to its end", seconds)

    def wait_until(self, holds: Callable[[], bool], otherwise: str, seconds: float = START_SECONDS) -> None:
        """Until that holds. Raises `DrillError` where it ends instead, or after so many seconds says what is not."""
        given_up = time.monotonic() + seconds
        while True:
            # Asked first: of one that has ended all that it said is there.
            ended = self.exit_code is not None
            if holds():
                return
            if ended:
                self.check()
            if time.monotonic() > given_up:
                raise DrillError(f"{self.name} {otherwise} after {seconds:g} s")
            time.sleep(0.02)

    def reload(self) -> None:
        """Tell a HAProxy with a master to read its configuration again, and wait until another process serves.

        Told again where nothing comes of it: a master that is starting itself anew misses the signal.
        """
        before, given_up, told = self._children(), time.monotonic() + START_SECONDS, 0.0
        while not self._children() - before:
            self.check()
            if time.monotonic() > given_up:
                raise DrillError(f"{self.name} has not reloaded after {START_SECONDS:g} s")
            if time.monotonic() > told + 1:
                self._process.send_signal(signal.SIGUSR2)
                told = time.monotonic()
            time.sleep(0.01)

    def _children(self) -> set[str]:
        pid = self._process.pid
        return set(Path(f"/proc/{pid}/task/{pid}/children").read_text().split())

    def say(self, line: str) -> None:
        """Write a line to its standard input."""
        assert self._process.stdin
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()

    def check(self) -> None:
        """Raises `DrillError` where it has ended by itself: what is measured then says nothing."""
        if self.exit_code is not None:
            last = self._errors.read_text().strip()[-500:] or self.log.read_text().strip()[-500:]
            raise DrillError(f"{self.name} ended with code {self.exit_code}: {last}")

    @property
    def exit_code(self) -> int | None:
        """None while it runs."""
        return self._process.poll()

    @property
    def processor_seconds(self) -> float:
        """What it has used of a processor [s], in user and in system mode (proc(5), fields 14 and 15 of stat)."""
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    @property
    def waited(self) -> float:
        """How long its threads have waited for a processor, all together [s]; 0 where the kernel does not count it.

        The second figure of schedstat (https://docs.kernel.org/scheduler/sched-stats.html).
        """
        waited = 0
        for file in Path(f"/proc/{self._process.pid}/task").glob("*/schedstat"):
            with suppress(OSError):  # a thread that ended meanwhile takes its figure along
                waited += int(file.read_text().split()[1])
        return waited / 1e9

    def lines(self) -> list[list[str]]:
        """What it wrote to standard output so far, in words; a last line that is not complete is left out."""
        return [line.split() for line in self.log.read_text().splitlines(keepends=True) if line.endswith("\n")]

    def end(self) -> None:
        """End it and wait for that."""
        with suppress(ProcessLookupError):
            self._process.kill()
        self._process.wait()
        if self._process.stdin:
            with suppress(BrokenPipeError):
                self._process.stdin.close()


def python(module: str, *arguments: object) -> list[str]:
    """The command that runs one of the `programs`."""
    return [sys.executable, "-m", f"flyball.drills.traffic.programs.{module}", *map(str, arguments)]
