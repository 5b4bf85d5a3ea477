"""A process of a drill: what it is waited for, and what is said of one that ends."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from flyball.drills.errors import DrillError
from flyball.drills.traffic.process import Process


@pytest.fixture
def process(tmp_path: Path) -> Iterator[Process]:
    """It ends once it is told to, having said so."""
    made = Process("short", ["sh", "-c", "read -r go; echo done"], 0, tmp_path)
    yield made
    made.end()


def finish(process: Process) -> None:
    process.say("go")
    while process.exit_code is None:
        time.sleep(0.01)


def test_what_it_said_at_its_end_counts_though_it_ended_just_after_one_looked(process: Process) -> None:
    def said() -> bool:
        found = process.lines() == [["done"]]
        if not found:
            finish(process)
        return found

    process.wait_until(said, "does not come to its end")


def test_one_that_ended_without_it_is_not_waited_for(process: Process) -> None:
    finish(process)
    with pytest.raises(DrillError, match=r"^short ended with code 0: done$"):
        process.wait_for(["something else"])
