"""The rules of a drill are those of its stack, in the drill's time."""

import time
from pathlib import Path

import pytest

from flyball.alerts import cluster
from flyball.alerts.rule import Rule, Severity, rule_file
from flyball.drills.cluster import dawn
from flyball.drills.cluster.alerts import TIMES
from flyball.drills.cluster.drill import IMAGE
from flyball.drills.cluster.scene import config
from flyball.drills.cluster.settings import COMPRESSION
from flyball.drills.errors import DrillError
from flyball.drills.watch import Watch, notifying, shortened
from flyball.lab.monitoring.monitor import Monitor, Times
from flyball.lab.monitoring.receiver import Notice, Receiver, listening
from flyball.stack.read import read


@pytest.mark.parametrize(
    ("expr", "shorter"),
    [
        ("increase(a[15m]) > 0", "increase(a[75000ms]) > 0"),
        ("a - a offset 300s", "a - a offset 25000ms"),
        ("max_over_time(sum(a)[1h:1m]) > 3600", "max_over_time(sum(a)[300000ms:5000ms]) > 3600"),
        ('a{b="offset 1"} > 15', 'a{b="offset 1"} > 15'),
        ("vector(12)", "vector(12)"),
    ],
)
def test_expressions_look_back_less_far(expr: str, shorter: str) -> None:
    rule = {"record": "it", "expr": expr}
    [group] = shortened({"groups": [{"name": "some", "rules": [rule]}]}, 12)["groups"]
    assert group == {"name": "some", "rules": [{"record": "it", "expr": shorter}]}


def test_alerts_wait_less_and_nothing_else_changes() -> None:
    groups = cluster.rules(read(config(dawn.DRILL, IMAGE)).services.values(), True, False)
    before, after = rule_file(groups), shortened(rule_file(groups), COMPRESSION)
    waits = {rule.name: rule.seconds for group in groups.values() for rule in group if isinstance(rule, Rule)}
    assert [group["name"] for group in after["groups"]] == [group["name"] for group in before["groups"]]
    found = [rule for group in after["groups"] for rule in group["rules"]]
    assert {rule["alert"]: rule["for"] for rule in found if "alert" in rule} == {
        name: f"{seconds * 1000 // 12}ms" for name, seconds in waits.items()
    }
    rest = [rule for group in before["groups"] for rule in group["rules"]]
    for old, new in zip(rest, found, strict=True):
        assert {**old, "expr": "", "for": ""} == {**new, "expr": "", "for": old.get("for", "")} | {"for": ""}


def test_the_times_are_those_that_people_have_as_many_times_shorter() -> None:
    assert Times(30_000 // 12, 30_000 // 12) == TIMES
    with listening() as told:
        route = notifying(told, COMPRESSION)["route"]
    waits = route["group_wait"], route["group_interval"], route["repeat_interval"]
    assert waits == ("2500ms", "25000ms", "1200000ms")
    assert COMPRESSION == 12


def test_people_are_told_from_the_beginning_of_the_recording_on_and_who_waits_in_vain_learns_for_what() -> None:
    receiver, labels = Receiver(), {"alertname": "HopSlow", "severity": "warning", "namespace": "shop", "hop": "pay"}
    began = time.monotonic() - 10
    receiver.notices += [Notice(began + at, "warning", True, "", labels, {}) for at in (-1000, 2)]
    people = Watch(Monitor(Path(), "", "", receiver), lambda: time.monotonic() - began)
    [told] = people.told()
    assert (told.text, told.alert, told.to) == ("warning: HopSlow shop/pay", "HopSlow", "warning")
    people.await_told(Severity.WARNING)
    people.await_alert("HopSlow", 0)
    with pytest.raises(DrillError, match="waited 0 s for CircuitOpen"):
        people.await_alert("CircuitOpen", 0)
