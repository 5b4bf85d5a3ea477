"""Lesson 6 on a host: out of the balancer, what is under way answered, units stopped, all within a spot notice.

`read` takes the variables of the Ansible role `spot_drain`.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NotRequired, TypedDict

from flyball.guards.interruptions.interruption import LONGEST_SHUTDOWN, LONGEST_UNSEEN, Shutdown, check_shutdown
from flyball.guards.interruptions.notice import LOOK_PATHS, seen_within
from flyball.guards.interruptions.rules import NOTICE_UNSEEN
from flyball.guards.reading import address
from flyball.guards.reading.problem import Problem
from flyball.guards.reading.reader import Reader
from flyball.guards.reading.rules import GIVEN_TWICE, INVALID_ADDRESS, INVALID_TEXT, MISSING
from flyball.guards.reading.units import Milliseconds, show_duration
from flyball.guards.roles.systemd import check_unit
from flyball.guards.roles.variables import Role, Variable, Variables
from flyball.guards.timeouts.deadlines import DEFAULT_DEADLINE

ENDPOINT = "http://169.254.169.254"
"""https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html"""
POLL: Milliseconds = 5_000
"""What AWS recommends (https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/spot-instance-termination-notices.html)."""
REQUEST: Milliseconds = 1_000
"""The metadata server is on the machine's own network card's other side: it answers in a few milliseconds, or not."""
TOKEN_TTL = 21_600
"""Seconds; the longest that IMDSv2 gives."""
_GROUP = re.compile(r"[\x20-\x39\x3b-\x7e]{1,255}")
_HOOK = re.compile(r"[A-Za-z0-9_/-]{1,255}")
"""https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_CompleteLifecycleAction.html"""
_REGION = re.compile(r"[a-z]{2,3}(?:-[a-z]+)+-[0-9]")
SHORTEST_STOP: Milliseconds = 2_000
"""One second to stop by itself, and one in which it is killed."""


class WayOutArgs(TypedDict):
    """How long balancers take to see that a host leaves, and how long what is under way may take from then on."""

    prestop: NotRequired[str]
    drain: NotRequired[str]


class StopArgs(TypedDict):
    name: str
    stop: NotRequired[str]


WAY_OUT = {"prestop": show_duration(Shutdown().prestop), "drain": show_duration(Shutdown().drain)}
ROLE = Role(
    "spot_drain",
    "A host that leaves the balancer and stops its units in order, within the notice of a spot machine",
    (
        Variable("spot_drain_endpoint", str, ENDPOINT, "Where the instance's metadata is asked for, without a path."),
        Variable(
            "spot_drain_poll",
            str,
            show_duration(POLL),
            "How often it is asked, at least 1s; with the requests' own time a notice must be seen within"
            f" {show_duration(LONGEST_UNSEEN)}.",
            "duration",
        ),
        Variable(
            "spot_drain_request",
            str,
            show_duration(REQUEST),
            "The most that one request may take, at least 100ms.",
            "duration",
        ),
        Variable(
            "spot_drain_rebalance",
            bool,
            False,
            "Whether a rebalance recommendation drains the host too. It is no notice, and many hosts may get one at"
            " once. Set it only where replacements come by themselves; a frozen host never acts on it.",
        ),
        Variable(
            "spot_drain_deadline",
            str,
            show_duration(DEFAULT_DEADLINE),
            "The longest that a request may take, unless the host's nginx_sites or haproxy_proxy say longer; the wait"
            " for what is under way is at least as long.",
            "duration",
        ),
        Variable(
            "spot_drain_shutdown",
            WayOutArgs,
            WAY_OUT,
            "With prestop, how long balancers take to see that the host leaves, and drain, how long what is under way"
            f" then may take. With the stops of the units at most {show_duration(LONGEST_SHUTDOWN)}.",
        ),
        Variable(
            "spot_drain_units",
            list[StopArgs],
            [],
            f"Units to stop then, in this order, each with name and stop [{show_duration(Shutdown().stop)}], after"
            f" which it is killed, at least {show_duration(SHORTEST_STOP)}.",
        ),
        Variable(
            "spot_drain_group",
            str,
            "",
            "Auto Scaling group that the host is of, if of any: what the group takes out leaves in the same way, and"
            " then tells the group by the AWS command line, which the host has.",
        ),
        Variable("spot_drain_hook", str, "", "The group's hook that keeps an instance until it is told so."),
        Variable("spot_drain_region", str, "", "The group's region, as eu-central-1."),
    ),
)


@dataclass(frozen=True, slots=True)
class SpotDrain:
    """What the watcher does, and when. `units` are stopped in this order, each within its own time.

    `group`, `hook` and `region` are empty for a host that is of no Auto Scaling group.
    """

    endpoint: str
    poll: Milliseconds
    request: Milliseconds
    rebalance: bool
    prestop: Milliseconds
    drain: Milliseconds
    units: tuple[tuple[str, Milliseconds], ...]
    group: str = ""
    hook: str = ""
    region: str = ""

    def as_variables(self) -> dict[str, Any]:
        """The watcher's settings, times in seconds."""
        return {
            "endpoint": self.endpoint,
            "poll": self.poll / 1000,
            "request": self.request / 1000,
            "token_ttl": TOKEN_TTL,
            "rebalance": self.rebalance,
            "prestop": self.prestop / 1000,
            "drain": self.drain / 1000,
            "units": [{"name": name, "stop": stop / 1000} for name, stop in self.units],
            "group": self.group,
            "hook": self.hook,
            "region": self.region,
        }


