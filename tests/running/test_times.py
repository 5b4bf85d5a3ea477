"""The table of where the time went."""

from types import SimpleNamespace
from typing import Any

import pytest
from tests.running.times import Folder, Folders, Group, by_group, clock, folder_of, group_of, name_of, table


@pytest.mark.parametrize(
    "name", ["tests/lab/test_ports.py::test_a", "tests/lab/test_ports.py::TestA::test_a[x/y::z@1]"]
)
@pytest.mark.parametrize("group", ["", "@tests/lab/test_ports.py", "@tests/drills/test_drills.py::test_drill-dawn"])
def test_name_and_folder_of_a_test(name: str, group: str) -> None:
    assert name_of(name + group) == name
    assert folder_of(name + group) == "tests/lab"
    assert group_of(name + group) == group.removeprefix("@")


def test_the_longest_comes_first_and_all_together_last() -> None:
    folders = {
        "tests/lab": Folder(2, 2, 0, {"setup": 1.0, "call": 2.0, "teardown": 0.5}, 1010.0, 1070.0),
        "tests/hosts": Folder(1, 1, 1, {"setup": 100.0, "call": 20.0, "teardown": 0.0}, 1000.0, 1125.0),
    }
    assert table(folders, 1000.0, 1130.0) == [
        "folder       tests   set-up    calls      end  all [s]   from     to",
        "tests/hosts      1    100.0     20.0      0.0    120.0   0:00   2:05",
        "tests/lab        2      1.0      2.0      0.5      3.5   0:10   1:10",
        "all              3    101.0     22.0      0.5    123.5   0:00   2:10",
    ]


def test_what_ran_in_a_worker_stands_in_its_order_and_what_is_short_last() -> None:
    groups = {
        ("gw1", "site_fleet"): Group(35, 1600.0, 1020.0, 2650.0),
        ("gw0", "tests/lab/test_ports.py"): Group(5, 0.5, 1000.0, 1001.0),
        ("gw0", "control_plane"): Group(90, 1700.0, 1130.0, 2860.0),
        ("gw0", "governed_plane"): Group(757, 120.0, 1001.0, 1130.0),
        ("gw0", "tests/lab/test_locks.py"): Group(2, 0.1, 2860.0, 2861.0),
    }
    assert by_group(groups, 1000.0) == [
        "",
        "gw0   tests  all [s]   from     to  group",
        "        757    120.0   0:01   2:10  governed_plane",
        "         90   1700.0   2:10  31:00  control_plane",
        "          7      0.6   0:00  31:01  and what is short",
        "",
        "gw1   tests  all [s]   from     to  group",
        "         35   1600.0   0:20  27:30  site_fleet",
    ]


def test_a_worker_that_crashes_fails_its_test_and_the_run_goes_on() -> None:
    """xdist says so as a part of the test that there is not, and without times."""
    lines: list[str] = []
    reporter: Any = SimpleNamespace(write_line=lines.append, flush=lambda: None)
    folders = Folders(reporter, quiet=True)
    one, two = (f"tests/lab/test_ports.py::{name}@tests/lab/test_ports.py" for name in ("test_one", "test_two"))
    folders.expect([one, two])
    worker = SimpleNamespace(gateway=SimpleNamespace(id="gw1"))

    def report(nodeid: str, outcome: Any, longrepr: Any, when: Any, begun: float = 0) -> None:
        location, lasts = ("a", None, "a"), float(begun > 0)
        found = pytest.TestReport(
            nodeid, location, {}, outcome, longrepr, when, duration=lasts, start=begun, stop=begun + lasts
        )
        found.node = worker  # pyright: ignore[reportAttributeAccessIssue] - xdist's
        folders.pytest_runtest_logreport(found)

    for part, begun in (("setup", 1000.0), ("call", 1001.0), ("teardown", 1003.0)):
        report(one, "passed", None, part, begun)
    report(two, "failed", "worker 'gw1' crashed while running 'two'", "???")
    assert [line.partition(" ")[2] for line in lines] == [
        "ERROR tests/lab/test_ports.py::test_two - worker 'gw1' crashed while running 'two'",
        "tests/lab: 2 tests, 1 failed",
    ]
    seconds = {"setup": 1.0, "call": 1.0, "teardown": 1.0}
    assert folders.folders == {"tests/lab": Folder(2, 2, 1, seconds, 1000.0, 1004.0)}
    assert folders.groups == {("gw1", "tests/lab/test_ports.py"): Group(2, 3.0, 1000.0, 1004.0)}


@pytest.mark.parametrize(("seconds", "said"), [(0, "0:00"), (65.9, "1:05"), (3600, "60:00")])
def test_minutes_and_seconds(seconds: float, said: str) -> None:
    assert clock(seconds) == said
