"""Playbooks of a lab are played by one process, each in a copy of it: what it says, how it ends, and who is left."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flyball.lab.hosts.errors import HostsError
from flyball.lab.hosts.player import Player

RUN = "{{ lookup('flyball.guards.run').run }}"
"""Which run of Ansible it is."""


@pytest.fixture(scope="module")
def player(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Player]:
    folder = tmp_path_factory.mktemp("player")
    player = Player([], folder, folder / "connections")
    yield player
    player.close()


def play(player: Player, *tasks: dict[str, Any], seconds: float = 240) -> tuple[int, str, str]:
    """Tasks on this machine, which change nothing of it."""
    here = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
    play = {"hosts": "localhost", "vars": here, "gather_facts": False, "tasks": list(tasks)}
    file = player.folder / f"{threading.get_ident()}.json"
    file.write_text(json.dumps([play]))
    return player.play(["--inventory", "localhost,", str(file)], seconds)


def said(message: str) -> dict[str, Any]:
    return {"debug": {"msg": message}}


def test_what_a_playbook_says_and_how_it_ends(player: Player) -> None:
    code, out, err = play(player, said("one & two"), {"debug": {"msg": "skipped"}, "when": False})
    assert (code, err) == (0, "")
    assert '"msg": "one & two"' in out
    assert "localhost                  : ok=1    changed=0" in out
    code, out, err = play(player, {"fail": {"msg": "for a reason"}})
    assert code == 2
    assert "for a reason" in out + err
    code, out, err = player.play(["/nowhere.yml"], 240)
    assert code == 1
    assert "/nowhere.yml" in out + err


def test_each_is_a_run_of_its_own_also_beside_another(player: Player) -> None:
    # Each waits until the other one is there too.
    places = [player.folder / name for name in ("first", "second")]
    answers: list[str] = []

    def run(mine: Path, others: Path) -> None:
        met = f"touch {mine}; until [ -e {others} ]; do sleep 0.05; done"
        code, out, _ = play(player, {"shell": met}, said(f"run {RUN} run"))
        assert code == 0, out
        answers.append(out.split('"run ')[1].split(' run"')[0])

    threads = [threading.Thread(target=run, args=pair) for pair in (places, places[::-1])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(answers)) == 2
    over = {"debug": {"msg": "{{ lookup('flyball.guards.run', over=runs) }}"}, "vars": {"runs": answers}}
    _, out, _ = play(player, over)
    assert all(answer in out for answer in answers)  # nothing of them runs any more


def test_one_that_takes_too_long_is_ended_and_the_next_is_played(player: Player) -> None:
    with pytest.raises(subprocess.TimeoutExpired):
        play(player, {"pause": {"seconds": 600}}, seconds=0)
    assert play(player, said("next"))[0] == 0


def test_what_ends_it_is_said(tmp_path: Path) -> None:
    player = Player(["sh", "-c", "echo not today >&2; exit 1", "sh"], tmp_path, tmp_path)
    with pytest.raises(HostsError, match="not today"):
        play(player, said("never"))
    player.close()
