"""A schedule's floors as triggers: by hand, and a model of KEDA and the autoscaler that lives through whole weeks."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest
from cronsim import CronSim
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.examples import so_many
from tests.guards.governor.autoscaler import Autoscaler
from tests.guards.headroom.test_schedule import EDGES, Edge, active_minutes

from flyball.guards.governor.scaling import SYNC_SECONDS, Floors, Trigger, floors, lead
from flyball.guards.governor.steps import Behavior, Rate
from flyball.guards.headroom import schedule
from flyball.guards.headroom.cron import REFERENCE
from flyball.guards.headroom.schedule import Schedule, Window
from flyball.guards.reading.units import ceil_div

MINUTE = timedelta(minutes=1)
MOST = 100
W0 = "schedule.windows[0]: the autoscaler needs "
WEEK_MINUTES = 7 * 24 * 60
STARTUP = 150
Edges = tuple[str, str]
NIGHT, WEEKEND = ("0 22 * * *", "0 6 * * *"), ("0 6 * * 6", "0 6 * * 1")
DAY, NOON = ("0 8 * * 1-5", "0 20 * * 1-5"), ("0 11 * * *", "0 13 * * *")


def plan(windows: Sequence[Edges], timezone: str = "UTC") -> Schedule:
    return Schedule(timezone, tuple(Window(f"w{i}", *edges, Fraction(1)) for i, edges in enumerate(windows)))


def held(
    windows: Sequence[Edges],
    otherwise: int,
    within: Sequence[int],
    behavior: Behavior | None = None,
    timezone: str = "UTC",
) -> Floors:
    found, problems = floors(plan(windows, timezone), otherwise, within, behavior or Behavior(), STARTUP, ("schedule",))
    assert problems == []
    return found


def refused(
    windows: Sequence[Edges], otherwise: int, within: Sequence[int], behavior: Behavior | None = None, zone: str = "UTC"
) -> list[str]:
    _, problems = floors(plan(windows, zone), otherwise, within, behavior or Behavior(), STARTUP, ("schedule",))
    return [str(problem) for problem in problems]


class TestLead:
    def test_by_hand(self) -> None:
        """4 -> 6 -> 9 -> 12 takes two periods of 60 s; three steps may each be 15 s late; 150 s to start: 315 s."""
        assert lead(4, 12, Behavior(), STARTUP) == 6

    def test_one_step_and_a_quick_start(self) -> None:
        assert lead(4, 6, Behavior(), 45) == 1
        assert lead(4, 6, Behavior(), 46) == 2


class TestByHand:
    def test_more_by_day(self) -> None:
        assert held([DAY], 4, [12]) == Floors(4, "UTC", (Trigger("54 7 * * 1-5", "0 20 * * 1-5", 12),))

    def test_less_at_night_makes_a_trigger_of_the_day(self) -> None:
        assert held([NIGHT], 12, [4]) == Floors(4, "UTC", (Trigger("54 5 * * *", "0 22 * * *", 12),))

    def test_two_times_of_less_make_triggers_of_what_is_outside_of_both(self) -> None:
        assert held([NIGHT, WEEKEND], 12, [4, 5], timezone="Europe/Berlin") == Floors(
            4,
            "Europe/Berlin",
            (Trigger("57 5 * * 6", "0 6 * * 1", 5), Trigger("54 5 * * 1-5", "0 22 * * 1-5", 12)),
        )

    def test_more_within_less_and_more_within_more(self) -> None:
        assert held([NIGHT, NOON], 12, [4, 20]) == Floors(
            4, "UTC", (Trigger("53 10 * * *", "0 13 * * *", 20), Trigger("54 5 * * *", "0 22 * * *", 12))
        )
        assert held([DAY, NOON], 4, [12, 20]) == Floors(
            4, "UTC", (Trigger("54 7 * * 1-5", "0 20 * * 1-5", 12), Trigger("53 10 * * *", "0 13 * * *", 20))
        )

    def test_windows_that_leave_no_time_outside(self) -> None:
        day, night = ("0 8 * * *", "0 20 * * *"), ("0 20 * * *", "0 8 * * *")
        assert held([day, night], 30, [12, 4]) == Floors(4, "UTC", (Trigger("54 7 * * *", "0 20 * * *", 12),))

    def test_stretches_that_run_over_midnight_and_over_sunday(self) -> None:
        """An hour less each night, and another on Wednesday: three kinds of stretches are left."""
        early, late = ("0 3 * * *", "0 4 * * *"), ("0 12 * * 3", "0 13 * * 3")
        assert held([early, late], 4, [2, 3]).triggers == (
            Trigger("57 11 * * 3", "0 13 * * 3", 3),
            Trigger("57 3 * * 0-2,4-6", "0 3 * * 0-3,5,6", 4),
            Trigger("57 3 * * 3", "0 12 * * 3", 4),
            Trigger("57 12 * * 3", "0 3 * * 4", 4),
        )

    def test_windows_that_change_nothing(self) -> None:
        assert held([DAY], 4, [4]) == Floors(4, "UTC", ())

    def test_one_day_of_the_year(self) -> None:
        assert held([("0 6 24 12 *", "0 6 25 12 *")], 4, [40]).triggers[0].end == "0 6 25 12 *"

    def test_less_on_one_day_of_the_year_alone(self) -> None:
        assert held([("0 6 25 12 *", "0 6 26 12 *")], 12, [4]) == Floors(
            4, "UTC", (Trigger("54 5 26 12 *", "0 6 25 12 *", 12),)
        )


class TestRefused:
    def test_a_start_that_would_fall_on_the_day_before(self) -> None:
        assert refused([("0 0 24 12 *", "0 0 27 12 *")], 4, [12]) == [
            f"{W0}6m before '0 0 24 12 *' to be at 12 replicas, and that would"
            " have to come on the day before; make it 6m past midnight or later"
        ]

    def test_a_pause_too_short_to_come_back(self) -> None:
        assert refused([("0 22 * * *", "5 22 * * *")], 12, [4]) == [
            f"{W0}6m before '5 22 * * *' to be at 12 replicas, which is longer"
            " than the time since '0 22 * * *'; join what lies so close together, or let the autoscaler take larger"
            " steps, in behavior.up"
        ]
        assert refused([("0 22 * * *", "58 21 * * *")], 4, [12])[0].startswith(
            f"{W0}6m before '0 22 * * *' to be at 12 replicas, which is longer"
        )

    def test_a_way_that_takes_more_than_a_day(self) -> None:
        slow = Behavior(up=Rate(1, 1, 1800))
        assert refused([DAY], 4, [60], slow) == [
            f"{W0}1d3h47m before '0 8 * * 1-5' to be at 60 replicas, more than"
            " a day; let it take larger steps, in behavior.up"
        ]

    def test_a_clock_change_on_the_way(self) -> None:
        """Berlin goes from 2 to 3 o'clock on 26 March 2028: before 3:03 the way begins in an hour that is not there."""
        assert refused([("3 3 * * *", "0 22 * * *")], 4, [12], zone="Europe/Berlin") == [
            f"{W0}6m before '3 3 * * *' to be at 12 replicas, and Europe/Berlin"
            " changes its clocks meanwhile (26 March, 03:03); move it further from the change, or use timezone UTC"
        ]
        assert refused([("6 3 * * *", "0 22 * * *")], 4, [12], zone="Europe/Berlin") == []
        assert refused([("3 3 * * 1-6", "0 22 * * *")], 4, [12], zone="Europe/Berlin") == []

    def test_two_times_of_less_of_which_one_is_no_weekly_one(self) -> None:
        assert refused([NIGHT, ("0 6 25 12 *", "0 6 27 12 *")], 12, [4, 4]) == [
            "schedule.windows[1]: asks for less than load.peak on days of a month, beside another window that asks for"
            " less; KEDA has no words for the time outside of both; give them weekdays only, or keep one of them"
        ]

    def test_days_of_the_month_that_are_such_weekdays_too(self) -> None:
        assert refused([("0 8 */2 * 1", "0 20 * * *")], 4, [12]) == [
            "schedule.windows[0].start: '0 8 */2 * 1' means days of the month that are also such weekdays, which KEDA"
            " cannot say; restrict only one of the two fields"
        ]


