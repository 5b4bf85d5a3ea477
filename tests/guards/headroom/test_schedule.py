"""Peaks by the clock, against an oracle that looks at every minute and knows nothing of the library's cron."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from tests.examples import so_many

from flyball.guards.headroom import schedule
from flyball.guards.headroom.schedule import REFERENCE, Schedule, Segment, Window

MINUTE = timedelta(minutes=1)
WEEK_MINUTES = 7 * 24 * 60


@dataclass(frozen=True)
class Edge:
    """A weekly cron expression as sets: minutes, hours, and weekdays with Sunday as 0."""

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]

    @property
    def text(self) -> str:
        fields = ((self.minutes, 60), (self.hours, 24), (self.days, 7))
        minute, hour, day = ("*" if len(s) == n else ",".join(map(str, sorted(s))) for s, n in fields)
        return f"{minute} {hour} * * {day}"

    def fires(self, minute: int) -> bool:
        """At that minute of a week that begins on Monday."""
        day, rest = divmod(minute, 24 * 60)
        return rest % 60 in self.minutes and rest // 60 in self.hours and (day + 1) % 7 in self.days


def some(last: int, most: int) -> st.SearchStrategy[frozenset[int]]:
    return st.frozensets(st.integers(0, last), min_size=1, max_size=most)


EDGES = st.builds(Edge, some(59, 2), some(23, 2), some(6, 3) | st.just(frozenset(range(7))))


def active_minutes(start: Edge, end: Edge) -> list[bool]:
    """For each minute of the week whether, of all later minutes, the first to fire is an end; looked up backwards."""
    starts, ends = ([edge.fires(minute) for minute in range(WEEK_MINUTES)] for edge in (start, end))
    active, found = False, [False] * WEEK_MINUTES
    for minute in range(2 * WEEK_MINUTES, -1, -1):
        if minute < WEEK_MINUTES:
            found[minute] = active
        if ends[minute % WEEK_MINUTES]:
            active = True
        elif starts[minute % WEEK_MINUTES]:
            active = False
    return found


class TestAgainstEveryMinute:
    @settings(max_examples=so_many(15))
    @given(st.lists(st.tuples(EDGES, EDGES, st.integers(1, 5)), min_size=1, max_size=3), st.integers(1, 5))
    def test_segments(self, drawn: list[tuple[Edge, Edge, int]], peak: int) -> None:
        windows = [Window(f"w{i}", s.text, e.text, Fraction(p)) for i, (s, e, p) in enumerate(drawn)]
        assume(not schedule.check(Schedule("UTC", tuple(windows)), ()))
        on = [active_minutes(start, end) for start, end, _ in drawn]
        laid_out = schedule.segments(Schedule("UTC", tuple(windows)), Fraction(peak))
        assert laid_out[0].start == REFERENCE
        assert laid_out[-1].end == REFERENCE + timedelta(days=7)
        minute = 0
        for segment in laid_out:
            assert segment.start == REFERENCE + minute * MINUTE
            while minute < WEEK_MINUTES and REFERENCE + minute * MINUTE < segment.end:
                active = [i for i, minutes in enumerate(on) if minutes[minute]]
                assert segment.windows == tuple(f"w{i}" for i in active)
                assert segment.peak == max((drawn[i][2] for i in active), default=peak)
                minute += 1
        assert minute == WEEK_MINUTES

    @settings(max_examples=so_many(15))
    @given(EDGES, EDGES, st.lists(st.integers(0, WEEK_MINUTES - 1), min_size=30, max_size=30))
    def test_is_active(self, start: Edge, end: Edge, minutes: list[int]) -> None:
        assume(not (start.minutes & end.minutes and start.hours & end.hours and start.days & end.days))
        window, expected = Window("w", start.text, end.text, Fraction(1)), active_minutes(start, end)
        for minute in minutes:
            assert schedule.is_active(window, REFERENCE + minute * MINUTE) == expected[minute]

    @given(EDGES, EDGES)
    def test_a_window_without_length_is_refused(self, start: Edge, end: Edge) -> None:
        both = start.minutes & end.minutes and start.hours & end.hours and start.days & end.days
        found = schedule.check(Schedule("UTC", (Window("w", start.text, end.text, Fraction(1)),)), ("s",))
        assert [problem.where for problem in found] == (["s.windows[0].end"] if both else [])


def week(day: int, hour: int, minute: int = 0) -> datetime:
    """A time of the reference week; day 0 is Monday."""
    return REFERENCE + timedelta(days=day, hours=hour, minutes=minute)


class TestByHand:
    def test_office_hours(self) -> None:
        plan = Schedule("Europe/Berlin", (Window("day", "0 8 * * 1-5", "0 20 * * 1-5", Fraction(500)),))
        found = schedule.segments(plan, Fraction(100))
        expected = []
        for day in range(5):
            since = week(day - 1, 20) if day else week(0, 0)
            expected.append(Segment(since, week(day, 8), Fraction(100), ()))
            expected.append(Segment(week(day, 8), week(day, 20), Fraction(500), ("day",)))
        assert found == (*expected, Segment(week(4, 20), week(7, 0), Fraction(100), ()))

    def test_over_midnight_and_over_the_week(self) -> None:
        plan = Schedule("UTC", (Window("night", "0 22 * * 0", "30 5 * * 1", Fraction(7)),))
        assert schedule.segments(plan, Fraction(3)) == (
            Segment(week(0, 0), week(0, 5, 30), Fraction(7), ("night",)),
            Segment(week(0, 5, 30), week(6, 22), Fraction(3), ()),
            Segment(week(6, 22), week(7, 0), Fraction(7), ("night",)),
        )

    def test_where_windows_overlap_the_higher_peak_holds(self) -> None:
        low = Window("low", "0 0 * * 1", "0 0 * * 2", Fraction(10))
        high = Window("high", "0 12 * * 1", "0 13 * * 1", Fraction(20))
        assert schedule.segments(Schedule("UTC", (low, high)), Fraction(15))[:4] == (
            Segment(week(0, 0), week(0, 12), Fraction(10), ("low",)),
            Segment(week(0, 12), week(0, 13), Fraction(20), ("low", "high")),
            Segment(week(0, 13), week(1, 0), Fraction(10), ("low",)),
            Segment(week(1, 0), week(7, 0), Fraction(15), ()),
        )

    def test_a_day_of_the_year_outside_of_the_week(self) -> None:
        plan = Schedule("UTC", (Window("sale", "0 6 24 11 *", "0 6 25 11 *", Fraction(9)),))
        assert schedule.check(plan, ()) == []
        assert schedule.segments(plan, Fraction(3)) == (Segment(week(0, 0), week(7, 0), Fraction(3), ()),)
        assert schedule.is_active(plan.windows[0], datetime(2028, 11, 24, 6))
        assert not schedule.is_active(plan.windows[0], datetime(2028, 11, 25, 6))

    def test_the_reference_week_begins_on_a_monday(self) -> None:
        assert f"{REFERENCE:%A}" == "Monday"


def edge_problems(start: str, end: str = "0 20 * * *", timezone: str = "UTC") -> list[str]:
    plan = Schedule(timezone, (Window("w", start, end, Fraction(1)),))
    return [str(problem) for problem in schedule.check(plan, ("s",))]


def preimages(local: datetime, zone: ZoneInfo) -> int:
    """How many moments have this local time: none in a gap, two where the clock is set back."""
    around = [local.replace(tzinfo=UTC) + timedelta(hours=n) for n in (-30, 30)]
    offsets = {moment.astimezone(zone).utcoffset() for moment in around}
    moments = {local.replace(tzinfo=UTC) - offset for offset in offsets if offset is not None}
    return sum(moment.astimezone(zone).replace(tzinfo=None) == local for moment in moments)


ZONES = [
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Asia/Tokyo",
    "UTC",
    "Antarctica/Troll",
    "Asia/Gaza",
]


class TestClockChanges:
    @pytest.mark.parametrize(
        ("timezone", "start", "date"),
        [
            ("Europe/Berlin", "30 2 * * *", "26 March, 02:30"),
            ("Europe/Berlin", "0 2 * * *", "26 March, 02:00"),
            ("Europe/Berlin", "30 2 * 10 *", "29 October, 02:30"),
            ("Europe/Berlin", "59 2 * * 0", "26 March, 02:59"),
            ("America/New_York", "15 2 * * *", "12 March, 02:15"),
            ("America/New_York", "15 1 * * *", "05 November, 01:15"),
            ("Australia/Lord_Howe", "45 1 * * *", "02 April, 01:45"),
            ("Australia/Lord_Howe", "15 2 * * *", "01 October, 02:15"),
            ("Antarctica/Troll", "30 1 * 3 *", "26 March, 01:30"),
        ],
    )
    def test_an_edge_that_comes_twice_or_never(self, timezone: str, start: str, date: str) -> None:
        assert edge_problems(start, timezone=timezone) == [
            f"s.windows[0].start: {start!r} falls into an hour that {timezone} skips or repeats ({date});"
            " on that day the edge would come twice or never; move it out of the hour, or use timezone UTC"
        ]

    @pytest.mark.parametrize(
        ("timezone", "start"),
        [
            ("Europe/Berlin", "59 1 * * *"),
            ("Europe/Berlin", "0 3 * * *"),
            ("Europe/Berlin", "30 2 * * 1-6"),  # clocks change on Sundays
            ("Europe/Berlin", "30 2 * 6 *"),
            ("Australia/Lord_Howe", "29 1 * * *"),
            ("Australia/Lord_Howe", "30 2 * * *"),  # half an hour only
            ("Asia/Tokyo", "30 2 * * *"),
            ("UTC", "30 2 * * *"),
        ],
    )
    def test_an_edge_beside_the_change(self, timezone: str, start: str) -> None:
        assert edge_problems(start, timezone=timezone) == []

    @settings(max_examples=so_many(40))
    @given(st.sampled_from(ZONES), st.integers(0, 23), st.integers(0, 59))
    @example("Europe/Berlin", 2, 30)
    @example("Australia/Lord_Howe", 1, 59)
    def test_found_exactly_where_a_day_of_the_year_has_it_not_once(self, timezone: str, hour: int, minute: int) -> None:
        zone, first = ZoneInfo(timezone), REFERENCE.replace(hour=hour, minute=minute)
        days = [first + timedelta(days=n) for n in range(365)]
        odd = [day for day in days if preimages(day, zone) != 1]
        found = edge_problems(f"{minute} {hour} * * *", f"{minute} {(hour + 12) % 24} * * 3", timezone)
        assert [text.split("(")[1].split(")")[0] for text in found] == [f"{day:%d %B, %H:%M}" for day in odd[:1]]


class TestRefused:
    @pytest.mark.parametrize(
        ("expression", "reason"),
        [
            ("", "it has 0 fields"),
            ("0 8 * *", "it has 4 fields"),
            ("0 0 8 * * *", "it has 6 fields"),  # seconds
            ("@daily", "it has 1 field"),
            ("60 8 * * *", "bad minute"),
            ("-1 8 * * *", "bad minute"),
            ("x 8 * * *", "bad minute"),
            ("*/0 8 * * *", "bad minute"),
            ("0 24 * * *", "bad hour"),
            ("0 20-8 * * *", "bad hour"),
            ("0 8 0 * *", "bad day"),
            ("0 8 32 * *", "bad day"),
            ("0 8 L * *", "bad day"),
            ("0 8 LW * *", "bad day"),
            ("0 8 * 13 *", "bad month"),
            ("0 8 * * 8", "bad weekday"),
            ("0 8 * * 1#2", "bad weekday"),
            ("0 8 * * 5L", "bad weekday"),
            ("0 8 * * MOO", "bad weekday"),
        ],
    )
    def test_no_cron_expression(self, expression: str, reason: str) -> None:
        assert edge_problems(expression) == [
            f"s.windows[0].start: {expression!r} is no cron expression ({reason});"
            " five fields: minute hour day month weekday, as `0 20 * * 1-5`"
        ]

    def test_more_digits_than_python_reads(self) -> None:
        """A message says how it begins and how to mend it, and not all of it."""
        assert edge_problems(f"{'9' * 5000} 8 * * *") == [
            f"s.windows[0].start: '{'9' * 100}…' of 5,008 letters is no cron expression (bad minute);"
            " five fields: minute hour day month weekday, as `0 20 * * 1-5`"
        ]

    @pytest.mark.parametrize("expression", ["0 0 30 2 *", "0 0 31 2,4,6 *", "0 0 31 NOV *"])
    def test_a_date_that_never_comes(self, expression: str) -> None:
        assert edge_problems(expression) == [f"s.windows[0].start: {expression!r} never comes; give a date that exists"]

    @pytest.mark.parametrize(
        ("start", "end", "moment"),
        [
            ("0 8 * * *", "0 8 * * *", "Monday 08:00"),
            ("* * * * *", "0 20 * * 5", "Friday 20:00"),
            ("0 8 1 * *", "0 8 1 * *", "01 February 08:00"),
            ("0 0 13 * *", "0 0 * * 5", "13 October 00:00"),
            ("0 0 29 2 *", "0 0 * 2 *", "29 February 00:00"),
        ],
    )
    def test_a_window_without_length(self, start: str, end: str, moment: str) -> None:
        assert edge_problems(start, end) == [
            f"s.windows[0].end: the window starts and ends at the same moment ({moment});"
            " a window has to last; for the whole day leave it out and set load.peak"
        ]

    @pytest.mark.parametrize("timezone", ["", "Berlin", "Europe", "../UTC", "UTC\0", "x" * 200, "Europe/Berlin "])
    def test_no_time_zone(self, timezone: str) -> None:
        assert edge_problems("0 8 * * *", timezone=timezone) == [
            f"s.timezone: {timezone!r} is no time zone;"
            " give a name from the IANA time zone database, as Europe/Berlin or UTC"
        ]

    def test_both_edges_at_once(self) -> None:
        assert [text.split(":")[0] for text in edge_problems("x", "y")] == ["s.windows[0].start", "s.windows[0].end"]

    @given(st.text(max_size=30) | st.text("0123456789*/,-#LW ", max_size=20), st.text(max_size=20))
    @example("0 0 L/2 * 5L/2", "UTC")
    @example("* * * * *", "tzdata.zi")
    def test_anything_else_is_a_problem_and_no_exception(self, expression: str, timezone: str) -> None:
        plan = Schedule(timezone, (Window("w", expression, "0 20 * * *", Fraction(1)),))
        assert all(problem.path[0] == "s" for problem in schedule.check(plan, ("s",)))
        if not edge_problems(expression):
            assert next(iter(schedule.segments(Schedule("UTC", plan.windows), Fraction(1)))).start == REFERENCE
