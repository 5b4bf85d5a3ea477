"""N-1 headroom: the promise is checked with exact fractions and a spread of its own, not with the rule's formulas."""

import math
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from flyball.guards.governor.envelope import highest_ceiling
from flyball.guards.headroom import headroom
from flyball.guards.headroom.headroom import Headroom, Loss
from flyball.guards.reading import units
from flyball.guards.reading.units import exact

POSITIVE: Any = st.floats(min_value=0, exclude_min=True, allow_infinity=False) | st.integers(1, 10**30)
SHARES = st.floats(min_value=0, max_value=1, exclude_min=True)
USUAL_SHARES = st.floats(0.05, 1) | st.sampled_from([0.1, 0.3, 0.7, 0.8, 1])
LOSSES = st.builds(Loss, st.integers(1, 12), st.none() | st.integers(2, 7))
NEEDS = st.integers(1, 400)


def survivors(replicas: int, loss: Loss) -> int:
    """Who is left of an even spread after the worse of both losses, counted out."""
    left = replicas - loss.lose
    if loss.zones:
        per_zone = [0] * loss.zones
        for i in range(replicas):
            per_zone[i % loss.zones] += 1
        left = min(left, replicas - max(per_zone))
    return left


@st.composite
def loads(draw: st.DrawFn) -> tuple[float, float, float]:
    """Peak, replica and utilization that need no more replicas than a test can count out."""
    replica, utilization = draw(st.floats(1e-6, 1e6)), draw(USUAL_SHARES)
    peak = draw(st.floats(0.001, 300)) * replica
    assume(peak / (replica * utilization) < 1000)
    return peak, replica, utilization


class TestWorkedByHand:
    def test_eight_servers(self) -> None:
        """Eight carry an eighth each; seven carry a seventh each, which is all they can."""
        assert headroom.headroom(700, 100, 1) == Headroom(need=7, floor=8, budget=1)
        assert headroom.carried(700, 100, 8) == Fraction(7, 8)
        assert headroom.carried(700, 100, 7) == 1

    @pytest.mark.parametrize(
        ("peak", "replica", "utilization", "needed"),
        [
            (1000, 100, 0.8, 13),  # 12.5
            (800, 100, 0.8, 10),  # exactly 10, though 100 * 0.8 is not 80 in every float
            (0.3, 0.1, 1, 3),  # 0.3 / 0.1 is 2.9999999999999996 in floats
            (0.7, 0.1, 1, 7),  # 6.999999999999999
            (240.00001, 60, 0.8, 6),
            (1, 1000, 0.8, 1),
            (5e-324, 1e308, 1, 1),
            (1e308, 1e308, 0.01, 100),
            (100_000, 1, 1, 100_000),
            (10**30, 10**29, 1, 10),
        ],
    )
    def test_need(self, peak: float, replica: float, utilization: float, needed: int) -> None:
        assert headroom.need(peak, replica, utilization) == needed

    @pytest.mark.parametrize(
        ("needed", "loss", "least"),
        [
            (1, Loss(1), 2),
            (13, Loss(1), 14),
            (13, Loss(4), 17),
            (13, Loss(1, 3), 20),  # 20 lose 7
            (13, Loss(1, 2), 26),
            (12, Loss(1, 3), 18),
            (1, Loss(1, 3), 2),
            (2, Loss(5, 3), 7),  # five replicas weigh more than the three of the fullest zone
            (100_000, Loss(1, 2), 200_000),
        ],
    )
    def test_floor(self, needed: int, loss: Loss, least: int) -> None:
        assert headroom.floor(needed, loss) == least

    @pytest.mark.parametrize(
        ("utilization", "least", "ceiling", "loss", "percent"),
        [
            (0.8, 14, 21, Loss(1), 74),  # 80 * 13/14 = 74.28
            (0.8, 2, 3, Loss(1), 40),
            (1, 8, 12, Loss(1), 87),  # 87.5
            (0.8, 20, 30, Loss(1, 3), 50),  # 22 lose 8: 80 * 14/22 = 50.9
            (0.8, 20, 21, Loss(1, 3), 52),  # 20 lose 7: 52; 21 lose 7: 53.3
            (0.8, 20, 20, Loss(1, 3), 52),
            (0.29, 2, 3, Loss(1), 14),  # 14.5; 0.29 * 100 is 28.999999999999996 in floats
            (0.1, 10, 10, Loss(9), 1),  # exactly one percent
        ],
    )
    def test_target(self, utilization: float, least: int, ceiling: int, loss: Loss, percent: int) -> None:
        assert headroom.target(utilization, least, ceiling, loss) == percent

    def test_nobody_left_carries_nothing(self) -> None:
        assert headroom.carried(5, 10, 0) is None
        assert headroom.carried(5, 10, -1) is None
        assert headroom.carried(0.3, 0.1, 3) == 1


