"""Lesson 7: a person stops automation, and nothing but a person starts it again.

Reddit, August 2016: a package manager revived an autoscaler that people had stopped for a migration. `read` takes the
variables of the Ansible role `freeze`.
"""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from flyball.guards.governor.freeze import SHORTEST_REASON, reason_problem
from flyball.guards.reading.problem import Problem
from flyball.guards.reading.rules import INVALID_NAME
from flyball.guards.roles.systemd import check_unit
from flyball.guards.roles.variables import Role, Variable

STATES = ("frozen", "thawed")
_PACKAGE = re.compile(r"[a-z0-9][a-z0-9+.-]+")


ROLE = Role(
    "freeze",
    "Services and packages that stay as they are until a person says otherwise",
    (
        Variable("freeze_state", str, STATES[0], "Whether the host is to be frozen or thawed."),
        Variable(
            "freeze_reason",
            str,
            "",
            f"Why, for the people who come upon it; at least {SHORTEST_REASON} letters to freeze.",
        ),
        Variable(
            "freeze_units",
            list[str],
            [],
            "Units to stop, which nothing starts until the host is thawed, by whatever name.",
        ),
        Variable("freeze_packages", list[str], [], "Packages to hold at their version until the host is thawed."),
        Variable(
            "freeze_override",
            str,
            "",
            f"Why a frozen host is changed all the same, for one run; at least {SHORTEST_REASON} letters.",
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class Freeze:
    """What is held, and why."""

    on: bool
    reason: str
    units: tuple[str, ...]
    packages: tuple[str, ...]

    def as_variables(self) -> dict[str, Any]:
        return asdict(self)


def read(variables: Mapping[str, object]) -> tuple[Freeze, list[Problem]]:
    """The freeze that the variables ask for, and what is wrong with them."""
    reader = ROLE.read(variables)
    state = reader.choice("freeze_state", STATES)
    if state != "thawed":
        reader.problems += reason_problem(reader.values["freeze_reason"], ("freeze_reason",))
    for i, word in enumerate(reader.words("freeze_units")):
        check_unit(word, reader, ("freeze_units", i))
    for i, word in enumerate(reader.words("freeze_packages")):
        if not _PACKAGE.fullmatch(word):
            reader.problem(("freeze_packages", i), INVALID_NAME, f"{word!r} is not the name of a Debian package")
    return Freeze(
        state != "thawed",
        reader.text("freeze_reason").strip(),
        tuple(dict.fromkeys(reader.words("freeze_units"))),
        tuple(dict.fromkeys(reader.words("freeze_packages"))),
    ), reader.problems