def read(variables: Mapping[str, object], serves: Milliseconds = 0) -> tuple[SpotDrain, list[Problem]]:
    """The way out that the variables ask for, and what is wrong with them.

    `serves` is the longest that a request may take by what else is known of the host, as its sites' deadlines.
    """
    reader = ROLE.read(variables)
    endpoint = reader.text("spot_drain_endpoint")
    url = address.url(endpoint)
    if url is None or url.scheme != "http" or url.path:
        reader.problem(
            "spot_drain_endpoint", INVALID_ADDRESS, f"{endpoint!r} is no endpoint", f"give {ENDPOINT}, without a path"
        )
    poll = reader.time("spot_drain_poll", least=1000)
    request = reader.time("spot_drain_request", least=100)
    group = _group(reader)
    reader.problems += _check_seen(poll, request, LOOK_PATHS + bool(group[0]))
    prestop, drain = way_out(reader.at("spot_drain_shutdown"))
    units = tuple(_units(reader.each("spot_drain_units")))
    deadline = max(reader.time("spot_drain_deadline"), serves)
    shutdown = Shutdown(prestop, drain, sum(stop for _, stop in units))
    reader.problems += check_shutdown(shutdown, deadline, ("spot_drain_shutdown",))
    rebalance = reader.flag("spot_drain_rebalance")
    return SpotDrain(endpoint, poll, request, rebalance, prestop, drain, units, *group), reader.problems


def _group(reader: Variables) -> tuple[str, str, str]:
    """Group, hook and region: all of them, or none."""
    forms = (
        ("spot_drain_group", _GROUP, "give the group's name"),
        ("spot_drain_hook", _HOOK, "give the hook's name: letters, digits, dashes, underscores and slashes"),
        ("spot_drain_region", _REGION, "give the region, as eu-central-1"),
    )
    found = [reader.text(key) for key, _, _ in forms]
    for (key, form, hint), value in zip(forms, found, strict=True):
        if value and not form.fullmatch(value):
            reader.problem(key, INVALID_TEXT, f"is {value!r}", hint)
        elif not value and any(found):
            reader.problem(key, MISSING, "is missing", f"{hint}; group, hook and region are given together")
    return found[0], found[1], found[2]


def way_out(given: Reader) -> tuple[Milliseconds, Milliseconds]:
    """Until nobody sends any more, and for what is under way."""
    usual = Shutdown()
    return given.duration("prestop", usual.prestop), given.duration("drain", usual.drain)


def _check_seen(poll: Milliseconds, request: Milliseconds, paths: int) -> Iterator[Problem]:
    unseen = seen_within(poll, request, paths)
    if unseen > LONGEST_UNSEEN:
        yield Problem(
            ("spot_drain_poll",),
            NOTICE_UNSEEN,
            f"with {show_duration(poll)}, and {show_duration(request)} for each request, a notice may stay unseen for"
            f" {show_duration(unseen)}, more than the {show_duration(LONGEST_UNSEEN)} that the way out leaves",
            "lower spot_drain_poll or spot_drain_request",
        )


def _units(given: Iterable[Reader]) -> Iterator[tuple[str, Milliseconds]]:
    seen: set[str] = set()
    for unit in given:
        name = unit.value("name", str, "")
        if unit.has("name"):
            check_unit(name, unit, "name")
        if name in seen:
            unit.problem("name", GIVEN_TWICE, f"{name} is there already", "name it once")
        seen.add(name)
        yield name, unit.duration("stop", Shutdown().stop, least=SHORTEST_STOP)