class TestPromise:
    @given(loads(), LOSSES)
    def test_at_the_declared_peak_on_the_floor(self, load: tuple[float, float, float], loss: Loss) -> None:
        peak, replica, utilization = load
        found = headroom.headroom(peak, replica, utilization, loss)
        left = survivors(found.floor, loss)
        assert left >= found.need
        assert exact(peak) / left <= exact(replica) * exact(utilization)

    @given(NEEDS, LOSSES, USUAL_SHARES)
    @example(1, Loss(1), 1.0)
    def test_at_the_target_for_every_size(self, needed: int, loss: Loss, utilization: float) -> None:
        """With the load at the target no loss leaves a survivor with more than `utilization`; and it is the highest."""
        least = headroom.floor(needed, loss)
        sizes = range(least, highest_ceiling(least) + 1)
        worst = min(Fraction(survivors(n, loss), n) for n in sizes)
        assume(exact(utilization) * worst >= Fraction(1, 100))
        percent = headroom.target(utilization, least, sizes[-1], loss)
        for n in sizes:
            work = n * Fraction(percent, 100)
            assert work / survivors(n, loss) <= exact(utilization)
        assert any(n * Fraction(percent + 1, 100) / survivors(n, loss) > exact(utilization) for n in sizes)

    @given(NEEDS, LOSSES, USUAL_SHARES, st.data())
    def test_disrupting_the_budget_at_the_target(
        self, needed: int, loss: Loss, utilization: float, data: st.DataObject
    ) -> None:
        """What may be evicted at the floor may be evicted at every size above it, too."""
        least = headroom.floor(needed, loss)
        size = data.draw(st.integers(least, highest_ceiling(least)))
        assume(exact(utilization) * (least - loss.of(least)) >= Fraction(least, 50))
        percent = headroom.target(utilization, least, highest_ceiling(least), loss)
        left = size - (least - needed)
        assert size * Fraction(percent, 100) / left <= exact(utilization)

    @given(NEEDS, LOSSES)
    def test_the_floor_is_the_smallest_that_keeps_it(self, needed: int, loss: Loss) -> None:
        counted = next(n for n in range(2, 10_000) if survivors(n, loss) >= needed)
        assert headroom.floor(needed, loss) == counted

    @given(st.integers(1, 600), LOSSES)
    def test_the_loss_is_that_of_an_even_spread(self, replicas: int, loss: Loss) -> None:
        assert replicas - loss.of(replicas) == survivors(replicas, loss)

    @given(loads(), LOSSES)
    def test_the_budget_is_what_the_floor_can_spare(self, load: tuple[float, float, float], loss: Loss) -> None:
        found = headroom.headroom(*load, loss)
        assert found.budget == found.floor - found.need == loss.of(found.floor)
        assert found.floor >= headroom.MINIMUM_FLOOR
        assert found.floor <= highest_ceiling(found.floor)

    @given(POSITIVE, POSITIVE, SHARES)
    @example(1e308, 5e-324, 5e-324)
    @example(5e-324, 1e308, 1.0)
    def test_need_is_the_smallest_that_carries_the_peak(self, peak: float, replica: float, utilization: float) -> None:
        per_replica = exact(replica) * exact(utilization)
        if exact(peak) > headroom.MAXIMUM_REPLICAS * per_replica:
            with pytest.raises(ValueError, match=r"^that needs .* replicas; at most 100000 fit into a cluster$"):
                headroom.need(peak, replica, utilization)
            return
        needed = headroom.need(peak, replica, utilization)
        assert (needed - 1) * per_replica < exact(peak) <= needed * per_replica

    @given(loads(), st.integers(1, 50))
    def test_more_to_lose_never_takes_fewer(self, load: tuple[float, float, float], lose: int) -> None:
        one, more = headroom.headroom(*load, Loss(lose)), headroom.headroom(*load, Loss(lose + 1))
        assert (more.floor, more.need) == (one.floor + 1, one.need)

    @given(st.integers(-(10**40), 10**40), st.integers(1, 10**20))
    def test_integers_are_divided_without_rounding(self, dividend: int, divisor: int) -> None:
        assert units.ceil_div(dividend, divisor) == math.ceil(Fraction(dividend, divisor))


