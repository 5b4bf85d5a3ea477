"""The size of what keeps data: as many members as are said, of which a quorum is what is needed.

What others know of a size holds for these too: `need` is the quorum, floor and ceiling are the members, so that a wait,
an alert, a Governor's limits and the table of what survives what mean the same everywhere. There is no target, since
there is no autoscaler.
"""

from flyball.guards.governor.envelope import Envelope
from flyball.guards.governor.scaling import Floors
from flyball.guards.governor.steps import WriterSteps
from flyball.guards.headroom import members
from flyball.guards.headroom.headroom import Headroom, Loss, Survive
from flyball.guards.headroom.members import Members
from flyball.guards.reading.problem import Path, Problem
from flyball.guards.reading.units import exact
from flyball.guards.workload.sizing import Period, Sizing, check_alone, check_places, unread_any, zones_to_lose
from flyball.guards.workload.spec import Spec

NO_TARGET = 0
"""In place of what an autoscaler aims at."""


def size(spec: Spec, zones: int, path: Path, bad: frozenset[Path] = frozenset()) -> tuple[Sizing | None, list[Problem]]:
    """As `sizing.size`, of a workload with members."""
    group = spec.kept.members or Members(1, 1)
    problems = [*check_alone(spec, path, bad), *check_places(spec, zones, path, bad)]
    lost = zones_to_lose(spec, zones)
    if not unread_any(bad, "quorum", "replicas"):
        problems += members.check(group, zones, Survive.ZONE in spec.survive, path)
    if not problems and not unread_any(bad, "quorum", "replicas", "load", "survive"):
        problems += members.check_load(group, spec.peak, spec.replica, spec.utilization, lost, path)
    if problems or bad:
        return None, problems
    needed = Headroom(group.quorum, group.count, group.budget(lost))
    return Sizing(
        peak=exact(spec.peak),
        loss=Loss(1, lost),
        headroom=needed,
        target=NO_TARGET,
        envelope=Envelope(group.count, group.count, group.count),
        split=None,
        writer=WriterSteps(),
        ephemeral_storage=spec.ephemeral_storage,
        periods=(Period(None, exact(spec.peak), needed),),
        floors=Floors(group.count),
    ), []


def apart(group: Members, zones: int, claimed: bool) -> bool:
    """Whether members must be spread over zones: where a zone's loss is claimed to be survived, and where it can be."""
    return not group.alone and (claimed or group.bears_zone(zones))
