"""Lesson 6 on hosts: regular restarts are healthy, one host at a time and never below what the peak needs.

`read` takes the variables of the Ansible role `planned_restart`. The lock is a lease: it must outlive the longest run,
so that no second host follows while the first is away, and ends by itself, so that a dead holder stops nobody for ever.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flyball.guards.headroom.headroom import DEFAULT_UTILIZATION
from flyball.guards.interruptions.interruption import Shutdown, check_shutdown
from flyball.guards.interruptions.restarts import longest
from flyball.guards.interruptions.rules import LEASE_BELOW_RUN
from flyball.guards.reading import address
from flyball.guards.reading.problem import Problem
from flyball.guards.reading.rules import DOES_NOT_APPLY, EMPTY, INVALID_ADDRESS, INVALID_TEXT
from flyball.guards.reading.units import Milliseconds, show_duration
from flyball.guards.roles import passwords, rollout
from flyball.guards.roles.spot_drain import WAY_OUT, WayOutArgs, way_out
from flyball.guards.roles.systemd import check_unit
from flyball.guards.roles.variables import Role, Variable, Variables
from flyball.guards.timeouts.deadlines import DEFAULT_DEADLINE

LONGEST_SPLAY: Milliseconds = 43_200_000
PASSWORD_FILE = "/etc/flyball/planned-restart.password"
"""That of the lock, empty where it asks for none."""
_CALENDAR = re.compile(r"[A-Za-z0-9*:.,/~ -]{1,100}")
_GROUP = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,62}")
_HEALTH = re.compile(r"/[A-Za-z0-9._~/?=&-]*")


ROLE = Role(
    "planned_restart",
    "Regular restarts, one host of a group at a time and never below what the peak needs",
    (
        Variable(
            "planned_restart_units",
            list[str],
            [],
            "Units to restart, in this order; none with planned_restart_reboot.",
        ),
        Variable("planned_restart_reboot", bool, False, "Whether the host is rebooted instead."),
        Variable("planned_restart_calendar", str, "Sun 04:00", "When, as in systemd.time(7)."),
        Variable(
            "planned_restart_splay",
            str,
            "1h",
            f"Each host waits a random time up to this, at most {show_duration(LONGEST_SPLAY)}; as long as all hosts of"
            " the group need one after the other.",
            "duration",
        ),
        Variable(
            "planned_restart_group",
            str,
            "web",
            "The group of the inventory whose hosts serve the same, and share the lock. How many of them must be well"
            " is asked of rollout_load (peak and host, in requests per second) and rollout_utilization"
            f" [{DEFAULT_UTILIZATION}].",
        ),
        Variable(
            "planned_restart_port",
            int,
            80,
            "Port of the service on every host of the group; /flyball/health is asked there.",
        ),
        Variable(
            "planned_restart_health",
            str,
            "/",
            "A path that must answer 200 on the host itself before it serves again.",
        ),
        Variable(
            "planned_restart_deadline",
            str,
            show_duration(DEFAULT_DEADLINE),
            "The longest that a request may take, unless the host's nginx_sites or haproxy_proxy say longer; the wait"
            " for what is under way is at least as long.",
            "duration",
        ),
        Variable(
            "planned_restart_shutdown",
            WayOutArgs,
            WAY_OUT,
            "With prestop, how long balancers take to see that the host leaves, and drain, how long what is under way"
            " then may take.",
        ),
        Variable(
            "planned_restart_step",
            str,
            "1m",
            "The most that the restart of one unit, or the reboot, may take.",
            "duration",
        ),
        Variable(
            "planned_restart_well", str, "2m", "How long the host may take after it until it is well.", "duration"
        ),
        Variable(
            "planned_restart_request",
            str,
            "1s",
            "The most that one request to another host, to Alertmanager or to the lock may take.",
            "duration",
        ),
        Variable(
            "planned_restart_lock_host",
            str,
            "",
            "The group's Redis, which holds the lock; where it does not answer nothing is restarted.",
        ),
        Variable("planned_restart_lock_port", int, 6379, "Port of it."),
        Variable(
            "planned_restart_lock_password",
            str,
            "",
            "What it asks for, redis_password there; keep it in a vault.",
            secret=True,
        ),
        Variable(
            "planned_restart_lease",
            str,
            "15m",
            "After this the lock ends by itself, whatever became of its holder; longer than a run may take.",
            "duration",
        ),
        Variable(
            "planned_restart_alertmanager",
            str,
            "",
            "URL of Alertmanager; nothing is restarted while an alert fires that is not silenced, and where it does not"
            " answer. Empty to restart whatever fires.",
        ),
    ),
    shares=(rollout.ROLE,),
)


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
    password: str = field(repr=False)
    lease: Milliseconds
    alerts: str
    longest: Milliseconds

    def as_variables(self) -> dict[str, Any]:
        """For templates, times in seconds: `program` are the settings of the program, but for the host's own names."""
        program = {
            "group": self.group,
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
                "password_file": PASSWORD_FILE,
            },
        }
        times = {"splay": self.splay / 1000, "longest": self.longest / 1000}
        return {"program": program, "calendar": self.calendar, "port": self.port, "password": self.password, **times}


