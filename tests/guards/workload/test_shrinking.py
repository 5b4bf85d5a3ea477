"""What a change takes away, in words that name each number."""

from typing import Any

import pytest
from tests.guards.workload.one import resolved

from flyball.guards.workload.resolve import Service
from flyball.guards.workload.shrinking import Size, all_words, size_of, words

SLOWLY = "; down to the floor as the load lets it, by at most max(1, 10 %) every 1m"


def service(peak: float = 40, **more: Any) -> Service:
    """Of a peak of 40 it needs 1 replica; floor 2, ceiling 3."""
    args = {"port": 8080, "load": {"peak": peak, "replica": 60}, **more}
    return resolved("web", args, zones=3)


def test_a_peak_without_its_last_digit() -> None:
    before = size_of(service(400))
    assert (before, size_of(service())) == (Size(10, 15), Size(2, 3))
    running = Size(before.floor, before.ceiling, running=12)
    assert words(service(), running, governed=True) == (
        "web: floor 10 -> 2, ceiling 15 -> 3; 12 run, and go down to 3 by at most 3 at once, every 1m: 9, 7, 5, 4, 3"
        + SLOWLY
    )


def test_without_a_governor_nothing_slows_it() -> None:
    assert words(service(), Size(10, 15, running=12), governed=False) == (
        "web: floor 10 -> 2, ceiling 15 -> 3; 12 run, and go down to 3 at once, since no Governor holds it to steps"
        + SLOWLY
    )


def test_where_nobody_knows_what_runs_it_may_be_the_ceiling() -> None:
    less = words(service(behavior={"down": {"period": "90s"}}), Size(2, 5), governed=True)
    assert less == (
        "web: ceiling 5 -> 3; up to 5 run, and go down to 3 by at most 1 at once, every 1m30s: 4, 3"
        "; down to the floor as the load lets it, by at most max(1, 10 %) every 1m30s"
    )


def test_what_runs_within_the_new_ceiling_goes_by_the_load() -> None:
    assert words(service(), Size(3, 3, running=3), governed=True) == "web: floor 3 -> 2" + SLOWLY


@pytest.mark.parametrize("before", [Size(2, 3, 3), Size(1, 2, 3), Size(2, 3)])
def test_what_stays_or_grows_needs_no_words(before: Size) -> None:
    assert words(service(), before, governed=True) is None


def test_parts_count_together() -> None:
    """5 needed of a floor of 6: on spot 5 stay on demand, and 1 at least is above them."""
    plain, spot = service(240), service(240, spot={})
    assert size_of(plain) == size_of(spot) == Size(6, 9)


def test_services_that_are_new_have_nothing_to_lose() -> None:
    assert all_words({"web": service()}, {"other": Size(9, 9)}, governed=True) == []
    assert len(all_words({"web": service()}, {"web": Size(9, 9)}, governed=True)) == 1
