"""Small Debian packages made for a drill: a service under systemd, as debhelper would package it."""

import shutil
import subprocess
from pathlib import Path

from flyball.lab.hosts.host import Host

# What debhelper writes for a service (dh_installsystemd(1)): on an upgrade it is started, whoever stopped it.
_POSTINST = """#!/bin/sh
set -e
deb-systemd-helper unmask {name}.service >/dev/null || true
if deb-systemd-helper --quiet was-enabled {name}.service; then
    deb-systemd-helper enable {name}.service >/dev/null || true
fi
systemctl --system daemon-reload >/dev/null || true
if [ -n "$2" ]; then action=restart; else action=start; fi
deb-systemd-invoke $action {name}.service >/dev/null || true
"""
_UNIT = """[Unit]
Description={name}

[Service]
ExecStart=/usr/bin/python3 /usr/share/{name}/main.py
Environment=PYTHONUNBUFFERED=1

[Install]
WantedBy=multi-user.target
"""


def build(folder: Path, name: str, version: str, program: str) -> Path:
    """Build the package of a service that runs `program`, and return its file in `folder`."""
    tree = folder / f"{name}-{version}"
    for path, text in {
        "DEBIAN/control": f"Package: {name}\nVersion: {version}\nArchitecture: all\nDepends: python3\n"
        f"Maintainer: drills <drills@localhost>\nDescription: {name} of a drill\n",
        "DEBIAN/postinst": _POSTINST.format(name=name),
        f"lib/systemd/system/{name}.service": _UNIT.format(name=name),
        f"usr/share/{name}/main.py": program,
    }.items():
        (tree / path).parent.mkdir(parents=True, exist_ok=True)
        (tree / path).write_text(text)
    (tree / "DEBIAN/postinst").chmod(0o755)
    target = folder / f"{name}_{version}_all.deb"
    subprocess.run(
        ["dpkg-deb", "--build", "--root-owner-group", "-Zgzip", str(tree), str(target)], check=True, capture_output=True
    )
    shutil.rmtree(tree)
    return target


def index_of(package: Path) -> str:
    """The index of a package source that offers one package."""
    done = subprocess.run(
        ["apt-ftparchive", "packages", package.name], cwd=package.parent, check=True, capture_output=True, text=True
    )
    return done.stdout


def offer(host: Host, package: Path) -> None:
    """Offer one package, and none besides, to a host, as a package source of its own."""
    host.run("mkdir -p /srv/drill")
    host.copy(package, f"/srv/drill/{package.name}")
    host.write("/etc/apt/sources.list.d/drill.list", "deb [trusted=yes] file:/srv/drill ./\n")
    host.write("/srv/drill/Packages", index_of(package))
    # apt takes an index of the same second and size for the one that it has.
    host.run("rm -f /var/lib/apt/lists/_srv_drill_*")
