"""Cron expressions for KEDA, against every minute of a year as CronSim counts them."""

from datetime import timedelta
from functools import lru_cache
from itertools import takewhile

import pytest
from cronsim import CronSim, CronSimError
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from tests.examples import so_many

from flyball.guards.headroom import cron
from flyball.guards.headroom.cron import DAY_MINUTES, REFERENCE

MINUTE = timedelta(minutes=1)
NUMBER_FIELDS = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))


@st.composite
def fields(draw: st.DrawFn, least: int, most: int) -> str:
    """A field as people write it: everything, steps, a range, or a list."""
    one = st.integers(least, most)
    low, high = sorted((draw(one), draw(one)))
    step = draw(st.integers(1, most))
    drawn = st.sampled_from(["*", "*", "*", f"*/{step}", f"{low}-{high}", f"{low}-{high}/{step}", f"{high},{low}"])
    return draw(drawn | one.map(str))


def comes(text: str) -> bool:
    try:
        return next(CronSim(text, REFERENCE)) > REFERENCE
    except (CronSimError, StopIteration):
        return False


EXPRESSIONS = st.tuples(*(fields(*limits) for limits in NUMBER_FIELDS)).map(" ".join).filter(comes)


def both_restricted_by_steps(text: str) -> bool:
    """Days of the month and of the week of which one is an asterisk with a step that leaves some out."""
    alone = CronSim(text, REFERENCE)
    return (
        alone.day_and and len(alone.days) < 31 and len({day % 7 for day in alone.weekdays if isinstance(day, int)}) < 7
    )


