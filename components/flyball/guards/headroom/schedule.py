"""Lesson 5, by the clock: a peak for each window of the day, and a floor for each that follows from headroom.

A nightly scale-down once left so few pods that the survivors of a single loss fell over. So nobody writes replicas
into a schedule: a window states its *peak*, and its floor is what headroom makes of that. Outside of all windows
`load.peak` holds; where windows overlap, the higher peak does.

A window is active while its next `end` comes before its next `start`, which is how KEDA's cron scaler reads the same
two expressions (https://keda.sh/docs/2.21/scalers/cron/). Cron fields are those of crontab(5), five of them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from functools import cache, lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError

from flyball.guards.headroom.cron import (
    DAY_MINUTES,
    REFERENCE,
    YEAR,
    Expression,
    longest_by_clock,
    most_within,
    shortest_by_clock,
)
from flyball.guards.headroom.rules import CLOCK_CHANGE, CRON, TIME_ZONE, WINDOW_WITHOUT_LENGTH
from flyball.guards.reading.problem import Broken, Path, Problem
from flyball.guards.reading.reader import Reader
from flyball.guards.reading.rules import EMPTY
from flyball.guards.reading.units import Milliseconds, ceil_div, exact, show_count

WEEK = timedelta(days=7)
_FIELDS = ("minute", "hour", "day", "month", "weekday")


@dataclass(frozen=True, slots=True)
class Window:
    """From `start` to `end`, both cron expressions, the load is at most `peak` requests per second."""

    name: str
    start: str
    end: str
    peak: Fraction


@dataclass(frozen=True, slots=True)
class Schedule:
    timezone: str
    windows: tuple[Window, ...]


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of the reference week with one peak; `windows` names those active, none where `load.peak` holds."""

    start: datetime
    end: datetime
    peak: Fraction
    windows: tuple[str, ...]


def read(r: Reader) -> Schedule:
    """The schedule as it is written; `check` says what is wrong with its edges."""
    items = r.values.get("windows")
    windows = []
    for w in r.each("windows"):
        start, end = w.value("start", str, "0 0 * * *"), w.value("end", str, "0 1 * * *")
        name = w.said("name") or f"{start} to {end}"
        windows.append(Window(name, start, end, exact(w.number("peak", 1.0))))
    if isinstance(items, list | tuple) and not items:
        r.problem("windows", EMPTY, "is empty", "give at least one window, or no schedule")
    return Schedule(r.value("timezone", str, "UTC"), tuple(windows))


def check(schedule: Schedule, path: Path) -> list[Problem]:
    """Every problem of a schedule: unknown zone, unreadable cron, windows without length, clock changes in an edge."""
    if problems := list(check_zone(schedule.timezone, (*path, "timezone"))):
        return problems
    zone = ZoneInfo(schedule.timezone)
    for i, window in enumerate(schedule.windows):
        problems.extend(_check_window(window, (*path, "windows", i), zone))
    return problems


