"""One workload by itself, as the rules resolve it."""

from dataclasses import replace
from typing import Any

from flyball.guards.workload.plain_arguments import PlainArgs
from flyball.guards.workload.platform import ANY
from flyball.guards.workload.resolve import Place, Service, resolve_alone
from flyball.guards.workload.way_in import WayIn


def resolved(name: str, args: Any, zones: int = 0, expected: Any = PlainArgs) -> Service:
    """The workload, over so many zones; where the arguments say nothing of callers, nobody calls it."""
    given = {"callers": [], **args} if isinstance(args, dict) else args
    platform = replace(ANY, way=WayIn("nginx", namespace="ingress", deregistration=1_000))
    place = Place(zones=tuple(f"zone-{i}" for i in range(zones)), platform=platform)
    return resolve_alone(name, given, place, expected)
