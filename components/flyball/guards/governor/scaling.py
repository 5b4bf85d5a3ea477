"""Lesson 5, by the clock: how the floors of a schedule become what KEDA can hold.

KEDA takes the highest of all triggers, and its cron trigger is a floor only inside its window (https://keda.sh/docs/
2.21/scalers/cron/). So the lowest floor of the day is the minimum at all times, each window with a higher one is a
trigger, and where some windows ask for less than the rest of the day, the rest of the day is a trigger too.

A trigger begins early enough that its floor stands when its window starts: the autoscaler's steps take their time
(`steps.ramp`), it looks only every 15 s, and a replica has to start. After a window's end the autoscaler goes down by
its own steps. All counts are those of the Deployment that is autoscaled: with spot on, without the on-demand base.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from cronsim import CronSim

from flyball.guards.governor import steps
from flyball.guards.governor.rules import RAMP_TOO_LONG, WINDOWS_TOO_CLOSE
from flyball.guards.governor.steps import Behavior
from flyball.guards.headroom import cron, schedule
from flyball.guards.headroom.rules import CLOCK_CHANGE, CRON_FOR_KEDA
from flyball.guards.headroom.schedule import Schedule, Window
from flyball.guards.reading.problem import Broken, Path, Problem
from flyball.guards.reading.units import ceil_div, show_count, show_duration

SYNC_SECONDS = 15
"""How often the autoscaler looks (--horizontal-pod-autoscaler-sync-period of kube-controller-manager), so how late
each of its steps may come."""


@dataclass(frozen=True, slots=True)
class Trigger:
    """From `start` to `end`, cron expressions that crontab(5) and KEDA read alike, at least `replicas` are wanted."""

    start: str
    end: str
    replicas: int


@dataclass(frozen=True, slots=True)
class Floors:
    """What never goes below: `least` replicas at any time, and more within the triggers. No zone without triggers."""

    least: int
    timezone: str = ""
    triggers: tuple[Trigger, ...] = ()


@dataclass(frozen=True, slots=True)
class Stretch:
    """From `start` to `end` that many `replicas` must stand; `path` says where that is written, for messages."""

    start: str
    end: str
    replicas: int
    path: Path


def lead(least: int, replicas: int, behavior: Behavior, startup: int) -> int:
    """Minutes before a window at which the autoscaler must set out from `least` for `replicas` to stand at its start.

    The ramp, 15 s for each of its steps to be noticed, and `startup` seconds for the last replica to start.
    """
    ramp = steps.ramp(least, replicas, behavior)
    return ceil_div(ramp[-1][0] + SYNC_SECONDS * len(ramp) + startup, 60)


def floors(
    plan: Schedule, otherwise: int, within: Sequence[int], behavior: Behavior, startup: int, path: Path
) -> tuple[Floors, list[Problem]]:
    """The floors of a schedule without problems of its own, and what of it KEDA cannot hold.

    `otherwise` replicas must stand outside of all windows, and `within` in each of them; `startup` is the longest that
    a replica may take to start [s].
    """
    problems: list[Problem] = []
    zone = ZoneInfo(plan.timezone)
    least, stretches = _stretches(plan, otherwise, within, path, problems)
    triggers: list[Trigger] = []
    for stretch in stretches:
        minutes = lead(least, stretch.replicas, behavior, startup)
        found = list(_obstacles(stretch, minutes, zone))
        problems += found
        if not found:
            triggers.append(Trigger(cron.earlier(stretch.start, minutes), cron.normal(stretch.end), stretch.replicas))
    return Floors(least, plan.timezone, tuple(triggers)), problems


def _stretches(
    plan: Schedule, otherwise: int, within: Sequence[int], path: Path, problems: list[Problem]
) -> tuple[int, list[Stretch]]:
    """The lowest floor, and every stretch that needs more."""
    numbered = list(enumerate(zip(plan.windows, within, strict=True)))
    for i, (window, _) in numbered:
        for edge, text in (("start", window.start), ("end", window.end)):
            problems += _check_words(text, (*path, "windows", i, edge))
    low = [(i, window) for i, (window, replicas) in numbered if replicas < otherwise]
    if problems:
        return otherwise, []
    least = min([otherwise, *within])
    outside = _outside(low, otherwise, path, problems) if low else []
    stretches = [
        Stretch(window.start, window.end, replicas, (*path, "windows", i))
        for i, (window, replicas) in numbered
        if replicas > least
    ]
    return least, [*stretches, *outside]


def _check_words(text: str, path: Path) -> Iterator[Problem]:
    try:
        cron.normal(text)
    except Broken as error:
        yield Problem(path, error.rule, f"{text!r} {error.message}", error.remedy)


def _outside(low: list[tuple[int, Window]], replicas: int, path: Path, problems: list[Problem]) -> list[Stretch]:
    """The time outside of all windows that ask for less than the rest of the day."""
    if len(low) == 1:
        i, window = low[0]
        return [Stretch(window.end, window.start, replicas, (*path, "windows", i))]
    yearly = [i for i, w in low if not (cron.Expression(w.start).is_weekly and cron.Expression(w.end).is_weekly)]
    for i in yearly:
        problems.append(
            Problem(
                (*path, "windows", i),
                CRON_FOR_KEDA,
                "asks for less than load.peak on days of a month, beside another window that asks for less",
                "KEDA has no words for the time outside of both; give them weekdays only, or keep one of them",
            )
        )
    return [] if yearly else _weekly_outside([window for _, window in low], replicas, (*path, "windows"))


def _weekly_outside(low: list[Window], replicas: int, path: Path) -> list[Stretch]:
    """One for all gaps that begin and end at the same times of day and last equally long."""
    days: dict[tuple[str, str, int], list[int]] = {}
    for start, end in _gaps(low):
        span = (end.date() - start.date()).days
        key = (f"{start.minute} {start.hour}", f"{end.minute} {end.hour}", span)
        days.setdefault(key, []).append(start.isoweekday() % 7)
    return [
        Stretch(
            f"{start} * * {','.join(map(str, sorted(on)))}",
            f"{end} * * {','.join(str(day) for day in sorted((day + span) % 7 for day in on))}",
            replicas,
            path,
        )
        for (start, end, span), on in days.items()
    ]


def _gaps(windows: list[Window]) -> list[tuple[datetime, datetime]]:
    """The reference week outside of all windows; what runs on into Monday ends in the week after."""
    laid_out = schedule.segments(Schedule("UTC", tuple(windows)), max(w.peak for w in windows) + 1)
    free = [(segment.start, segment.end) for segment in laid_out if not segment.windows]
    whole_week = cron.REFERENCE, cron.REFERENCE + schedule.WEEK
    if len(free) > 1 and (free[0][0], free[-1][1]) == whole_week:
        free = [*free[1:-1], (free[-1][0], free[0][1] + schedule.WEEK)]
    return free


def _obstacles(stretch: Stretch, minutes: int, zone: ZoneInfo) -> Iterator[Problem]:
    """Why a stretch cannot be a trigger that begins `minutes` before it."""
    time = show_duration(minutes * 60_000)
    needs = f"the autoscaler needs {time} before {stretch.start!r} to be at {show_count(stretch.replicas, 'replica')}"
    if minutes >= cron.DAY_MINUTES:
        yield Problem(
            stretch.path, RAMP_TOO_LONG, f"{needs}, more than a day", "let it take larger steps, in behavior.up"
        )
        return
    try:
        cron.earlier(stretch.start, minutes)
    except Broken as error:
        yield Problem(stretch.path, error.rule, f"{needs}, and that {error.message}", error.remedy)
        return
    if cron.ends_within(stretch.start, stretch.end, minutes):
        hint = "join what lies so close together, or let the autoscaler take larger steps, in behavior.up"
        yield Problem(
            stretch.path, WINDOWS_TOO_CLOSE, f"{needs}, which is longer than the time since {stretch.end!r}", hint
        )
    if clash := _clock_change(stretch.start, minutes, zone):
        yield Problem(
            stretch.path,
            CLOCK_CHANGE,
            f"{needs}, and {zone.key} changes its clocks meanwhile ({clash:%d %B, %H:%M})",
            "move it further from the change, or use timezone UTC",
        )


def _clock_change(start: str, minutes: int, zone: ZoneInfo) -> datetime | None:
    """The first start, within a year, before which the clock changes in that time, or which is in a changed hour."""
    before, margin = timedelta(minutes=minutes), timedelta(hours=3)
    for change in schedule.clock_changes(zone.key):
        for fired in CronSim(start, change - margin):
            if fired > change + margin + before:
                break
            moments = [at.replace(tzinfo=zone, fold=fold) for at in (fired - before, fired) for fold in (0, 1)]
            if len({moment.utcoffset() for moment in moments}) > 1:
                return fired
    return None
