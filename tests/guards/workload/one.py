"""One workload by itself, as the rules resolve it."""

from typing import Any

from flyball.guards.workload.arguments import GuardedArgs
from flyball.guards.workload.resolve import Place, Service, resolve_alone


def resolved(name: str, args: Any, zones: int = 0, expected: Any = GuardedArgs) -> Service:
    """The workload, over so many zones; where the arguments say nothing of callers, nobody calls it."""
    given = {"callers": [], **args} if isinstance(args, dict) else args
    return resolve_alone(name, given, Place(zones=tuple(f"zone-{i}" for i in range(zones))), expected)
