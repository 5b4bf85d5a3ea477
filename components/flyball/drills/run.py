"""Runs drills, one kind after another."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from flyball.drills.cluster import (
    dawn,
    deleted_pool,
    drain,
    frozen_pool,
    lost_zone,
    quorum,
    reapply,
    reddit,
    runaway,
    runaway_pool,
    scene,
    spot,
)
from flyball.drills.cluster.drill import ClusterDrill
from flyball.drills.drill import Drill, Report
from flyball.drills.hosts import (
    cache_flood,
    cache_flood_pod,
    cache_setting,
    colliding,
    log_server_dead,
    log_storm,
    log_storm_pod,
    planned_restarts,
    revived,
    rollout,
    rotation,
    spot_notice,
)
from flyball.drills.hosts import drill as hosts
from flyball.drills.hosts.drill import HostDrill
from flyball.drills.logs import drill as logs
from flyball.drills.logs import pipeline
from flyball.drills.logs.drill import LogDrill
from flyball.drills.models import dawn_fleet
from flyball.drills.models import drill as models
from flyball.drills.models.drill import ModelDrill
from flyball.drills.result import Result
from flyball.drills.traffic import catalogue
from flyball.drills.traffic import drill as traffic
from flyball.drills.traffic.drill import TrafficDrill
from flyball.guards.fail_fast.rules import DRILL_CANNOT_RUN
from flyball.guards.reading.problem import Problem, refuse
from flyball.guards.reading.rules import UNKNOWN_VALUE
from flyball.guards.reading.strict import nearest

D = TypeVar("D", bound=Drill)


@dataclass(frozen=True)
class Kind(Generic[D]):
    """Drills that are run alike, `at_once` runs at one time."""

    drills: Sequence[D]
    once: Callable[[D, bool, Report], Result]
    at_once: int
    lacks: Callable[[D, bool], str] = lambda drill, guard: ""
    """What is missing on this machine for runs with the guard, or without it."""
    shared: Callable[[], AbstractContextManager[object]] = nullcontext
    """Within it what several runs begin with is made once."""


CLUSTER: Kind[ClusterDrill] = Kind(
    (
        *(
            reddit.DRILL,
            dawn.DRILL,
            spot.DRILL,
            drain.DRILL,
            quorum.DRILL,
            lost_zone.DRILL,
            runaway.DRILL,
            reapply.DRILL,
        ),
        *(runaway_pool.DRILL, deleted_pool.DRILL, frozen_pool.DRILL),
    ),
    scene.once,
    # Most of each is waiting, and two control planes fit on two processors.
    at_once=2,
)
TRAFFIC: Kind[TrafficDrill] = Kind(
    catalogue.DRILLS,
    traffic.once,
    # A run takes a fifth of a processor; more of them would wait for each other, and show it in their latencies.
    at_once=2,
    lacks=traffic.lacks,
)
HOSTS: Kind[HostDrill] = Kind(
    (
        *(revived.DRILL, log_storm.DRILL, log_storm_pod.DRILL, rotation.DRILL),
        *(log_server_dead.DRILL, cache_flood.DRILL, cache_flood_pod.DRILL, cache_setting.DRILL),
        *(rollout.DRILL, colliding.DRILL, spot_notice.DRILL, planned_restarts.DRILL),
    ),
    hosts.once,
    # A host that boots takes what processors there are.
    at_once=1,
    lacks=hosts.lacks,
    shared=hosts.shared,
)
LOGS: Kind[LogDrill] = Kind(
    (pipeline.DRILL,),
    logs.once,
    # Most of each is waiting.
    at_once=2,
    lacks=logs.lacks,
)
MODELS: Kind[ModelDrill] = Kind(
    (dawn_fleet.DRILL,),
    models.once,
    # What would be handed over is captured by the SDK's own monitor, one for the process.
    at_once=1,
    lacks=models.lacks,
)
KINDS: tuple[Kind[Any], ...] = (CLUSTER, TRAFFIC, HOSTS, LOGS, MODELS)
DRILLS: dict[str, Drill] = {drill.name: drill for kind in KINDS for drill in kind.drills}
"""By name, in the order in which they run."""


def run(names: Sequence[str], guards: Sequence[bool], report: Report) -> Iterator[Result]:
    """The drills of these names, each with the guard, without it, or both, in a place of its own.

    Without names all, less those for which the machine lacks something, which is said. Raises `Refused` before anything
    is started for a name that is none, and where the machine lacks what a named one needs.
    """
    refuse(
        [
            Problem((name,), UNKNOWN_VALUE, "is no drill", nearest(name, list(DRILLS)))
            for name in names
            if name not in DRILLS
        ]
    )
    chosen = list(dict.fromkeys(names)) or list(DRILLS)
    # One kind after another: a control plane that starts would show in the latencies of the traffic.
    runs = [(kind, [(d, guard) for d in _chosen(kind, chosen) for guard in guards]) for kind in KINDS]
    asked = [(kind, drill, guard) for kind, ones in runs for drill, guard in ones]
    missing = dict.fromkeys((d.name, what) for kind, d, guard in asked if (what := kind.lacks(d, guard)))
    if names:
        refuse([Problem((name,), DRILL_CANNOT_RUN, "cannot be run", what) for name, what in missing])
    for name, what in missing:
        report(f"left out: {name}, which cannot be run: {what}")
    left_out = {name for name, _ in missing}
    for kind, ones in runs:
        yield from side_by_side(kind, [(drill, guard) for drill, guard in ones if drill.name not in left_out], report)


def _chosen(kind: Kind[D], names: Sequence[str]) -> list[D]:
    """The drills of a kind among these names, in the order of the names."""
    mine = {drill.name: drill for drill in kind.drills}
    return [mine[name] for name in names if name in mine]


def side_by_side(kind: Kind[D], runs: Sequence[tuple[D, bool]], report: Report) -> Iterator[Result]:
    """These drills with the guard or without it, as many at once as the kind may have, in their order."""
    with kind.shared(), ThreadPoolExecutor(kind.at_once) as pool:
        pending = [pool.submit(once, kind, drill, guard, report) for drill, guard in runs]
        try:
            for future in pending:
                yield future.result()
        finally:
            if any(future.cancel() for future in pending):
                report("the runs under way come to their end first")


def once(kind: Kind[D], drill: D, guard: bool, report: Report) -> Result:
    """One run, each line of its report with its name before it."""
    name = f"{drill.name} {'with' if guard else 'without'} the guard"
    return kind.once(drill, guard, lambda line: report(f"{name}: {line}"))
