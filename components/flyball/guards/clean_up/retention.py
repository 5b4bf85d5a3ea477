"""Lesson 4: everything that is written is bounded, by size and by age, and the pod's limit exceeds the sum.

A container's log that nobody rotated filled a disk, and a full disk takes every pod of its node along.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from flyball.guards.clean_up.rules import LOG_GROWTH, LOG_VOLUME, UNBOUNDED_LOG
from flyball.guards.reading.problem import Broken, Path, Problem
from flyball.guards.reading.reader import Reader
from flyball.guards.reading.units import Bytes, Milliseconds, show_count, show_size

MI: Bytes = 2**20
GI: Bytes = 2**30
CONTAINER_LOG_SIZE: Bytes = 50 * MI
"""Where the kubelet rotates a container's log (`containerLogMaxSize`)."""
CONTAINER_LOG_FILES = 3
"""How many of them it keeps (`containerLogMaxFiles`)."""
WRITABLE_LAYER: Bytes = 64 * MI
"""Per container: what is written beside logs and volumes, and what a log grows by before the kubelet looks again."""
CONTAINER_STORAGE: Bytes = CONTAINER_LOG_SIZE * CONTAINER_LOG_FILES + WRITABLE_LAYER
"""Per container, in the pod's limit: all of its log files, and what is written beside them."""
DEFAULT_SCRATCH: Bytes = 64 * MI
GZIP_BYTES: Bytes = 25 * MI
"""What one processor compresses in a second: an assumption; gzip at its default level took text at 25 to 60 MiB/s."""


@dataclass(frozen=True, slots=True)
class FileLogs:
    """Logs that an application writes to files: rotated at `size`, `files` kept for `days`, in a volume of `volume`."""

    size: Bytes = 50 * MI
    files: int = 5
    days: int = 7
    volume: Bytes = 512 * MI

    @property
    def held(self) -> Bytes:
        """The most that the files hold: those kept, and the one being written."""
        return self.size * (self.files + 1)


def ephemeral_storage(containers: int, scratch: Iterable[Bytes] = (), file_logs: FileLogs | None = None) -> Bytes:
    """The pod's ephemeral-storage limit: more than its container logs, scratch volumes and log volume may hold.

    Kubernetes evicts a pod that exceeds it, so it must exceed the sum of everything that is bounded on its own:
    containers * (50 MiB * 3 + 64 MiB) + scratch volumes + log volume.
    """
    return containers * CONTAINER_STORAGE + sum(scratch) + (file_logs.volume if file_logs else 0)


def read_file_logs(r: Reader, default: FileLogs) -> FileLogs:
    """The limits that are stated, `default` where nothing is."""
    return FileLogs(
        size=r.size("size", default.size),
        files=r.whole("files", default.files, most=1000),
        days=r.whole("days", default.days, most=3650),
        volume=r.size("volume", default.volume),
    )


def check_file_logs(logs: FileLogs, path: Path) -> Iterator[Problem]:
    """Refuse logs that outgrow their volume, and logs without an end in number or age."""
    for name, value in (("size", logs.size), ("files", logs.files), ("days", logs.days), ("volume", logs.volume)):
        if value < 1:
            yield Problem((*path, name), UNBOUNDED_LOG, f"{value} bounds nothing", "give at least 1")
    if logs.held > logs.volume:
        yield Problem(
            (*path, "volume"),
            LOG_VOLUME,
            f"{show_size(logs.volume)} is less than {show_count(logs.files, 'file')} of {show_size(logs.size)} and the"
            f" one being written hold ({show_size(logs.held)})",
            "raise the volume, or lower size or files",
        )


@dataclass(frozen=True, slots=True)
class Journal:
    """What a host's journal may hold: at most `size`, and nothing older than `days`."""

    size: Bytes = 1024 * MI
    days: int = 7


HOST_LOGS = FileLogs(size=100 * MI, files=7, days=7, volume=1024 * MI)
"""A log on a host: rotated at 100 MiB or after a day, 7 files and 7 days kept; 800 MiB at the most."""
ROTATION_INTERVAL: Milliseconds = 3_600_000
"""How often a host looks at the sizes of its logs: each hour; Debian looks once a day and at no size."""


def rotation_interval(logs: FileLogs, rate: Bytes) -> Milliseconds:
    """The longest time between two looks at logs that grow by at most `rate` bytes a second, in whole seconds.

    A limit on size holds only when somebody looks: a file that was just below it grows by `rate * interval` until the
    next look. So may each that is kept, the one being written, and the copy that is there while one is compressed, if
    its lines cannot be: `(files + 2) * (size + rate * interval) <= volume`.
    Raises `Broken` where that leaves less than a second.
    """
    seconds = max(logs.volume // (logs.files + 2) - logs.size, 0) // rate
    if seconds < 1:
        message = (
            f"{show_size(logs.volume)} in {logs.files} kept files, one being written and one being compressed leave"
            f" each no second of {show_size(rate)}/s beyond {show_size(logs.size)}"
        )
        raise Broken(LOG_GROWTH, message)
    return min(seconds * 1000, ROTATION_INTERVAL)
