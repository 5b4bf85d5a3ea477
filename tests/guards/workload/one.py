"""One workload by itself, as the rules resolve it, and the least that it may say."""

from dataclasses import replace
from typing import Any

from flyball.guards.workload.plain_arguments import PlainArgs
from flyball.guards.workload.platform import ANY
from flyball.guards.workload.resolve import Place, Service, resolve_alone
from flyball.guards.workload.way_in import WayIn

LOAD = {"peak": 1000, "replica": 100}
MINIMAL: dict[str, Any] = {"port": 80, "load": LOAD}
NIGHT = {"name": "night", "start": "0 22 * * *", "end": "0 6 * * *", "peak": 100}
SALE = {"name": "sale", "start": "0 6 24 11 *", "end": "0 6 25 11 *", "peak": 2000}


def resolved(name: str, args: Any, zones: int = 0, expected: Any = PlainArgs) -> Service:
    """The workload, over so many zones; where the arguments say nothing of callers, nobody calls it."""
    given = {"callers": [], **args} if isinstance(args, dict) else args
    platform = replace(ANY, way=WayIn("nginx", namespace="ingress", deregistration=1_000))
    place = Place(zones=tuple(f"zone-{i}" for i in range(zones)), platform=platform)
    return resolve_alone(name, given, place, expected)