def robfig(text: str, minutes: int) -> list[int]:
    """When KEDA's cron fires within so many minutes, counted from the reference.

    A transcript of its documentation: `*` alone does not restrict; two restricted kinds of days are either-or.
    """
    minute, hour, day, month, weekday = text.split()

    def among(field: str, low: int, high: int) -> set[int]:
        if field == "*":
            return set(range(low, high + 1))
        found: set[int] = set()
        for part in field.split(","):
            first, _, last = part.partition("-")
            assert low <= int(first) <= int(last or first) <= high
            found |= set(range(int(first), int(last or first) + 1))
        return found

    at = among(minute, 0, 59), among(hour, 0, 23), among(day, 1, 31), among(month, 1, 12), among(weekday, 0, 6)
    either = "*" not in (day, weekday)
    times = [60 * hour + minute for hour in sorted(at[1]) for minute in sorted(at[0])]
    fired: list[int] = []
    for n in range(minutes // DAY_MINUTES + 1):
        date = REFERENCE + timedelta(days=n)
        days = date.day in at[2], date.isoweekday() % 7 in at[4]
        if date.month in at[3] and (any(days) if either else all(days)):
            fired += [n * DAY_MINUTES + time for time in times]
    return [n for n in fired if n < minutes]


@lru_cache(maxsize=2)
def crontab(text: str, minutes: int) -> list[int]:
    """The same as crontab(5) has it; kept for what reads alike when it is written anew."""
    end = REFERENCE + minutes * MINUTE
    moments = takewhile(lambda moment: moment < end, CronSim(text, REFERENCE - MINUTE))
    return [(moment - REFERENCE) // MINUTE for moment in moments]


MONTH_MINUTES = 40 * 24 * 60


class TestNormal:
    @pytest.mark.parametrize(
        ("written", "expected"),
        [
            ("0 8 * * 1-5", "0 8 * * 1-5"),
            ("00 08 * * MON-FRI", "0 8 * * 1-5"),
            ("0 8 * * 7", "0 8 * * 0"),
            ("0 8 * * 0-7", "0 8 * * *"),
            ("*/20 8-10,12 * jan,FEB *", "0,20,40 8-10,12 * 1,2 *"),
            ("0 0 */2 * *", "0 0 1,3,5,7,9,11,13,15,17,19,21,23,25,27,29,31 * *"),
            ("0 0 1 * 1", "0 0 1 * 1"),
            ("0 0 1-31 * 1", "0 0 * * *"),
            ("0 0 */1 * 1", "0 0 * * 1"),
        ],
    )
    def test_by_hand(self, written: str, expected: str) -> None:
        assert cron.normal(written) == expected

    def test_days_of_the_month_that_are_such_weekdays_too_cannot_be_said(self) -> None:
        with pytest.raises(
            ValueError, match=r"^means days of the month that are also such weekdays, which KEDA cannot say:"
        ):
            cron.normal("0 0 */2 * 1")

    @settings(max_examples=so_many(30))
    @given(EXPRESSIONS)
    @example("0 0 1-31 * 1")
    @example("0 0 13 * 5")
    def test_keda_and_crontab_read_it_alike(self, written: str) -> None:
        assume(not both_restricted_by_steps(written))
        told = cron.normal(written)
        assert robfig(told, MONTH_MINUTES) == crontab(told, MONTH_MINUTES) == crontab(written, MONTH_MINUTES)


class TestEarlier:
    @pytest.mark.parametrize(
        ("written", "minutes", "expected"),
        [
            ("30 8 * * *", 30, "0 8 * * *"),
            ("0 8 * * 1-5", 4, "56 7 * * 1-5"),
            ("2 0 * * 1-5", 4, "58 23 * * 0-4"),
            ("0 0 * * *", 1, "59 23 * * *"),
            ("0 0 * * 0", 1439, "1 0 * * 6"),
            ("0 8,20 * * *", 10, "50 7,19 * * *"),
            ("0 0,12 * * *", 10, "50 11,23 * * *"),
            ("0 6 24 12 *", 90, "30 4 24 12 *"),
            ("*/15 * * * *", 5, "10,25,40,55 * * * *"),
        ],
    )
    def test_by_hand(self, written: str, minutes: int, expected: str) -> None:
        assert cron.earlier(written, minutes) == expected

    @pytest.mark.parametrize(
        ("written", "minutes", "why"),
        [
            ("0 0 1 * *", 1, "would have to come on the day before: make it 1m past midnight or later"),
            ("0 0 * 12 *", 5, "would have to come on the day before: make it 5m past midnight or later"),
            (
                "0,30 8 * * *",
                10,
                "has times of day that no one expression can name earlier: give it a single time of day",
            ),
            ("0 0,12 * * 1", 10, "has times whose earlier ones lie on two days: give it a single time of day"),
        ],
    )
    def test_what_no_expression_says(self, written: str, minutes: int, why: str) -> None:
        with pytest.raises(ValueError, match=f"^{why}$"):
            cron.earlier(written, minutes)

    @settings(max_examples=so_many(30))
    @given(EXPRESSIONS, st.integers(1, 1439))
    def test_every_time_is_so_many_minutes_before(self, written: str, minutes: int) -> None:
        try:
            told = cron.earlier(written, minutes)
        except ValueError:
            return
        later = [time - minutes for time in crontab(written, MONTH_MINUTES) if time >= minutes]
        assert robfig(told, MONTH_MINUTES - minutes) == [time for time in later if time < MONTH_MINUTES - minutes]


class TestEndsWithin:
    @pytest.mark.parametrize(
        ("start", "end", "minutes", "expected"),
        [
            ("0 8 * * *", "56 7 * * *", 4, True),
            ("0 8 * * *", "56 7 * * *", 3, False),
            ("0 8 * * *", "0 8 * * 1", 0, True),
            ("2 0 * * *", "58 23 * * *", 4, True),
            ("2 0 * * *", "58 23 * * *", 3, False),
            ("2 0 * * 1", "58 23 * * 0", 4, True),
            ("2 0 * * 1", "58 23 * * 1", 4, False),
            ("2 0 1 3 *", "58 23 29 2 *", 4, True),
            ("2 0 1 3 *", "58 23 28 2 *", 4, False),
        ],
    )
    def test_by_hand(self, start: str, end: str, minutes: int, expected: bool) -> None:
        assert cron.ends_within(start, end, minutes) is expected

    @settings(max_examples=so_many(30))
    @given(EXPRESSIONS, EXPRESSIONS, st.integers(0, 300))
    def test_against_all_times_of_a_month(self, start: str, end: str, minutes: int) -> None:
        try:
            found = cron.ends_within(start, end, minutes)
        except ValueError:
            return
        ends = set(crontab(end, MONTH_MINUTES))
        seen = any(s - before in ends for s in crontab(start, MONTH_MINUTES) for before in range(minutes + 1))
        assert found or not seen
        if all(cron.Expression(text).is_weekly for text in (start, end)):
            assert found == seen