class TestRefused:
    @pytest.mark.parametrize(
        ("figures", "text"),
        [
            ((0, 1, 1), "peak is 0; it must be more than 0"),
            ((-0.0, 1, 1), "peak is 0; it must be more than 0"),
            ((-5, 1, 1), "peak is -5; it must be more than 0"),
            ((-1e-9, 1, 1), "peak is -1e-09; it must be more than 0"),
            ((-(10**400), 1, 1), "peak is less than -1e+308; it must be more than 0"),
            ((1, 0, 1), "replica is 0; it must be more than 0"),
            ((1, -2.5, 1), "replica is -2.5; it must be more than 0"),
            ((1, 1, 0), "utilization is 0; it must be more than 0"),
            ((1, 1, 1.1), "utilization is 1.1; it must be at most 1"),
            ((1, 1, 80), "utilization is 80; it must be at most 1"),
            ((math.nan, 1, 1), "nan is not a finite number"),
            ((1, math.inf, 1), "inf is not a finite number"),
            ((1, 1, -math.inf), "-inf is not a finite number"),
            ((100_001, 1, 1), "that needs 100001 replicas; at most 100000 fit into a cluster"),
            ((1e308, 1, 1), "that needs 1e+308 replicas; at most 100000 fit into a cluster"),
            ((1e308, 5e-324, 1), "that needs more than 1e+308 replicas; at most 100000 fit into a cluster"),
        ],
        ids=str,
    )
    def test_figures(self, figures: tuple[float, float, float], text: str) -> None:
        with pytest.raises(ValueError) as error:  # noqa: PT011 - the text is asserted in full
            headroom.need(*figures)
        assert str(error.value) == text

    @pytest.mark.parametrize("lose", [0, -1])
    def test_a_loss_of_nothing(self, lose: int) -> None:
        with pytest.raises(ValueError, match=rf"^lose is {lose}; at least 1, anything may vanish at any time$"):
            Loss(lose)

    @pytest.mark.parametrize("zones", [1, 0, -3])
    def test_the_only_zone(self, zones: int) -> None:
        with pytest.raises(ValueError, match=rf"^survive: zone needs at least 2 zones, not {zones}$"):
            Loss(1, zones)

    @pytest.mark.parametrize(
        ("utilization", "least", "loss", "lost"),
        [(0.8, 1001, Loss(1000), 1000), (0.01, 2, Loss(1), 1), (0.099, 10, Loss(9), 9)],
    )
    def test_a_target_below_one_percent(self, utilization: float, least: int, loss: Loss, lost: int) -> None:
        text = f"the autoscaler's target would be below 1 %: of {least} replicas {lost} may be lost"
        with pytest.raises(ValueError, match=f"^{text}$"):
            headroom.target(utilization, least, least, loss)
