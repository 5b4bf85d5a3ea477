"""`tools/apt-install`, by which `make` and `.ci/run` get what a fresh machine lacks."""

import os
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
APT = """#!/bin/sh
echo "$*" >>{folder}/calls
if [ ! -e {folder}/free ]; then
    touch {folder}/free
    echo "E: Could not get lock /var/lib/apt/lists/lock." >&2
    exit 100
fi
[ "$5" != no-such ] || {{ echo "E: Unable to locate package no-such" >&2; exit 100; }}
"""
UPDATE = "update -qq"


def run(folder: Path, *packages: str) -> subprocess.CompletedProcess[str]:
    for name, text in {"apt-get": APT.format(folder=folder), "sleep": "#!/bin/sh\n"}.items():
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    environment = {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}"}
    return subprocess.run([ROOT / "tools/apt-install", *packages], env=environment, capture_output=True, text=True)


def test_it_waits_while_others_hold_the_lock(tmp_path: Path) -> None:
    done = run(tmp_path, "haproxy", "make")

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert (tmp_path / "calls").read_text().splitlines() == [
        *(UPDATE, UPDATE),
        "install -qq -y --no-install-recommends haproxy make",
    ]


def test_what_cannot_be_installed_is_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "free").touch()
    done = run(tmp_path, "no-such")

    assert (done.returncode, done.stderr) == (100, "E: Unable to locate package no-such\n")
    assert len((tmp_path / "calls").read_text().splitlines()) == 2