def by_minute(start: str, end: str) -> list[bool]:
    """For each minute of a week whether KEDA's cron trigger is active: its next end comes before its next start."""

    def fires(text: str) -> set[int]:
        found: set[int] = set()
        for moment in CronSim(text, REFERENCE - MINUTE):
            minute = int((moment - REFERENCE) / MINUTE)
            if minute >= 2 * WEEK_MINUTES:
                break
            found.add(minute)
        return found

    starts, ends = fires(start), fires(end)
    active, found = False, [False] * WEEK_MINUTES
    for minute in range(2 * WEEK_MINUTES - 1, -1, -1):
        if minute < WEEK_MINUTES:
            found[minute] = active
        active = (active or minute in ends) and minute not in starts
    return found


class World:
    """KEDA and an autoscaler, where replicas need `startup` seconds to start; `floor` is by minute of the week."""

    def __init__(self, found: Floors, behavior: Behavior, startup: int, floor: list[int]) -> None:
        triggers = [(by_minute(t.start, t.end), t.replicas) for t in found.triggers]
        self.asked = [
            max((replicas for active, replicas in triggers if active[minute]), default=0)
            for minute in range(WEEK_MINUTES)
        ]
        self.autoscaler = Autoscaler(behavior, found.least, MOST, max([found.least, *floor]))
        self.behavior, self.startup, self.floor = behavior, startup, floor

    def live(self, start: datetime, days: int, phase: int, zone: ZoneInfo) -> None:
        """From local midnight at `start`, a look every 15 s beginning at `phase`; checks the promises at each."""
        began = start.replace(tzinfo=zone).astimezone(UTC)
        clock = [(began + n * MINUTE).astimezone(zone).replace(tzinfo=None) for n in range(days * 24 * 60)]
        looks_to_start = ceil_div(self.startup, SYNC_SECONDS)
        sizes: list[int] = []
        for second in range(phase, days * 86_400, SYNC_SECONDS):
            local = clock[second // 60]
            minute = (local.weekday() * 24 + local.hour) * 60 + local.minute
            ready = min([*sizes[-looks_to_start:], self.autoscaler.replicas])
            floor, at = self.floor[minute], timedelta(seconds=second % 60)
            assert ready >= floor, f"{local + at}: {ready} ready, the floor is {floor}"
            self.autoscaler.look(second, self.asked[minute])
            sizes.append(self.autoscaler.replicas)
            self.check_steps(sizes)

    def check_steps(self, sizes: list[int]) -> None:
        """What one period brought is no more than the rule allows, from what there was before it.

        Within 20 s there are two looks, the one 15 s ago too: the autoscaler reckons from before that one.
        """
        up, down, now = self.behavior.up, self.behavior.down, sizes[-1]
        if sizes[-2:-1] == [now]:
            return  # nothing came or went at this look; what did before was held to the period before that one
        before = sizes[-1 - ceil_div(up.period, SYNC_SECONDS) :][0]
        assert now <= before + up.up(before)
        before = sizes[-1 - ceil_div(down.period, SYNC_SECONDS) :][0]
        assert now >= before - down.down(before)


def floor_by_minute(edges: list[tuple[Edge, Edge]], otherwise: int, within: list[int]) -> list[int]:
    """The floor that a schedule promises: of overlapping windows the higher, outside of all `otherwise`."""
    on = [active_minutes(start, end) for start, end in edges]
    rows = ([n for active, n in zip(on, within, strict=True) if active[minute]] for minute in range(WEEK_MINUTES))
    return [max(row, default=otherwise) for row in rows]


RATES = st.builds(Rate, st.integers(1, 10), st.integers(1, 200), st.sampled_from([15, 20, 50, 60]))
BEHAVIORS = st.builds(Behavior, RATES, RATES, st.sampled_from([15, 60, 300]))
WINDOWS = st.lists(st.tuples(EDGES, EDGES, st.integers(1, 60)), min_size=1, max_size=3)


class TestWholeWeeks:
    @settings(max_examples=so_many(12), suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])
    @given(WINDOWS, st.integers(1, 60), BEHAVIORS, st.integers(1, 300), st.integers(0, 14))
    def test_the_floor_of_every_minute_stands_and_no_step_is_too_large(
        self, drawn: list[tuple[Edge, Edge, int]], otherwise: int, behavior: Behavior, startup: int, phase: int
    ) -> None:
        edges, within = [(start, end) for start, end, _ in drawn], [replicas for *_, replicas in drawn]
        written = plan([(start.text, end.text) for start, end in edges])
        if schedule.check(written, ()):
            return
        found, problems = floors(written, otherwise, within, behavior, startup, ())
        if not problems:
            world = World(found, behavior, startup, floor_by_minute(edges, otherwise, within))
            world.live(REFERENCE, 7, phase, ZoneInfo("UTC"))

    @pytest.mark.parametrize("monday", [datetime(2028, 3, 20), datetime(2028, 10, 23)], ids=["forward", "back"])
    @pytest.mark.parametrize("phase", [0, 7, 14])
    def test_a_week_in_which_the_clocks_change(self, monday: datetime, phase: int) -> None:
        """Less at night and at weekends, more at noon; the clocks change on Sunday, within the night."""
        every = frozenset(range(7))
        edges = [
            (edge(22, every), edge(6, every)),
            (edge(6, frozenset({6})), edge(6, frozenset({1}))),
            (edge(11, every), edge(13, every)),
        ]
        otherwise, within = 20, [3, 8, 41]
        found = held([(a.text, b.text) for a, b in edges], otherwise, within, timezone="Europe/Berlin")
        assert found.least == 3
        floor = floor_by_minute(edges, otherwise, within)
        assert set(floor) == {3, 8, 20, 41}
        World(found, Behavior(), STARTUP, floor).live(monday, 8, phase, ZoneInfo("Europe/Berlin"))

    def test_back_up_within_the_period_in_which_it_went_down(self) -> None:
        """From 13 to 10 and, at the next look, back to 13: a period of 20 s began with 13."""
        world = World(Floors(4, "UTC", ()), Behavior(up=Rate(1, 15, 20), down=Rate(1, 18, 15)), 216, [4] * WEEK_MINUTES)
        world.check_steps([13, 13, 13, 10, 13])

    def test_what_came_a_look_ago_is_reckoned_from_before_that_one(self) -> None:
        """Of 7 that stay 3 came at the look before, from the 5 of 20 s before it: two more, as allowed."""
        behavior = Behavior(Rate(2, 1, 20), Rate(1, 1, 15), 15)
        world = World(Floors(4, "UTC", ()), behavior, 1, [4] * WEEK_MINUTES)
        world.check_steps([7, 6, 5, 4, 7])
        world.check_steps([7, 6, 5, 4, 7, 7])
        with pytest.raises(AssertionError):
            world.check_steps([7, 6, 5, 4, 8])
        with pytest.raises(AssertionError):
            world.check_steps([13, 10, 10, 13])

    def test_the_model_finds_a_trigger_that_begins_too_late(self) -> None:
        edges = [(edge(8, frozenset(range(7))), edge(20, frozenset(range(7))))]
        late = Floors(4, "UTC", (Trigger("56 7 * * *", "0 20 * * *", 12),))
        with pytest.raises(AssertionError, match=r"08:00:14: 9 ready, the floor is 12"):
            World(late, Behavior(), STARTUP, floor_by_minute(edges, 4, [12])).live(REFERENCE, 2, 14, ZoneInfo("UTC"))


def edge(hour: int, days: frozenset[int]) -> Edge:
    return Edge(frozenset({0}), frozenset({hour}), days)
