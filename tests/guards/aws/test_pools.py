"""Spot pools: as many nodes as the envelope allows, given back slowly, and of enough types."""

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flyball.guards.aws import pools, types
from flyball.guards.aws.pools import Pool
from flyball.guards.aws.types import Size
from flyball.guards.reading.problem import Problem
from flyball.guards.reading.reader import Reader

TYPES = ["m7i.2xlarge", "m6i.2xlarge", "m7a.2xlarge", "m6a.2xlarge", "r7i.2xlarge", "r6i.2xlarge"]
GIVEN = {"types": TYPES, "size": {"cpu": 8, "memory": "32Gi"}, "proven": 8}
HOUR = 3_600_000


def read(**changed: Any) -> tuple[Pool, list[Problem]]:
    problems: list[Problem] = []
    return pools.read(Reader({**GIVEN, **changed}, ("aws", "nodes", "spot"), problems)), problems


def test_worked_by_hand() -> None:
    pool, problems = read()
    assert not problems
    assert pool == Pool(tuple(TYPES), Size(8_000, 32 * 2**30), 8, 600_000, 168 * HOUR, HOUR)
    assert (pool.maximum, pool.cpu_limit, pool.memory_limit, pool.budget) == (12, 96_000, 384 * 2**30, 1)


@given(st.integers(1, 10_000), st.integers(1, 1_000), st.integers(1, 2**44))
def test_the_limits_are_those_of_half_as_many_again(proven: int, cpu: int, memory: int) -> None:
    pool = Pool((), Size(cpu * 1000, memory), proven)
    most = Fraction(3, 2) * proven
    assert pool.maximum <= most < pool.maximum + 1
    assert pool.cpu_limit == pool.maximum * cpu * 1000
    assert pool.memory_limit == pool.maximum * memory


@given(st.integers(1, 10_000))
def test_a_tenth_of_what_is_proven_is_on_its_way_out_at_the_most(proven: int) -> None:
    budget = Pool((), Size(), proven).budget
    assert 1 <= budget <= max(1, -(-proven // 10) + 1)
    assert budget <= max(1, proven // 5)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("m7i.large", 2),
        ("m7i.xlarge", 4),
        ("m7i-flex.2xlarge", 8),
        ("c7gn.16xlarge", 64),
        ("m7i.metal-24xl", None),
        ("t3.medium", None),
        pytest.param(f"m5.{'1' * 5000}xlarge", None, id="5,000 digits"),
    ],
)
def test_processors_by_name(name: str, expected: int | None) -> None:
    assert types.processors(name) == expected


WHERE = "aws.nodes.spot"


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        (
            {"consolidate": "9m59s"},
            [
                "consolidate: 9m59s after the last pod went, a load that comes back finds no node;"
                " allowed is at least 10m"
            ],
        ),
        ({"expire": "23h"}, ["expire: is 23h; allowed is at least 1d"]),
        ({"grace": "1m49s"}, ["grace: is 1m49s; allowed is at least 1m50s"]),
        (
            {"grace": "1d", "expire": "1d"},
            ["grace: is 1d, and nodes are replaced every 1d; give less than expire"],
        ),
        ({"proven": 0}, ["proven: is 0; allowed is from 1 to 10000"]),
        (
            {"size": {"cpu": 4, "memory": "16Gi"}},
            [
                f"types[{i}]: {name} has 8 processors, and size.cpu says 4; take types of one size, and state theirs"
                for i, name in enumerate(TYPES)
            ],
        ),
    ],
)
def test_refused(changed: dict[str, Any], expected: list[str]) -> None:
    assert [str(problem) for problem in read(**changed)[1]] == [f"{WHERE}.{text}" for text in expected]


@pytest.mark.parametrize(
    "names", [TYPES[:5], [f"m{n}i.2xlarge" for n in range(1, 2)], [f"m7i.{n}xlarge" for n in (2, 4, 8, 12, 16, 24)]]
)
def test_too_few_types_or_families(names: list[str]) -> None:
    rules = {(problem.where, problem.rule.id) for problem in read(types=names)[1]}
    assert (f"{WHERE}.types", "too-few-types") in rules


@given(st.integers(1, 600_000 * 10))
def test_consolidates_after_ten_minutes_at_the_least(milliseconds: int) -> None:
    pool, problems = read(consolidate=f"{milliseconds}ms")
    assert [problem.rule.id for problem in problems] == ["consolidates-too-soon"] * (milliseconds < 600_000)
    assert pool.consolidate == milliseconds
