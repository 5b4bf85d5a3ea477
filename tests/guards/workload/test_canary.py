"""How many canaries there are in each step, and when a release goes on, waits or stops itself."""

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flyball.guards.headroom.headroom import Loss
from flyball.guards.workload.canary import By, Canary, Seen, Verdict, judge, share, size

CANARY = Canary((15, 30), pause=300, errors=Fraction(2, 100), requests=150, prometheus="http://localhost:9090")
percents, replicas = st.integers(1, 50), st.integers(1, 10_000)


@given(percents, replicas)
def test_a_step_is_at_most_what_it_says_and_one_more_would_be_more(percent: int, stable: int) -> None:
    count = size(percent, stable)
    assert count >= 1
    assert count == 1 or share(count, stable) <= percent + 1e-9
    assert share(count + 1, stable) > percent


@given(percents, percents, replicas)
def test_a_larger_step_is_no_fewer(one: int, other: int, stable: int) -> None:
    assert size(min(one, other), stable) <= size(max(one, other), stable) <= stable


losses = st.builds(Loss, st.integers(1, 20), st.one_of(st.none(), st.integers(2, 5)))


@given(percents, replicas, losses)
def test_by_route_canaries_carry_their_share_after_a_loss_and_one_fewer_would_not(
    percent: int, stable: int, loss: Loss
) -> None:
    """Of what the others carry after the same loss."""
    count = replace(CANARY, by=By.ROUTE).size(percent, stable, loss)
    share = Fraction(percent * max(stable - loss.of(stable), 1), 100)
    assert count - loss.of(count) >= share
    assert count - loss.of(count) >= 1
    fewer = count - 1
    assert fewer < 2 or fewer - loss.of(fewer) < max(share, 1)


@pytest.mark.parametrize(
    ("step", "stable", "loss", "count"),
    [
        (1, 8, Loss(), 2),  # nobody else answers its share: one alone would be an outage of it
        (5, 8, Loss(), 2),
        (25, 8, Loss(), 3),  # of 7 that carry the peak 1.75
        (50, 8, Loss(), 5),
        (5, 9, Loss(3, 3), 4),  # of 6, and 3 may go at once
        (50, 2, Loss(), 2),
    ],
)
def test_by_route_there_are_as_many_as_carry_the_weight(step: int, stable: int, loss: Loss, count: int) -> None:
    canary = replace(CANARY, by=By.ROUTE, steps=(step,))
    assert canary.sizes(stable, loss) == (count,)
    assert canary.share(step, stable) == step


@pytest.mark.parametrize(
    ("seen", "waited", "verdict", "why"),
    [
        (None, 299, Verdict.WAIT, ""),
        (None, 300, Verdict.ABORT, "nobody knows how its requests end: Prometheus has no figures after 5m"),
        (Seen(1000, 0), 299, Verdict.WAIT, ""),
        (Seen(1000, 20), 300, Verdict.PROCEED, "20 of 1000 requests failed"),
        (Seen(1000, 21), 10, Verdict.ABORT, "2.1 % of 1000 requests failed (21), more than 2 %"),
        # Of 150 that are needed 3 may fail: the fourth stops it, however few there were.
        (Seen(40, 3), 10, Verdict.WAIT, ""),
        (Seen(40, 4), 10, Verdict.ABORT, "10.0 % of 40 requests failed (4), more than 2 %"),
        (Seen(149, 0), 899, Verdict.WAIT, ""),
        (Seen(149, 0), 900, Verdict.ABORT, "149 requests came in 15m, and 150 are needed"),
        (Seen(150, 0), 301, Verdict.PROCEED, "0 of 150 requests failed"),
        (Seen(0, 0), 900, Verdict.ABORT, "0 requests came in 15m, and 150 are needed"),
    ],
)
def test_it_goes_on_only_where_enough_requests_have_succeeded(
    seen: Seen | None, waited: float, verdict: Verdict, why: str
) -> None:
    assert judge(CANARY, seen, waited) == (verdict, why)


@given(st.one_of(st.none(), st.builds(Seen, st.floats(0, 1e6), st.floats(0, 1e6))), st.floats(0, 1e4))
def test_it_never_goes_on_without_a_pause_the_least_requests_and_few_errors(seen: Seen | None, waited: float) -> None:
    verdict, _ = judge(CANARY, seen, waited)
    if verdict is Verdict.PROCEED:
        assert seen
        assert waited >= 300
        assert seen.requests >= 150
        assert seen.errors <= 0.02 * seen.requests
    if verdict is Verdict.WAIT:
        assert waited < 900
