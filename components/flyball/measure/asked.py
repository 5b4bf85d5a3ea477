"""What somebody asks to have measured, with every problem of it at once."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from flyball.guards.reading.problem import Problem, Refused, refuse
from flyball.guards.reading.rules import EMPTY, UNKNOWN_VALUE
from flyball.guards.reading.strict import QUESTION, nearest
from flyball.guards.workload.resolve import Service
from flyball.stack.read import read

LOAD = ("peak", "replica")
"""What every service has to say of its load."""


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


def filled(config: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, frozenset[str]]]:
    """The configuration with some figure where a service says nothing of its load, and which are missing there.

    What such a service would come to means nothing; its other keys are held against the rules all the same.
    """
    below, lacking, found = config.get("defaults"), dict[str, frozenset[str]](), dict[str, Any]()
    default = below.get("load") if isinstance(below, Mapping) else None
    services = config.get("services")
    if not isinstance(services, Mapping):
        return dict(config), {}
    for name, args in services.items():
        found[name] = args
        load = args.get("load") if isinstance(args, Mapping) else {}
        if not isinstance(args, Mapping) or not (load is None or isinstance(load, Mapping)):
            continue
        given = {**(default if isinstance(default, Mapping) else {}), **(load or {})}
        if missing := frozenset(key for key in LOAD if given.get(key) in (None, QUESTION)):
            lacking[name] = missing
            found[name] = {**args, "load": {**(load or {}), **dict.fromkeys(missing, 1)}}
    return {**config, "services": found}, lacking


def services(config: Mapping[str, Any], names: Iterable[str]) -> list[Service]:
    """The services of a stack, or those that are named. Raises `Refused` where there is none, or none of a name."""
    known = read(config).services
    if not known:
        raise Refused([Problem(("services",), EMPTY, "there is none, and the load of services alone is measured")])
    problems = [
        Problem(("services", name), UNKNOWN_VALUE, "is no service of the stack", nearest(name, known))
        for name in names
        if name not in known
    ]
    refuse(problems)
    return [known[name] for name in dict.fromkeys(names)] or list(known.values())
