"""Load figures out of windows: what is proposed, what is left out, and what is said of it."""

from collections.abc import Iterable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flyball.guards.headroom.measured import (
    HELD,
    TIME_SAMPLES,
    Measured,
    Window,
    measure,
    own_latencies,
    round_down,
    round_up,
)

STEP = 300.0
WEEKS = 14.0
COUNT = int(WEEKS * 86_400 / STEP)


def day(load: float = 240.0, limit: float = 300.0) -> list[Window]:
    """Two weeks of two replicas: each day the load rises to its peak and falls; at the limit answers get slow."""
    found = list[Window]()
    for i in range(COUNT):
        share = abs((i % 288) - 144) / 144
        requests = 10 + (load - 10) * (1 - share)
        latency = 0.05 if requests < limit else 0.05 + (requests - limit) / 100
        found.append(Window(i * STEP, requests, requests, latency, 2.0))
    return found


def made(windows: Iterable[Window], days: float = WEEKS) -> Measured:
    return measure([*windows], STEP, days, 0.8)


def test_figures_of_a_service_that_was_at_its_limit() -> None:
    found = made(day(400))
    assert found.peak is not None
    assert (found.peak.value, found.peak.at) == (400, 144 * STEP)
    # At 305/s two replicas need twice the 50 ms of before; steps are of 2.7/s.
    assert found.replica == pytest.approx(152.5, abs=1.5)
    assert not found.bound
    assert (found.latency, found.proven, found.words) == (50, 2, ())


def test_a_service_that_was_never_at_its_limit_has_a_lower_bound() -> None:
    found = made(day())
    assert (found.replica, found.bound, found.latency) == (120, True, 50)
    assert found.words == (
        "answers took at most 1 times as long as at rest, so no replica was at its limit: 120/s are served by one"
        " replica, and that is a lower bound; a load test shows the limit",
    )


def test_a_service_that_is_never_at_rest_has_a_lower_bound() -> None:
    found = made(replace(window, requests=200.0, answered=200.0 + i % 3) for i, window in enumerate(day()))
    assert (found.replica, found.bound) == (101, True)
    assert found.words[0].startswith("no replica was ever at rest, so nobody knows how much longer answers take")


def test_no_figures_at_all() -> None:
    found = made([])
    assert (found.peak, found.replica, found.latency, found.proven) == (None, None, None, None)
    assert found.words == (
        "no requests were counted: nothing of load is proposed",
        "0 windows with load, latency and replicas; 20 are needed to see what a replica can do",
        "nobody counted the replicas that were ready: proven is left as it is",
    )


def test_requests_that_never_came_are_no_peak() -> None:
    found = made(Window(i * STEP, 0.0, 0.0, None, 2.0) for i in range(COUNT))
    assert (found.peak, found.proven) == (None, 2)
    assert found.words[0] == "no request came in all that time: no peak is proposed"


@pytest.mark.parametrize(
    ("windows", "days", "said"),
    [
        (day()[: 288 * 3], 14.0, "there are figures of 3d out of 14d: a day with more load may be missing"),
        (day()[: 288 * 3], 3.0, "3d are less than a week: a day with more load may be missing"),
        (day()[:100], 0.5, "there are figures of 8h20m out of 12h: a day with more load may be missing"),
        (
            day()[:300] + day()[420:500] + day()[501:],
            14.0,
            "2 gaps without figures, the longest of 10h: what came then is not known",
        ),
    ],
)
def test_too_few_days_and_gaps_are_said(windows: list[Window], days: float, said: str) -> None:
    assert said in made(windows, days).words


def test_a_reset_of_counters_is_no_peak() -> None:
    """Two scrapers that take turns make a counter begin anew at each look; lower ones are of no consequence."""
    windows = day()
    windows[500] = replace(windows[500], requests=90_000.0, resets=2.0)
    windows[501] = replace(windows[501], requests=80_000.0)
    windows[600] = replace(windows[600], resets=1.0)
    found = made(windows)
    assert found.peak is not None
    assert found.peak.value == 240
    assert found.words[0] == (
        "2 windows with more, up to 90000/s, in or beside which counters began anew: an artefact of scraping, which is"
        " no peak"
    )


