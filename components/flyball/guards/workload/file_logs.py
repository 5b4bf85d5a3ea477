"""Lesson 4 for an application that writes its logs to files: who rotates them, how often, and who lets go of the old.

Rotation by rename needs the writer: it goes on with the old file until it opens the new one. Copying and cutting needs
nobody, and lost 3.2 % of the lines of a busy nginx; there is no argument for it.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from flyball.guards.clean_up import patterns
from flyball.guards.clean_up.retention import GZIP_BYTES, MI, FileLogs, read_file_logs, rotation_interval
from flyball.guards.clean_up.rules import LOG_NOT_REOPENED
from flyball.guards.clean_up.signals import SIGNALS
from flyball.guards.fail_fast.container import check_image
from flyball.guards.reading import strict
from flyball.guards.reading.problem import Broken, Path, Problem
from flyball.guards.reading.reader import Reader
from flyball.guards.reading.rules import INVALID_TEXT, MISSING, OUT_OF_RANGE, UNKNOWN_VALUE
from flyball.guards.reading.units import Bytes, Milliseconds, ceil_div
from flyball.guards.workload.resources import Resources

SPRING = "spring"
"""Spring Boot rotates by itself, and is told how; the others have logrotate beside them."""
RATE: Bytes = MI
"""What all logs of one pod grow by in a second, at the most."""
IMAGE = "docker.io/phusion/baseimage:noble-1.0.2"
"""A maintained image that has logrotate (https://github.com/phusion/baseimage-docker, "What's inside the image?")."""
MEMORY: Bytes = 32 * MI
LEAST_CPU = 10
"""What logrotate asks for where there is nothing to compress."""
LOOKS: Milliseconds = 60_000
"""The longest time between two looks; one costs a few milliseconds."""
_PATTERN = re.compile(r"[A-Za-z0-9._*@+-]+")
_PROCESS = re.compile(r"[A-Za-z0-9._:@+-]{1,15}")


@dataclass(frozen=True, slots=True)
class Writer:
    """Which process has the files open, and the signal that makes it open them anew; empty where it needs none."""

    process: str = ""
    signal: str = ""


PRESETS: Mapping[str, Writer | None] = {
    # https://nginx.org/en/docs/control.html: USR1 reopens log files.
    "nginx": Writer("nginx", "USR1"),
    SPRING: Writer(),
    "signal": None,
    "reopens": Writer(),
}
"""Who writes; `signal` says it itself, `reopens` opens its file for each line or looks whether it is still the same."""


@dataclass(frozen=True, slots=True)
class LogFiles:
    """Logs in files of a pod: where, within which limits, and how they are rotated."""

    path: str
    preset: str
    pattern: str
    limits: FileLogs
    rate: Bytes
    writer: Writer
    image: str = IMAGE

    @property
    def by_itself(self) -> bool:
        """Whether the application rotates its logs itself, so that nothing has to stand beside it."""
        return self.preset == SPRING

    @property
    def interval(self) -> Milliseconds:
        """Time between two looks, in whole seconds; of limits that `check` takes.

        Half of what the volume allows, so that one look may be late: the node may be busy, and full files are
        compressed within a look.
        """
        return max(min(rotation_interval(self.limits, self.rate) // 2000 * 1000, LOOKS), 1000)


def read(r: Reader, path: str) -> LogFiles:
    """The logs in the folder `path`; what is wrong with them is a problem of the reader's."""
    preset = r.value("preset", str, "")
    known = PRESETS.get(preset)
    if not r.has("preset"):
        hint = f"say who rotates, as preset: one of {', '.join(PRESETS)}; for logs on stdout leave logs out"
        r.problem("preset", LOG_NOT_REOPENED, "is missing, and the files would grow until the pod is evicted", hint)
    elif preset not in PRESETS and r.readable("preset"):
        r.problem("preset", UNKNOWN_VALUE, f"is {preset!r}", strict.nearest(preset, PRESETS))
    found = LogFiles(
        path=path,
        preset=preset,
        pattern=r.value("pattern", str, "*.log"),
        limits=read_file_logs(r, FileLogs()),
        rate=r.size("rate", RATE),
        writer=known or _writer(r, preset),
        image=r.value("image", str, IMAGE),
    )
    if preset == "signal":
        return found
    for key in ("process", "signal"):
        if r.has(key):
            hint = f"leave it out, or take preset: signal; preset {preset} knows" if known else "take preset: signal"
            r.problem(key, UNKNOWN_VALUE, "is for preset signal only", hint)
    return found


def _writer(r: Reader, preset: str) -> Writer:
    process, signal = r.value("process", str, ""), r.value("signal", str, "")
    if preset != "signal":
        return Writer()
    if not process and not r.has("process"):
        hint = "name the process that writes, as ps -o comm shows it"
        r.problem("process", LOG_NOT_REOPENED, "is missing, and nobody would be told to open the new file", hint)
    elif not _PROCESS.fullmatch(process):
        r.problem("process", INVALID_TEXT, f"{process!r} is no name of a process", "as ps -o comm shows it")
    if not r.has("signal"):
        r.problem("signal", MISSING, "is missing", f"name the signal that makes it open its logs anew: {_signals()}")
    elif signal not in SIGNALS:
        r.problem("signal", UNKNOWN_VALUE, f"is {signal!r}", f"allowed are {_signals()}")
    return Writer(process, signal)


def _signals() -> str:
    return ", ".join(SIGNALS)


def rotation(logs: LogFiles) -> Resources:
    """What logrotate asks for: what is written has to be compressed as fast, and may be compressed all at once."""
    cpu = LEAST_CPU + ceil_div(1000 * logs.rate, GZIP_BYTES)
    return Resources(cpu, MEMORY, max(10 * cpu, 500), 2 * MEMORY)


def check(logs: LogFiles, path: Path) -> Iterator[Problem]:
    """Refuse files that outgrow their volume between two looks, and patterns that match what is rotated.

    One that rotates its logs itself looks with each line, and yet compresses the last file, and removes the oldest,
    beside what it writes meanwhile: it needs room for a second of that, as a look needs.
    """
    yield from check_image(logs.image, (*path, "image"))
    if not _PATTERN.fullmatch(logs.pattern):
        hint = "give the names of the files in the folder, as *.log"
        yield Problem((*path, "pattern"), INVALID_TEXT, f"{logs.pattern!r} names no files", hint)
    else:
        yield from patterns.check_own(logs.pattern, logs.limits.files, (*path, "pattern"))
    if logs.rate < 1:
        yield Problem((*path, "rate"), OUT_OF_RANGE, f"is {logs.rate}", "give at least 1 byte per second")
    elif logs.limits.held <= logs.limits.volume:
        try:
            rotation_interval(logs.limits, logs.rate)
        except Broken as error:
            yield error.at((*path, "rate"), "raise the volume, or lower size or files")


def environment(logs: LogFiles, name: str) -> dict[str, str]:
    """What tells the application `name` to rotate by itself: for Spring Boot its own names of the limits.

    The oldest go as soon as all that are kept have more than `size * files`
    (https://docs.spring.io/spring-boot/reference/features/logging.html#features.logging.file-rotation).
    """
    if not logs.by_itself:
        return {}
    file, rolling = f"{logs.path}/{name}.log", "LOGGING_LOGBACK_ROLLINGPOLICY_"
    return {
        "LOGGING_FILE_NAME": file,
        f"{rolling}FILENAMEPATTERN": f"{file}.%d{{yyyy-MM-dd}}.%i.gz",
        f"{rolling}MAXFILESIZE": f"{logs.limits.size}B",
        f"{rolling}MAXHISTORY": f"{logs.limits.days}",
        f"{rolling}TOTALSIZECAP": f"{logs.limits.size * logs.limits.files}B",
    }
