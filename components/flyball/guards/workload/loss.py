"""What the loss of members means, in plain words: what stops, for how long, and what is kept."""

from collections.abc import Iterable
from dataclasses import dataclass

from flyball.guards.headroom.members import Members
from flyball.guards.reading.units import show_duration, show_size
from flyball.guards.workload.resolve import Service
from flyball.guards.workload.spec import Spec

DETACHED_AFTER = "6m"
"""A volume that a lost node has not let go is taken away after that (`maxWaitForUnmountDuration` in
pkg/controller/volume/attachdetach of Kubernetes)."""


@dataclass(frozen=True, slots=True)
class Loss:
    """Members of a service, how many of them must be there, and what of it people should know."""

    service: str
    members: int
    quorum: int
    survives: tuple[str, ...]
    words: str

    def __str__(self) -> str:
        return self.words


def of(service: Service, callers: Iterable[str], survives: Iterable[str]) -> Loss | None:
    """What is said of a service; None of one whose replicas are alike. `callers` are those that call it."""
    group = service.members
    if group is None:
        return None
    losses = tuple(survives)
    words = _alone(service, sorted(callers)) if group.alone else _group(service, group, losses)
    return Loss(service.name, group.count, group.quorum, losses, f"{words}; {_volumes(service.spec)}")


def _alone(service: Service, callers: list[str]) -> str:
    spec = service.spec
    start = 1000 * spec.probes.startup.period * spec.probes.startup.failures
    away = f"{show_duration(spec.shutdown.total)} for its way out and up to {show_duration(start)} for its start"
    attached = f", and up to {DETACHED_AFTER} more until its volume is let go" if spec.kept.data else ""
    whose = f", and {', '.join(callers)} {'calls' if len(callers) == 1 else 'call'} it in vain" if callers else ""
    return (
        f"{service.name} is the only one, and its loss is not survived: meanwhile nobody does its work{whose}. A drain"
        f" or a release takes it for {away}. When its node is lost, nobody takes its place before the Node is deleted"
        f" or tainted out-of-service{attached}"
    )


def _group(service: Service, group: Members, survives: tuple[str, ...]) -> str:
    budget = service.sizing.budget
    beside = "one more loss is borne meanwhile" if group.spare > budget else "one more loss meanwhile takes the quorum"
    return (
        f"{service.name} has {group.count} members, of which {group.quorum} must be there; it survives the loss of"
        f" {', '.join(f'a {loss}' for loss in survives) or 'nothing'}. {budget} may go on purpose at a time: {beside}"
    )


def _volumes(spec: Spec) -> str:
    data = spec.kept.data
    if data is None:
        return "it keeps nothing"
    storage = f"of class {data.storage}" if data.storage else "of the cluster's default class"
    kept = "stay when it is removed" if data.keep else "go when it is removed"
    copies = "nobody is said to take copies"
    if data.snapshots:
        copies = f"copies are to be taken by {data.snapshots}, and flyball takes none"
    return f"volumes of {show_size(data.size)} {storage} {kept}; {copies}"
