"""`flyball rules`: all ids by lesson, and one explained."""

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from flyball.cli import main
from flyball.guards.catalogue import RULES


def test_all_are_listed() -> None:
    found = CliRunner().invoke(main, ["rules"])
    assert found.exit_code == 0
    assert [line.strip() for line in found.output.splitlines() if line.startswith("   ")] == list(RULES)


def test_one_is_explained() -> None:
    rule = RULES["cache-eviction"]
    found = CliRunner().invoke(main, ["rules", "cache-eviction"])
    assert found.output.splitlines()[0] == "cache-eviction (lesson 4: Clean up)"
    assert found.output.splitlines()[-4:] == [
        f"source: {rule.source}",
        f"remedy: {rule.remedy}",
        "drill: flyball drill cache-flood",
        "alerts: CacheEvicting, ClusterCacheKeysWithoutTimeToLive, CacheKeysWithoutTimeToLive",
    ]


def test_the_nearest_is_named_for_one_that_is_none() -> None:
    found = CliRunner().invoke(main, ["rules", "cache-evictions"])
    assert found.exit_code == 1
    assert (
        found.stderr
        == "refused, and nothing was changed:\ncache-evictions: is no rule; did you mean 'cache-eviction'?\n"
    )


@pytest.mark.parametrize("arguments", [["rules"], ["rules", "cache-eviction"]])
def test_a_disk_that_is_full_is_no_crash(arguments: list[str]) -> None:
    command = [str(Path(sys.executable).with_name("flyball")), *arguments]
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert (done.returncode, done.stderr) == (1, "No space left on device\n")
