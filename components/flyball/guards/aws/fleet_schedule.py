"""Lesson 5 by the clock, for VMs: the floors of a week as scheduled actions of an Auto Scaling group.

A scheduled action sets what it is told at one moment and knows nothing of windows, nor of other actions. So the week is
laid out first, each stretch with its floor, and each boundary between two floors becomes actions that set the minimum
and nothing else: on the way down one, after which the scaling policy goes down by its own steps; on the way up one for
each step of a ramp, early enough that the last one's instances serve when the higher floor begins. Actions that repeat
at the same time of day on several weekdays are one (https://docs.aws.amazon.com/autoscaling/ec2/userguide/
ec2-auto-scaling-scheduled-scaling.html).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

from flyball.guards.aws import fleet_steps
from flyball.guards.aws.fleet_steps import Up
from flyball.guards.aws.rules.fleets import TOO_MANY_ACTIONS, WINDOW_NOT_WEEKLY
from flyball.guards.governor.rules import RAMP_TOO_LONG, WINDOWS_TOO_CLOSE
from flyball.guards.headroom import cron, schedule
from flyball.guards.headroom.rules import CLOCK_CHANGE
from flyball.guards.headroom.schedule import Schedule
from flyball.guards.reading.problem import Broken, Path, Problem
from flyball.guards.reading.units import ceil_div, show_count, show_duration

MOST_ACTIONS = 125
"""Of one group, and not to be raised (https://docs.aws.amazon.com/autoscaling/ec2/userguide/
ec2-auto-scaling-quotas.html)."""
UNCHANGED = -1
"""What the provider takes for a size that an action leaves alone; left out it would be 0 (https://www.pulumi.com/
registry/packages/aws/api-docs/autoscaling/schedule/)."""
_WEEK = 7 * cron.DAY_MINUTES


@dataclass(frozen=True, slots=True)
class Action:
    """At the times of `recurrence`, cron in the schedule's zone, the group's minimum becomes `minimum`.

    `minutes` are these times since the week began on Monday, by the clock.
    """

    recurrence: str
    minimum: int
    minutes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Actions:
    """The actions of a week, and the floor where there are none."""

    timezone: str
    floor: int
    actions: tuple[Action, ...] = ()

    def minimum(self, now: datetime) -> int:
        """The minimum that the last action before `now`, a time with a zone, has set: what an `up` must not undo."""
        if not self.actions:
            return self.floor
        local = now.astimezone(ZoneInfo(self.timezone))
        at = local.weekday() * cron.DAY_MINUTES + local.hour * 60 + local.minute
        ago = {(at - minute) % _WEEK: action.minimum for action in self.actions for minute in action.minutes}
        return ago[min(ago)]


def check_weekly(plan: Schedule, path: Path) -> Iterator[Problem]:
    """Refuse windows of days of the month: a week cannot be laid out with them."""
    for i, window in enumerate(plan.windows):
        for edge, text in (("start", window.start), ("end", window.end)):
            try:
                weekly = cron.Expression(text).is_weekly
            except Broken:
                weekly = False
            if not weekly:
                message = f"{text!r} is not the same in every week"
                hint = "restrict weekdays, not days or months; for such a day raise load.peak beforehand"
                yield Problem((*path, "windows", i, edge), WINDOW_NOT_WEEKLY, message, hint)


@dataclass(frozen=True, slots=True)
class _Boundary:
    """From the minute `at` of the week on, the floor is `after`, and it has been `before` for `since` minutes."""

    at: int
    before: int
    after: int
    since: int


def lay_out(
    plan: Schedule, peak: Fraction, floors: Mapping[Fraction, int], up: Up, boot: int, path: Path
) -> tuple[Actions, list[Problem]]:
    """The actions of a weekly schedule without problems of its own; `floors` has the floor of each peak.

    `boot` is the longest that an instance may take until it is in service [s]; then it warms up.
    """
    boundaries = _boundaries(plan, peak, floors)
    if not boundaries:
        return Actions(plan.timezone, floors[schedule.segments(plan, peak)[0].peak]), []
    problems: list[Problem] = []
    told: set[tuple[str, _Boundary]] = set()
    times: dict[tuple[int, int], list[int]] = {}
    for boundary in boundaries:
        ramp = _ramp(boundary, up, boot)
        alike = replace(boundary, at=boundary.at % cron.DAY_MINUTES)
        for problem in _check_ramp(boundary, ramp, plan.timezone, (*path, "windows")):
            if (problem.rule.id, alike) not in told:  # once, though it be so on every weekday
                problems.append(problem)
            told.add((problem.rule.id, alike))
        for before, minimum in ramp:
            minute = (boundary.at - before) % _WEEK
            times.setdefault((minute % cron.DAY_MINUTES, minimum), []).append(minute)
    actions = tuple(_action(minimum, minutes) for (_, minimum), minutes in times.items())
    if len(actions) > MOST_ACTIONS:
        message = f"takes {len(actions)} scheduled actions, and a group has at most {MOST_ACTIONS}"
        problems.append(Problem(path, TOO_MANY_ACTIONS, message, "join windows, or let the fleet take larger steps"))
    return Actions(plan.timezone, min(floors.values()), actions), problems


def _boundaries(plan: Schedule, peak: Fraction, floors: Mapping[Fraction, int]) -> list[_Boundary]:
    """Where in the week one floor becomes another; the stretch before Monday goes on into it."""
    stretches: list[tuple[int, int]] = []
    for segment in schedule.segments(plan, peak):
        begin, least = (segment.start - cron.REFERENCE) // timedelta(minutes=1), floors[segment.peak]
        if not stretches or stretches[-1][1] != least:
            stretches.append((begin, least))
    if len(stretches) > 1 and stretches[0][1] == stretches[-1][1]:
        stretches.pop(0)
    if len(stretches) < 2:
        return []
    found: list[_Boundary] = []
    for (begin, before), (at, after) in zip([stretches[-1], *stretches[:-1]], stretches, strict=True):
        found.append(_Boundary(at, before, after, (at - begin) % _WEEK))
    return found


def _ramp(boundary: _Boundary, up: Up, boot: int) -> list[tuple[int, int]]:
    """Minutes before the boundary, and the minimum from then on."""
    if boundary.after < boundary.before:
        return [(0, boundary.after)]
    sizes = fleet_steps.climb(boundary.before, boundary.after, up)
    ready, apart = ceil_div(boot + up.warmup, 60), max(1, ceil_div(up.warmup, 60))
    return [(ready + apart * (len(sizes) - 1 - i), size) for i, size in enumerate(sizes)]


def _check_ramp(boundary: _Boundary, ramp: Sequence[tuple[int, int]], zone: str, path: Path) -> Iterator[Problem]:
    """Refuse a ramp that has no time, or that a change of the clocks would shorten."""
    lead = ramp[0][0]
    when = f"{cron.REFERENCE + timedelta(minutes=boundary.at):%A %H:%M}"
    ramped = f"the ramp from {boundary.before} to {show_count(boundary.after, 'instance')}"
    needs = f"{ramped} begins {show_duration(lead * 60_000)}"
    if lead >= cron.DAY_MINUTES:
        hint = "shorten boot or warmup, or let it take larger steps, in steps.up"
        yield Problem(path, RAMP_TOO_LONG, f"{needs} before {when}, more than a day", hint)
    elif lead >= boundary.since:
        message = f"{needs} before {when}, and the floor before it has only {show_duration(boundary.since * 60_000)}"
        yield Problem(path, WINDOWS_TOO_CLOSE, message, "join what lies so close together, or shorten boot or warmup")
    elif lead and (clash := _clocks(boundary.at, lead, zone)):
        message = f"{needs} before {when}, and {zone} changes its clocks meanwhile ({clash:%d %B, %H:%M})"
        yield Problem(path, CLOCK_CHANGE, message, "move it further from the change, or use timezone UTC")


def _clocks(at: int, lead: int, zone: str) -> datetime | None:
    """The first boundary of the reference year between whose ramp and itself the zone's offset changes."""
    info, before = ZoneInfo(zone), timedelta(minutes=lead)
    for change in schedule.clock_changes(zone):
        monday = (change - timedelta(days=change.weekday())).replace(hour=0, minute=0)
        for weeks in (-1, 0, 1):
            moment = monday + timedelta(weeks=weeks, minutes=at)
            moments = [each.replace(tzinfo=info, fold=fold) for each in (moment - before, moment) for fold in (0, 1)]
            if len({each.utcoffset() for each in moments}) > 1:
                return moment
    return None


def _action(minimum: int, minutes: list[int]) -> Action:
    """One action for all weekdays on which the minimum is set at this time of day."""
    time = minutes[0] % cron.DAY_MINUTES
    days = sorted((minute // cron.DAY_MINUTES + 1) % 7 for minute in minutes)
    weekdays = "*" if len(days) == 7 else ",".join(map(str, days))
    return Action(f"{time % 60} {time // 60} * * {weekdays}", minimum, tuple(sorted(minutes)))
