"""Each incident with real traffic: the guard holds, and without it the damage shows."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from tests.dashboards.asked import without_answer

from flyball.drills.errors import DrillError
from flyball.drills.result import Result
from flyball.drills.run import TRAFFIC, side_by_side
from flyball.drills.traffic import alerts, bad_release, settings
from flyball.drills.traffic.drill import TrafficDrill, lacks
from flyball.drills.traffic.hop import ILL
from flyball.drills.traffic.lab import Lab, lab
from flyball.drills.traffic.load import Attack
from flyball.lab.monitoring import programs

pytestmark = [pytest.mark.haproxy, pytest.mark.vegeta]
NAMES = [drill.name for drill in TRAFFIC.drills]
BREAKERS = ("hang", "drip", "silent", "slow", "errors", "refused", "retry-storm", "chain")
EXHAUSTED = ("hang", "drip", "silent", "slow", "database", "slow-clients")
"""Drills in which the application's pool is what breaks."""
LOOKED_AT = "hang"
"""At the end of it somebody looks at the dashboard of the call that fell ill."""
BREAKER = settings.BREAKER
Results = Mapping[tuple[str, bool], Result]


@pytest.fixture(scope="module")
def unanswered() -> list[set[Any]]:
    """For each time that somebody looked at the dashboard of a call, the lines that were not there."""
    return []


@pytest.fixture(scope="module")
def results(unanswered: list[set[Any]]) -> Results:
    """All drills that this machine can run, two runs at a time."""
    able = [
        looked_at(drill, unanswered) if drill.name == LOOKED_AT else drill
        for drill in TRAFFIC.drills
        if not missing(drill)
    ]
    runs = [(drill, guard) for drill in able for guard in (True, False)]
    return {(result.drill, result.guard): result for result in side_by_side(TRAFFIC, runs, print)}


def looked_at(drill: TrafficDrill, unanswered: list[set[Any]]) -> TrafficDrill:
    """The drill, and at its end what that dashboard lacks."""

    def script(made: Lab) -> Mapping[str, float | int]:
        chosen = {"namespace": alerts.NAMESPACE, "workload": "shop", "hop": ILL}
        made.look = lambda people: unanswered.append(without_answer(people.monitor.query, "hop", **chosen))
        return drill.script(made)

    return replace(drill, script=script)


def missing(drill: TrafficDrill) -> str:
    """What a run of it would lack but for the proxy, without which none of these tests is run."""
    return (programs.why_not() or "") if drill.prometheus else ""


@pytest.mark.parametrize("name", NAMES)
def test_drill(results: Results, name: str) -> None:
    [drill] = [drill for drill in TRAFFIC.drills if drill.name == name]
    if reason := missing(drill):
        pytest.skip(reason)
    for guard in (True, False):
        result = results[name, guard]
        assert result.held is guard, result.figures
    # The load is open: as many requests are sent whatever becomes of them. A machine that stands still at the end of an
    # attack costs it a few.
    sent = [results[name, guard].figures["requests"] for guard in (True, False)]
    assert min(sent) >= 0.9 * max(sent)


@pytest.mark.parametrize("name", BREAKERS)
def test_the_breaker_opens_once_probes_and_closes_once(results: Results, name: str) -> None:
    figures = results[name, True].figures
    assert (figures["times_opened"], figures["times_closed"], figures["flaps"]) == (1, 1, 0)
    # The first probe after each open time is always sent.
    openings = figures["seconds_ill"] * 1000 / BREAKER.open + 1
    assert figures["probes_while_open"] <= BREAKER.probes / 100 * figures["arrived_while_open"] + openings
    assert figures["arrived_while_open"] >= 20
    assert figures["seconds_until_open"] <= 2 * BREAKER.window / 1000
    assert 0 <= figures["seconds_until_closed"] <= 3 * BREAKER.open / 1000


def test_people_are_told_of_what_hangs_once_it_is_more_than_a_moment_and_of_nothing_else(results: Results) -> None:
    if reason := programs.why_not():
        pytest.skip(f"nobody is told of alerts: {reason}")
    assert [(told.to, told.alert) for told in results["hang", True].told] == [
        ("warning", "CircuitOpen"),
        ("warning", "HopSlow"),
    ]
    assert results["hang", False].told == []  # nobody counts anything there


