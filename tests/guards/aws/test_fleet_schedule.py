"""Scheduled actions of a fleet, held against the week that they are made from, minute by minute."""

from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any

import pytest
from cronsim import CronSim
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from tests.examples import so_many

from flyball.guards.aws import fleet_schedule
from flyball.guards.aws.fleet_schedule import Action, Actions
from flyball.guards.aws.fleet_steps import DEFAULT_BANDS, Up
from flyball.guards.headroom import schedule
from flyball.guards.headroom.cron import REFERENCE
from flyball.guards.headroom.schedule import Schedule, Window
from flyball.guards.reading.problem import Problem

UP = Up(DEFAULT_BANDS, least=2, warmup=120)
BOOT = 600
READY = 12
"""Minutes from an action until what it launches carries its share."""
PEAK = Fraction(900)
DAILY = tuple(1440 * day for day in range(7))
MINUTE = timedelta(minutes=1)


def laid_out(windows: list[Window], zone: str = "UTC", peak: Fraction = PEAK) -> tuple[Actions, list[Problem]]:
    """A floor of one instance for each 50 requests/s, at least 2."""
    plan = Schedule(zone, tuple(windows))
    floors = {p: max(2, int(p) // 50) for p in (peak, *(w.peak for w in windows))}
    return fleet_schedule.lay_out(plan, peak, floors, UP, BOOT, ("schedule",))


def at(minute: int) -> tuple[int, ...]:
    return tuple(day + minute for day in DAILY)


def test_a_quiet_night() -> None:
    """Down in one go, the policy takes the steps; up by a ramp that ends when the last instances carry their share."""
    found, problems = laid_out([Window("night", "0 22 * * *", "0 6 * * *", Fraction(200))])
    assert problems == []
    assert found == Actions(
        "UTC",
        4,
        (
            Action("42 5 * * *", 6, at(342)),
            Action("44 5 * * *", 9, at(344)),
            Action("46 5 * * *", 13, at(346)),
            Action("48 5 * * *", 18, at(348)),
            Action("0 22 * * *", 4, at(1320)),
        ),
    )


def test_weekends_are_of_weekdays() -> None:
    found, problems = laid_out([Window("weekend", "0 0 * * 6", "0 0 * * 1", Fraction(700))])
    assert problems == []
    assert sorted((a.recurrence, a.minimum) for a in found.actions) == [("0 0 * * 6", 14), ("48 23 * * 0", 18)]


def test_where_windows_overlap_the_higher_peak_holds_and_no_action_comes_between() -> None:
    lunch = Window("lunch", "0 11 * * *", "0 14 * * *", Fraction(1000))
    sale = Window("sale", "0 10 * * *", "0 20 * * *", Fraction(1000))
    found, problems = laid_out([lunch, sale])
    assert problems == []
    assert [(a.recurrence, a.minimum) for a in found.actions] == [("48 9 * * *", 20), ("0 20 * * *", 18)]


def test_windows_that_change_nothing_take_no_action() -> None:
    assert laid_out([Window("same", "0 1 * * *", "0 2 * * *", PEAK)]) == (Actions("UTC", 18), [])


@pytest.mark.parametrize(
    ("local", "minimum"),
    [("2026-11-26T05:47", 13), ("2026-11-26T05:48", 18), ("2026-11-26T21:59", 18), ("2026-11-26T22:00", 4)],
)
def test_the_minimum_of_a_moment_is_the_last_that_was_set(local: str, minimum: int) -> None:
    """In the schedule's own zone; an hour behind it there is another one."""
    found, _ = laid_out([Window("night", "0 22 * * *", "0 6 * * *", Fraction(200))], "Europe/Berlin")
    moment = datetime.fromisoformat(local).replace(tzinfo=UTC) - timedelta(hours=1)
    assert found.minimum(moment) == minimum


TIMES = st.builds(lambda h, m: f"{m} {h}", st.integers(0, 23), st.sampled_from([0, 15, 30, 45]))
DAYS = st.sampled_from(["*", "1-5", "6,0", "1", "3", "0", "1,3,5"])
WINDOWS: Any = st.builds(
    lambda start, end, days, peak: Window("", f"{start} * * {days}", f"{end} * * {days}", Fraction(peak)),
    TIMES,
    TIMES,
    DAYS,
    st.sampled_from([100, 300, 600, 900, 1500, 2400]),
)


def minutes_of(actions: Actions) -> dict[datetime, int]:
    """What each minute of the week sets, as a reader of cron of its own says."""
    found: dict[datetime, int] = {}
    for action in actions.actions:
        for moment in CronSim(action.recurrence, REFERENCE - MINUTE):
            if moment >= REFERENCE + schedule.WEEK:
                break
            assert moment not in found  # AWS takes no two actions of one moment
            found[moment] = action.minimum
    return found


@settings(max_examples=so_many(60), deadline=None)
@given(st.lists(WINDOWS, min_size=1, max_size=3))
@example([Window("", "15 0 * * *", "0 0 * * *", Fraction(100)), Window("", "0 0 * * *", "15 0 * * *", Fraction(100))])
@example([Window("", "0 20 * * 1-5", "0 6 * * 1-5", Fraction(100))])
@example([Window("", "0 0 * * 6", "0 0 * * 1", Fraction(100)), Window("", "0 8 * * *", "0 9 * * *", Fraction(2400))])
def test_in_every_minute_the_floor_stands_and_no_step_is_too_large(windows: list[Window]) -> None:
    plan = Schedule("UTC", tuple(windows))
    assume(not schedule.check(plan, ()))
    actions, problems = laid_out(windows)
    assume(not problems)
    floors = {p: max(2, int(p) // 50) for p in (PEAK, *(w.peak for w in windows))}
    stretches = [(s.start, s.end, floors[s.peak]) for s in schedule.segments(plan, PEAK)]
    sets = minutes_of(actions)
    if not sets:
        assert {least for _, _, least in stretches} == {actions.floor}
        return
    assert len(actions.actions) <= 125
    times = sorted(sets)
    for before, moment in zip([times[-1], *times], times, strict=False):
        rise = sets[moment] - sets[before]
        assert rise <= max(2, sets[before] // 2)
        assert actions.minimum(moment.replace(tzinfo=UTC)) == sets[moment]
        assert actions.minimum(moment.replace(tzinfo=UTC) - MINUTE) == sets[before]
    for start, end, least in stretches:
        # What serves at a moment was wanted as long ago as it takes to start, and never taken back since.
        assert actions.minimum(start.replace(tzinfo=UTC) - READY * MINUTE) >= least
        within = [sets[moment] for moment in times if start - READY * MINUTE <= moment < end]
        assert all(minimum >= least for minimum in within)


def refused(windows: list[Window], zone: str = "UTC") -> list[str]:
    return [str(problem) for problem in laid_out(windows, zone)[1]]


def test_a_ramp_without_time_is_refused() -> None:
    (found,) = refused([Window("low", "0 1 * * *", "10 1 * * *", Fraction(100))])
    assert found == (
        "schedule.windows: the ramp from 2 to 18 instances begins 20m before Monday 01:10, and the floor before it has"
        " only 10m; join what lies so close together, or shorten boot or warmup"
    )


def test_a_ramp_across_a_change_of_the_clocks_is_refused() -> None:
    (found,) = refused([Window("night", "0 22 * * *", "5 3 * * *", Fraction(200))], "Europe/Berlin")
    assert "Europe/Berlin changes its clocks meanwhile (26 March, 03:05)" in found


def test_more_actions_than_a_group_takes_are_refused() -> None:
    windows = [Window("", f"0 {h} * * *", f"29 {h} * * *", Fraction(100)) for h in range(24)]
    found = refused(windows)
    assert found[-1].startswith("schedule: takes ")
    assert found[-1].endswith("a group has at most 125; join windows, or let the fleet take larger steps")


@pytest.mark.parametrize("edge", ["0 6 1 * *", "0 6 * 2 *", "0 6 1-7 * 1"])
def test_windows_of_a_month_are_refused(edge: str) -> None:
    plan = Schedule("UTC", (Window("", "0 22 * * *", edge, Fraction(1)),))
    (found,) = fleet_schedule.check_weekly(plan, ("schedule",))
    assert str(found) == (
        f"schedule.windows[0].end: {edge!r} is not the same in every week; restrict weekdays, not days or months; for"
        " such a day raise load.peak beforehand"
    )
