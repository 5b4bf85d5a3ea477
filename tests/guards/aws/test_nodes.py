"""The size of a base group, from what has to run on it."""

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from flyball.guards.aws import nodes
from flyball.guards.aws.nodes import Demand
from flyball.guards.aws.types import Size

GI, MI = 2**30, 2**20
SIZE = Size(2000, 8 * GI)
demands = st.builds(Demand, cpu=st.integers(0, 200_000), memory=st.integers(0, 800 * GI), pods=st.integers(0, 10_000))
daemons = st.builds(Demand, cpu=st.integers(0, 1600), memory=st.integers(0, 4 * GI), pods=st.integers(0, 90))


def holds(count: int, replicas: Demand, each: Demand) -> bool:
    """Whether so many nodes hold the replicas, at 90 % of what can be had of each, beside what runs on each."""
    one = nodes.allocatable(SIZE)
    return all(
        count * (Fraction(9, 10) * has - daemon) >= asked
        for has, daemon, asked in (
            (one.cpu, each.cpu, replicas.cpu),
            (one.memory, each.memory, replicas.memory),
            (one.pods, each.pods, replicas.pods),
        )
    )


def test_what_pods_have_of_a_node() -> None:
    """8Gi without 7.5 % and 1536Mi and 100Mi, 2 processors without 100m."""
    assert nodes.allocatable(SIZE) == Demand(1900, int(8 * GI * Fraction(925, 1000)) - 1636 * MI, 110)


def test_of_nothing_one_in_each_zone() -> None:
    assert nodes.needed(SIZE, 3, Demand(), Demand()) == 3


def test_one_more_than_what_is_full() -> None:
    """Of 1710m each, nine are full; with one gone ten are needed, and 12 are the next that three zones share."""
    assert nodes.needed(SIZE, 3, Demand(cpu=9 * 1710), Demand()) == 12
    assert nodes.needed(SIZE, 2, Demand(cpu=9 * 1710), Demand()) == 10
    assert nodes.needed(SIZE, 2, Demand(cpu=9 * 1710 + 1), Demand()) == 12


def test_no_number_of_nodes_is_enough_where_each_is_full() -> None:
    assert nodes.needed(SIZE, 3, Demand(cpu=1), Demand(cpu=1710)) is None


@given(replicas=demands, each=daemons, zones=st.integers(2, 6))
def test_the_smallest_multiple_that_holds_all_with_one_gone(replicas: Demand, each: Demand, zones: int) -> None:
    found = nodes.needed(SIZE, zones, replicas, each)
    assert found is not None
    assert found % zones == 0
    assert holds(found - 1, replicas, each)
    assert found == zones or not holds(found - zones - 1, replicas, each)


pods = st.builds(Demand, cpu=st.integers(1, 1500), memory=st.integers(MI, 4 * GI), pods=st.just(1))


@given(asked=st.lists(st.tuples(st.integers(1, 9), pods), max_size=5))
def test_pods_are_held_by_as_many_nodes_as_are_said_each_whole(asked: list[tuple[int, Demand]]) -> None:
    """Never fewer than their sum fills, nor than those of which no two fit on one; never more than one for each."""
    found, one = nodes.packed(SIZE, asked, Demand()), nodes.allocatable(SIZE)
    for key in ("cpu", "memory", "pods"):
        assert found * getattr(one, key) >= sum(count * getattr(pod, key) for count, pod in asked)
        assert found >= sum(count for count, pod in asked if 2 * getattr(pod, key) > getattr(one, key))
    assert found <= sum(count for count, _ in asked)


def test_what_is_left_of_each_node_adds_up_to_no_place() -> None:
    """Of 1000m one fits beside nothing of its size, and what is smaller goes beside it."""
    large, small = Demand(1000, GI, 1), Demand(900, GI, 1)
    assert nodes.packed(SIZE, [(4, large)], Demand()) == 4
    assert nodes.packed(SIZE, [(4, small), (4, large)], Demand()) == 4
    assert nodes.packed(SIZE, [(4, small), (4, large)], Demand(cpu=100)) == 6
    assert nodes.packed(SIZE, [(221, Demand(1, MI, 1))], Demand()) == 3
    assert nodes.packed(SIZE, [], Demand()) == 0
