"""Runs drills on hosts, one run after another."""

from collections.abc import Iterator, Sequence

from flyball.drills.drill import Report
from flyball.drills.hosts import cache_flood, log_server_dead, log_storm, planned_restarts, revived, spot_notice
from flyball.drills.hosts.drill import HostDrill, once
from flyball.drills.result import Verdict
from flyball.guards.problem import Problem, refuse
from flyball.guards.strict import nearest

_ALL = (
    *(revived.DRILL, log_storm.DRILL, log_server_dead.DRILL, cache_flood.DRILL),
    *(spot_notice.DRILL, planned_restarts.DRILL),
)
DRILLS: dict[str, HostDrill] = {drill.name: drill for drill in _ALL}
"""By name, in the order in which they run."""


def run(names: Sequence[str], guards: Sequence[bool], report: Report) -> Iterator[Verdict]:
    """The drills of these names [all], each with the guard, without it, or both, on hosts of its own.

    Raises `Refused` for a name that is none before anything is started.
    """
    refuse([Problem(name, "is no drill", nearest(name, list(DRILLS))) for name in names if name not in DRILLS])
    for drill in [DRILLS[name] for name in dict.fromkeys(names)] or DRILLS.values():
        for guard in guards:
            yield once(drill, guard, lambda line, guard=guard, name=drill.name: report(f"{name}: {line}"))
