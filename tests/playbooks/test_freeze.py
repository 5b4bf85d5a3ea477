"""When a freeze and a thaw wait for another program that installs packages."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template

ROLE = Path(__file__).parents[2] / "playbooks/roles/freeze"
LOCKED = "dpkg: error: dpkg frontend lock was locked by another process with pid 261"


@pytest.mark.parametrize("tasks", ["freeze", "thaw"])
@pytest.mark.parametrize(
    ("result", "waits"),
    [
        ({"failed": True, "rc": 2, "msg": LOCKED}, True),
        # As the module says it where dpkg had ended before it was told what to hold.
        ({"failed": True, "rc": 32, "msg": "Error executing command.", "stderr": ""}, True),
        ({"failed": True, "rc": 2, "msg": "dpkg: error: illegal package name"}, False),
        ({"failed": True, "msg": "Failed to find package 'shop' to perform selection 'hold'."}, False),
        ({"failed": False, "changed": True}, False),
    ],
)
def test_it_waits_for_who_installs_packages_and_for_nothing_else(
    tasks: str, result: dict[str, Any], waits: bool
) -> None:
    until = next(
        task["until"]
        for task in yaml.safe_load((ROLE / f"tasks/{tasks}.yml").read_text())
        if "ansible.builtin.dpkg_selections" in task
    )
    said = yaml.safe_load((ROLE / "vars/main.yml").read_text())
    variables = {name: trust_as_template(value) if isinstance(value, str) else value for name, value in said.items()}
    play = Templar(loader=DataLoader(), variables={**variables, "freeze__selected": result})
    assert play.evaluate_conditional(trust_as_template(until)) is not waits