def test_windows_in_which_something_else_happened_are_no_samples() -> None:
    windows = day(400)
    windows[10:14] = [replace(window, ready=3.0) for window in windows[10:14]]
    windows[20] = replace(windows[20], ready=1.5)
    windows[30] = replace(windows[30], restarts=1.0)
    windows[40] = replace(windows[40], in_vain=0.5, latency=0.001)
    found = made(windows)
    assert len(found.samples) == COUNT - 6
    assert found.words == (
        "4 windows in which replicas came or went say nothing of what a replica can do, and were left out",
        "1 window in which containers restarted or counters began anew say nothing of what a replica can do, and were"
        " left out",
        "1 window in which more than 1% of the requests failed or were turned away say nothing of what a replica can"
        " do, and were left out",
    )


@given(st.lists(st.integers(0, 20), min_size=HELD, max_size=80))
def test_proven_is_the_most_that_were_ready_together_for_an_hour(sizes: list[int]) -> None:
    found = made(Window(i * STEP, ready=float(size)) for i, size in enumerate(sizes))
    most = max(min(sizes[i : i + HELD]) for i in range(len(sizes) - HELD + 1))
    assert found.proven == (most or None)


def test_replicas_that_ran_badly_or_unseen_are_not_proven() -> None:
    ran = [Window(i * STEP, ready=9.0) for i in range(HELD)]
    assert made(ran).proven == 9
    assert made(ran[1:]).proven is None
    assert made([*ran[:6], replace(ran[6], in_vain=0.02), *ran[7:]]).proven is None
    assert made([*ran[:6], *(replace(each, at=each.at + 2 * STEP) for each in ran[6:])]).proven is None
    assert "none were ready through 1h: proven is left as it is" in made(ran[1:]).words


@given(st.lists(st.tuples(st.integers(10, 600), st.floats(0.001, 10)), min_size=2, max_size=8), st.integers(1, 9))
def test_what_a_window_took_is_told_from_an_average_that_remembers(each: list[tuple[int, float]], pods: int) -> None:
    """The proxy's own arithmetic, request by request, and back."""
    average, windows = 0.2, [Window(0.0, latency=0.2)]
    for i, (count, seconds) in enumerate(each, 1):
        for _ in range(count):
            average += (seconds - average) / TIME_SAMPLES
        windows.append(Window(i * STEP, answered=count * pods / STEP, latency=average, ready=pods))
    assert own_latencies(windows, STEP)[1:] == pytest.approx([seconds for _, seconds in each], rel=1e-6)


def test_an_average_of_few_requests_or_of_nobody_knows_what_tells_nothing() -> None:
    quiet = Window(STEP, answered=9 / STEP, latency=0.1, ready=1.0)
    busy = replace(quiet, answered=100 / STEP)
    assert own_latencies([busy, quiet, busy], STEP) == [None, None, pytest.approx(0.1)]
    assert own_latencies([Window(0.0), busy, replace(busy, answered=5000 / STEP)], STEP) == [
        None,
        None,
        pytest.approx(0.1),
    ]
    assert own_latencies([busy, replace(busy, latency=0.001)], STEP) == [None, None]


@given(st.floats(1e-6, 1e9))
def test_what_is_proposed_has_three_digits_and_errs_to_the_safe_side(value: float) -> None:
    up, down = round_up(value), round_down(value)
    assert down <= value * (1 + 1e-9)
    assert value <= up * (1 + 1e-9)
    assert (up - down) / value <= 0.0101
    assert len(f"{up:e}".split("e")[0].replace(".", "").rstrip("0")) <= 3


@pytest.mark.parametrize(
    ("value", "up", "down"), [(0.0, 0, 0), (80.0, 80, 80), (100.1, 101, 100), (0.12345, 0.124, 0.123)]
)
def test_rounding(value: float, up: float, down: float) -> None:
    assert (round_up(value), round_down(value)) == (up, down)
