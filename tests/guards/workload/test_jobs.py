"""A job's times fit each other, and its schedule means the same to whoever reads it."""

from bisect import bisect_left
from collections.abc import Mapping
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from cronsim import CronSim
from hypothesis import assume, example, given
from hypothesis import strategies as st

from flyball.guards.headroom import schedule
from flyball.guards.headroom.cron import most_within, normal
from flyball.guards.reading.problem import Problem, Refused
from flyball.guards.reading.reader import Reader
from flyball.guards.reading.units import duration
from flyball.guards.workload import jobs
from flyball.guards.workload.job_set import resolve_alone
from flyball.guards.workload.jobs import JobSpec, waits
from flyball.guards.workload.resolve import Place
from flyball.stack.schema import JobArgs

IMAGE = "registry.example/job:1"
WEB = {"name": "web", "port": 80, "deadline": "5s"}


def read(**args: Any) -> tuple[JobSpec, list[Problem]]:
    r = Reader(args, ("report",), [])
    return jobs.read(r, "report", "shop"), r.problems


def broken(**args: Any) -> set[str]:
    return {f"{problem.rule.id} {problem.where}" for problem in read(**args)[1]}


@pytest.mark.parametrize(("retries", "seconds"), [(0, 0), (1, 10), (2, 30), (6, 630), (7, 1230), (8, 1830), (20, 9030)])
def test_waits_double_up_to_ten_minutes(retries: int, seconds: int) -> None:
    assert waits(retries) == seconds * 1000


@given(retries=st.integers(0, 20), attempt=st.integers(1, 86_400), deadline=st.integers(1, 172_800))
def test_attempts_and_their_waits_fit_or_are_refused(retries: int, attempt: int, deadline: int) -> None:
    found = broken(retries=retries, attempt=f"{attempt}s", deadline=f"{deadline}s")
    fits = attempt * (retries + 1) + waits(retries) / 1000 <= deadline
    assert found == (set() if fits else {"attempts-beyond-deadline report.attempt"})


@given(retries=st.integers(0, 20), deadline=st.integers(1, 20_000))
def test_the_last_attempt_begins_or_is_refused(retries: int, deadline: int) -> None:
    found = broken(retries=retries, deadline=f"{deadline}s")
    assert found == (set() if waits(retries) < deadline * 1000 else {"attempts-beyond-deadline report.retries"})


@given(deadline=st.integers(1, 20_000), attempt=st.none() | st.integers(1, 20_000))
def test_retries_that_nobody_stated_fit(deadline: int, attempt: int | None) -> None:
    assume(attempt is None or attempt <= deadline)
    more = {} if attempt is None else {"attempt": f"{attempt}s"}
    spec, problems = read(deadline=f"{deadline}s", **more)
    assert problems == []
    assert spec.retries <= 2


FIELDS = st.tuples(
    st.sampled_from(["*", "0", "*/10", "5,50", "30", "17"]),
    st.sampled_from(["*", "4", "4,5", "1,3", "0,23", "*/6", "9-17", "12"]),
    st.sampled_from(["*", "1", "1,2", "31", "15"]),
    st.sampled_from(["*", "2,3", "6", "12"]),
    st.sampled_from(["*", "1-5", "0", "7", "sun"]),
)
ZONES = ["UTC", "Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe", "America/Santiago", "Asia/Kolkata"]


@given(fields=FIELDS, zone=st.sampled_from(ZONES))
@example(fields=("0", "0,23", "31", "*", "*"), zone="Europe/Berlin")  # the clocks change on a 31st in some years only
@example(fields=("0", "4", "30,31", "3", "*"), zone="Europe/Berlin")
def test_two_runs_are_as_far_from_each_other_as_is_said(fields: tuple[str, ...], zone: str) -> None:
    """Against the real times of three years, with the changes of the clock."""
    expression = " ".join(fields)
    assume(not list(schedule.check_expression(expression, ())))
    assume(not list(schedule.check_job(expression, zone, ())))
    shortest = timedelta(milliseconds=schedule.shortest(expression, zone))
    longest = timedelta(milliseconds=schedule.longest(expression, zone))
    every_hour = fields[1] == "*"
    place = ZoneInfo(zone)
    before: datetime | None = None
    for count, moment in enumerate(CronSim(normal(expression), datetime(2027, 12, 31))):
        if moment.year > 2030 or count > 3000:
            break
        now = moment if every_hour else moment.replace(tzinfo=place).astimezone(ZoneInfo("UTC"))
        assert before is None or shortest <= now - before <= longest
        before = now


