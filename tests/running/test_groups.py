"""Tests that share something run one after another in one worker, and what waits longest begins first."""

import os
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest
from tests.running.groups import NICENESS, YIELDING, group_of, in_order, pytest_runtest_setup


@dataclass(frozen=True)
class Item:
    name: str
    marks: tuple[str, ...] = field(default=())

    def get_closest_marker(self, name: str) -> str | None:
        return name if name in self.marks else None


def names(*groups: list[Item]) -> str:
    given: Any = groups
    found: Any = in_order(given)
    return "".join(test.name for test in found)


@pytest.mark.parametrize(
    ("path", "test", "fixtures", "group"),
    [
        ("tests/guards/headroom/test_cron.py", "test_a", (), "tests/guards/headroom/test_cron.py"),
        ("tests/cluster/test_up.py", "test_a", ("shop",), "tests/cluster/test_up.py"),
        ("tests/cluster/test_control_plane.py", "test_a", ("kubectl", "control_plane"), "control_plane"),
        ("tests/hosts/site/test_rolling.py", "test_a", ("shop", "converged", "site_fleet"), "site_fleet"),
        ("tests/drills/test_drills.py", "test_drill[dawn]", (), "tests/drills/test_drills.py::test_drill-dawn"),
    ],
)
def test_who_shares_is_a_group(path: str, test: str, fixtures: tuple[str, ...], group: str) -> None:
    assert group_of(path, test, fixtures) == group


def test_hosts_and_clusters_take_turns_and_come_before_the_rest() -> None:
    def group(letters: str, *marks: str) -> list[Item]:
        return [Item(letter, marks) for letter in letters]

    found = names(
        group("u"),
        group("kl", "cluster"),
        group("vwx"),
        group("h", "hosts"),
        group("g", "long"),
        group("m", "cluster"),
        group("ij", "hosts"),
    )
    assert found == "ijklhmgvwxu"


def test_every_test_stays() -> None:
    assert sorted(names([Item("a")], [Item("b", ("hosts",))], [Item("c", ("hosts",))])) == ["a", "b", "c"]


def test_what_is_short_yields_to_what_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[tuple[int, int, int]] = []
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(os, "setpriority", lambda *told: given.append(told))

    def taken_up(*marks: str, **config: object) -> None:
        test: Any = SimpleNamespace(
            get_closest_marker=Item("a", marks).get_closest_marker, config=SimpleNamespace(**config)
        )
        pytest_runtest_setup(test)

    for marks in ((), ("hosts",), ("haproxy",), ("vegeta", "haproxy")):
        taken_up(*marks, workerinput={})
    taken_up()
    assert given == [(os.PRIO_PROCESS, 0, niceness) for niceness in (YIELDING, NICENESS, YIELDING, NICENESS)]