def read(variables: Mapping[str, object], hosts: int, serves: Milliseconds = 0) -> tuple[PlannedRestart, list[Problem]]:
    """The restarts that the variables ask for in a group of so many hosts, and what is wrong with them.

    `serves` is the longest that a request may take by what else is known of the host, as its sites' deadlines.
    """
    reader = ROLE.read(variables)
    problems = reader.problems
    units, is_reboot = tuple(reader.words("planned_restart_units")), reader.flag("planned_restart_reboot")
    _check_units(units, is_reboot, reader)
    prestop, drain = way_out(reader.at("planned_restart_shutdown"))
    deadline = max(reader.time("planned_restart_deadline"), serves)
    problems += check_shutdown(Shutdown(prestop, drain, 0), deadline, ("planned_restart_shutdown",))
    times = {
        "prestop": prestop,
        "drain": drain,
        "step": reader.time("planned_restart_step", least=1000),
        "well": reader.time("planned_restart_well", least=1000),
        "request": reader.time("planned_restart_request", least=100),
    }
    needed, wrong = rollout.read({name: reader.values[name] for name in rollout.ROLE.defaults}, hosts)
    problems += [problem for problem in wrong if problem not in problems]
    lease = reader.time("planned_restart_lease", least=1000)
    run = longest(hosts, max(len(units), 1), times)
    if run > lease:
        message = f"{show_duration(lease)} is less than the {show_duration(run)} that a run may take"
        reader.problem(
            "planned_restart_lease",
            LEASE_BELOW_RUN,
            message,
            "raise it, or a second host follows while the first is away",
        )
    splay = reader.time("planned_restart_splay", least=1000, most=LONGEST_SPLAY)
    lock = reader.text("planned_restart_lock_host")
    address.check_host(reader, "planned_restart_lock_host", lock)
    return PlannedRestart(
        units=units,
        reboot=is_reboot,
        calendar=_text(reader, "planned_restart_calendar", _CALENDAR, "as in systemd.time(7)"),
        splay=splay,
        group=_text(reader, "planned_restart_group", _GROUP, "the name of a group of the inventory"),
        port=reader.count("planned_restart_port", most=address.LAST_PORT),
        health=_text(reader, "planned_restart_health", _HEALTH, "a path, from its /"),
        **times,
        need=needed,
        lock=(lock, reader.count("planned_restart_lock_port", most=address.LAST_PORT)),
        password=passwords.read(reader, "planned_restart_lock_password"),
        lease=lease,
        alerts=_alerts(reader),
        longest=run,
    ), problems


def _check_units(units: tuple[str, ...], is_reboot: bool, reader: Variables) -> None:
    for i, unit in enumerate(units):
        check_unit(unit, reader, ("planned_restart_units", i))
    if is_reboot and units:
        reader.problem("planned_restart_units", DOES_NOT_APPLY, "are restarted by the reboot anyway", "leave them out")
    if not is_reboot and not units and isinstance(reader.values.get("planned_restart_units"), list):
        hint = "name units, or set planned_restart_reboot"
        reader.problem("planned_restart_units", EMPTY, "is empty: there is nothing to restart", hint)


def _text(reader: Variables, key: str, allowed: re.Pattern[str], hint: str) -> str:
    text = reader.text(key)
    if not allowed.fullmatch(text):
        reader.problem(key, INVALID_TEXT, f"{text!r} is not allowed", f"give {hint}")
    return text


def _alerts(reader: Variables) -> str:
    key = "planned_restart_alertmanager"
    text = reader.text(key)
    url = address.server(text)
    if text and (url is None or url.path.endswith("/")):
        reader.problem(key, INVALID_ADDRESS, f"{text!r} is not allowed", "give its URL, without a / at the end")
    return text