@pytest.mark.parametrize(
    ("expression", "zone", "shortest"),
    [
        ("0 4 * * *", "UTC", "1d"),
        ("0 4 * * *", "Europe/Berlin", "23h"),
        ("*/5 * * * *", "Europe/Berlin", "5m"),
        ("0 1,4 * * *", "Europe/Berlin", "2h"),
        ("50 23 * * *", "UTC", "1d"),
        ("10,50 0,23 * * *", "UTC", "20m"),
        ("0 4 * * 1", "UTC", "7d"),
    ],
)
def test_the_shortest_time_between_two_runs(expression: str, zone: str, shortest: str) -> None:
    assert schedule.shortest(expression, zone) == duration(shortest)


@pytest.mark.parametrize(
    ("expression", "zone", "longest"),
    [
        ("0 4 * * *", "UTC", "24h"),
        ("0 4 * * *", "Europe/Berlin", "25h"),
        ("*/5 * * * *", "Europe/Berlin", "5m"),
        ("0 1,4 * * *", "Europe/Berlin", "21h"),
        ("0 0,1,12 * * *", "Europe/Berlin", "12h"),
        ("0 * * * 1-5", "Europe/Berlin", "50h"),
        ("0 4 * * 1", "Australia/Lord_Howe", "168h30m"),
        ("0 4 20 * *", "UTC", "31d"),
        ("0 4 29 2 *", "UTC", "1461d"),
    ],
)
def test_the_longest_time_between_two_runs(expression: str, zone: str, longest: str) -> None:
    assert schedule.longest(expression, zone) == duration(longest, 1461 * 86_400_000)


@pytest.mark.parametrize(
    ("expression", "zone", "length", "most"),
    [
        ("*/5 * * * *", "UTC", "5m", 1),
        ("*/5 * * * *", "UTC", "301s", 2),
        ("*/5 * * * *", "Europe/Berlin", "24d", 24 * 288),
        ("0,1 4 * * *", "UTC", "1h", 2),
        ("50 23 * * *", "UTC", "24h", 1),
        ("50 0,23 * * *", "UTC", "61m", 2),
        ("0 4 * * 1-5", "UTC", "3d", 3),
        ("0 4 * * *", "Europe/Berlin", "23h", 1),
        ("0 4 * * *", "Europe/Berlin", "24h", 2),
        ("0 0 1,29 2 *", "UTC", "24d", 1),
        ("0 0 29 2 *", "UTC", "24d", 1),
        ("0 0 29,28 2 *", "UTC", "25h", 1 + 1),
    ],
)
def test_the_most_runs_at_one_time(expression: str, zone: str, length: str, most: int) -> None:
    assert schedule.at_once(expression, zone, duration(length)) == most


@pytest.mark.parametrize("expression", ["7 */5 * * *", "*/20 3 * * 1,2", "0 4 1,15 * *", "59 23 31 * *"])
def test_no_stretch_has_more_runs_than_is_said(expression: str) -> None:
    start, seen = datetime(2027, 12, 1), timedelta(days=400)
    times = [*takewhile(lambda moment: moment < start + seen, CronSim(expression, start))]
    for minutes in (1, 60, 299, 300, 301, 1_440, 1_441, 4_000, 20_161, 34_560):
        within = timedelta(minutes=minutes)
        ends = (bisect_left(times, first + within) for first in times)
        assert most_within(expression, minutes) == max(end - i for i, end in enumerate(ends))


@pytest.mark.parametrize(
    ("args", "most"),
    [
        ({"deadline": "1h"}, 1),
        ({"deadline": "4m", "concurrency": "allow"}, 1),
        ({"concurrency": "allow"}, 2),  # 5 min, and half a minute until its pod has ended
        ({"deadline": "14m30s", "concurrency": "allow"}, 3),
        ({"deadline": "4m", "concurrency": "replace"}, 1),
        ({"deadline": "1h", "concurrency": "replace"}, 2),
    ],
)
def test_runs_that_overlap(args: dict[str, str], most: int) -> None:
    assert read(schedule="*/5 * * * *", **args)[0].at_once == most


