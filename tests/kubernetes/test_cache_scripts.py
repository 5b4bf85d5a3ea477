"""The scripts of a pair of caches, by programs and a clock that are made up."""

import os
import subprocess
from pathlib import Path

import pytest

from flyball.guards.workload import caches
from flyball.guards.workload.caches import GuardedCacheArgs
from flyball.kubernetes.cache import configuration
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


def taken_over_after(silent: int, folder: Path) -> int:
    """Seconds after which the script of who follows takes over, where the other one is waited for so long."""
    args = {"memory": "1Gi", "ttl": "1h", "survive": "node"}
    cache, problems = caches.read(args, "keys", "shop", ("keys",), GuardedCacheArgs)
    assert cache, problems
    for name, text in _PROGRAMS.items():
        (folder / name).write_text(f"#!/bin/sh\n{text}\n")
        (folder / name).chmod(0o755)
    clock, taken, script = folder / "clock", folder / "taken", folder / "elect.sh"
    clock.write_text("1000\n")
    script.write_text(configuration.elect(cache))
    more = {"CLOCK": str(clock), "TAKEN": str(taken), "SILENT": str(silent), "POD": "keys-1"}
    environment = os.environ | {"PATH": f"{folder}:{os.environ['PATH']}"} | more
    subprocess.run(["/bin/sh", str(script)], env=environment, check=True, timeout=120)
    return int(taken.read_text()) - 1000


@pytest.mark.parametrize("silent", [0, 1, 2])
def test_who_follows_takes_over_once_the_other_one_was_not_there_for_so_long(silent: int, tmp_path: Path) -> None:
    """Whether it refuses or is silent; the last look may begin just before, and takes as long as its answer."""
    assert MISSED <= taken_over_after(silent, tmp_path) <= MISSED + 1 + 2 * silent
