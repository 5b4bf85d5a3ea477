from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flyball.guards.governor.freeze import LONGEST, Freeze, reason_problem

SINCE = datetime(2026, 3, 14, 22, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)


def freeze(until: datetime | None = None) -> Freeze:
    return Freeze("migration of the queue", "mira", SINCE, until)


@pytest.mark.parametrize(
    ("until", "now", "overdue"),
    [
        (SINCE + 2 * HOUR, SINCE + HOUR, None),
        (SINCE + 2 * HOUR, SINCE + 2 * HOUR, None),
        (SINCE + 2 * HOUR, SINCE + 5 * HOUR, 3 * HOUR),
        (SINCE + 72 * HOUR, SINCE + 48 * HOUR, None),
        (None, SINCE + 24 * HOUR, None),
        (None, SINCE + 25 * HOUR, HOUR),
    ],
)
def test_forgotten_is_what_is_past_its_end_or_a_day_old_without_one(
    until: datetime | None, now: datetime, overdue: timedelta | None
) -> None:
    assert freeze(until).forgotten(now) == overdue


@given(st.timedeltas(timedelta(0), timedelta(days=400)), st.timedeltas(timedelta(0), timedelta(days=400)))
def test_once_forgotten_it_stays_so(first: timedelta, more: timedelta) -> None:
    for until in (None, SINCE + LONGEST / 2):
        before, after = (freeze(until).forgotten(SINCE + time) for time in (first, first + more))
        assert before is None or (after is not None and after - before == more)


def test_the_line_for_people() -> None:
    line = "frozen by mira since 2026-03-14 22:30 UTC (migration of the queue)"
    ends = "meant to end 2026-03-15 00:30 UTC"
    assert freeze().describe(SINCE + HOUR) == f"{line}; no end was given"
    assert freeze(SINCE + 2 * HOUR).describe(SINCE + HOUR) == f"{line}; {ends}"
    forgotten = "FORGOTTEN for 1d3h5m? Lift it, or say until when"
    late = SINCE + 29 * HOUR + timedelta(minutes=5, seconds=50)
    assert freeze(SINCE + 2 * HOUR).describe(late) == f"{line}; {ends}; {forgotten}"
    assert (
        freeze(SINCE).describe(SINCE + timedelta(seconds=1)).endswith("; FORGOTTEN for 1m? Lift it, or say until when")
    )


@pytest.mark.parametrize(
    "reason", ["", "   x    ", "because", None, 12345678, "moving\nthe database", "a\x1b[2J bcdefg"]
)
def test_a_reason_that_says_nothing_is_refused(reason: object) -> None:
    assert [str(problem).partition(":")[0] for problem in reason_problem(reason, ("freeze_override",))] == [
        "freeze_override"
    ]


PRINTABLE = st.characters(exclude_categories=("C", "Z"))
"""Most letters drawn from all there are would be none of these, and most texts thrown away."""


@given(st.text(PRINTABLE, min_size=4), st.text(PRINTABLE, min_size=4))
def test_a_line_of_text_is_a_reason(one: str, other: str) -> None:
    assert reason_problem(f" {one} {other}", ("freeze_override",)) == []
