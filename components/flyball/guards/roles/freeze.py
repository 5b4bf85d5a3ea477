"""Lesson 7: a person stops automation, and nothing but a person starts it again.

Reddit, August 2016: a package manager revived an autoscaler that people had stopped for a migration. `read` takes the
variables of the Ansible role `freeze`.
"""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, TypedDict

from flyball.guards.governor.rules import FREEZE_REASON
from flyball.guards.reading import strict
from flyball.guards.reading.problem import Path, Problem
from flyball.guards.reading.reader import Reader
from flyball.guards.reading.rules import INVALID_NAME, UNKNOWN_VALUE
from flyball.guards.roles.units import check_unit

SHORTEST_REASON = 8
"""Letters: enough to name a ticket or a sentence, too long for `x`."""
_PACKAGE = re.compile(r"[a-z0-9][a-z0-9+.-]+")


class FreezeArgs(TypedDict):
    freeze_state: str
    freeze_reason: str
    freeze_units: list[str]
    freeze_packages: list[str]


@dataclass(frozen=True, slots=True)
class Freeze:
    """What is held, and why."""

    on: bool
    reason: str
    units: tuple[str, ...]
    packages: tuple[str, ...]

    def as_variables(self) -> dict[str, Any]:
        return asdict(self)


def reason_problem(reason: object, path: Path) -> list[Problem]:
    """Whether a reason says anything; people will read it in the middle of an incident."""
    text = reason.strip() if isinstance(reason, str) else ""
    if len(text) < SHORTEST_REASON:
        return [
            Problem(path, FREEZE_REASON, f"{text!r} is no reason", f"say why, in at least {SHORTEST_REASON} letters")
        ]
    if not text.isprintable():
        return [Problem(path, FREEZE_REASON, "has control characters", "give one line of text")]
    return []


def read(variables: Mapping[str, object]) -> tuple[Freeze, list[Problem]]:
    """The freeze that the variables ask for, and what is wrong with them."""
    problems = list(strict.check(dict(variables), FreezeArgs, ()))
    reader = Reader(variables, (), problems)
    state = reader.value("freeze_state", str, "frozen")
    if state not in ("frozen", "thawed"):
        reader.problem("freeze_state", UNKNOWN_VALUE, f"{state!r} is not known", "known are frozen, thawed")
    if state != "thawed":
        problems += reason_problem(variables.get("freeze_reason", ""), ("freeze_reason",))
    for i, word in enumerate(reader.words("freeze_units")):
        check_unit(word, reader, ("freeze_units", i))
    for i, word in enumerate(reader.words("freeze_packages")):
        if not _PACKAGE.fullmatch(word):
            reader.problem(("freeze_packages", i), INVALID_NAME, f"{word!r} is not the name of a Debian package")
    return Freeze(
        state != "thawed",
        reader.value("freeze_reason", str, "").strip(),
        tuple(dict.fromkeys(reader.words("freeze_units"))),
        tuple(dict.fromkeys(reader.words("freeze_packages"))),
    ), problems
