import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from flyball.lab.hosts.ansible import Ansible
from flyball.lab.hosts.base import Base
from flyball.lab.hosts.lab import Lab
from flyball.lab.hosts.network import Network


class Player:
    """Reads its inventory a moment after it opened it: meanwhile other playbooks begin, one after the other."""

    def __init__(self, *others: Ansible) -> None:
        self.others = list(others)
        self.read: list[dict[str, Any]] = []

    def play(self, arguments: Sequence[str], seconds: float) -> tuple[int, str, str]:
        with open(arguments[arguments.index("--inventory") + 1]) as inventory:
            if self.others:
                self.others.pop().play("site")
            self.read.append(json.load(inventory)["all"]["children"]["web"]["vars"])
        return 0, "", ""


def test_each_of_two_playbooks_at_once_has_the_inventory_that_it_was_given(tmp_path: Path) -> None:
    made = Lab(tmp_path, Network("two"), Base(tmp_path))
    one, other = (Ansible(made, {"web": ["app1"]}, {"web": {"nginx_drain_seconds": seconds}}) for seconds in (3, 10))
    player: Any = Player(other)
    made.player = player
    one.play("site")
    assert player.read == [{"nginx_drain_seconds": 10}, {"nginx_drain_seconds": 3}]
