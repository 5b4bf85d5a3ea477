"""Hosts as a stack's outputs describe them, read as strictly as everything else."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NotRequired, TypedDict

from flyball.guards.reading import address, bounds, strict
from flyball.guards.reading.problem import Path, Problem, refuse
from flyball.guards.reading.reader import Reader
from flyball.guards.reading.rules import INVALID_NAME, SECRET_IN_PLAIN_TEXT, UNKNOWN_VALUE

_SECRET = "4dabf18193072939515e22adb298388d"
"""The key that marks a secret in a state file (Pulumi's resource.SigKey)."""
_GROUP = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?")


class HostArgs(TypedDict):
    """One host of a stack."""

    address: str
    groups: NotRequired[list[str]]
    vars: NotRequired[dict[str, object]]


@dataclass(frozen=True, slots=True)
class Host:
    name: str
    address: str
    groups: tuple[str, ...]
    variables: Mapping[str, Any]


def hosts_of(outputs: object, name: str) -> list[Host]:
    """The hosts in the output `name`. Raises `Refused` with everything that is wrong with it."""
    known = outputs if isinstance(outputs, Mapping) else {}
    if name not in known:
        refuse([Problem((name,), UNKNOWN_VALUE, "is no output of the stack", strict.nearest(name, map(str, known)))])
    found = known[name]
    refuse(bounds.problems(found, (name,)))
    problems = list(_secrets(found, (name,))) or list(strict.check(found, dict[str, HostArgs], (name,)))
    if not problems:
        for host, values in found.items():
            if not _NAME.fullmatch(host):
                problems.append(Problem((name, host), INVALID_NAME, f"{host!r} is no name of a host"))
            address.check_host(Reader(values, (name, host), problems), "address", values["address"])
            for i, group in enumerate(values.get("groups", [])):
                if not _GROUP.fullmatch(group):
                    problems.append(
                        Problem(
                            (name, host, "groups", i),
                            INVALID_NAME,
                            f"{group!r} is no group",
                            "give letters, digits and _",
                        )
                    )
    refuse(problems)
    return [
        Host(host, values["address"], tuple(values.get("groups", [])), values.get("vars", {}))
        for host, values in found.items()
    ]


def _secrets(value: object, path: Path) -> list[Problem]:
    """Secrets, which have no place in an inventory: it is printed, and cached."""
    if not isinstance(value, Mapping):
        return []
    if _SECRET in value:
        return [
            Problem(path, SECRET_IN_PLAIN_TEXT, "is a secret", "export it without, and hand secrets over in a vault")
        ]
    return [problem for key, inner in value.items() for problem in _secrets(inner, (*path, str(key)))]
