"""When errors are told of: by the formula, and by windows over minutes that are summed as Prometheus does it."""

from collections.abc import Sequence
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flyball.guards.alerting import objectives
from flyball.guards.alerting.objectives import FAST, SLOW, Burn, Objective
from flyball.guards.reading.reader import Reader

OBJECTIVE = Objective(99, 60)
EVERY = (*FAST, *SLOW)


def burns(errors: Sequence[Fraction], burn: Burn, objective: Objective, rate: int) -> bool:
    """Whether errors of each minute, the last of which is the present one, are told of; a share of `rate` requests."""
    limit = Fraction(str(burn.factor)) * objective.budget
    return all(sum(errors[-w:]) / (w * rate) > limit for w in (burn.long // 60, burn.short // 60))


def told(share: Fraction, burn: Burn) -> int | None:
    """The first minute in which such a share of errors is told of, after a long window without any."""
    window = burn.long // 60
    for minutes in range(1, window + 1):
        if burns([Fraction(0)] * (window - minutes) + [share * 10] * minutes, burn, OBJECTIVE, 10):
            return minutes
    return None


@pytest.mark.parametrize("burn", FAST, ids=str)
@given(share=st.integers(1, 100).map(lambda percent: Fraction(percent, 100)))
def test_which_share_of_errors_is_told_of_after_how_long(burn: Burn, share: Fraction) -> None:
    found, minutes = objectives.after(OBJECTIVE, burn, share), told(share, burn)
    assert (found is None) == (minutes is None)
    if found is not None and minutes is not None:
        assert minutes == found // 60 + 1


@pytest.mark.parametrize(("burn", "percent"), [*zip(EVERY, (2, 5, 10, 10), strict=True)], ids=str)
@given(share=st.fractions(Fraction(1, 5), Fraction(1)), availability=st.sampled_from((99, 99.5, 99.9, 99.99)))
def test_as_much_of_the_budget_is_gone_whatever_the_share(
    burn: Burn, percent: int, share: Fraction, availability: float
) -> None:
    objective = Objective(availability, 1000)
    found = objectives.after(objective, burn, share)
    assert found is not None
    assert found * share / (30 * objectives.DAY * objective.budget) == burn.budget == Fraction(percent, 100)


@pytest.mark.parametrize("burn", EVERY, ids=str)
def test_a_share_at_the_limit_is_never_told_of(burn: Burn) -> None:
    limit = Fraction(str(burn.factor)) * OBJECTIVE.budget
    assert objectives.after(OBJECTIVE, burn, limit) is None
    assert objectives.after(OBJECTIVE, burn, limit + Fraction(1, 10**9)) == pytest.approx(burn.long, rel=1e-6)


@given(availability=st.floats(objectives.LEAST_AVAILABILITY, objectives.MOST_AVAILABILITY))
def test_the_minimum_that_is_assumed_is_taken(availability: float) -> None:
    reader = Reader({"availability": availability}, (), [])
    found = objectives.read(reader)
    assert not reader.problems
    assert found.minimum == objectives.default_minimum(availability)
    assert found.minimum * found.budget >= 1 > (found.minimum - 1) * found.budget


@given(availability=st.sampled_from((95, 99, 99.9, 99.95)), minimum=st.integers(1, 20_000))
def test_a_single_error_never_pages(availability: float, minimum: int) -> None:
    reader = Reader({"availability": availability, "minimum": minimum}, (), [])
    objective = objectives.read(reader)
    needed = next(errors for errors in range(1, 10**6) if errors / minimum > 14.4 * float(objective.budget))
    assert bool(reader.problems) == (needed < 10 or (needed == 10 and minimum * 14.4 * float(objective.budget) < 10))


def test_an_objective_in_words() -> None:
    assert str(Objective(99.95, 2000)) == "99.95 % of at least 2000 requests an hour"
    assert Objective(99.9, 1).budget == Fraction(1, 1000)
