"""The life of a raw log: at hand, then cheap, then gone."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flyball.guards.aws import archive
from flyball.guards.aws.archive import Archive
from flyball.guards.reading.problem import Problem
from flyball.guards.reading.reader import Reader


def read(**given: Any) -> tuple[Archive, list[Problem]]:
    problems: list[Problem] = []
    return archive.read(Reader(given, ("aws", "archive"), problems)), problems


def test_defaults() -> None:
    assert read() == (Archive(warm=30, keep=365), [])


@given(st.integers(1, 36_500), st.integers(1, 36_500))
def test_what_is_cold_is_kept_as_long_as_it_is_charged_for(warm: int, keep: int) -> None:
    found, problems = read(warm=f"{warm}d", keep=f"{keep}d")
    assert found == Archive(warm, keep)
    assert [problem.rule.id for problem in problems] == ["archive-life-cycle"] * (keep - warm < 90)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (
            {"keep": "119d"},
            "keep: is 119d: what is cold from 30d on is charged for 90 days there; give at least 120d, or lower warm",
        ),
        ({"keep": "12h"}, "keep: '12h' is no number of days; write it as 90d"),
        ({"warm": "0d"}, "warm: is 0d; allowed is from 1d to 36500d"),
        ({"keep": "36501d"}, "keep: is 36501d; allowed is from 1d to 36500d"),
    ],
)
def test_refused(given: dict[str, str], expected: str) -> None:
    assert [str(problem) for problem in read(**given)[1]] == [f"aws.archive.{expected}"]
