"""What survives the loss of a zone after any scale-down: nothing that a floor could promise, and all once it is even.

Worked on a model: pods are taken away from any zones, and restored one at a time within the disruption budget.
"""

from collections.abc import Sequence
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from flyball.guards.headroom.headroom import Headroom, Loss, headroom

PEAKS, ZONES = st.integers(1, 400), st.integers(2, 7)
SKEW = 1
"""`maxSkew` of the spread."""


def even(replicas: int, zones: int) -> list[int]:
    """As the scheduler places them, where an even spread is a must."""
    return [(replicas + zone) // zones for zone in range(zones)]


def look(pods: Sequence[int], budget: int) -> list[int]:
    """One look of the descheduler: what goes, at most the budget, comes back in the emptiest zone."""
    left = list(pods)
    for _ in range(budget):
        if max(left) - min(left) <= SKEW:
            break
        left[left.index(max(left))] -= 1
        left[left.index(min(left))] += 1
    return left


def after_loss(pods: Sequence[int]) -> int:
    return sum(pods) - max(pods)


def restored(pods: list[int], size: Headroom) -> list[int]:
    """Once nothing is left to do; no look moves more than the budget."""
    looks = 0
    while (after := look(pods, size.budget)) != pods:
        assert sum(abs(a - b) for a, b in zip(after, pods, strict=True)) <= 2 * size.budget
        pods, looks = after, looks + 1
    assert looks <= -(-size.floor // size.budget)
    return pods


@given(PEAKS, ZONES, st.integers(2, 3), st.randoms(use_true_random=False))
def test_once_it_is_even_again_the_fullest_zone_may_be_lost(peak: int, zones: int, times: int, chance: Random) -> None:
    size = headroom(peak, 50, 0.8, Loss(zones=zones))
    pods = even(times * size.floor, zones)
    for _ in range((times - 1) * size.floor):
        pods[chance.choice([zone for zone, left in enumerate(pods) if left])] -= 1
    pods = restored(pods, size)
    assert sum(pods) == size.floor
    assert after_loss(pods) >= size.need


def test_fifteen_that_came_back_from_forty_five() -> None:
    size = headroom(400, 50, 0.8, Loss(zones=3))
    assert size == Headroom(need=10, floor=15, budget=5)
    assert after_loss([7, 5, 3]) == 8
    assert after_loss(restored([7, 5, 3], size)) == 10


@given(PEAKS, ZONES)
def test_no_floor_is_enough_for_every_spread_that_a_scale_down_can_leave(peak: int, zones: int) -> None:
    """All that is left may be in one zone: whatever the floor is, it fits into one that held as many before."""
    size = headroom(peak, 50, 0.8, Loss(zones=zones))
    before = even(zones * size.floor, zones)
    assert min(before) >= size.floor
    assert after_loss([size.floor] + [0] * (zones - 1)) == 0 < size.need
