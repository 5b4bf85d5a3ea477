"""The scripts of a pair of caches, by programs and a clock that are made up."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from flyball.guards.workload import caches
from flyball.guards.workload.application import Place
from flyball.guards.workload.caches import Cache, GuardedCacheArgs
from flyball.kubernetes.cache import configuration, objects
from flyball.kubernetes.cache.configuration import MISSED

_PROGRAMS = {
    "date": 'cat "$CLOCK"',
    "sleep": 'echo $(($(cat "$CLOCK") + $1)) > "$CLOCK"',
    # The other one gives no answer: at once, or within the time that is waited for one.
    "timeout": """
case "$*" in
  *" 127.0.0.1 "*"replicaof no one") cp "$CLOCK" "$TAKEN"; kill $PPID ;;
  *" 127.0.0.1 "*) echo slave ;;
  *) echo $(($(cat "$CLOCK") + $SILENT)) > "$CLOCK"; exit 124 ;;
esac""",
}


def cache(**more: str) -> Cache:
    found, problems = caches.read({"memory": "1Gi", "ttl": "1h", **more}, "keys", "shop", ("keys",), GuardedCacheArgs)
    assert found, problems
    return found


def install(programs: Mapping[str, str], folder: Path) -> None:
    for name, text in programs.items():
        (folder / name).write_text(f"#!/bin/sh\n{text}\n")
        (folder / name).chmod(0o755)


def taken_over_after(silent: int, folder: Path) -> int:
    """Seconds after which the script of who follows takes over, where the other one is waited for so long."""
    install(_PROGRAMS, folder)
    clock, taken, script = folder / "clock", folder / "taken", folder / "elect.sh"
    clock.write_text("1000\n")
    script.write_text(configuration.elect(cache(survive="node")))
    more = {"CLOCK": str(clock), "TAKEN": str(taken), "SILENT": str(silent), "POD": "keys-1"}
    environment = os.environ | {"PATH": f"{folder}:{os.environ['PATH']}"} | more
    subprocess.run(["/bin/sh", str(script)], env=environment, check=True, timeout=120)
    return int(taken.read_text()) - 1000


@pytest.mark.parametrize("silent", [0, 1, 2])
def test_who_follows_takes_over_once_the_other_one_was_not_there_for_so_long(silent: int, tmp_path: Path) -> None:
    """Whether it refuses or is silent; the last look may begin just before, and takes as long as its answer."""
    assert MISSED <= taken_over_after(silent, tmp_path) <= MISSED + 1 + 2 * silent


@pytest.mark.parametrize("more", [{}, {"survive": "node"}], ids=["single", "pair"])
def test_a_container_asks_and_leaves_as_it_began_also_after_its_files_have_changed(
    more: dict[str, str], tmp_path: Path
) -> None:
    """A single one becomes a pair: its ConfigMap is that of a pair from then on, and its pod still a single one."""
    own = cache(**more)
    folder, run, programs = (tmp_path / name for name in ("etc", "run", "programs"))
    for each in (folder, run, programs):
        each.mkdir()
    install({"valkey-server": "exit 0", "timeout": "echo OK", "sleep": ""}, programs)
    for name, text in configuration.files(own).items():
        (folder / name).write_text(text.replace(configuration.FOLDER, str(folder)).replace(configuration.RUN, str(run)))
    environment = {"PATH": f"{programs}:{os.environ['PATH']}", "POD": "keys-0", configuration.PASSWORD: "secret"}
    subprocess.run(["/bin/sh", str(folder / "start.sh")], env=environment, check=True)
    pod = objects.stateful_set(own, Place(), "", {})["spec"]["template"]["spec"]
    container = next(each for each in pod["containers"] if each["name"] == "cache")
    later = [container["readinessProbe"]["exec"]["command"]]
    if own.paired:
        later.append(container["lifecycle"]["preStop"]["exec"]["command"])
    for shell, path in later:
        assert shell == "/bin/sh"
        assert path.startswith(f"{configuration.RUN}/")
        copy = run / path.removeprefix(f"{configuration.RUN}/")
        assert copy.read_text() == (folder / copy.name).read_text()
