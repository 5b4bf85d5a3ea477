"""A fleet from what it must carry, and each kind of bad one, refused with its path and how to mend it."""

from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.expected import document

from flyball.guards.aws import fleets
from flyball.guards.aws.fleet_arguments import FleetArgs
from flyball.guards.aws.fleet_refresh import Refresh
from flyball.guards.aws.fleet_steps import Thresholds
from flyball.guards.aws.fleets import Fleet
from flyball.guards.governor.envelope import Envelope
from flyball.guards.headroom.headroom import Headroom
from flyball.guards.interruptions.interruption import Shutdown, SpotSplit
from flyball.guards.reading import strict
from flyball.guards.reading.problem import Problem
from flyball.guards.reading.reader import Reader

CASES = document(Path(__file__).parent / "fleet.yaml")
GIVEN: dict[str, Any] = CASES["given"]


def read(changed: dict[str, Any], zones: int = 3, name: str = "web") -> tuple[Fleet | None, list[Problem]]:
    """The fleet with changes; what is None is left out."""
    values = {key: value for key, value in {**GIVEN, **changed}.items() if value is not None}
    problems = list(strict.check(values, FleetArgs, ()))
    return fleets.read(Reader(values, (), problems), name, zones), problems


def test_the_fleet_of_the_example() -> None:
    """900 requests/s at 150 each, four fifths of it: 8 needed, and 12 leave 8 when one of three zones goes."""
    fleet, problems = read({})
    assert problems == []
    assert fleet is not None
    assert fleet.headroom == Headroom(need=8, floor=12, budget=4)
    assert fleet.split == SpotSplit(base=8, above=4)
    assert fleet.envelope == Envelope(proven=12, ceiling=18, warn=15)
    assert fleet.most == 19
    assert fleet.shutdown == Shutdown(prestop=5_000, drain=40_000, stop=5_000)
    assert (fleet.hook, fleet.deregistration, fleet.idle, fleet.boot) == (80, 40, 2, 600)
    assert fleet.lifetime == 604_800_000
    assert fleet.refresh == Refresh(healthy=100, most=110, checkpoints=(10, 50, 100), wait=600)
    assert (fleet.target, fleet.thresholds) == (40, Thresholds(Fraction(3600), Fraction(2430)))
    assert [(action.recurrence, action.minimum) for action in fleet.actions.actions] == [
        ("42 5 * * *", 5),
        ("44 5 * * *", 7),
        ("46 5 * * *", 10),
        ("48 5 * * *", 12),
        ("0 22 * * *", 3),
    ]
    assert fleet.minimum(datetime(2026, 11, 26, 2, tzinfo=UTC)) == 3
    assert fleet.minimum(datetime(2026, 11, 26, 12, tzinfo=UTC)) == 12


def test_without_a_schedule_the_floor_is_the_minimum() -> None:
    fleet, problems = read({"schedule": None, "spot": None, "survive": None})
    assert problems == []
    assert fleet is not None
    assert (fleet.split, fleet.minimum(datetime(2026, 11, 26, tzinfo=UTC))) == (None, 9)


@pytest.mark.parametrize("case", CASES["refused"], ids=lambda case: f"{case['path']}-{case['rule']}")
def test_a_bad_fleet_is_refused(case: dict[str, Any]) -> None:
    """Where it is, by which rule, and with a remedy; and no fleet comes of it."""
    found, problems = read(case["change"])
    assert (case["path"], case["rule"]) in [(problem.where, problem.rule.id) for problem in problems]
    assert all(problem.remedy for problem in problems if problem.rule.id == case["rule"] != "wrong-type")
    assert found is None or case["rule"] in ("unknown-key", "wrong-type", "missing")


def test_a_zone_cannot_be_survived_in_one() -> None:
    _, problems = read({"survive": "zone"}, zones=1)
    assert [str(problem) for problem in problems] == [
        "survive: zone cannot be survived in 1 zone; give the network two zones"
    ]


@pytest.mark.parametrize("name", ["Web", "web_1", "-web", "web-", "a" * 24])
def test_a_name_that_a_load_balancer_cannot_have(name: str) -> None:
    _, problems = read({}, name=name)
    assert [problem.rule.id for problem in problems] == ["invalid-name"]


@given(
    st.integers(1, 20_000),
    st.integers(1, 500),
    st.integers(1, 4),
    st.sampled_from(["replica", "zone", "spot", "zone, spot"]),
    st.integers(2, 6),
    st.integers(1, 120),
)
def test_what_is_read_keeps_every_promise(
    peak: int, replica: int, lose: int, survive: str, zones: int, drain: int
) -> None:
    changed = {"load": {"peak": peak, "replica": replica}, "lose": lose, "survive": survive, "drain": f"{drain}s"}
    fleet, problems = read({**changed, "proven": None, "schedule": None}, zones)
    assert (fleet is None) == bool(problems)
    if fleet is None:
        assert {problem.rule.id for problem in problems} <= {
            *("drain-below-deadline", "way-out-too-long", "hook-beyond-notice", "target-below-one-percent")
        }
        return
    lost = lose if "zone" not in survive else max(lose, -(-fleet.headroom.floor // zones))
    assert (fleet.headroom.floor - lost) * replica * 8 >= peak * 10
    assert fleet.split is not None
    assert fleet.split.base >= fleet.headroom.need
    assert fleet.ceiling <= fleet.headroom.floor * 3 / 2
    assert fleet.shutdown.total <= 110_000
    assert fleet.hook <= 110
    assert fleet.hook * 1000 >= fleet.shutdown.drain + fleet.deregistration * 1000
    assert fleet.thresholds.low < fleet.thresholds.high


def test_a_checkpoint_that_no_text_can_hold() -> None:
    _, problems = read({"refresh": {"checkpoints": [10, 10**5000, 100]}})
    assert [str(problem) for problem in problems] == [
        "refresh.checkpoints: are 10, more than 1e+308, 100; let them rise from 1 or more to 100, as [10, 50, 100]"
    ]
