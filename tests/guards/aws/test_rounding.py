"""AWS's rounding of percentages, against its own examples and fractions."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flyball.guards.aws import rounding
from flyball.guards.governor.steps import Rate

SIZES = st.integers(1, 100_000)
PERCENT = st.integers(-100, 100)


@pytest.mark.parametrize(
    ("instances", "percent", "least", "expected"),
    [
        (127, 10, 1, 12),  # 12.7
        (67, 1, 1, 1),  # 0.67
        (58, -1, 1, -1),  # -0.58
        (667, -1, 1, -6),  # -6.67
        (4, 25, 2, 2),  # 1, but at least 2
        (12, -10, 1, -1),  # 1.2: the autoscaler of pods takes 2
        (20, -10, 1, -2),
        (20, 0, 2, 0),
        (0, 50, 2, 0),
    ],
)
def test_by_hand(instances: int, percent: int, least: int, expected: int) -> None:
    assert rounding.change(instances, percent, least) == expected


@given(SIZES, PERCENT, st.integers(1, 5))
def test_towards_none_but_never_to_nothing(instances: int, percent: int, least: int) -> None:
    share, found = Fraction(instances * percent, 100), rounding.change(instances, percent, least)
    if percent == 0:
        assert found == 0
        return
    assert found * percent > 0
    assert abs(found) == least or (abs(found) > least and abs(share) - 1 < abs(found) <= abs(share))


@given(SIZES, st.integers(1, 100))
def test_never_more_than_the_autoscaler_of_pods(instances: int, percent: int) -> None:
    assert -rounding.change(instances, -percent) <= Rate(pods=1, percent=percent).down(instances)
