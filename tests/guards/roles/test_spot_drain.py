"""A host's way out fits a spot notice, and the notice is seen in time."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flyball.guards.interruptions.interruption import LONGEST_SHUTDOWN, LONGEST_UNSEEN, SPOT_NOTICE
from flyball.guards.interruptions.notice import seen_within
from flyball.guards.roles.spot_drain import SpotDrain, read

DEFAULTS: dict[str, Any] = {
    "spot_drain_endpoint": "http://169.254.169.254",
    "spot_drain_poll": "5s",
    "spot_drain_request": "1s",
    "spot_drain_rebalance": False,
    "spot_drain_deadline": "2s",
    "spot_drain_shutdown": {"prestop": "5s", "drain": "30s"},
    "spot_drain_units": [],
    "spot_drain_group": "",
    "spot_drain_hook": "",
    "spot_drain_region": "",
}
GROUP = {"spot_drain_group": "web-1a2b3c4", "spot_drain_hook": "termination", "spot_drain_region": "eu-central-1"}


def said(**changed: Any) -> list[str]:
    return [str(problem) for problem in read({**DEFAULTS, **changed})[1]]


def test_the_defaults() -> None:
    assert read(DEFAULTS) == (SpotDrain("http://169.254.169.254", 5_000, 1_000, False, 5_000, 30_000, ()), [])


@given(
    st.integers(1_000, 12_000),
    st.integers(100, 3_000),
    st.integers(1, 60_000),
    st.integers(2_000, 90_000),
    st.lists(st.integers(2_000, 60_000), max_size=4),
)
def test_what_passes_is_over_before_the_notice_is(
    poll: int, request: int, prestop: int, drain: int, stops: list[int]
) -> None:
    units = [{"name": f"unit{i}.service", "stop": f"{stop}ms"} for i, stop in enumerate(stops)]
    shutdown = {"prestop": f"{prestop}ms", "drain": f"{drain}ms"}
    found, problems = read(
        {
            **DEFAULTS,
            "spot_drain_poll": f"{poll}ms",
            "spot_drain_request": f"{request}ms",
            "spot_drain_shutdown": shutdown,
            "spot_drain_units": units,
        }
    )
    out = prestop + drain + sum(stops)
    assert (not problems) == (out <= LONGEST_SHUTDOWN and seen_within(poll, request) <= LONGEST_UNSEEN)
    if not problems:
        assert seen_within(found.poll, found.request) + out <= SPOT_NOTICE
        settings = found.as_variables()
        assert settings["prestop"] + settings["drain"] + sum(unit["stop"] for unit in settings["units"]) <= 110


@given(st.integers(1_000, 20_000), st.integers(100, 5_000), st.integers(0, 20_000), st.sampled_from([2, 3]))
def test_no_notice_stays_unseen_for_longer(poll: int, request: int, offset: int, paths: int) -> None:
    """Looks as slow as they can be, played through: a notice that comes at any time is answered by then."""
    look, begun = paths * 3 * request, 0
    while begun < offset:  # the notice is asked for as a look begins
        begun += max(poll, look)
    assert begun + 3 * request - offset <= seen_within(poll, request, paths)


def test_of_a_group_there_is_one_thing_more_to_ask_for() -> None:
    found, problems = read({**DEFAULTS, **GROUP, "spot_drain_request": "500ms"})
    assert problems == []
    assert {key: found.as_variables()[key] for key in ("group", "hook", "region")} == {
        "group": "web-1a2b3c4",
        "hook": "termination",
        "region": "eu-central-1",
    }
    assert said(**GROUP) == [
        "spot_drain_poll: with 5s, and 1s for each request, a notice may stay unseen for 12s, more than the 10s that"
        " the way out leaves; lower spot_drain_poll or spot_drain_request"
    ]


def test_a_group_without_its_hook_and_names_that_are_none() -> None:
    assert said(
        spot_drain_group="web:1", spot_drain_hook="", spot_drain_region="Frankfurt", spot_drain_request="500ms"
    ) == [
        "spot_drain_group: is 'web:1'; give the group's name",
        "spot_drain_hook: is missing; give the hook's name: letters, digits, dashes, underscores and slashes; group,"
        " hook and region are given together",
        "spot_drain_region: is 'Frankfurt'; give the region, as eu-central-1",
    ]


def test_everything_is_said_at_once() -> None:
    assert said(
        spot_drain_endpoint="http://169.254.169.254/latest",
        spot_drain_poll="9s",
        spot_drain_shutdown={"prestop": "5s", "drain": "1s", "stop": "1s"},
        spot_drain_units=[{"name": "shop"}, {"name": "ssh.service"}, {"name": "ssh.service", "stop": "1s"}],
    ) == [
        "spot_drain_shutdown.stop: is not a known key; did you mean 'prestop'?",
        "spot_drain_endpoint: 'http://169.254.169.254/latest' is no endpoint; give http://169.254.169.254, without a"
        " path",
        "spot_drain_poll: with 9s, and 1s for each request, a notice may stay unseen for 12s, more than the 10s that"
        " the way out leaves; lower spot_drain_poll or spot_drain_request",
        "spot_drain_units[0].name: 'shop' is not the name of a unit, with .service, .timer, .socket or .path",
        "spot_drain_units[1].name: ssh.service is how people reach the host; leave it out",
        "spot_drain_units[2].name: ssh.service is how people reach the host; leave it out",
        "spot_drain_units[2].name: ssh.service is there already; name it once",
        "spot_drain_units[2].stop: is 1s; allowed is at least 2s",
        "spot_drain_shutdown.drain: 1s is less than the deadline of 2s; requests under way would be cut off; raise"
        " drain or lower the deadline",
    ]


def test_what_the_host_serves_longer_than_said_is_not_cut_off() -> None:
    longer = "spot_drain_shutdown.drain: 30s is less than the deadline of 31s; requests under way would be cut off;"
    assert [str(problem) for problem in read(DEFAULTS, 31_000)[1]] == [f"{longer} raise drain or lower the deadline"]
    assert read(DEFAULTS, 30_000)[1] == []
    assert said(spot_drain_deadline="31s") == [f"{longer} raise drain or lower the deadline"]


def test_the_longest_way_out_and_one_second_more() -> None:
    way_out = {"prestop": "5s", "drain": "100s"}
    assert said(spot_drain_shutdown=way_out, spot_drain_units=[{"name": "shop.service", "stop": "5s"}]) == []
    assert said(spot_drain_shutdown=way_out, spot_drain_units=[{"name": "shop.service", "stop": "6s"}]) == [
        "spot_drain_shutdown: prestop + drain + stop take 1m51s, more than the 1m50s that a spot notice of 2m leaves;"
        " shorten them"
    ]


@pytest.mark.parametrize("endpoint", ["", "169.254.169.254", "https://169.254.169.254", "http://a/b", "http://a b"])
def test_an_endpoint_that_is_none_is_refused(endpoint: str) -> None:
    assert [problem.split(":")[0] for problem in said(spot_drain_endpoint=endpoint)] == ["spot_drain_endpoint"]
