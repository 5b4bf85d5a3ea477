"""Prometheus, Alertmanager and their tools: Debian's own, out of the packages that hosts install."""

import shutil
import subprocess
from pathlib import Path

from flyball import paths
from flyball.lab.hosts import base
from flyball.lab.hosts.base import Report
from flyball.lab.hosts.errors import HostsError
from flyball.lab.locks import exclusive

PACKAGES = ("prometheus", "prometheus-alertmanager")
"""promtool comes with the first and amtool with the second, in Debian 12."""
SUITE = "bookworm"


def why_not() -> str | None:
    """Why this machine cannot have them; None where it can."""
    return base.why_not()


def ensure(report: Report) -> Path:
    """The folder with all that the packages hold, unpacked if need be. Raises `HostsError` where there are none."""
    folder = paths.cache_dir() / "monitoring" / base.place(SUITE).name
    with exclusive(folder.with_suffix(".lock"), lambda: report("another process unpacks Prometheus; waiting")):
        if not folder.exists():
            root = base.ensure(report, SUITE).root
            started = folder.with_suffix(".part")
            shutil.rmtree(started, ignore_errors=True)
            for package in PACKAGES:
                _unpack(next((root / base.PACKAGES_DIR).glob(f"{package}_*.deb")), started)
            started.rename(folder)
    return folder


def _unpack(archive: Path, folder: Path) -> None:
    done = subprocess.run(["dpkg-deb", "--extract", archive, folder], capture_output=True, text=True, check=False)
    if done.returncode:
        raise HostsError(f"{archive.name} cannot be unpacked: {done.stderr.strip()}")
