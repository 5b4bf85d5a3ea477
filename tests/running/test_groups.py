"""Tests that share something run one after another in one worker, and what waits longest begins first."""

import errno
import os
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest
from tests.running.groups import (
    MEASURES,
    NICENESS,
    YIELDING,
    group_of,
    in_order,
    pytest_collection_finish,
    pytest_runtest_setup,
)


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
        ("tests/playbooks/test_filters.py", "test_a", ("rendered", "ansible_programs"), "ansible_programs"),
        ("tests/aws/validators/test_iam.py", "test_a", (), "tests/aws"),
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
        group("p", "integration"),
        group("m", "cluster"),
        group("ij", "hosts"),
    )
    assert found == "ijklhmpgvwxu"


def test_every_test_stays() -> None:
    assert sorted(names([Item("a")], [Item("b", ("hosts",))], [Item("c", ("hosts",))])) == ["a", "b", "c"]


class Priorities:
    """The niceness of one process, as the kernel lets it be set: some may not take back what they gave."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, may_take_back: bool) -> None:
        self.niceness, self.may_take_back = NICENESS, may_take_back
        monkeypatch.setattr(os, "setpriority", self.set)

    def set(self, which: int, who: int, niceness: int) -> None:
        assert (which, who) == (os.PRIO_PROCESS, 0)
        if niceness < self.niceness and not self.may_take_back:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        self.niceness = niceness

    def at(self, *marks: str, **config: object) -> int:
        """While a test with these marks runs."""
        config = {"stash": {MEASURES: True}, **config}
        test: Any = SimpleNamespace(
            get_closest_marker=Item("a", marks).get_closest_marker, config=SimpleNamespace(**config)
        )
        pytest_runtest_setup(test)
        return self.niceness


RUNS = ((), ("hosts",), ("haproxy",), ("vegeta", "haproxy"))


def test_what_is_short_yields_to_what_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    process = Priorities(monkeypatch, may_take_back=True)
    assert [process.at(*marks, workerinput={}) for marks in RUNS] == [YIELDING, NICENESS, YIELDING, NICENESS]
    assert process.at() == NICENESS


def test_where_nothing_is_measured_nothing_yields(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in `make check`: it would only be to what else the machine does, which then has nine tenths of it."""
    process = Priorities(monkeypatch, may_take_back=True)
    run: dict[Any, Any] = {}
    config = SimpleNamespace(stash=run)
    for marks, niceness in (
        ((), NICENESS),
        (("long",), NICENESS),
        (("integration",), YIELDING),
        (("hosts",), YIELDING),
    ):
        session: Any = SimpleNamespace(config=config, items=[Item("a"), Item("b", marks)])
        pytest_collection_finish(session)
        assert process.at(workerinput={}, stash=run) == niceness, marks


def test_nothing_yields_where_that_could_not_be_taken_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """As root in a container, which has not all that root may."""
    process = Priorities(monkeypatch, may_take_back=False)
    assert [process.at(*marks, workerinput={}) for marks in RUNS] == [NICENESS] * 4
