"""A planned restart that came to no end of its own: its host went down, or somebody killed it."""

import signal
from collections.abc import Iterator
from pathlib import Path

import flyball_host
import holds
import planned_restart
import pytest
from tests.playbooks.restarts import Bench, failed_metric, made, marks, outcome, taken

BOOTS = {"earlier": "app1 b00 7", "other": "app9 b00 7"}
"""Runs as `this_run` names them: of this host before it was started last, and of another host."""


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    with made(tmp_path, monkeypatch) as bench:
        yield bench


def interrupted(bench: Bench, monkeypatch: pytest.MonkeyPatch, *, marked: bool = True) -> planned_restart.Settings:
    """A run that had the host out when it lost its power, beside the playbook that had started it."""
    monkeypatch.setattr(flyball_host, "this_run", lambda: "app1 b01 7")
    path = holds.group_lock("web")
    holds.hold(path, holds.Holder("restart.yml", "ops@ctl1", "restarts", "1"))
    holds.hold(path, holds.Holder("planned restart", "app1", run=BOOTS["earlier"]), beside=lambda _: True)
    holds.hold(path, holds.Holder("planned restart", "app9", run=BOOTS["other"]), beside=lambda _: True)
    if marked:
        holds.hold(flyball_host.MARK, holds.Holder("planned restart", "app1", "under way", BOOTS["earlier"]))
    return bench.settings()


def test_a_run_that_went_down_with_its_host_gives_the_group_back_and_not_the_host(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = interrupted(bench, monkeypatch)
    assert planned_restart.main(settings, "--resume") == 0
    assert outcome() == (
        "failed",
        "the host went down in the midst of it; the host stays drained, and keeps the lock until its time is over",
    )
    assert [it.run for it in holds.holders(holds.group_lock("web"))] == ["1", BOOTS["other"]]
    assert (marks(), failed_metric()) == (["planned restart: the host went down in the midst of it"], True)
    said = planned_restart.STATE.read_text()
    assert planned_restart.main(settings, "--resume") == 0  # at the next boot there is nothing more to say
    assert (planned_restart.STATE.read_text(), len(marks())) == (said, 1)


def test_a_run_that_went_down_before_it_drained_anything_is_skipped(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = interrupted(bench, monkeypatch, marked=False)
    assert planned_restart.main(settings, "--resume") == 0
    assert outcome() == ("skipped", "the host went down before anything was restarted")
    assert (taken(), marks()) == (["restart.yml", "planned restart"], [])


def test_a_run_under_way_is_not_taken_for_one_of_an_earlier_boot(bench: Bench) -> None:
    holds.hold(holds.group_lock("web"), holds.Holder("planned restart", "app1", run=flyball_host.this_run()))
    assert planned_restart.main(bench.settings(), "--resume") == 0
    assert (taken(), planned_restart.STATE.exists()) == (["planned restart"], False)


def test_a_run_that_was_killed_gives_the_group_back_and_not_the_host(bench: Bench) -> None:
    """By systemd, or the kernel where memory is short; it had no time to say so."""
    run = flyball_host.this_run()
    holds.hold(holds.group_lock("web"), holds.Holder("planned restart", "app1", run=run))
    flyball_host.mark("planned restart", "under way")
    assert planned_restart.main(bench.settings(), "--ended") == 0
    assert outcome()[1].startswith("the program was killed in the midst of it; the host stays drained")
    assert (taken(), marks(), failed_metric()) == (
        [],
        ["planned restart: the program was killed in the midst of it"],
        True,
    )


@pytest.mark.parametrize("rebooting", [True, False])
def test_after_a_run_that_came_to_its_end_there_is_nothing_to_say(bench: Bench, rebooting: bool) -> None:
    handler = signal.getsignal(signal.SIGTERM)
    try:
        planned_restart.main(bench.settings(reboot=rebooting, well=5.0))
    finally:
        signal.signal(signal.SIGTERM, handler)
    before = outcome(), marks(), taken()
    assert planned_restart.main(bench.settings(), "--ended") == 0
    assert (outcome(), marks(), taken()) == before
