"""Files and folders that are gone by the time they are looked at, as those of control groups and programs at work."""

import os
from pathlib import Path
from typing import Any

import pytest


def vanish(monkeypatch: pytest.MonkeyPatch, *gone: Path) -> None:
    """These empty folders are removed when what is in them is asked, and these files when their size is."""

    def removed_before(name: str, paths: set[str]) -> None:
        ask = getattr(os, name)

        def asked(path: Any = ".", *args: Any, **options: Any) -> Any:
            if (here := str(path)) in paths:
                paths.remove(here)
                (os.rmdir if name == "scandir" else os.unlink)(here)
            return ask(path, *args, **options)

        monkeypatch.setattr(os, name, asked)

    folders = {str(path) for path in gone if path.is_dir()}
    files = {str(path) for path in gone} - folders
    removed_before("scandir", folders)
    removed_before("stat", files)
    removed_before("lstat", files)
