"""Who has a host out of service: entries with an owner, which only their owner or a person takes away."""

import json
import multiprocessing
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import holds
import pytest
from ansible.module_utils.testing import patch_module_args
from holds import Holder

from ansible_collections.flyball.guards.plugins.lookup import run as runs
from ansible_collections.flyball.guards.plugins.modules import hold as module

ROLL = Holder("roll.yml", "ops@ctl1", "shop=2", "ctl1 1 1")
OTHER = Holder("roll.yml", "ops@ctl2", "shop=3", "ctl2 1 1")
NOTICE = Holder("spot notice", "app1", "terminate", "app1 boot")


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """That of the mark."""
    monkeypatch.setattr(holds, "FOLDER", tmp_path)
    monkeypatch.setattr(holds, "DRAIN", tmp_path / "drain")
    return holds.DRAIN


def names(path: Path) -> list[str]:
    return [holder.who for holder in holds.holders(path)]


def test_what_is_held_has_one_owner_who_alone_lets_go(path: Path) -> None:
    before = time.time()
    assert holds.hold(path, ROLL) == ([], [])
    (held,) = holds.holders(path)
    assert before <= held.since <= time.time()
    assert holds.hold(path, OTHER) == ([held], [])
    assert holds.hold(path, ROLL) == ([], [])
    assert holds.holders(path) == [held]  # as old as it was
    assert holds.free(path, lambda it: it.run == OTHER.run) == []
    assert holds.free(path, lambda it: it.run == ROLL.run) == [held]
    assert not path.exists()


def test_a_notice_goes_beside_and_each_takes_its_own_away(path: Path) -> None:
    holds.hold(path, ROLL)
    assert holds.hold(path, NOTICE, beside=lambda _: True) == ([], [])
    assert names(path) == ["ops@ctl1", "app1"]
    holds.free(path, lambda it: it.program == "roll.yml")
    assert names(path) == ["app1"]


def test_who_is_put_aside_is_said_and_what_was_half_changed_stays_as_old(path: Path) -> None:
    holds.hold(path, ROLL)
    (first,) = holds.holders(path)
    assert holds.hold(path, OTHER, over=lambda it: it.program == "roll.yml") == ([], [first])
    (now,) = holds.holders(path)
    assert (now.who, now.since) == ("ops@ctl2", first.since)


@pytest.mark.parametrize("text", ["OPS-12\n", "", "{}", "[1]", '{"holders": [{"since": "x"}]}', '{"holders": 1}'])
def test_what_a_person_made_by_hand_is_held_by_somebody(path: Path, text: str) -> None:
    path.write_text(text)
    os.utime(path, (0, 0))
    (held,) = holds.holders(path)
    assert (held.program, held.why, held.since) == ("somebody", text.strip(), 0)
    assert holds.hold(path, ROLL)[0] == [held]
    assert path.read_text() == text


def test_since_when_it_is_held_is_a_figure_for_those_who_watch(path: Path) -> None:
    figure = path.parent / "metrics/drain.prom"
    holds.hold(path, ROLL)
    assert not figure.exists()  # nobody looks there
    figure.parent.mkdir()
    holds.hold(path, NOTICE, beside=lambda _: True)
    since = min(holder.since for holder in holds.holders(path))
    assert figure.read_text() == f"flyball_drained_since_seconds {since:.0f}\n"
    holds.hold(holds.group_lock("web"), ROLL)
    holds.free(path, lambda _: True)
    assert list(figure.parent.iterdir()) == []


def test_it_is_said_in_words() -> None:
    assert str(Holder("roll.yml", "ops@ctl1", "shop=2", "1", 90)) == (
        "by roll.yml of ops@ctl1 since 1970-01-01 00:01 UTC: shop=2"
    )
    assert str(Holder("somebody")) == "by somebody since 1970-01-01 00:00 UTC"


def _take(path: Path, number: int, won: Any) -> None:
    holder = Holder("roll.yml", run=str(number))
    for _ in range(20):
        if holds.hold(path, holder)[0] == []:
            inside = path.with_name("inside")
            inside.touch(exist_ok=False)  # fails where two are in
            inside.unlink()
            holds.free(path, lambda it: it.run == holder.run)
            won.value += 1


def test_of_several_at_once_one_has_it(path: Path) -> None:
    fork = multiprocessing.get_context("fork")
    won = [fork.Value("i", 0) for _ in range(4)]
    takers = [fork.Process(target=_take, args=(path, i, won[i])) for i in range(4)]
    for taker in takers:
        taker.start()
    for taker in takers:
        taker.join()
    assert [taker.exitcode for taker in takers] == [0] * 4
    assert sum(count.value for count in won) > 0
    assert not path.exists()


def ask(capsys: pytest.CaptureFixture[str], **arguments: Any) -> dict[str, Any]:
    """What the module answers."""
    with patch_module_args({"program": "roll.yml", "run": "1", **arguments}), pytest.raises(SystemExit):
        module.main()
    answer: dict[str, Any] = json.loads(capsys.readouterr().out)
    return answer


def test_the_module_says_what_changed_and_who_is_in_the_way(
    path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "holds", holds)
    found = [
        ask(capsys, who="ops"),
        ask(capsys, who="ops"),
        ask(capsys, run="2"),
        ask(capsys, run="2", _ansible_check_mode=True),
    ]
    assert [(answer["changed"], len(answer["others"])) for answer in found] == [
        (True, 0),
        (False, 0),
        (False, 1),
        (False, 0),
    ]
    by_person = ask(capsys, program="drain.yml", run="3", state="free", all=True)
    assert (by_person["changed"], len(by_person["aside"]), path.exists()) == (True, 1, False)
    assert ask(capsys, run="2", group="web")["changed"]
    assert names(holds.group_lock("web")) == [""]
    assert ask(capsys, run="3", group="web", over_runs=["2"])["aside"] == [
        str(Holder("roll.yml", since=holds.holders(holds.group_lock("web"))[0].since))
    ]


def test_a_run_is_over_when_its_process_is_gone_and_not_before() -> None:
    mine = runs.this_run()
    assert mine.split(" ")[1] == str(os.getpid())
    gone = subprocess.Popen([sys.executable, "-c", ""])
    machine, _, started = mine.split(" ")
    gone.wait()
    dead = f"{machine} {gone.pid} 1"
    another = f"{machine} {os.getpid()} {int(started) + 1}"  # whose number was given to this one since
    assert runs.over([mine, dead, another, "elsewhere/1 1 1", "by hand", "", machine]) == [dead, another]
