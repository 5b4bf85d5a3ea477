"""A freeze says why, and never locks people out."""

import pytest

from flyball.guards.roles.freeze import Freeze, read
from flyball.guards.roles.systemd import KEPT

FREEZE: dict[str, object] = {
    "freeze_state": "frozen",
    "freeze_reason": " moving the database ",
    "freeze_units": ["scaler.service", "scaler.service"],
    "freeze_packages": ["scaler"],
}


def test_a_freeze() -> None:
    assert read(FREEZE) == (Freeze(True, "moving the database", ("scaler.service",), ("scaler",)), [])


def test_a_thaw_needs_no_reason() -> None:
    freeze, problems = read({**FREEZE, "freeze_state": "thawed", "freeze_reason": ""})
    assert (freeze.on, problems) == (False, [])


@pytest.mark.parametrize("reason", ["", "x", "moving\nthe database"])
def test_a_reason_that_says_nothing_is_refused(reason: str) -> None:
    (problem,) = map(str, read({**FREEZE, "freeze_reason": reason})[1])
    assert problem.startswith("freeze_reason: ")


@pytest.mark.parametrize("unit", KEPT)
def test_what_people_need_to_get_in_is_never_stopped(unit: str) -> None:
    _, problems = read({**FREEZE, "freeze_units": [unit]})
    assert [str(problem) for problem in problems] == [
        f"freeze_units[0]: {unit} is how people reach the host; leave it out"
    ]


def test_a_state_that_is_none_is_refused() -> None:
    assert "freeze_state: 'off' is not known; known are frozen, thawed" in map(
        str, read({**FREEZE, "freeze_state": "off"})[1]
    )
