"""What is read off a recording of traffic."""

import pytest

from flyball.drills.measure import Event
from flyball.drills.traffic.figures import latencies
from flyball.drills.traffic.recording import Recording
from flyball.drills.traffic.sample import Outcome, Pool, Request, percentile, share, within

REQUESTS = [
    Request(0.0, "/a", 200, 0.010),
    Request(1.0, "/b", 503, 0.001),
    Request(2.0, "/a", 502, 0.300),
    Request(3.0, "/b", 0, 2.000),
]


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (200, Outcome.ANSWERED),
        (503, Outcome.REFUSED),
        (429, Outcome.REFUSED),
        (500, Outcome.FAILED),
        (504, Outcome.FAILED),
        (0, Outcome.FAILED),
    ],
)
def test_a_status_says_what_became_of_a_request(status: int, outcome: Outcome) -> None:
    assert Request(0, "/", status, 0).outcome is outcome


@pytest.mark.parametrize(("percent", "value"), [(1, 1), (50, 50), (99, 99), (100, 100)])
def test_a_percentile_is_a_value_that_was_seen(percent: float, value: int) -> None:
    assert percentile(range(100, 0, -1), percent) == value


def test_of_nothing_there_is_no_percentile_and_no_share() -> None:
    assert (percentile([], 99), share([])) == (0, 0)


def test_a_phase_has_its_beginning_and_not_its_end() -> None:
    assert [request.at for request in within(REQUESTS, 1, 3)] == [1, 2]


def test_a_recording_comes_to_its_figures() -> None:
    pool = [Pool(0, 3, 0), Pool(1, 8, 5), Pool(2, 2, 9)]
    assert Recording(REQUESTS, pool, [Event(1, "x")], 3.0, 8, waited=0.2).figures() == {
        "seconds": 3.0,
        "requests": 4,
        "answered_share": 0.25,
        "refused_share": 0.25,
        "failed_share": 0.5,
        "p50_ms": 10.0,
        "p99_ms": 2000.0,
        "workers": 8,
        "processor_wait_ms": 50.0,
        "most_busy_workers": 8,
        "most_waiting_connections": 9,
    }


def test_latencies_are_held_against_those_before() -> None:
    assert latencies("all", REQUESTS[:1], REQUESTS[2:]) == {
        "all_p50_ms_before": 10.0,
        "all_p50_ms_during": 300.0,
        "all_p50_ratio": 30.0,
        "all_p99_ms_before": 10.0,
        "all_p99_ms_during": 2000.0,
        "all_p99_ratio": 200.0,
    }
