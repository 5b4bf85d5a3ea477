"""Cron expressions as KEDA reads them, and the same some minutes earlier.

Windows are written in the cron of crontab(5), which CronSim reads. KEDA reads another one, robfig/cron v3
(https://pkg.go.dev/github.com/robfig/cron/v3#hdr-CRON_Expression_Format): no 7 for Sunday, and an asterisk with a step
counts as a restriction where both kinds of days are restricted. What is handed on is written so that both agree.
"""

from bisect import bisect_left
from collections.abc import Collection
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import accumulate, pairwise

from cronsim import CronSim

from flyball.guards.headroom.rules import CRON_FOR_KEDA
from flyball.guards.reading.problem import Broken
from flyball.guards.reading.units import show_duration

REFERENCE = datetime(2028, 1, 3)
"""A Monday. Windows are laid out over the week from here, and whatever is looked for, in the year from here."""
YEAR = timedelta(days=366)
DAY_MINUTES = 24 * 60
_CYCLE = timedelta(days=28 * 365 + 7)
"""After which dates fall on the same weekdays again, until the year 2100."""
_ALL = {"minutes": range(60), "hours": range(24), "days": range(1, 32), "months": range(1, 13), "weekdays": range(7)}


class Expression:
    """A readable expression of five fields as sets of numbers, weekdays from Sunday as 0.

    Raises `Broken` where KEDA has no words for it.
    """

    def __init__(self, text: str) -> None:
        cron = CronSim(text, REFERENCE)
        self.minutes, self.hours, self.months = cron.minutes, cron.hours, cron.months
        self.days = set(cron.days)
        self.weekdays = {day % 7 for day in cron.weekdays if isinstance(day, int)}
        free = len(self.days) == len(_ALL["days"]), len(self.weekdays) == len(_ALL["weekdays"])
        if cron.day_and and not any(free):
            raise Broken(
                CRON_FOR_KEDA,
                "means days of the month that are also such weekdays, which KEDA cannot say",
                "restrict only one of the two fields",
            )
        if not cron.day_and and any(free):  # one or the other, and one of them is every day
            self.days, self.weekdays = set(_ALL["days"]), set(_ALL["weekdays"])

    def __str__(self) -> str:
        return " ".join(_field(getattr(self, name), universe) for name, universe in _ALL.items())

    @property
    def is_weekly(self) -> bool:
        """Whether every week of the year is like every other."""
        return len(self.days) == len(_ALL["days"]) and len(self.months) == len(_ALL["months"])

    @property
    def times(self) -> list[int]:
        """Its times of day in minutes since midnight."""
        return sorted(hour * 60 + minute for hour in self.hours for minute in self.minutes)

    def matches(self, day: datetime) -> bool:
        """Whether it fires on that day at all."""
        by_date, by_weekday = day.day in self.days, day.isoweekday() % 7 in self.weekdays
        both_restricted = not self.is_every_date and len(self.weekdays) < len(_ALL["weekdays"])
        on = by_date or by_weekday if both_restricted else by_date and by_weekday
        return on and day.month in self.months

    @property
    def is_every_date(self) -> bool:
        return len(self.days) == len(_ALL["days"])


def _field(values: Collection[int], universe: range) -> str:
    """`0,8-12`, or `*` for all."""
    if len(values) == len(universe):
        return "*"
    runs: list[list[int]] = []
    for value in sorted(values):
        if runs and value == runs[-1][-1] + 1:
            runs[-1].append(value)
        else:
            runs.append([value])
    return ",".join(f"{run[0]}-{run[-1]}" if len(run) > 2 else ",".join(map(str, run)) for run in runs)


@lru_cache(maxsize=1024)
def normal(text: str) -> str:
    """The same times in words that crontab(5) and KEDA read alike. Raises `Broken` where there are none."""
    return str(Expression(text))


