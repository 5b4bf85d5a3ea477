"""Odd values at every place of a stack file: planned, or refused with the path of that place; what is planned renders.

The places come from the TypedDicts by which a file is read, so that a new key is tried as soon as it is one.
"""

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_origin, is_typeddict

import pytest
from click.testing import CliRunner
from tests.examples import so_many
from tests.stack.odd_values import ODD
from tests.stack.places import LEAST, NAMES, Place, places, written

from flyball.cli import main
from flyball.deploy import up as local
from flyball.guards.reading.problem import Problem, Refused
from flyball.guards.reading.rules import UNREADABLE_FILE, WRONG_TYPE
from flyball.guards.reading.strict import check
from flyball.stack import platform_plan
from flyball.stack.file import alone
from flyball.stack.plan import plan
from flyball.stack.platform import PlatformStackArgs, is_platform
from flyball.stack.schema import StackArgs
from flyball.stack.target import Target, find

ROOT = Path(__file__).parents[2]
PLACES = [*places(StackArgs), *places(PlatformStackArgs)]
EITHER = {("platform",), ("logs", "to"), ("alerts",)}
"""Places that take a text too, or another map: their type does not say all."""
RENDERED = 12
"""Of those that `plan` accepts, so many are rendered."""
SEED = 20_280_103


def outcome(file: Path, text: str) -> tuple[Target | None, tuple[Problem, ...]]:
    """What `flyball plan` says of a file, and the stack where it is read."""
    file.write_text(text, encoding="utf-8", newline="")
    try:
        target = find(str(file), ROOT)
    except Refused as refused:
        return None, refused.problems
    found = (platform_plan.plan if is_platform(target.config) else plan)(target.config)
    assert json.dumps(found.as_json())
    return target, found.findings


def wrong(file: Path, place: Place) -> Iterator[Problem]:
    """What is wrong with the type of the value at a place, once its file is read."""
    value: Any = alone(file)
    for step in place.way:
        value = value[step]
    if place.way not in EITHER:
        yield from check(value, place.kind, place.way)


def told(problems: tuple[Problem, ...], file: Path, place: Place) -> bool:
    """Whether it is said where the value stands: each wrong type exactly, a broken rule there or next to it."""
    if problems[0].where.startswith(file.name):
        return True  # with line and column: it is not read as YAML
    if types := {problem.path for problem in wrong(file, place)}:
        return types <= {problem.path for problem in problems}
    near = place.way[: max(1, len(place.way) - 2)]
    return any(problem.path[: len(near)] == near for problem in problems)


def test_the_places_are_all_of_the_types_and_names_are_of_theirs() -> None:
    """A name here that no type has any more would be tried in vain."""
    assert len(PLACES) > 1_000
    kinds = {getattr(place.kind, "__name__", "") for place in PLACES} | {"StackArgs", "PlatformStackArgs"}
    assert {*LEAST} <= kinds
    assert {*NAMES} <= {place.way[-1] for place in PLACES if get_origin(place.kind) is dict}


def test_odd_values_are_planned_or_refused_where_they_stand(tmp_path: Path) -> None:
    words, file = random.Random(SEED), tmp_path / "Pulumi.odd.yaml"
    accepted: list[str] = []
    for place in PLACES:
        value = words.choice(ODD)
        text = place.written(value)
        target, problems = outcome(file, text)
        if not problems:
            assert target
            accepted.append(text)
            continue
        assert told(problems, file, place), (place.name, value[:80], [str(problem)[:200] for problem in problems])
        for problem in problems:
            assert problem.where.isprintable(), value[:80]
            assert problem.remedy or problem.rule in (WRONG_TYPE, UNREADABLE_FILE), str(problem)
    for text in words.sample(accepted, so_many(RENDERED)):
        target, _ = outcome(file, text)
        assert target
        assert local.render(target).objects or is_platform(target.config), text[:500]


def test_of_two_wrong_values_both_are_named(tmp_path: Path) -> None:
    """A list in a list is nobody's value but of what takes anything."""
    words, file = random.Random(SEED), tmp_path / "Pulumi.odd.yaml"
    typed = [place for place in places(StackArgs) if is_typeddict(place.kind) or place.kind in (str, bool, int, float)]
    for _ in range(so_many(200)):
        one, two = words.sample(typed, 2)
        if one.way[: len(two.way)] == two.way or two.way[: len(one.way)] == one.way:
            continue
        config = _merged(one.holding("@one"), two.holding("@two"))
        _, problems = outcome(file, written(config, {"@one": "[[]]", "@two": "[[]]"}))
        assert {one.way, two.way} <= {problem.path for problem in problems}, (one.name, two.name)


def _merged(one: Any, two: Any) -> Any:
    """Both; where they differ, what stands for a value."""
    if isinstance(one, dict) and isinstance(two, dict):
        return {
            key: _merged(one[key], two[key]) if key in one and key in two else {**one, **two}[key]
            for key in {**one, **two}
        }
    if isinstance(one, list) and isinstance(two, list) and one and two and isinstance(one[0], dict | list):
        return [_merged(one[0], two[0]), *one[1:]]
    return two if "@two" in json.dumps(two) else one


@pytest.mark.parametrize("value", ["null", "[[]]", '"\\u0000"', "1e999", "{1: 2}", "*nobody"])
def test_the_command_ends_with_1_and_says_where(value: str, tmp_path: Path) -> None:
    file = tmp_path / "Pulumi.odd.yaml"
    for name in ("services.web.port", "cluster", "jobs.report.deadline", "aws.region"):
        place = next(place for place in PLACES if place.name == name)
        file.write_text(place.written(value), encoding="utf-8")
        result = CliRunner().invoke(main, ["-C", str(ROOT), "plan", "-s", str(file)])
        assert result.exit_code == 1
        assert isinstance(result.exception, SystemExit)
        assert (file.name if value.startswith("*") else name) in result.output
