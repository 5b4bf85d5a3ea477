"""Variables of the playbooks that take hosts of a group out of service: what each asks for, and who stands in its way.

`read_roll`, `read_restart` and `read_drain` take the variables of a playbook and how many hosts the group has. One run
at a time has a group, and takes a host out only where the others really serve: the `check_` functions hold what was
seen against that.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from flyball.guards.governor.freeze import SHORTEST_REASON, reason_problem
from flyball.guards.headroom.rules import NOTHING_TO_SPARE
from flyball.guards.reading import address, strict
from flyball.guards.reading.problem import Problem
from flyball.guards.reading.rules import INVALID_ADDRESS, INVALID_PATH, UNKNOWN_VALUE
from flyball.guards.reading.units import show_count
from flyball.guards.roles import rollout
from flyball.guards.roles.systemd import check_unit
from flyball.guards.roles.variables import Role, Variable, Variables

STATES = ("out", "in")
_PATH = re.compile(r"/[A-Za-z0-9._~/?=&-]*")


def _group(name: str) -> Variable:
    text = "The group of the inventory whose hosts serve the same; on the command line, since it chooses the hosts."
    return Variable(f"{name}_group", str, "web", text)


def _override(name: str) -> Variable:
    return Variable(
        f"{name}_override",
        str,
        "",
        "Why it goes ahead though somebody else has the group or the host, or the others cannot spare it, for one run;"
        f" at least {SHORTEST_REASON} letters, left in the journal of each host.",
    )


ROLL = Role(
    "roll",
    "Changes a group of hosts while it serves: one canary, then batches that leave what the peak needs",
    (
        _group("roll"),
        Variable("roll_packages", list[str], [], "Packages to install, as shop=1.4.3; older versions too."),
        Variable("roll_units", list[str], [], "Units to restart then."),
        Variable("roll_roles", list[str], ["flyball.guards.nginx"], "Roles to apply, before the units restart."),
        Variable(
            "roll_health",
            str,
            "/",
            "A path that must answer 200 on the host itself before it serves again, and on others before it leaves.",
        ),
        Variable("roll_through", list[str], [], "URLs of balancers that must answer 200 once it serves again."),
        Variable("roll_from", str, "", "The host to begin with; those before it are left as they are."),
        _override("roll"),
    ),
    shares=(rollout.ROLE,),
)
RESTART = Role(
    "restart",
    "Restarts now what the role planned_restart restarts by its timer: host by host, by the same program and its rules",
    (
        _group("restart"),
        Variable(
            "restart_back",
            int,
            300,
            "How long a host may be out of reach for while it reboots, at least 10.",
            "seconds",
        ),
        _override("restart"),
    ),
    shares=(rollout.ROLE,),
)
DRAIN = Role(
    "drain",
    "Takes hosts out of service, one after the other while the others can spare them, or lets them serve again",
    (
        _group("drain"),
        Variable("drain_state", str, STATES[0], "Whether the hosts are to be out or in."),
        Variable("drain_reason", str, "", "Why they are out, for the people who come upon it."),
        _override("drain"),
    ),
    shares=(rollout.ROLE,),
)


@dataclass(frozen=True, slots=True)
class Rolling:
    """What all of them have. `need` hosts of the group must serve, so `spare` may be out at a time; `why` is shown.

    Whether others serve is asked by the path that balancers ask, and by `health` where there is one.
    """

    need: int
    spare: int
    override: str
    health: str
    why: str
    own: Mapping[str, Any]
    """The playbook's own variables, by name without its prefix."""

    def as_variables(self) -> dict[str, Any]:
        # Not by asdict, which would copy Ansible's own kinds of lists, and cannot.
        return {field.name: getattr(self, field.name) for field in fields(self)}


def read_roll(variables: Mapping[str, object], hosts: int) -> tuple[Rolling, list[Problem]]:
    reader = ROLL.read(variables)
    for i, unit in enumerate(reader.words("roll_units")):
        check_unit(unit, reader, ("roll_units", i))
    health = reader.text("roll_health")
    if not _PATH.fullmatch(health):
        reader.problem("roll_health", INVALID_PATH, f"{health!r} is no path", "give one, from its /")
    for i, text in enumerate(reader.words("roll_through")):
        if address.url(text) is None:
            reader.problem(("roll_through", i), INVALID_ADDRESS, f"{text!r} is no URL", "give one, with http://")
    names = [*reader.words("roll_packages"), *reader.words("roll_units"), *reader.words("roll_roles")]
    return _rolling(ROLL, reader, hosts, why=", ".join(names), health=health)


