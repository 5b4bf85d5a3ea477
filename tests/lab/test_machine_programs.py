"""Programs that a machine lacks are installed by one at a time, whoever else installs something there."""

import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from flyball.lab.hosts import base
from flyball.lab.hosts.errors import HostsError

# As apt-get does: who comes while another one is there fails at once.
APT = """#!/bin/sh
if ! mkdir {folder}/lock 2>/dev/null; then
    echo "E: Could not get lock /var/lib/apt/lists/lock. It is held by process 1 (apt-get)" >&2
    exit 100
fi
echo "$*" >>{folder}/calls
sleep 0.05
[ "$1" = update ] || {{ printf '#!/bin/sh\\n' >{folder}/made-up; chmod +x {folder}/made-up; }}
rmdir {folder}/lock
"""


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine that lacks one program; its folder of programs."""
    apt = tmp_path / "apt-get"
    apt.write_text(APT.format(folder=tmp_path))
    apt.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(base, "PROGRAMS", {"made-up": "made-up-package"})
    return tmp_path


def calls(machine: Path) -> list[str]:
    return [re.sub(r"-o \S+ |-\S+ ", "", line).split()[0] for line in (machine / "calls").read_text().splitlines()]


def test_of_several_at_once_one_installs_what_is_lacking(machine: Path) -> None:
    with ThreadPoolExecutor(4) as several:
        list(several.map(lambda _: base.ensure_programs(print), range(4)))

    assert calls(machine) == ["update", "install"]


def test_who_comes_while_others_install_something_waits(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (machine / "lock").mkdir()
    waited: list[float] = []

    def sleep(seconds: float) -> None:
        waited.append(seconds)
        if len(waited) == 3:
            (machine / "lock").rmdir()

    monkeypatch.setattr(base.time, "sleep", sleep)
    base.ensure_programs(print)

    assert waited == [2.0, 2.0, 2.0]
    assert calls(machine) == ["update", "install"]


def test_nobody_waits_for_ever(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (machine / "lock").mkdir()
    waited: list[float] = []
    monkeypatch.setattr(base.time, "sleep", waited.append)

    with pytest.raises(HostsError, match=r"(?s)apt-get failed with exit code 100:\nE: Could not get lock .*process 1"):
        base.ensure_programs(print)

    assert sum(waited) == 600


def test_another_failure_is_told_at_once(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (machine / "apt-get").write_text("#!/bin/sh\necho 'E: Unable to locate package made-up-package'\nexit 100\n")
    monkeypatch.setattr(base.time, "sleep", lambda _: pytest.fail("waited"))

    with pytest.raises(HostsError, match="Unable to locate package"):
        base.ensure_programs(print)
