"""A drill on a model, and the model itself: each of AWS's rules that it follows, by hand."""

from dataclasses import replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from flyball.drills.models.auto_scaling import EVER, Action, Alarm, Group, Instance, actions_between, made_from
from flyball.drills.run import MODELS, run

EXACT: dict[tuple[str, bool], dict[str, Any]] = {
    ("dawn-fleet", True): {
        "requests_not_served": 0,
        "fewest_ready": 4,
        "most_ready": 15,
        "largest_drop_at_once": 1,
    },
    ("dawn-fleet", False): {
        "requests_not_served": 222_800,
        "fewest_ready": 2,
        "most_ready": 8,
        "largest_drop_at_once": 5,
    },
}
BEGIN = datetime(2026, 11, 26, 21, 30, tzinfo=ZoneInfo("Europe/Berlin"))
UP = {
    "policyType": "StepScaling",
    "adjustmentType": "PercentChangeInCapacity",
    "minAdjustmentMagnitude": 2,
    "stepAdjustments": [
        {"scalingAdjustment": 25, "metricIntervalLowerBound": "0", "metricIntervalUpperBound": "600"},
        {"scalingAdjustment": 50, "metricIntervalLowerBound": "600"},
    ],
}
DOWN = {
    "policyType": "SimpleScaling",
    "adjustmentType": "PercentChangeInCapacity",
    "scalingAdjustment": -10,
    "minAdjustmentMagnitude": 1,
    "cooldown": 300,
}
ALARMS = (Alarm(True, 3600.0, 2, UP), Alarm(False, 2400.0, 5, DOWN))


@pytest.mark.parametrize("name", [drill.name for drill in MODELS.drills])
def test_drill(name: str) -> None:
    results = {result.guard: result for result in run([name], (True, False), print)}
    for guard, result in results.items():
        exact = EXACT[name, guard]
        assert {key: result.figures[key] for key in exact} == exact
        assert result.held is guard


def test_a_drill_on_a_model_says_so_wherever_it_is_shown() -> None:
    for drill in MODELS.drills:
        assert all("model" in text for text in (drill.title, drill.story, drill.method))


def group(size: int = 12, **changed: Any) -> Group:
    made = Group(2, 18, size, 120, 300, EVER, ALARMS, (), instances=[Instance(0, 0) for _ in range(size)])
    for key, value in changed.items():
        setattr(made, key, value)
    return made


def run_for(made: Group, seconds: int, load: float, begin: int = 1) -> Group:
    for now in range(begin, begin + seconds):
        made.second(now, load)
    return made


def sizes(made: Group) -> list[tuple[int, int]]:
    return [(at, size) for at, size, _ in made.told]


def test_an_alarm_takes_as_many_minutes_as_it_says_and_the_band_is_that_of_the_breach() -> None:
    """12 at 65 requests/s each are 3,900 a minute, 300 beyond: the first band, 25 % of 12."""
    assert sizes(run_for(group(), 120, 780)) == [(120, 15)]
    """At 75 they are 900 beyond: half of 12."""
    assert sizes(run_for(group(), 120, 900)) == [(120, 18)]


def test_what_warms_up_is_part_of_the_answer() -> None:
    """The alarm asks each minute; until the first three are warm a second breach adds but the difference."""
    assert sizes(run_for(group(), 300, 780)) == [(120, 15)]
    made = run_for(group(), 120, 780)
    assert sizes(run_for(made, 60, 900, 121)) == [(120, 15), (180, 18)]


def test_a_step_down_is_rounded_to_none_and_cools_down() -> None:
    """12 at 30 requests/s each: 1.2 are one, and the next goes 300 s later."""
    assert sizes(run_for(group(), 900, 360)) == [(300, 11), (600, 10), (900, 9)]


@pytest.mark.parametrize(("load", "least", "most"), [(50.0, 9, 12), (5_000.0, 12, 18)])
def test_never_beyond_minimum_and_maximum(load: float, least: int, most: int) -> None:
    made = run_for(group(minimum=9), 7_200, load)
    assert {size for _, size in sizes(made)} <= set(range(least, most + 1))
    assert made.desired == (least if load < 100 else most)


def test_a_minimum_that_is_raised_takes_the_size_with_it_and_one_that_is_lowered_does_not() -> None:
    made = group(6, minimum=6, actions=(Action(10, 9, -1, -1), Action(20, 3, -1, -1)), alarms=())
    run_for(made, 60, 0)
    assert (sizes(made), made.minimum, made.maximum) == ([(10, 9)], 3, 18)


def test_a_size_that_a_schedule_leaves_out_is_none() -> None:
    """Minus one is what leaves it alone."""
    night = {"recurrence": "0 22 * * *", "timeZone": "Europe/Berlin", "minSize": 3}
    assert actions_between([night], BEGIN, 3_600) == (Action(1_800, 3, 0, 0),)
    made = run_for(group(6, actions=(Action(5, 3, 0, 0),), alarms=()), 10, 0)
    assert made.there(10) == 0


@pytest.mark.parametrize(
    ("process", "there"), [("ScheduledActions", 6), ("AlarmNotification", 3), ("Terminate", 6), ("Launch", 3)]
)
def test_what_is_suspended_does_not_happen(process: str, there: int) -> None:
    made = group(6, actions=(Action(5, 2, -1, 3),), suspended={process}, alarms=())
    assert run_for(made, 10, 0).there(10) == there


def test_without_alarms_being_heard_no_policy_moves_anything() -> None:
    assert sizes(run_for(group(suspended={"AlarmNotification"}), 900, 360)) == []


def test_who_is_not_ready_within_the_hook_never_serves() -> None:
    made = group(6, minimum=6, heartbeat=200, alarms=())
    made.lose(1, 1)
    assert run_for(made, 3_000, 0, 1).serving(3_000) == 5
    ready = replace(group(6, minimum=6, heartbeat=400, alarms=()))
    ready.lose(1, 1)
    assert run_for(ready, 3_000, 0, 1).serving(3_000) == 6


def test_alarms_that_call_people_move_nothing() -> None:
    alarm = {"comparisonOperator": "GreaterThanThreshold", "threshold": 1.0, "evaluationPeriods": 1}
    arn = "arn:aws:autoscaling:eu-central-1:123456789012:scalingPolicy:1:policyName/up-1a2b3c4"
    made = made_from(
        [
            ("aws:autoscaling/group:Group", "web", {"minSize": 2.0, "maxSize": 4.0}),
            ("aws:autoscaling/policy:Policy", "up", UP),
            ("aws:cloudwatch/metricAlarm:MetricAlarm", "high", {**alarm, "alarmActions": [arn]}),
            ("aws:cloudwatch/metricAlarm:MetricAlarm", "cap", {**alarm, "alarmActions": ["arn:aws:sns:::alarms"]}),
        ],
        BEGIN,
        60,
        300,
    )
    assert [each.policy for each in made.alarms] == [UP]
    assert (made.minimum, made.maximum, made.desired, made.there(0)) == (2, 4, 2, 2)
