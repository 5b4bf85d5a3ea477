"""Logs of control planes and hosts that are ended, kept for whoever looks for a fault.

What is ended is removed with all that it wrote, unless FLYBALL_KEEP_LOGS names a folder.
"""

import os
import shutil
from collections.abc import Iterable
from pathlib import Path

VARIABLE = "FLYBALL_KEEP_LOGS"


def kept() -> Path | None:
    """The folder that logs are kept in; None where they go with what wrote them."""
    folder = os.environ.get(VARIABLE)
    return Path(folder) if folder else None


def keep(name: str, logs: Iterable[Path]) -> None:
    """Keep copies of those of the files that there are, in a folder of that name, or of it with a number."""
    folder = kept()
    found = [log for log in logs if log.is_file()]
    if folder is None or not found:
        return
    target, number = folder / name, 1
    while True:
        try:
            target.mkdir(parents=True)
            break
        except FileExistsError:
            number += 1
            target = folder / f"{name}-{number}"
    for log in found:
        shutil.copy(log, target)
