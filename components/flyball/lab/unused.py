"""Keeps folders of the cache bounded."""

import shutil
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path


def remove(entries: Iterable[Path], days: float) -> None:
    """Remove those of some files and folders that nobody has written or touched for so many days.

    Another process may do so at the same time.
    """
    oldest = time.time() - days * 86_400
    for entry in entries:
        with suppress(FileNotFoundError):
            if entry.stat().st_mtime >= oldest:
                continue
            if entry.is_dir():
                shutil.rmtree(entry, ignore_errors=True)
            else:
                entry.unlink()