@lru_cache(maxsize=1024)
def earlier(text: str, minutes: int) -> str:
    """The expression whose times are `minutes` before those of `text`, in words that both read alike.

    `minutes` is less than a day. Raises `Broken` where no single expression says so.
    """
    cron = Expression(text)
    moved = [divmod(time - minutes, DAY_MINUTES) for time in cron.times]
    times = {time for _, time in moved}
    hours, rest = {time // 60 for time in times}, {time % 60 for time in times}
    if len(hours) * len(rest) != len(times):
        message = "has times of day that no one expression can name earlier"
        raise Broken(CRON_FOR_KEDA, message, "give it a single time of day")
    crosses = {day for day, _ in moved}
    if crosses == {-1}:
        if not cron.is_weekly:
            time = show_duration(minutes * 60_000)
            message = "would have to come on the day before"
            raise Broken(CRON_FOR_KEDA, message, f"make it {time} past midnight or later")
        cron.weekdays = {(day - 1) % 7 for day in cron.weekdays}
    elif crosses != {0} and str(cron).split()[2:] != ["*", "*", "*"]:
        raise Broken(CRON_FOR_KEDA, "has times whose earlier ones lie on two days", "give it a single time of day")
    cron.hours, cron.minutes = hours, rest
    return str(cron)


@lru_cache(maxsize=1024)
def ends_within(start: str, end: str, minutes: int) -> bool:
    """Whether in the reference year any `end` comes at, or up to `minutes` before, a `start`; less than a day."""
    first, last = Expression(start), Expression(end)
    ends = set(last.times)
    behind = [time - before for time in first.times for before in range(minutes + 1)]
    today = any(time in ends for time in behind if time >= 0)
    yesterday = any(time + DAY_MINUTES in ends for time in behind if time < 0)
    for n in range(YEAR.days if today or yesterday else 0):
        day = REFERENCE + timedelta(days=n)
        if first.matches(day) and (
            (today and last.matches(day)) or (yesterday and last.matches(day - timedelta(days=1)))
        ):
            return True
    return False


@lru_cache(maxsize=1024)
def shortest_by_clock(text: str, across: int | None = None) -> int:
    """The shortest time between two of its times in minutes, on days that are all 24 hours long.

    With `across` only of those that have this time of day, in minutes, between them or at the later one.
    """
    cron = Expression(text)
    pairs = [(a, b) for a, b in pairwise(cron.times) if across is None or a < across <= b]
    overnight = DAY_MINUTES - cron.times[-1] + cron.times[0]
    at_night = across is None or not cron.times[0] < across <= cron.times[-1]
    least = min((later - earlier for earlier, later in pairs), default=_CYCLE.days * DAY_MINUTES)
    last: int | None = None
    for n in range(_CYCLE.days if at_night and overnight < least else 0):
        if cron.matches(REFERENCE + timedelta(days=n)):
            if last is not None:
                least = min(least, (n - last - 1) * DAY_MINUTES + overnight)
                if n - last == 1:
                    break
            last = n
    return least


@lru_cache(maxsize=1024)
def longest_by_clock(text: str, across: int | None = None) -> int:
    """The longest time between two of its times in minutes, on days that are all 24 hours long.

    With `across` only of those that have this time of day, in minutes, between them or at the later one; 0 without any.
    """
    cron = Expression(text)
    days = 7 if cron.is_weekly else _CYCLE.days
    on = [n for n in range(days) if cron.matches(REFERENCE + timedelta(days=n))]
    nights = max(later - earlier for earlier, later in pairwise([*on, on[0] + days]))
    found = [later - earlier for earlier, later in pairwise(cron.times) if across is None or earlier < across <= later]
    if across is None or nights > 1 or not cron.times[0] < across <= cron.times[-1]:
        found.append(nights * DAY_MINUTES - cron.times[-1] + cron.times[0])
    return max(found, default=0)


@lru_cache(maxsize=1024)
def most_within(text: str, minutes: int) -> int:
    """The most of its times in any so many minutes that begin with one of them, without their end; on days that are all
    24 hours long."""
    cron = Expression(text)
    times, ends = cron.times, (minutes // DAY_MINUTES, minutes // DAY_MINUTES + 1)
    days = 7 if cron.is_weekly else _CYCLE.days
    on = [cron.matches(REFERENCE + timedelta(days=n)) for n in range(days + ends[-1] + 1)]
    before = [0, *accumulate(on)]
    # By how many days later they end, and whether one of its days is the last one: the most of them before that.
    whole: dict[tuple[int, bool], int] = {}
    for n, later in ((n, later) for n in range(days) if on[n] for later in ends):
        end = (later, on[n + later])
        whole[end] = max(whole.get(end, 0), before[n + later] - before[n])
    most = 0
    for i, first in enumerate(times):
        later, time = divmod(first + minutes, DAY_MINUTES)
        for fires in (fires for fires in (False, True) if (later, fires) in whole):
            of_last = bisect_left(times, time) if fires else 0
            most = max(most, whole[later, fires] * len(times) - i + of_last)
    return most