def test_what_replaces_another_each_minute_meets_two_that_end() -> None:
    assert read(schedule="* * * * *", concurrency="replace", deadline="1h", stop="110s")[0].at_once == 3


@given(deadline=st.integers(1, 3_600), proven=st.integers(2, 20))
def test_no_more_runs_pile_up_than_are_proven(deadline: int, proven: int) -> None:
    found = broken(schedule="* * * * *", deadline=f"{deadline}s", concurrency="allow", proven=proven, retries=0)
    most = -(-(deadline + 30) // 60)
    assert found == ({"ceiling-beyond-envelope report.deadline"} if most > proven * 3 // 2 else set())


@given(minutes=st.integers(1, 30), deadline=st.integers(1, 3_600), concurrency=st.sampled_from(jobs.CONCURRENCY))
def test_a_run_ends_before_the_next_or_says_who_gives_way(minutes: int, deadline: int, concurrency: str) -> None:
    assume(60 % minutes == 0)
    found = broken(schedule=f"*/{minutes} * * * *", deadline=f"{deadline}s", concurrency=concurrency)
    late = concurrency != "allow" and deadline > minutes * 60
    piled = concurrency == "allow" and deadline + 30 > minutes * 60 * 3
    rules = ["run-beyond-interval"] * late + ["ceiling-beyond-envelope"] * piled
    assert found == {f"{rule} report.deadline" for rule in rules}


@pytest.mark.parametrize(
    ("schedule", "longest"),
    [("*/5 * * * *", "5m"), ("0 9,12,18 * * *", "15h"), ("0 4 * * 1-5", "3d"), ("30 2 1,15 * *", "17d")],
)
def test_what_the_next_run_replaces_can_end_before_the_most_distant_one(schedule: str, longest: str) -> None:
    """Where none might end, whatever is done is begun again and again."""
    seconds = duration(longest) // 1000
    assert broken(schedule=schedule, concurrency="replace", deadline=f"{seconds}s") == set()
    late = broken(schedule=schedule, concurrency="replace", deadline=f"{seconds + 1}s")
    assert late == {"run-beyond-interval report.deadline"}


@given(minutes=st.sampled_from([1, 5, 30]), start=st.integers(1, 400_000))
def test_starts_are_within_what_their_controller_looks_at(minutes: int, start: int) -> None:
    found = broken(schedule=f"*/{minutes} * * * *", start=f"{start}s")
    assert found == (set() if 10 <= start <= 100 * minutes * 60 else {"start-window report.start"})


def test_what_is_unreadable_breaks_no_other_rule() -> None:
    assert broken(schedule="0 4 * *", deadline="2d", start="1s") == {"cron report.schedule"}
    assert broken(deadline="soon", retries=20) == {"unit report.deadline"}
    assert broken(schedule="*/5 * * * *", deadline="soon") == {"unit report.deadline"}


@pytest.mark.parametrize(
    ("args", "rules"),
    [
        ({"calls": {"db": {"host": "db.example", "port": 5432, "timeout": "2h"}}}, ["timeout-above-deadline"]),
        ({"attempt": "1s", "calls": {"db": {"host": "db.example", "port": 5432}}}, ["calls-beyond-deadline"]),
        (
            {"calls": {"web": {"service": {"name": "web", "port": 80, "deadline": "5s"}, "timeout": "2s"}}},
            ["timeout-below-deadline"],
        ),
        ({"calls": {"web": {"service": {"name": "web", "port": 80, "deadline": "5s"}}}}, []),
    ],
)
def test_its_calls_fit_into_an_attempt(args: Mapping[str, Any], rules: list[str]) -> None:
    try:
        resolve_alone("report", {"image": IMAGE, **args}, Place("shop"), JobArgs)
        found: list[str] = []
    except Refused as refused:
        found = [problem.rule.id for problem in refused.problems]
    assert found == rules
