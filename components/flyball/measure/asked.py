"""What somebody asks to have measured, with every problem of it at once."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from flyball.guards.reading.problem import Problem, Refused, refuse
from flyball.guards.reading.rules import UNKNOWN_VALUE
from flyball.guards.reading.strict import nearest
from flyball.guards.workload.resolve import Service
from flyball.stack.read import read


def together(*readers: Callable[[], Any]) -> list[Any]:
    """What each reads. Raises `Refused` with the problems of all."""
    found, problems = list[Any](), list[Problem]()
    for reader in readers:
        try:
            found.append(reader())
        except Refused as refused:
            problems += refused.problems
    refuse(problems)
    return found


def services(config: Mapping[str, Any], names: Iterable[str]) -> list[Service]:
    """The services of a stack, or those that are named. Raises `Refused` where there is none of a name."""
    known = read(config).services
    problems = [
        Problem(("services", name), UNKNOWN_VALUE, "is no service of the stack", nearest(name, known))
        for name in names
        if name not in known
    ]
    refuse(problems)
    return [known[name] for name in dict.fromkeys(names)] or list(known.values())
