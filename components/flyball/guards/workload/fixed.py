"""What of a workload that keeps data cannot be changed once it is there, and what to do where it has to be."""

from collections.abc import Iterator
from dataclasses import dataclass

from flyball.guards.governor.rules import MEMBERS_LEAVE, VOLUME_FIXED
from flyball.guards.headroom.members import Members
from flyball.guards.reading.problem import Path, Problem
from flyball.guards.reading.units import Bytes, show_count, show_size
from flyball.guards.workload.resolve import Service


@dataclass(frozen=True, slots=True)
class Volume:
    """A volume as it is, or as claims ask for it; `storage` is None where that is not known, or the default."""

    size: Bytes
    storage: str | None = None
    grows: bool = True
    """Whether its class lets it grow; taken for granted where no cluster was asked."""


@dataclass(frozen=True, slots=True)
class Was:
    """Members as they run, and their volumes; None where they have none."""

    count: int
    volume: Volume | None
    folder: str | None = None
    """Of the volume, in which their data are; None for its root."""


def before(service: Service) -> Was | None:
    """What another description of the service says; None where it has no members."""
    data = service.spec.kept.data
    if service.members is None:
        return None
    if data is None:
        return Was(service.members.count, None)
    return Was(service.members.count, Volume(data.size, data.storage), data.folder)


def check(service: Service, was: Was) -> Iterator[Problem]:
    """Refuse a change of volumes that Kubernetes would refuse half-way, and fewer members than there are."""
    if service.members is None:
        return
    yield from _check_count(service, service.members, was)
    data, path = service.spec.kept.data, (*service.path, "data")
    again = f"kubectl delete statefulset {service.name} --cascade=orphan, which leaves the pods, and bring it up again"
    if (data is None) is not (was.volume is None):
        said = "is given, and its members run without" if data else "is gone, and its members run with it"
        yield Problem(path, VOLUME_FIXED, said, f"take it back; or {again}: members are then replaced one by one")
    elif data and was.volume:
        yield from check_volume(service.name, data.size, data.storage, was.volume, path)
        if data.folder != was.folder:
            now, then = (each or "the root" for each in (data.folder, was.folder))
            message = (
                f"is {now} of the volume, and the data of {service.name} are in {then}: members would find nothing"
            )
            hint = f"give {was.folder}" if was.folder else "take folder out"
            more = "to move the data, bring up a service of another name beside it and copy"
            yield Problem((*path, "folder"), VOLUME_FIXED, message, f"{hint}; {more}")


def check_volume(name: str, size: Bytes, storage: str | None, was: Volume, path: Path) -> Iterator[Problem]:
    """Refuse another class than volumes have, a smaller size, and a larger one that their class does not give."""
    now, then = show_size(size), show_size(was.size)
    if size < was.size:
        message = f"is {now}, and the volumes of {name} have {then}"
        yield Problem((*path, "size"), VOLUME_FIXED, message, f"give {then}: no volume shrinks")
    elif size > was.size and not was.grows:
        kind = (
            f"their class, {was.storage}, lets none grow" if was.storage else "they have no class that lets them grow"
        )
        hint = (
            f"give {then}, or have the class say allowVolumeExpansion: true, where its driver can; else bring up a"
            " service of another name beside it and copy"
        )
        yield Problem((*path, "size"), VOLUME_FIXED, f"is {now}, and the volumes of {name} have {then}; {kind}", hint)
    if storage and was.storage and storage != was.storage:
        message = f"is {storage}, and the volumes of {name} are of {was.storage}"
        hint = f"give {was.storage}; to move the data, bring up a service of another name beside it and copy"
        yield Problem((*path, "class"), VOLUME_FIXED, message, hint)


def growth(service: Service, was: Was | None) -> str:
    """What becomes of volumes that are smaller than the service says, in words; empty where none are."""
    data = service.spec.kept.data
    if data is None or was is None or was.volume is None or data.size <= was.volume.size:
        return ""
    return f"{service.name}: its volumes grow from {show_size(was.volume.size)} to {show_size(data.size)}"


def _check_count(service: Service, group: Members, was: Was) -> Iterator[Problem]:
    if group.count >= was.count:
        return
    key = "replicas" if group.alone else "quorum"
    members = show_count(group.count, "member")
    message = f"has {members}, and {was.count} run: one that is taken away is still counted by the others"
    last = f"{service.name}-{was.count - 1}"
    scale = f"kubectl scale statefulset {service.name} --replicas={was.count - 1}"
    hint = f"take {last} out of the group by its own means, then {scale} (an override, where there is a Governor)"
    yield Problem((*service.path, key), MEMBERS_LEAVE, message, f"{hint}, one by one; then change the file")
