"""Odd values of every variable of every role and playbook: taken, or refused by their path.

Roles, their variables and what is in these come from the declarations, so that a new one is tried by itself.
"""

import json
import random
from collections.abc import Mapping
from typing import Any

import pytest
import yaml
from tests.guards.test_every_rule import FOUND
from tests.playbooks.test_variables import WITHOUT
from tests.stack.odd_values import ODD
from tests.stack.places import hold, ways

from ansible_collections.flyball.guards.plugins.filter.guards import READERS
from flyball.guards.reading.strict import check
from flyball.guards.roles import base, playbooks
from flyball.guards.roles.collection import PLAYBOOKS, ROLES

ON_HOST: Mapping[str, tuple[Any, ...]] = {
    "log_shipping": (2**40,),
    "planned_restart": (3,),
    "prometheus": (FOUND,),
    "redis": (2**33,),
    **dict.fromkeys(PLAYBOOKS, (8,)),
}
"""What was found there, for those that ask."""
EVERY = {**ROLES, **PLAYBOOKS}
EACH = 6
"""Values that are tried at each place."""


def as_ansible_reads(text: str) -> Any:
    """By YAML 1.1; what is none, or is of a type that is read nowhere, stays text."""
    try:
        value = yaml.safe_load(f"x: {text}")["x"]
        json.dumps(value)
    except (yaml.YAMLError, TypeError, ValueError, RecursionError):
        return text
    return value


VALUES = [as_ansible_reads(text) for text in ODD]


def test_all_roles_are_read() -> None:
    assert {*READERS} == {*EVERY}


@pytest.mark.parametrize("name", EVERY)
def test_odd_variables_are_taken_or_refused_where_they_stand(name: str) -> None:
    words, role, found_there = random.Random(name), EVERY[name], ON_HOST.get(name, ())
    given = {**WITHOUT.get(name, {})}
    if any(variable.name == "rollout_load" for variable in role.declared):
        given["rollout_load"] = {"peak": 150, "host": 100}
    before = {problem.path for problem in READERS[name](given, *found_there)[1]}
    for variable in role.declared:
        for way, kind in ways(variable.kind, (variable.name,)):
            for value in words.sample(VALUES, EACH):
                odd = {**given, variable.name: hold(variable.kind, way[1:], value)}
                found, problems = READERS[name](odd, *found_there)
                if not problems:
                    assert found.as_variables()
                elif not variable.secret:
                    types = {problem.path for problem in check(value, kind, way)}
                    assert types <= {problem.path for problem in problems}, (way, value)
                text = json.dumps([str(problem) for problem in problems if problem.path not in before])
                secret = variable.secret and isinstance(value, str) and len(value) > 3
                assert not (secret and value in text), way


@pytest.mark.parametrize("size", ["7", "08", "1k", "1023Ki"])
def test_a_journal_has_room_for_its_files(size: str) -> None:
    (problem,) = base.read({"base_journal_size": size})[1]
    assert problem.path == ("base_journal_size",)
    assert problem.remedy == "allowed is at least 1Mi"


@pytest.mark.parametrize("utilization", [0, -1, 1.5, float("nan"), float("inf")])
def test_a_share_is_one_where_nobody_knows_the_load_too(utilization: float) -> None:
    given = {"rollout_load": {}, "drain_reason": "a new disk", "rollout_utilization": utilization}
    assert [problem.where for problem in playbooks.read_drain(given, 8)[1]] == ["rollout_utilization"]
