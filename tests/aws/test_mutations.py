"""Broken inputs, and which layer catches each: a table, in mutations.yaml.

of, set, to   the resource of prod-platform, the path of the input, and its broken value
in            another case that has it
by            every layer that says something
left          where none does: what holds it instead, a rule of the stack file or the API
"""

from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from tests.aws.capture import by_title, of_case
from tests.aws.validators import calls, cloudformation, hints, iam, own, rights, wiring
from tests.aws.validators.template import Unmapped, template
from tests.expected import document

from flyball.deploy.registered import Registered

MUTATIONS: list[dict[str, Any]] = document(Path(__file__).with_name("mutations.yaml"))
_TWICE = ("E3019", "E3022")
"""Errors of cfn-lint for what only one resource of a template may have."""


@cache
def resources(case: str) -> dict[str, Registered]:
    return by_title(of_case(case))


def original(mutation: dict[str, Any]) -> Registered:
    return resources(mutation.get("in", "prod-platform"))[mutation["of"]]


def mutated(mutation: dict[str, Any]) -> Registered:
    resource = original(mutation)
    return replace(resource, inputs=_with(resource.inputs, mutation["set"].split("."), mutation["to"]))


def _with(values: Any, path: list[str], to: Any) -> Any:
    step, rest = path[0], path[1:]
    if isinstance(values, list):
        return [_with(inner, rest, to) if i == int(step) else inner for i, inner in enumerate(values)]
    return {**values, step: _with(values.get(step, {}), rest, to) if rest else to}


@pytest.fixture(scope="module")
def by_schemas() -> dict[int, list[str]]:
    """What cfn-lint says of each, of all of them at once; where it cannot be converted, that too is caught."""
    broken, given = {}, {}
    for i, mutation in enumerate(MUTATIONS):
        resource = mutated(mutation)
        try:
            template({"one": resource})
        except Unmapped as unmapped:
            broken[i] = [str(unmapped)]
        else:
            given[f"mutation {i}"] = resource
    said = cloudformation.problems(given)
    # The same resource is there several times, which is no fault of its inputs.
    found = {
        i: [line for line in said.get(f"mutation {i}", []) if line[:5] not in _TWICE] for i in range(len(MUTATIONS))
    }
    return found | broken


@pytest.mark.parametrize("i", range(len(MUTATIONS)), ids=lambda i: f"{MUTATIONS[i]['of']}.{MUTATIONS[i]['set']}")
def test_is_caught_by(i: int, by_schemas: dict[int, list[str]]) -> None:
    mutation = MUTATIONS[i]
    resource = mutated(mutation)
    layers = {
        "hints": [*hints.problems(resource)],
        "wiring": [*wiring.problems(resource)],
        "iam": [*iam.problems(resource)],
        "rights": [*rights.problems(resource)],
        "own": [*own.problems(resource)],
        "calls": [*calls.problems(resource)],
        "schemas": by_schemas[i],
    }
    caught = [layer for layer, said in layers.items() if said]
    assert caught == mutation.get("by", [])
    assert bool(mutation.get("left")) == (not caught)


def test_none_of_them_is_what_is_there() -> None:
    for mutation in MUTATIONS:
        assert mutated(mutation).inputs != original(mutation).inputs


def test_most_are_caught() -> None:
    assert len(MUTATIONS) >= 60
    assert sum("by" in mutation for mutation in MUTATIONS) * 10 >= 7 * len(MUTATIONS)
