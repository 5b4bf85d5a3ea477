"""How many members may be lost, and how many may go on purpose beside that: never the quorum."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flyball.guards.headroom import members
from flyball.guards.headroom.members import Members

ACCEPTED = st.integers(2, members.MOST).flatmap(
    lambda count: st.builds(Members, st.just(count), st.integers(count // 2 + 1, max(count // 2 + 1, count - 1)))
)
ZONES = st.integers(0, 12)


def problems(group: Members, zones: int, claimed: bool) -> list[str]:
    return [str(found) for found in members.check(group, zones, claimed, ("db",))]


def evictable(group: Members, budget: int, missing: int) -> int:
    """What the API server lets go: `currentHealthy - desiredHealthy`, of a budget with maxUnavailable."""
    return max(0, (group.count - missing) - (group.count - budget))


@given(ACCEPTED, ZONES, st.booleans())
def test_what_is_accepted_bears_a_loss_and_a_drain_beside_it(group: Members, zones: int, claimed: bool) -> None:
    if problems(group, zones, claimed):
        return
    survived = zones if claimed and zones >= 2 else None
    budget = group.budget(survived)
    assert 1 <= budget <= group.spare
    fullest = -(-group.count // survived) if survived else 1
    for lost in {1, fullest}:
        # The loss, and then as many as may still be evicted.
        assert group.count - lost - evictable(group, budget, lost) >= group.quorum
        # All that may be evicted, and then the loss: where there is more to spare than one for each.
        if group.spare > fullest:
            assert group.count - evictable(group, budget, 0) - lost >= group.quorum


@given(ACCEPTED, st.integers(2, 12))
def test_zones_are_refused_where_and_only_where_one_of_them_holds_too_many(group: Members, zones: int) -> None:
    fullest = max(len(range(zone, group.count, zones)) for zone in range(zones))
    bears = group.count - fullest >= group.quorum
    assert group.bears_zone(zones) is bears
    if group.spare:
        assert bool(problems(group, zones, True)) is not bears
        assert group.bears_zone(group.least_zones) or group.least_zones < 2
        assert not group.bears_zone(group.least_zones - 1)


@given(st.integers(2, members.MOST), st.integers(1, members.MOST))
def test_two_halves_never_decide_both(count: int, quorum: int) -> None:
    group = Members(count, min(quorum, count))
    both = 2 * group.quorum <= count
    assert any("is no majority" in text for text in problems(group, 0, False)) is both


@pytest.mark.parametrize(
    ("count", "quorum", "zones", "budget"),
    [(1, 1, None, 1), (3, 2, None, 1), (3, 2, 3, 1), (5, 3, None, 1), (5, 3, 5, 1), (7, 4, None, 2), (7, 4, 3, 1)],
)
def test_budgets(count: int, quorum: int, zones: int | None, budget: int) -> None:
    assert Members(count, quorum).budget(zones) == budget


def test_three_members_in_two_zones() -> None:
    assert problems(Members(3, 2), 2, True) == [
        "db.survive: of 3 members in 2 zones one zone holds 2, and what is left, 1, is fewer than the quorum of 2;"
        " list at least 3 zones, or do not claim to survive one"
    ]
    assert problems(Members(3, 2), 2, False) == []
    assert problems(Members(3, 2), 3, True) == []


def test_one_alone_is_not_asked_for_a_majority() -> None:
    assert problems(Members(1, 1), 3, True) == []


@pytest.mark.parametrize(
    ("group", "peak", "zones", "message"),
    [
        (Members(3, 2), 160, None, ""),
        (Members(3, 2), 161, None, "the peak needs 3 members that carry it, and 2 are left after a loss"),
        (Members(5, 3), 240, 3, ""),
        (Members(5, 3), 241, 3, "the peak needs 4 members that carry it, and 3 are left after a loss"),
        (Members(1, 1), 80, None, ""),
        (Members(1, 1), 81, None, "the peak needs 2 members that carry it, and there is one"),
    ],
)
def test_the_peak_after_a_loss(group: Members, peak: float, zones: int | None, message: str) -> None:
    found = [problem.message for problem in members.check_load(group, peak, 100, 0.8, zones, ("db",))]
    assert found == [message] * bool(message)


def test_figures_that_are_none() -> None:
    [found] = members.check_load(Members(3, 2), -1, 100, 0.8, None, ("db",))
    assert str(found) == "db.load: peak is -1; it must be more than 0; correct peak or replica"
