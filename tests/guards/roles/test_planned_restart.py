"""Planned restarts never outlive their lock, and never leave fewer hosts than the peak needs."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flyball.guards.headroom.headroom import need
from flyball.guards.interruptions.restarts import longest
from flyball.guards.roles.planned_restart import read

DEFAULTS: dict[str, Any] = {
    "planned_restart_units": ["shop.service"],
    "planned_restart_reboot": False,
    "planned_restart_calendar": "Sun 04:00",
    "planned_restart_splay": "1h",
    "planned_restart_group": "web",
    "planned_restart_port": 80,
    "planned_restart_health": "/",
    "planned_restart_deadline": "2s",
    "planned_restart_shutdown": {"prestop": "5s", "drain": "30s"},
    "planned_restart_step": "1m",
    "planned_restart_well": "2m",
    "planned_restart_request": "1s",
    "planned_restart_lock_host": "cache1.example.com",
    "planned_restart_lock_port": 6379,
    "planned_restart_lock_password": "",
    "planned_restart_lease": "15m",
    "planned_restart_alertmanager": "",
    "rollout_load": {"peak": 150, "host": 100},
    "rollout_utilization": 0.8,
}


def said(hosts: int = 3, **changed: Any) -> list[str]:
    return [str(problem) for problem in read({**DEFAULTS, **changed}, hosts)[1]]


def test_the_defaults() -> None:
    found, problems = read(DEFAULTS, 3)
    assert problems == []
    # Two looks of 6 s each, twice 5 s for balancers, 30 s of drain, a minute for the unit and two until it is well.
    assert (found.need, found.longest) == (2, 232_000)
    settings = found.as_variables()
    assert settings["program"]["lease"] == {
        "address": "cache1.example.com",
        "port": 6379,
        "key": "flyball:restart:web",
        "ttl": 900,
        "password_file": "/etc/flyball/planned-restart.password",
    }
    assert (settings["program"]["health"], settings["longest"], settings["splay"]) == (
        "http://127.0.0.1:80/",
        232,
        3600,
    )


@given(
    st.integers(2, 50),
    st.integers(1, 5),
    st.lists(st.integers(2_000, 60_000), min_size=4, max_size=4),
    st.integers(1_000, 1_800_000),
)
def test_the_lock_outlives_every_run_that_passes(hosts: int, units: int, parts: list[int], lease: int) -> None:
    prestop, drain, step, well = parts
    changed: dict[str, Any] = {
        "planned_restart_units": [f"unit{i}.service" for i in range(units)],
        "planned_restart_shutdown": {"prestop": f"{prestop}ms", "drain": f"{drain}ms"},
        "planned_restart_step": f"{step}ms",
        "planned_restart_well": f"{well}ms",
        "planned_restart_lease": f"{lease}ms",
        "rollout_load": {"peak": 1, "host": 100},
    }
    found, problems = read({**DEFAULTS, **changed}, hosts)
    times = {"prestop": prestop, "drain": drain, "step": step, "well": well, "request": 1_000}
    run = longest(hosts, units, times)
    assert run > prestop + drain + units * step + well
    fits = prestop + drain <= 110_000
    assert (not problems) == (run <= lease and fits)
    if not problems:
        assert found.longest <= found.lease


@given(st.integers(1, 40), st.integers(1, 3_000))
def test_the_others_carry_the_peak_or_nothing_is_restarted(hosts: int, peak: int) -> None:
    found, problems = read(
        {**DEFAULTS, "rollout_load": {"peak": peak, "host": 100}, "planned_restart_lease": "1h"}, hosts
    )
    assert (not problems) == (need(peak, 100, 0.8) <= hosts - 1)
    if not problems:
        assert found.need == need(peak, 100, 0.8)


def test_what_the_host_serves_longer_than_said_is_not_cut_off() -> None:
    assert [str(problem) for problem in read(DEFAULTS, 3, 31_000)[1]] == [
        "planned_restart_shutdown.drain: 30s is less than the deadline of 31s; requests under way would be cut off;"
        " raise drain or lower the deadline"
    ]
    assert read(DEFAULTS, 3, 30_000)[1] == []


def test_everything_is_said_at_once() -> None:
    assert said(
        planned_restart_units=["shop", "dbus.service"],
        planned_restart_reboot=True,
        planned_restart_calendar="Sun; reboot",
        planned_restart_splay="13h",
        planned_restart_group="web-1",
        planned_restart_health="status",
        planned_restart_shutdown={"drain": "1s"},
        planned_restart_lock_host="",
        planned_restart_lease="1m",
        planned_restart_alertmanager="alerts:9093/",
        rollout_load={"peak": 240, "host": 100},
    ) == [
        "planned_restart_units[0]: 'shop' is not the name of a unit, with .service, .timer, .socket or .path",
        "planned_restart_units[1]: dbus.service is how people reach the host; leave it out",
        "planned_restart_units: are restarted by the reboot anyway; leave them out",
        "planned_restart_shutdown.drain: 1s is less than the deadline of 2s; requests under way would be cut off; raise"
        " drain or lower the deadline",
        "rollout_load.peak: the peak needs 3 hosts and there are 3: none can be taken out (at 80 % of 100 requests/s"
        " each); add a host, or change them at a quieter time with a lower peak",
        "planned_restart_lease: 1m is less than the 4m23s that a run may take; raise it, or a second host follows while"
        " the first is away",
        "planned_restart_splay: is 13h; allowed is at most 12h",
        "planned_restart_lock_host: is ''; give the name or address of a host, without scheme, port or path",
        "planned_restart_calendar: 'Sun; reboot' is not allowed; give as in systemd.time(7)",
        "planned_restart_group: 'web-1' is not allowed; give the name of a group of the inventory",
        "planned_restart_health: 'status' is not allowed; give a path, from its /",
        "planned_restart_alertmanager: 'alerts:9093/' is not allowed; give its URL, without a / at the end",
    ]


def test_a_password_of_the_lock_is_one_that_redis_takes() -> None:
    assert said(planned_restart_lock_password="correct-horse-battery") == []
    assert said(planned_restart_lock_password="secret") == [
        "planned_restart_lock_password: has 6 characters; give 16 to 128 letters, digits and signs, without spaces,"
        " quotes and \\"
    ]


def test_nothing_to_restart_is_refused() -> None:
    assert said(planned_restart_units=[]) == [
        "planned_restart_units: is empty: there is nothing to restart; name units, or set planned_restart_reboot"
    ]
    assert said(planned_restart_units=[], planned_restart_reboot=True) == []


@pytest.mark.parametrize("load", [{}, {"peak": 150}, {"peak": "much", "host": 100}])
def test_without_the_load_nobody_knows_who_can_be_spared(load: dict[str, Any]) -> None:
    assert all(problem.startswith("rollout_load.") for problem in said(rollout_load=load))
    assert said(rollout_load=load)