def read_restart(variables: Mapping[str, object], hosts: int) -> tuple[Rolling, list[Problem]]:
    reader = RESTART.read(variables)
    reader.count("restart_back", least=10)
    return _rolling(RESTART, reader, hosts, why="restarts")


def read_drain(variables: Mapping[str, object], hosts: int) -> tuple[Rolling, list[Problem]]:
    """Without a load nobody knows how many the group can spare: then all others must serve. Back in, none needs to."""
    reader = DRAIN.read(variables)
    state = reader.choice("drain_state", STATES)
    unknown = reader.values["rollout_load"] == {}
    if unknown:
        reader.problems[:] = [problem for problem in reader.problems if problem.path[0] != "rollout_load"]
        reader.share("rollout_utilization")
    needed = 0 if state == "in" else hosts - 1 if unknown else None
    return _rolling(DRAIN, reader, hosts, why=reader.text("drain_reason").strip(), needed=needed)


def _rolling(
    role: Role, reader: Variables, hosts: int, *, why: str, health: str = "", needed: int | None = None
) -> tuple[Rolling, list[Problem]]:
    override = reader.text(f"{role.name}_override").strip()
    if override:
        reader.problems += reason_problem(override, (f"{role.name}_override",))
    problems = reader.problems
    if needed is None:
        needed, wrong = rollout.read({name: reader.values[name] for name in rollout.ROLE.defaults}, hosts)
        problems += [problem for problem in wrong if problem not in problems]
    values = {variable.name.removeprefix(f"{role.name}_"): reader.values[variable.name] for variable in role.variables}
    own = {name: [*value] if isinstance(value, list) else value for name, value in values.items()}
    return Rolling(needed, max(hosts - needed, 1), override, health, why, own), problems


def check_group(name: object, groups: Mapping[str, Sequence[str]], key: str) -> list[Problem]:
    """Whether the inventory has a group, with hosts in it."""
    if isinstance(name, str) and groups.get(name):
        return []
    return [Problem((key,), UNKNOWN_VALUE, f"{name!r} is no group of the inventory", strict.nearest(str(name), groups))]


def check_leaving(seen: Mapping[str, str], leaving: Sequence[str], need: int) -> Iterator[Problem]:
    """Whether some hosts of a group may be taken out, from why each host of it does not serve; empty where it does.

    What serves nobody may be taken out whatever the others do: it can be mended, or rolled back, by itself.
    """
    others = {name: why for name, why in seen.items() if name not in leaving}
    serve = sum(not why for why in others.values())
    if serve < need and any(not seen.get(name, "") for name in leaving):
        out = "; ".join(f"{name}: {why}" for name, why in others.items() if why)
        yield Problem(
            (),
            NOTHING_TO_SPARE,
            f"{need} of the others must serve while {', '.join(leaving)} is out, and {serve} does"
            f"{f'; {out}' if out else ''}",
            "let them serve first",
        )


def check_taken(took: Mapping[str, Sequence[str] | None], hosts: int, override: str) -> Iterator[str]:
    """Who else is at work on a group, from who is in the way on each host of it; None where it did not answer.

    With more than half of the hosts, of two runs each sees the other on one at least.
    """
    taken = False
    for name, others in took.items():
        for other in others or ():
            taken = True
            yield (
                f"{name} is being changed {other}; wait until that is over, or where it is and did not say so, give"
                f" {override} with the reason"
            )
    reached = sum(others is not None for others in took.values())
    if not taken and 2 * reached <= hosts:
        yield (
            f"{reached} of {show_count(hosts, 'host')} of the group answer, and more than half must, or somebody else"
            f" may have the rest of it; mend them, or give {override} with the reason"
        )


def check_drained(drained: Mapping[str, Iterable[Mapping[str, Any]]], program: str) -> Iterator[str]:
    """Hosts that something else has out of service: half changed, or in the hands of a person."""
    for name, holders in drained.items():
        for holder in holders:
            if holder["program"] != program:
                yield (
                    f"{name} is drained {holder['text']}; when that is over let it serve again (drain.yml -e"
                    f" drain_state=in -l {name}), or leave it out with -l '!{name}'"
                )
