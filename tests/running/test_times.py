"""The table of where the time went."""

import pytest
from tests.running.times import Folder, clock, folder_of, name_of, table


@pytest.mark.parametrize(
    "name", ["tests/lab/test_ports.py::test_a", "tests/lab/test_ports.py::TestA::test_a[x/y::z@1]"]
)
@pytest.mark.parametrize("group", ["", "@tests/lab/test_ports.py", "@tests/drills/test_drills.py::test_drill-dawn"])
def test_name_and_folder_of_a_test(name: str, group: str) -> None:
    assert name_of(name + group) == name
    assert folder_of(name + group) == "tests/lab"


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


@pytest.mark.parametrize(("seconds", "said"), [(0, "0:00"), (65.9, "1:05"), (3600, "60:00")])
def test_minutes_and_seconds(seconds: float, said: str) -> None:
    assert clock(seconds) == said
