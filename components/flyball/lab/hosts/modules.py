"""Where Ansible's modules are kept in the form in which hosts get them."""

import hashlib
import os
import sys
from pathlib import Path

from flyball import paths
from flyball.lab import unused

KEPT_DAYS = 3
"""Of what was made by another version, or of other modules."""


def kept(plugins: Path, version: str) -> Path:
    """The folder for those of Ansible of a version and of a collection's plugins, as long as they are the same."""
    made_of = hashlib.sha256(f"{version} {sys.version}".encode())
    for file in sorted([*plugins.glob("modules/*.py"), *plugins.glob("module_utils/*.py")]):
        made_of.update(f"\0{file}\0".encode() + file.read_bytes())
    folder = paths.hosts_dir() / "modules" / made_of.hexdigest()[:16]
    is_new = not folder.is_dir()
    folder.mkdir(parents=True, exist_ok=True)
    os.utime(folder)
    if is_new:
        unused.remove(folder.parent.iterdir(), KEPT_DAYS)
    return folder
