"""Steps of a fleet: whatever is accepted keeps the limits at every size, and the alarms never chase each other."""

from itertools import pairwise
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from flyball.guards.aws import fleet_steps
from flyball.guards.aws.fleet_steps import Steps
from flyball.guards.reading.problem import Problem
from flyball.guards.reading.reader import Reader

SIZES = st.integers(1, 5_000)
BANDS = st.lists(st.fixed_dictionaries({"above": st.integers(1, 120), "percent": st.integers(1, 55)}), max_size=3).map(
    lambda more: [{"above": 0, "percent": 10}, *sorted(more, key=lambda band: (band["above"], band["percent"]))]
)
STEPS: Any = st.fixed_dictionaries(
    {},
    optional={
        "up": st.fixed_dictionaries({}, optional={"bands": BANDS, "least": st.integers(1, 3)}),
        "down": st.fixed_dictionaries({}, optional={"percent": st.integers(1, 12), "least": st.integers(1, 2)}),
    },
)


def read(given: dict[str, Any]) -> tuple[Steps, list[Problem]]:
    problems: list[Problem] = []
    return fleet_steps.read(Reader(given, ("steps",), problems), 120), problems


def test_the_defaults_are_the_limits() -> None:
    steps, problems = read({})
    assert problems == []
    assert [steps.up.of(n) for n in (1, 4, 5, 6, 12, 13)] == [2, 2, 2, 3, 6, 6]
    assert [steps.down.of(n) for n in (1, 9, 12, 19, 20, 39)] == [1, 1, 1, 1, 2, 3]


@given(STEPS, SIZES)
def test_what_is_accepted_goes_no_faster_than_an_autoscaler_of_pods(given: dict[str, Any], instances: int) -> None:
    steps, problems = read(given)
    assume(not problems)
    assert steps.up.of(instances) <= max(2, instances / 2)
    assert steps.down.of(instances) <= max(1, instances / 10)


@given(STEPS, st.integers(0, 500))
def test_every_breach_lies_in_one_band_and_a_higher_one_is_answered_by_no_less(
    given: dict[str, Any], beyond: int
) -> None:
    steps, problems = read(given)
    assume(not problems)
    edges = [*(band.above for band in steps.up.bands), 10**9]
    assert sum(low <= beyond < high for low, high in pairwise(edges)) == 1
    percents = [band.percent for band in steps.up.bands]
    assert percents == sorted(percents)


@given(STEPS, st.integers(1, 60), st.integers(0, 60), st.integers(1, 80), st.integers(0, 60))
def test_a_step_down_never_calls_for_a_step_up(
    given: dict[str, Any], least: int, more: int, target: int, beyond: int
) -> None:
    steps, problems = read(given)
    assume(not problems)
    ceiling = least + more
    found = fleet_steps.thresholds(150.0, target, steps, least, ceiling)
    assert found.high * 100 == 150 * 60 * target
    size = min(least + 1 + beyond, max(ceiling, least + 1))
    left = size - steps.down.of(size)
    assert left >= 1
    assert found.low * size / left <= found.high * 9 / 10


@given(STEPS, st.integers(1, 300), st.integers(0, 300))
def test_a_climb_reaches_its_end_by_steps_within_the_limits(given: dict[str, Any], start: int, more: int) -> None:
    steps, problems = read(given)
    assume(not problems)
    sizes = [start, *fleet_steps.climb(start, start + more, steps.up)]
    assert sizes[-1] == start + more
    assert all(0 < b - a <= max(2, a // 2) for a, b in pairwise(sizes))
