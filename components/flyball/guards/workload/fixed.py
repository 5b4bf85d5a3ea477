"""What of a workload that keeps data cannot be changed once it is there, and what to do where it has to be."""

from collections.abc import Iterator
from dataclasses import dataclass

from flyball.guards.governor.rules import MEMBERS_LEAVE, VOLUME_FIXED
from flyball.guards.headroom.members import Members
from flyball.guards.reading.problem import Path, Problem
from flyball.guards.reading.units import Bytes, show_size
from flyball.guards.workload.members import VOLUME
from flyball.guards.workload.resolve import Service


@dataclass(frozen=True, slots=True)
class Volume:
    """A volume as it is, or as claims ask for it; `storage` is None where that is not known, or the default."""

    size: Bytes
    storage: str | None = None


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
        yield from check_volume(service.name, data.size, data.storage, was.volume, path, again)
        if data.folder != was.folder:
            now, then = (each or "the root" for each in (data.folder, was.folder))
            message = (
                f"is {now} of the volume, and the data of {service.name} are in {then}: members would find nothing"
            )
            hint = f"give {was.folder}" if was.folder else "take folder out"
            more = "to move the data, bring up a service of another name beside it and copy"
            yield Problem((*path, "folder"), VOLUME_FIXED, message, f"{hint}; {more}")


def check_volume(
    name: str, size: Bytes, storage: str | None, was: Volume, path: Path, again: str = ""
) -> Iterator[Problem]:
    """Refuse another size or class than volumes have; `again` is what to do once they are grown."""
    if size < was.size:
        message = f"is {show_size(size)}, and the volumes of {name} have {show_size(was.size)}"
        yield Problem((*path, "size"), VOLUME_FIXED, message, f"give {show_size(was.size)}: no volume shrinks")
    elif size > was.size:
        message = f"is {show_size(size)}, and the volumes of {name} have {show_size(was.size)}, which no change grows"
        patch = '\'{"spec":{"resources":{"requests":{"storage":"' + show_size(size) + "\"}}}}'"
        hint = f"grow each by hand (kubectl patch pvc {VOLUME}-{name}-0 -p {patch}, and so on)"
        yield Problem((*path, "size"), VOLUME_FIXED, message, f"{hint}; then {again}" if again else hint)
    if storage and was.storage and storage != was.storage:
        message = f"is {storage}, and the volumes of {name} are of {was.storage}"
        hint = f"give {was.storage}; to move the data, bring up a service of another name beside it and copy"
        yield Problem((*path, "class"), VOLUME_FIXED, message, hint)


def _check_count(service: Service, group: Members, was: Was) -> Iterator[Problem]:
    if group.count >= was.count:
        return
    key = "replicas" if group.alone else "quorum"
    message = f"has {group.count} members, and {was.count} run: one that is taken away is still counted by the others"
    last = f"{service.name}-{was.count - 1}"
    scale = f"kubectl scale statefulset {service.name} --replicas={was.count - 1}"
    hint = f"take {last} out of the group by its own means, then {scale} (an override, where there is a Governor)"
    yield Problem((*service.path, key), MEMBERS_LEAVE, message, f"{hint}, one by one; then change the file")
