"""A container's log and its kubelet, as a process: numbered lines, rotated as the kubelet rotates them.

`FOLDER --first 0 --lines 100000 --rate 5000 --size 2097152 --files 5`: writes lines as a container runtime does to
FOLDER/0.log. A file that has its size is renamed, those renamed before are compressed under a name that ends in .tmp
and then renamed, and of all but the newest FILES the oldest are deleted (pkg/kubelet/logs/container_log_manager.go in
the repository of Kubernetes). On standard output `N written` each tenth of a second, `TIME deleted` for each file that
goes, and `done` at the end. Each thousandth line has the two lines of a stack trace behind it, and every line a secret.
"""

import argparse
import gzip
import shutil
import time
from pathlib import Path
from typing import BinaryIO

SECRET = "password=hunter"
TRACE_EVERY = 1000
_PAD = "x" * 40
_LOOK = 0.02
"""Seconds between two writes."""
_SAID_EACH = 5
"""Looks between two lines of output."""


class Log:
    """`0.log` of a container, and what became of those before it."""

    def __init__(self, folder: Path, size: int, files: int) -> None:
        self.folder, self.size, self.files = folder, size, files
        self.current = folder / "0.log"
        self._file = self._open()
        self._turns = 0

    def _open(self) -> BinaryIO:
        return self.current.open("ab", buffering=0)

    def write(self, data: bytes) -> None:
        """In one piece, so that no reader sees half a line."""
        self._file.write(data)
        if self._file.tell() >= self.size:
            self._rotate()

    def _rotate(self) -> None:
        older = sorted(path for path in self.folder.iterdir() if path != self.current)
        # Of those to keep one is being written and one is about to be renamed.
        for path in older[: max(len(older) - (self.files - 2), 0)]:
            path.unlink()
            print(f"{time.time():.6f} deleted", flush=True)
        for path in older:
            if path.exists() and path.suffix != ".gz":
                _compress(path)
        self._turns += 1
        self._file.close()
        # Several in a second have to have names of their own.
        self.current.rename(self.folder / f"0.log.{time.strftime('%Y%m%d')}-{self._turns:06}")
        self._file = self._open()


def _compress(path: Path) -> None:
    partial = path.with_name(f"{path.name}.tmp")
    with path.open("rb") as plain, gzip.open(partial, "wb", compresslevel=1) as packed:
        shutil.copyfileobj(plain, packed)
    partial.rename(path.with_name(f"{path.name}.gz"))
    path.unlink()


def lines(first: int, past: int) -> bytes:
    """Those of these numbers."""
    now = time.time()
    stamp = f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(now))}.{int(now % 1 * 1e9):09}Z"
    text: list[str] = []
    for number in range(first, past):
        text.append(f"{stamp} stdout F id={number:09} {SECRET}{number} {_PAD}\n")
        if number % TRACE_EVERY == 0:
            text.append(f"{stamp} stdout F \tat org.example.Main(Main.java:{number})\n")
            text.append(f"{stamp} stdout F Caused by: id of another\n")
    return "".join(text).encode()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    for name in ("first", "lines", "rate", "size", "files"):
        parser.add_argument(f"--{name}", type=int, required=True)
    given = parser.parse_args()
    log = Log(given.folder, given.size, given.files)
    written, began, looks = 0, time.monotonic(), 0
    while written < given.lines:
        due = min(int((time.monotonic() - began) * given.rate), given.lines)
        log.write(lines(given.first + written, given.first + due))
        written, looks = due, looks + 1
        if looks % _SAID_EACH == 0:
            print(f"{given.first + written} written", flush=True)
        time.sleep(_LOOK)
    print(f"{given.first + written} written\ndone", flush=True)


if __name__ == "__main__":
    main()