def test_each_line_of_a_calls_dashboard_is_there(results: Results, unanswered: list[set[Any]]) -> None:
    if reason := programs.why_not():
        pytest.skip(f"nobody counts anything: {reason}")
    # A run that waited for processors is made again, and thrown away with what was seen in it.
    assert unanswered[-1:] == [set()]


@pytest.mark.parametrize("name", EXHAUSTED)
def test_without_the_guard_the_pool_is_exhausted_and_connections_wait(results: Results, name: str) -> None:
    without, guarded = results[name, False].figures, results[name, True].figures
    assert without["most_busy_workers"] == without["workers"]
    assert without["most_waiting_connections"] > guarded["most_waiting_connections"]


def test_without_the_guard_a_pool_that_hangs_does_not_come_back(results: Results) -> None:
    for name in ("hang", "drip", "database"):
        assert results[name, False].figures["answered_share_after_recovery"] == 0


def test_retries_make_four_times_the_load_without_a_budget(results: Results) -> None:
    assert results["retry-storm", False].figures["tries_for_each_request"] > 3
    assert results["retry-storm", True].figures["tries_for_each_request"] <= 1.1


def test_a_bad_release_stops_itself_and_a_good_one_goes_through(results: Results) -> None:
    if reason := programs.why_not():
        pytest.skip(reason)
    guarded, without = (results["bad-release", guard] for guard in (True, False))
    exact = {
        "lost_afterwards": 0,
        "most_the_guard_may_lose": 17,
        "most_pods_of_the_bad_release": 1,
        "bad_releases_that_went_through": 0,
        "good_releases_that_went_through": 1,
    }
    assert {name: guarded.figures[name] for name in exact} == exact
    assert 0 < guarded.figures["lost"] <= 17
    assert without.figures["most_pods_of_the_bad_release"] == 4
    assert without.figures["bad_releases_that_went_through"] == 1
    assert without.figures["lost"] >= 4 * guarded.figures["lost"]
    steps = [event.text for event in guarded.recording.events]
    assert [text for text in steps if "(step " in text] == [
        "shop: 1 of the new version beside 4, 20.0 % of the requests (step 1 of 2)",
        "shop: 1 of the new version beside 4, 20.0 % of the requests (step 1 of 2)",
        "shop: 2 of the new version beside 4, 33.3 % of the requests (step 2 of 2)",
    ]
    [stopped] = [text for text in steps if "is stopped" in text]
    assert "more than 5 %. The release is stopped: it is gone, and the version before answers all of them" in stopped


def test_a_guard_that_asks_prometheus_is_not_run_where_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(programs, "why_not", lambda: "hosts need root")
    lacking = [(drill.name, guard) for drill in TRAFFIC.drills for guard in (True, False) if lacks(drill, guard)]
    assert lacking == [("bad-release", True)]
    assert lacks(bad_release.DRILL, True) == "its guard asks a Prometheus like those of hosts, and hosts need root"


def test_a_lab_whose_process_dies_is_no_result() -> None:
    with lab(False, print) as made:
        backend = made.backend("short-lived")
        backend.end()
        with pytest.raises(DrillError, match=r"^short-lived ended with code -9: "):
            made.wait(0)


def test_nothing_of_a_lab_is_left() -> None:
    with lab(True, print) as made:
        made.backend("cart")
        made.service("shop", [])
        assert [process.name for process in made.processes] == ["cart", "shop", "shop-haproxy"]
    assert [process.exit_code for process in made.processes] == [-9, -9, -9]
    assert not made.folder.exists()


@pytest.mark.parametrize("attack", [{"rate": 2001.0}, {"seconds": 301.0}, {"rate": 0.0}])
def test_an_attack_is_bounded(attack: dict[str, float]) -> None:
    with pytest.raises(AssertionError):
        Attack(("/",), **{"rate": 1.0, "seconds": 1.0, "patience": 1.0, **attack})
