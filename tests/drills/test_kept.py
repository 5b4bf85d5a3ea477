"""A drill's figures in a day of true time: gauges stay as they are before and after, and rates are the drill's."""

from tests.drills.kept import COMPRESSION, DAY, NIGHT, STEP, day

BEFORE, COUNT = NIGHT // STEP, DAY // STEP + 1


def _samples(text: str) -> int:
    """How many samples promtool makes of it."""
    counts = [part.split("x") for part in text.split()]
    return sum(int(times[0]) + (not value.startswith("_")) if times else 1 for value, *times in counts)


def test_a_gauge_stays_as_it_was_and_each_fourth_look_is_there() -> None:
    assert day("ready{}", (20, 19, 18, 17, 10, 9, None, 9, None, 1)) == (
        f"20x{BEFORE - 1} 20x0 10x0 _x1 1x{COUNT - BEFORE - 4}"
    )


def test_a_counter_goes_on_as_it_did_and_grows_as_long_as_time_is() -> None:
    # Ten more in each of the looks that are there: 120 in two minutes of true time.
    found = day("requests_total{}", (100, 0, 0, 0, 110, 0, 0, 0, 130))
    first, last = 10 * COMPRESSION, 20 * COMPRESSION
    total = first * BEFORE
    assert found == (
        f"0+{first}x{BEFORE - 1} {total} {total + first} {total + first + last}"
        f" {total + first + 2 * last}+{last}x{COUNT - BEFORE - 4}"
    )


def test_what_comes_into_being_or_goes_is_not_there_before_or_afterwards() -> None:
    found = day("requests_total{}", (None, 0, 0, 0, 7, 0, 0, 0, 9, 0, 0, 0, None))
    assert found == f"_x{BEFORE} _ 0 {2 * COMPRESSION} _ _x{COUNT - BEFORE - 4}"


def test_a_counter_that_begins_anew_loses_nothing_of_what_it_had() -> None:
    found = day("requests_total{}", (50, 0, 0, 0, 60, 0, 0, 0, 5))
    assert found.split()[1:4] == [str(10 * COMPRESSION * BEFORE + more) for more in (0, 120, 120)]


def test_each_series_is_as_long_as_the_day() -> None:
    for name in ("ready{}", "requests_total{}"):
        for values in ((1.0,) * 9, (None,) * 5 + (2.0,) * 4, (2.0,) * 5 + (None,) * 4):
            assert _samples(day(name, values)) == COUNT
