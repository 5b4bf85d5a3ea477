"""Lesson 6 on hosts: regular restarts are healthy, one host at a time and never below what the peak needs.

`read` takes the variables of the Ansible role `planned_restart`. The lock is a lease: it must outlive the longest run,
so that no second host follows while the first is away, and ends by itself, so that a dead holder stops nobody for ever.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypedDict

from flyball.guards.interruptions.interruption import Shutdown, check_shutdown
from flyball.guards.interruptions.restarts import longest
from flyball.guards.interruptions.rules import LEASE_BELOW_RUN
from flyball.guards.reading import strict
from flyball.guards.reading.problem import Problem
from flyball.guards.reading.reader import Reader
from flyball.guards.reading.rules import DOES_NOT_APPLY, EMPTY, INVALID_TEXT, OUT_OF_RANGE
from flyball.guards.reading.units import Milliseconds, show_duration
from flyball.guards.roles import daemons, rolling
from flyball.guards.roles.spot_drain import WayOutArgs, way_out
from flyball.guards.roles.units import check_unit

CALENDAR = "Sun 04:00"
"""systemd.time(7); once a week, at a quiet hour."""
SPLAY: Milliseconds = 3_600_000
REQUEST: Milliseconds = 1_000
STEP: Milliseconds = 60_000
WELL: Milliseconds = 120_000
LEASE: Milliseconds = 900_000
LONGEST_SPLAY: Milliseconds = 43_200_000
_CALENDAR = re.compile(r"[A-Za-z0-9*:.,/~ -]{1,100}")
_GROUP = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,62}")
_HEALTH = re.compile(r"/[A-Za-z0-9._~/?=&-]*")
_URL = re.compile(r"https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?(/[A-Za-z0-9._~/-]*[A-Za-z0-9])?")


class PlannedRestartArgs(TypedDict):
    planned_restart_units: list[str]
    planned_restart_reboot: bool
    planned_restart_calendar: str
    planned_restart_splay: str
    planned_restart_group: str
    planned_restart_port: int
    planned_restart_health: str
    planned_restart_deadline: str
    planned_restart_shutdown: WayOutArgs
    planned_restart_step: str
    planned_restart_well: str
    planned_restart_request: str
    planned_restart_lock_host: str
    planned_restart_lock_port: int
    planned_restart_lease: str
    planned_restart_alertmanager: str
    rollout_load: rolling.LoadArgs
    rollout_utilization: float


@dataclass(frozen=True, slots=True)
class PlannedRestart:
    """When a host restarts what, and what must hold for it. `need` counts the others that must be well."""

    units: tuple[str, ...]
    reboot: bool
    calendar: str
    splay: Milliseconds
    group: str
    port: int
    health: str
    prestop: Milliseconds
    drain: Milliseconds
    step: Milliseconds
    well: Milliseconds
    request: Milliseconds
    need: int
    lock: tuple[str, int]
    lease: Milliseconds
    alerts: str
    longest: Milliseconds

    def as_variables(self) -> dict[str, Any]:
        """For templates, times in seconds: `program` are the settings of the program, but for the host's own names."""
        program = {
            "units": list(self.units),
            "reboot": self.reboot,
            **{key: getattr(self, key) / 1000 for key in ("prestop", "drain", "step", "well", "request")},
            "health": f"http://127.0.0.1:{self.port}{self.health}",
            "need": self.need,
            "alerts": self.alerts,
            "lease": {
                "address": self.lock[0],
                "port": self.lock[1],
                "key": f"flyball:restart:{self.group}",
                "ttl": self.lease / 1000,
            },
        }
        times = {"splay": self.splay / 1000, "longest": self.longest / 1000}
        return {"program": program, "calendar": self.calendar, "port": self.port, **times}


def read(variables: Mapping[str, object], hosts: int) -> tuple[PlannedRestart, list[Problem]]:
    """The restarts that the variables ask for in a group of so many hosts, and what is wrong with them."""
    problems = list(strict.check(dict(variables), PlannedRestartArgs, ()))
    reader = Reader(variables, (), problems)
    units, is_reboot = tuple(reader.words("planned_restart_units")), reader.value("planned_restart_reboot", bool, False)
    _check_units(units, is_reboot, reader)
    prestop, drain = way_out(reader.at("planned_restart_shutdown"))
    deadline = reader.duration("planned_restart_deadline", 2_000)
    problems += check_shutdown(Shutdown(prestop, drain, 0), deadline, ("planned_restart_shutdown",))
    times = {
        "prestop": prestop,
        "drain": drain,
        "step": reader.duration("planned_restart_step", STEP, least=1000),
        "well": reader.duration("planned_restart_well", WELL, least=1000),
        "request": reader.duration("planned_restart_request", REQUEST, least=100),
    }
    needed, wrong = rolling.read({key: variables.get(key) for key in rolling.RolloutArgs.__annotations__}, hosts)
    problems += [problem for problem in wrong if problem not in problems]
    lease = reader.duration("planned_restart_lease", LEASE, least=1000)
    run = longest(hosts, max(len(units), 1), times)
    if run > lease:
        message = f"{show_duration(lease)} is less than the {show_duration(run)} that a run may take"
        reader.problem(
            "planned_restart_lease",
            LEASE_BELOW_RUN,
            message,
            "raise it, or a second host follows while the first is away",
        )
    splay = reader.duration("planned_restart_splay", SPLAY, least=1000)
    if splay > LONGEST_SPLAY:
        reader.problem("planned_restart_splay", OUT_OF_RANGE, f"is {show_duration(splay)}", "allowed is at most 12h")
    port = reader.whole("planned_restart_lock_port", 6379, most=65535)
    return PlannedRestart(
        units=units,
        reboot=is_reboot,
        calendar=_text(reader, "planned_restart_calendar", CALENDAR, _CALENDAR, "as in systemd.time(7)"),
        splay=splay,
        group=_text(reader, "planned_restart_group", "web", _GROUP, "the name of a group of the inventory"),
        port=reader.whole("planned_restart_port", 80, most=65535),
        health=_text(reader, "planned_restart_health", "/", _HEALTH, "a path, from its /"),
        **times,
        need=needed,
        lock=(
            _text(reader, "planned_restart_lock_host", "", daemons.HOST, "the name or address of the group's Redis"),
            port,
        ),
        lease=lease,
        alerts=_alerts(reader),
        longest=run,
    ), problems


def _check_units(units: tuple[str, ...], is_reboot: bool, reader: Reader) -> None:
    for i, unit in enumerate(units):
        check_unit(unit, reader, ("planned_restart_units", i))
    if is_reboot and units:
        reader.problem("planned_restart_units", DOES_NOT_APPLY, "are restarted by the reboot anyway", "leave them out")
    if not is_reboot and not units and isinstance(reader.values.get("planned_restart_units"), list):
        hint = "name units, or set planned_restart_reboot"
        reader.problem("planned_restart_units", EMPTY, "is empty: there is nothing to restart", hint)


def _text(reader: Reader, key: str, default: str, allowed: re.Pattern[str], hint: str) -> str:
    text = reader.value(key, str, default)
    if not allowed.fullmatch(text):
        reader.problem(key, INVALID_TEXT, f"{text!r} is not allowed", f"give {hint}")
    return text


def _alerts(reader: Reader) -> str:
    key = "planned_restart_alertmanager"
    return _text(reader, key, "", _URL, "its URL, without a / at the end") if reader.values.get(key) else ""