def check_zone(name: str, path: Path) -> Iterator[Problem]:
    """Refuse a time zone that there is not."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        hint = "give a name from the IANA time zone database, as Europe/Berlin or UTC"
        yield Problem(path, TIME_ZONE, f"{name!r} is no time zone", hint)


def check_expression(expression: str, path: Path) -> Iterator[Problem]:
    """Refuse what is no cron expression of crontab(5), or one of no day that there is."""
    if error := _unreadable(expression):
        yield Problem(path, CRON, f"{expression!r} is no cron expression ({error})", _hint(expression))
    elif not _comes(expression):
        yield Problem(path, CRON, f"{expression!r} never comes", "give a date that exists")


def _hint(expression: str) -> str:
    """How to write an expression; of what only some readers of cron know, what to write instead."""
    if "TZ=" in expression:
        return "the zone goes into timezone"
    if expression.startswith("@every"):
        return "what it counts from nobody knows; write the times, as `*/10 * * * *`"
    return "five fields: minute hour day month weekday, as `0 20 * * 1-5`"


def check_job(expression: str, timezone: str, path: Path) -> Iterator[Problem]:
    """Refuse a readable expression of a job that two readers of cron take for different days, or whose hour the clocks
    skip or repeat; what runs every hour does so on such days too."""
    try:
        every_hour = len(Expression(expression).hours) == 24
    except Broken:
        message = f"{expression!r} means days of the month that are also such weekdays, or either, by the reader"
        yield Problem(path, CRON, message, "restrict only one of the two fields")
        return
    if not every_hour and (clash := _clock_change(expression, ZoneInfo(timezone))):
        message = f"{expression!r} falls into an hour that {timezone} skips or repeats ({clash:%d %B, %H:%M})"
        hint = "on that day it would run twice or never; move it out of the hour, or use timezone UTC"
        yield Problem(path, CLOCK_CHANGE, message, hint)


@lru_cache(maxsize=1024)
def shortest(expression: str, timezone: str) -> Milliseconds:
    """The shortest time between two times of an expression in its zone, for which `check_job` has found nothing.

    By the clock, on days of 28 years, after which dates fall on the same weekdays again; less what clocks skip between
    two times, on whatever day of those that may be: they change on other dates each year.
    """
    found = [shortest_by_clock(expression)]
    if len(Expression(expression).hours) < 24:
        found += [shortest_by_clock(expression, across) - moved for across, moved in _moves(timezone) if moved > 0]
    return min(found) * 60_000


@lru_cache(maxsize=1024)
def longest(expression: str, timezone: str) -> Milliseconds:
    """The longest time between two times of an expression in its zone, for which `check_job` has found nothing: by the
    clock as `shortest`, and what clocks repeat between two times. What runs each hour does so in a repeated one too."""
    by_clock = longest_by_clock(expression)
    found = [by_clock]
    if len(Expression(expression).hours) < 24 or by_clock > DAY_MINUTES:
        found += [longest_by_clock(expression, across) - moved for across, moved in _moves(timezone) if moved < 0]
    return max(found) * 60_000


def at_once(expression: str, timezone: str, length: Milliseconds) -> int:
    """The most runs that are under way at one time where each takes so long and begins when it is due: of an expression
    for which `check_job` has found nothing. Where clocks skip an hour, the runs before and after it are nearer."""
    skipped = 0
    if len(Expression(expression).hours) < 24:
        skipped = max((moved for _, moved in _moves(timezone) if moved > 0), default=0)
    return most_within(expression, ceil_div(length, 60_000) + skipped)


@lru_cache(maxsize=1024)
def _moves(timezone: str) -> tuple[tuple[int, int], ...]:
    """Where clocks change in the reference year: the time of day at which they go on, and how far they are put forward,
    or less than 0 for back [min]."""
    zone, minute = ZoneInfo(timezone), timedelta(minutes=1)
    found: list[tuple[int, int]] = []
    for moment in clock_changes(timezone):
        hour = moment.replace(tzinfo=zone).astimezone(UTC) - timedelta(hours=1)
        within = [(hour + n * minute).astimezone(zone) for n in range(61)]
        changed = next(each for each in within if each.utcoffset() != within[0].utcoffset())
        moved = ((changed.utcoffset() or timedelta()) - (within[0].utcoffset() or timedelta())) // minute
        found.append((changed.hour * 60 + changed.minute, moved))
    return tuple(found)


def _check_window(window: Window, path: Path, zone: ZoneInfo) -> Iterator[Problem]:
    readable = True
    for edge, expression in (("start", window.start), ("end", window.end)):
        for problem in check_expression(expression, (*path, edge)):
            readable = False
            yield problem
    if not readable:
        return
    if both := _coincide(window.start, window.end):
        within = both < REFERENCE + WEEK
        yield Problem(
            (*path, "end"),
            WINDOW_WITHOUT_LENGTH,
            f"the window starts and ends at the same moment ({both:{'%A' if within else '%d %B'} %H:%M})",
            "a window has to last; for the whole day leave it out and set load.peak",
        )
    for edge, expression in (("start", window.start), ("end", window.end)):
        if clash := _clock_change(expression, zone):
            yield Problem(
                (*path, edge),
                CLOCK_CHANGE,
                f"{expression!r} falls into an hour that {zone.key} skips or repeats ({clash:%d %B, %H:%M})",
                "on that day the edge would come twice or never; move it out of the hour, or use timezone UTC",
            )


@lru_cache(maxsize=1024)
def _unreadable(expression: str) -> str | None:
    """Why it is no cron expression of crontab(5), or None.

    CronSim reads more than that: seconds, `L` for the last and `#` for the nth weekday, which KEDA would refuse.
    """
    fields = expression.split()
    if len(fields) != len(_FIELDS):
        return f"it has {show_count(len(fields), 'field')}"
    for i, field in enumerate(fields):
        try:
            alone = CronSim(" ".join((*"*" * i, field, *"*" * (len(_FIELDS) - 1 - i))), REFERENCE)
        except (CronSimError, ValueError):  # ValueError: a number of thousands of digits
            return f"bad {_FIELDS[i]}"
        if not all(isinstance(value, int) and value >= 0 for value in (*alone.days, *alone.weekdays)):
            return f"bad {_FIELDS[i]}"
    return None


@lru_cache(maxsize=1024)
def _comes(expression: str) -> bool:
    """Whether a readable expression has a date that exists: not 30 February."""
    try:
        return next(CronSim(expression, REFERENCE)) > REFERENCE
    except (CronSimError, StopIteration):
        return False


@lru_cache(maxsize=1024)
def _coincide(one: str, other: str) -> datetime | None:
    """The first moment of the reference year at which both expressions fire."""
    a, b = CronSim(one, REFERENCE), CronSim(other, REFERENCE)
    hours, minutes = set(a.hours) & set(b.hours), set(a.minutes) & set(b.minutes)
    if not hours or not minutes:
        return None
    for n in range(YEAR.days):
        day = REFERENCE + timedelta(days=n)
        if all(day.month in cron.months and cron.match_day(day) for cron in (a, b)):
            return day.replace(hour=min(hours), minute=min(minutes))
    return None


def _firings(expression: str) -> Iterator[datetime]:
    """All times of an expression in the reference week, local and without a zone."""
    for moment in CronSim(expression, REFERENCE - timedelta(minutes=1)):
        if moment >= REFERENCE + WEEK:
            return
        yield moment


@lru_cache(maxsize=1024)
def _clock_change(expression: str, zone: ZoneInfo) -> datetime | None:
    """The first local time of the expression, within a year, that does not exist or exists twice."""
    for moment in clock_changes(zone.key):
        for fired in CronSim(expression, moment - timedelta(hours=3)):
            if fired > moment + timedelta(hours=3):
                break
            first, second = (fired.replace(tzinfo=zone, fold=fold).utcoffset() for fold in (0, 1))
            if first != second:
                return fired
    return None


@cache
def clock_changes(zone_name: str) -> tuple[datetime, ...]:
    """Local times, to the hour, at which the zone's offset changes in the reference year."""
    zone, start = ZoneInfo(zone_name), REFERENCE.replace(tzinfo=UTC)
    hours = [(start + timedelta(hours=n)).astimezone(zone) for n in range(YEAR // timedelta(hours=1))]
    return tuple(b.replace(tzinfo=None) for a, b in pairwise(hours) if a.utcoffset() != b.utcoffset())


def is_active(window: Window, moment: datetime) -> bool:
    """Whether the window is on at a local time: its next end comes before its next start."""
    return next(CronSim(window.end, moment)) < next(CronSim(window.start, moment))


def segments(schedule: Schedule, peak: Fraction) -> tuple[Segment, ...]:
    """The reference week as stretches of one peak each, in local time; `peak` holds outside of all windows."""
    edges = {moment for w in schedule.windows for expression in (w.start, w.end) for moment in _firings(expression)}
    cuts = [*sorted({REFERENCE, *edges}), REFERENCE + WEEK]
    found: list[Segment] = []
    for start, end in pairwise(cuts):
        active = [window for window in schedule.windows if is_active(window, start)]
        highest = max((window.peak for window in active), default=peak)
        names = tuple(window.name for window in active)
        if found and (found[-1].peak, found[-1].windows) == (highest, names):
            start = found.pop().start
        found.append(Segment(start, end, highest, names))
    return tuple(found)
