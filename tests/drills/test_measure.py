"""What is read off a recording: exact, whatever the times at which something changed."""

import pytest

from flyball.drills.measure import Load, Overload, Sample, overload, ready_at

SAMPLES = (Sample(0, 8, 8), Sample(10, 5, 8), Sample(20, 8, 8))


def test_a_load_goes_in_straight_lines_and_stays_where_it_came_to() -> None:
    load = Load(100)
    load.ramp(10, 20, 300)
    assert [load.at(t) for t in (0, 10, 20, 30, 99)] == [100, 100, 200, 300, 300]


def test_a_new_ramp_begins_where_the_old_one_had_come_to() -> None:
    load = Load(100)
    load.ramp(10, 20, 300)
    load.ramp(20, 10, 0)
    assert [load.at(t) for t in (15, 20, 25, 30)] == [150, 200, 100, 0]


def test_a_ramp_without_length_is_a_jump() -> None:
    load = Load(100)
    load.ramp(5, 0, 900)
    assert (load.at(4.999), load.at(5)) == (100, 900)
    assert overload((Sample(0, 5, 5),), load, 100, 7) == Overload(2, 800, 2300)


@pytest.mark.parametrize(("moment", "ready"), [(0, 8), (9.9, 8), (10, 5), (19.9, 5), (20, 8), (99, 8)])
def test_pods_count_from_the_moment_of_their_sample(moment: float, ready: int) -> None:
    assert ready_at(SAMPLES, moment) == ready


def test_nothing_is_lost_while_capacity_covers_the_load() -> None:
    assert overload(SAMPLES, Load(500), 100, 30) == Overload(0, 0, 15_000)


def test_what_the_capacity_lacks_is_not_served() -> None:
    # 5 pods of 100 requests/s for 10 s against 700: 200 too few.
    assert overload(SAMPLES, Load(700), 100, 30) == Overload(10, 2000, 21_000)


def test_only_the_part_of_a_ramp_above_the_capacity_counts() -> None:
    load = Load(0)
    load.ramp(0, 20, 1000)
    # 5 pods: above 500 for the second half, by 250 on average.
    assert overload((Sample(0, 5, 5),), load, 100, 20) == Overload(10, 2500, 10_000)
    load.ramp(20, 20, 0)
    # On the way down for the first half.
    assert overload((Sample(0, 5, 5),), load, 100, 40) == Overload(20, 5000, 20_000)


def test_without_pods_nothing_is_served() -> None:
    assert overload((Sample(0, 0, 3),), Load(50), 100, 4) == Overload(4, 200, 200)
