"""What Python has compiled on hosts that are gone, for hosts that come: see `kept_compiled`."""

import os
import shutil
from contextlib import suppress
from pathlib import Path

from flyball import paths
from flyball.lab import unused
from flyball.lab.hosts import kept_compiled

PACKAGES = "usr/lib/python3/dist-packages"
"""Where Python begins with what lies there."""
_PROGRAM = Path(kept_compiled.__file__)
_KEPT_DAYS = 30
"""What was compiled longer ago is compiled once more, if anybody still asks for it."""


def give(files: Path) -> None:
    """Let Python on a host with these files keep what it compiles, and find what others have compiled."""
    packages, kept = folder(files, PACKAGES), folder(files, kept_compiled.FOLDER.lstrip("/"))
    shutil.copyfile(_PROGRAM, packages / _PROGRAM.name)
    (packages / f"{_PROGRAM.stem}.pth").write_text(f"import {_PROGRAM.stem}; {_PROGRAM.stem}.begin()\n")
    _link(_ours(), kept)


def take(files: Path) -> None:
    """Keep what a host with these files has compiled. It no longer runs."""
    kept = files / kept_compiled.FOLDER.lstrip("/")
    if kept.is_dir():
        _ours().mkdir(parents=True, exist_ok=True)
        _link(kept, _ours())
        unused.remove(_ours().iterdir(), _KEPT_DAYS)


def _ours() -> Path:
    return paths.hosts_dir() / "compiled"


def folder(files: Path, path: str) -> Path:
    """A folder of the host, which everybody there may read: what lies over the base hides its modes."""
    reached = files
    for name in path.split("/"):
        reached /= name
        if not reached.exists():
            reached.mkdir()
            reached.chmod(0o755)
    return reached


def _link(source: Path, target: Path) -> None:
    for file in source.glob("*.cpython-*"):
        if file.suffix.startswith(".cpython"):  # whole, and not one that was being written
            with suppress(FileExistsError, FileNotFoundError):  # others keep and remove at the same time
                os.link(file, target / file.name)
