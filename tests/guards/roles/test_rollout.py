"""Batches never take out more hosts than the headroom spares."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flyball.guards.headroom.batches import batches
from flyball.guards.roles.rollout import read


@given(st.integers(2, 500), st.data())
def test_a_canary_first_then_never_more_than_can_be_spared(hosts: int, data: st.DataObject) -> None:
    needed = data.draw(st.integers(1, hosts - 1))
    sizes = batches(hosts, needed)
    assert sum(sizes) == hosts
    assert sizes[0] == 1
    assert all(hosts - size >= needed for size in sizes)
    assert all(first >= second for first, second in pairwise(sizes[1:]))


def test_three_hosts_of_which_two_are_needed_go_one_by_one() -> None:
    assert batches(3, 2) == [1, 1, 1]
    assert batches(8, 5) == [1, 3, 3, 1]


def test_no_headroom_is_no_batch() -> None:
    with pytest.raises(ValueError, match="the peak needs 3 hosts and there are 3: none can be taken out"):
        batches(3, 3)
    with pytest.raises(ValueError, match="there is no host"):
        batches(0, 0)


def test_what_the_peak_needs_is_asked_from_the_headroom() -> None:
    assert read({"rollout_load": {"peak": 150, "host": 100}, "rollout_utilization": 0.8}, 3) == (2, [])


def test_a_load_that_is_not_given_is_asked_for() -> None:
    _, problems = read({"rollout_load": {}, "rollout_utilization": 0.8}, 3)
    assert [str(problem) for problem in problems] == [
        "rollout_load.peak: is missing; it is required: a number",
        "rollout_load.host: is missing; it is required: a number",
    ]
