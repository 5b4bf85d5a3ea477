"""Programs that a machine lacks are installed by one at a time, whoever else installs something there."""

import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from flyball.lab.hosts import base
from flyball.lab.hosts.errors import HostsError

# As apt-get does: who comes while another one is there fails at once.
APT = """#!/bin/sh
if [ -e {folder}/lock ] || ! mkdir {folder}/lock 2>/dev/null; then
    echo "E: Could not get lock /var/lib/apt/lists/lock. It is held by process 1 (apt-get)" >&2
    exit 100
fi
echo "$*" >>{folder}/calls
/bin/sleep 0.05
[ "$1" = update ] || {{ printf '#!/bin/sh\\n' >{folder}/made-up; chmod +x {folder}/made-up; }}
rmdir {folder}/lock
"""

# Takes no time, and frees the lock the third time where that is asked for.
SLEEP = """#!/bin/sh
echo "$1" >>{folder}/waited
[ ! -e {folder}/frees ] || [ "$(wc -l <{folder}/waited)" -lt 3 ] || rmdir {folder}/lock
"""


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine that lacks one program; its folder of programs."""
    for name, text in {"apt-get": APT, "sleep": SLEEP}.items():
        (tmp_path / name).write_text(text.format(folder=tmp_path))
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(base, "PROGRAMS", {"made-up": "made-up-package"})
    return tmp_path


def waited(machine: Path) -> list[float]:
    """Seconds."""
    file = machine / "waited"
    return [float(line) for line in file.read_text().split()] if file.exists() else []


def calls(machine: Path) -> list[str]:
    return [re.sub(r"-o \S+ |-\S+ ", "", line).split()[0] for line in (machine / "calls").read_text().splitlines()]


def test_of_several_at_once_one_installs_what_is_lacking(machine: Path) -> None:
    with ThreadPoolExecutor(4) as several:
        list(several.map(lambda _: base.ensure_programs(print), range(4)))

    assert calls(machine) == ["update", "install"]


def test_who_comes_while_others_install_something_waits(machine: Path) -> None:
    (machine / "lock").mkdir()
    (machine / "frees").touch()
    base.ensure_programs(print)

    assert waited(machine) == [2.0, 2.0, 2.0]
    assert calls(machine) == ["update", "install"]


def test_nobody_waits_for_ever(machine: Path) -> None:
    (machine / "lock").mkdir()

    with pytest.raises(HostsError, match=r"(?s)apt-get failed with exit code 100:\nE: Could not get lock .*process 1"):
        base.ensure_programs(print)

    assert sum(waited(machine)) == 600


def test_another_failure_is_told_at_once(machine: Path) -> None:
    (machine / "apt-get").write_text("#!/bin/sh\necho 'E: Unable to locate package made-up-package'\nexit 100\n")

    with pytest.raises(HostsError, match="Unable to locate package"):
        base.ensure_programs(print)

    assert waited(machine) == []
