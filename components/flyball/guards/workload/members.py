"""What a workload keeps: its data, how many keep it, and what of the other arguments means nothing then."""

import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NotRequired, TypedDict

from flyball.guards.clean_up.rules import FOLDER_TAKEN
from flyball.guards.fail_fast.container import check_object_name
from flyball.guards.headroom.members import MOST, Members
from flyball.guards.interruptions.rules import DATA_WITHOUT_MEMBERS, MEMBERS_ON_SPOT, QUORUM_WITHOUT_DATA
from flyball.guards.reading.problem import Path, Problem
from flyball.guards.reading.reader import Reader
from flyball.guards.reading.rules import (
    DOES_NOT_APPLY,
    EITHER_OR,
    INVALID_PATH,
    INVALID_TEXT,
    OUT_OF_RANGE,
    UNKNOWN_VALUE,
)
from flyball.guards.reading.units import Bytes, show_count, show_size
from flyball.guards.workload.application import Application, folder
from flyball.guards.workload.names import PEERS_SUFFIX

VOLUME = "data"
"""Name of the volume, and what the names of its claims begin with: `data-orders-0`."""
ONE = "one"
MEMBER, PEERS = "MEMBER", "MEMBERS"
"""Variables with a member's own name, and with the host names of all of them with commas between."""
LEAST: Bytes = 1024**2
_QUORUM = re.compile(r"([0-9]{1,9}) of ([0-9]{1,9})")
_CLASS_ARGS = {"class": NotRequired[str]}
_OfClass = TypedDict("_OfClass", _CLASS_ARGS)  # pyright: ignore[reportArgumentType]
CLASS = "Name of a StorageClass that exists [the cluster's default one]."
"""Describes `class`, which no Python class can have as an attribute to describe."""


class DataArgs(_OfClass):
    """A volume for each member, which outlives its pod."""

    path: str
    """Where it is mounted."""
    folder: NotRequired[str]
    """Which folder of the volume is mounted there, as pgdata; made where there is none. For what refuses a folder that
    is not empty: the root of many volumes has lost+found [the volume's root]."""
    size: str
    """Size of each, as 10Gi; where it is raised, `flyball up` has the claims grow, if their class lets them."""
    keep: NotRequired[bool]
    """Whether volumes stay when the service, or a member, is removed [true]."""
    snapshots: NotRequired[str]
    """Name of a VolumeSnapshotClass that exists, by which whoever takes copies takes them; flyball takes none, and
    only says so where none is named [none]."""


@dataclass(frozen=True, slots=True)
class Data:
    """The volume of each member; `storage` names its class, `snapshots` that of copies."""

    path: str
    size: Bytes
    storage: str | None = None
    keep: bool = True
    snapshots: str | None = None
    folder: str | None = None
    """Of the volume, as what is mounted; None for its root."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What a workload keeps: nothing where it has no members."""

    members: Members | None = None
    data: Data | None = None


NOTHING = Kept()
"""Of replicas that are alike."""


def read(r: Reader) -> Kept:
    """The keys `quorum`, `replicas` and `data`; what does not go together is a problem."""
    members = _members(r)
    data = _data(r.at("data")) if r.is_map("data") else None
    if r.has("quorum") and not r.has("data"):
        hint = "give data: {path: …, size: …}"
        r.problem("quorum", QUORUM_WITHOUT_DATA, "is given, and nothing of what they agree to is kept", hint)
    if r.is_map("data") and not (r.has("quorum") or r.has("replicas")):
        hint = "give quorum, as 2 of 3, or replicas: one"
        r.problem("data", DATA_WITHOUT_MEMBERS, "is given, and not how many keep it", hint)
    if members:
        _check_others(r, members)
    return Kept(members, data)


def _members(r: Reader) -> Members | None:
    if r.has("quorum") and r.has("replicas"):
        r.problem("replicas", EITHER_OR, "is given beside quorum", "keep one of them")
    if r.has("quorum"):
        return _quorum(r)
    if r.has("replicas") and isinstance(r.values["replicas"], str):
        word = r.value("replicas", str, ONE)
        if word != ONE:
            hint = "allowed is one, for what must not run twice; else load.peak and load.replica say how many there are"
            r.problem("replicas", UNKNOWN_VALUE, f"is {word!r}", hint)
        return Members(1, 1)
    return None


def _quorum(r: Reader) -> Members | None:
    text = r.value("quorum", str, "2 of 3")
    found = _QUORUM.fullmatch(text)
    if found is None:
        r.problem("quorum", INVALID_TEXT, f"is {text!r}", "say how many of how many must be there, as 2 of 3")
        return None
    quorum, count = int(found[1]), int(found[2])
    if not 2 <= count <= MOST:
        hint = f"allowed are from 3 to {MOST}; of one there is no quorum, say replicas: one"
        r.problem("quorum", OUT_OF_RANGE, f"has {show_count(count, 'member')}", hint)
        return None
    if not 1 <= quorum <= count:
        r.problem(
            "quorum",
            OUT_OF_RANGE,
            f"is {quorum} of {show_count(count, 'member')}",
            f"allowed are from {count // 2 + 1} to {count}",
        )
        return None
    return Members(count, quorum)


def _data(r: Reader) -> Data:
    for key, kind in (("class", "a StorageClass"), ("snapshots", "a VolumeSnapshotClass")):
        if r.has(key):
            r.problems.extend(check_object_name(r.value(key, str, "a"), kind, r.to(key)))
    size = r.size("size", LEAST)
    if r.has("size") and size < LEAST:
        r.problem("size", OUT_OF_RANGE, f"is {show_size(size)}", f"allowed is at least {show_size(LEAST)}")
    return Data(
        path=folder(r, "path", "/data"),
        size=size,
        storage=r.value("class", str, "") or None,
        keep=r.value("keep", bool, True),
        snapshots=r.value("snapshots", str, "") or None,
        folder=_within(r) if r.has("folder") else None,
    )


_FOLDER = re.compile(r"[-._A-Za-z0-9][-._/A-Za-z0-9]{0,254}")


def _within(r: Reader) -> str:
    """A folder below the root of the volume, wherever that is mounted."""
    path = r.value("folder", str, "data")
    plain = posixpath.normpath(path)
    if not _FOLDER.fullmatch(path) or plain == "." or ".." in path.split("/"):
        hint = "give a folder within the volume, as pgdata: without spaces, / before it or .."
        r.problem("folder", INVALID_PATH, f"is {path!r}", hint)
    return plain


_SCALED = ("proven", "ceiling", "behavior", "writer", "schedule", "triggers", "lose")
_ROLLED = ("surge", "progress", "canary")


def _check_others(r: Reader, members: Members) -> None:
    """What is said of replicas that come and go means nothing for members, and is not passed over."""
    who = "one that stands alone" if members.alone else f"{members.count} members"
    for key in _SCALED:
        if r.has(key):
            hint = "remove it: nobody scales them, and a Governor lets nobody do it"
            r.problem(key, DOES_NOT_APPLY, f"is given, and there are {who}", hint)
    for key in _ROLLED:
        if r.at("rollout").has(key):
            message = "is given, and members are replaced one by one, each in its own place"
            r.problem(("rollout", key), DOES_NOT_APPLY, message, "remove it")
    if r.is_map("spot") and r.at("spot").value("enabled", bool, True):
        message = f"is on, and all spot machines may vanish at once: {_needed(members)} must be left"
        r.problem("spot", MEMBERS_ON_SPOT, message, "take spot out; members run on demand")
    if members.alone and "zone" in [word.strip() for word in r.value("survive", str, "").split(",")]:
        r.problem("survive", DOES_NOT_APPLY, "claims a zone, and there is one replica, in one zone", "remove it")


def _needed(members: Members) -> str:
    return "the one there is" if members.alone else f"{members.quorum} of {members.count} members"


def applicable(defaults: Mapping[str, Any], args: Mapping[str, Any]) -> Mapping[str, Any]:
    """Defaults of all services as far as they mean something for one: those of replicas that come and go are none of
    what keeps data, and what stands alone claims to survive nothing."""
    if not ("quorum" in args or "replicas" in args):
        return defaults
    out = {*_SCALED, "spot", *(("survive",) if "replicas" in args else ())}
    found = {key: value for key, value in defaults.items() if key not in out}
    if isinstance(rollout := found.get("rollout"), Mapping):
        found["rollout"] = {key: value for key, value in rollout.items() if key not in _ROLLED}
    return found


def check_folders(data: Data, spec: Application, logs: str | None, path: Path) -> Iterator[Problem]:
    """Refuse a volume in the very place of something else that is mounted, and one of its name in `scratch`."""
    taken = {
        **{each.path: f"files.{name}" for name, each in spec.files.items()},
        **{each.path: f"scratch.{name}" for name, each in spec.scratch.items()},
        **({logs: "logs"} if logs else {}),
    }
    if data.path in taken:
        message = f"is {data.path!r}, where {taken[data.path]} is too"
        yield Problem((*path, "data", "path"), FOLDER_TAKEN, message, "give each a folder of its own")
    if VOLUME in spec.scratch:
        hint = "give it another name"
        yield Problem((*path, "scratch", VOLUME), FOLDER_TAKEN, "has the name of the volume for data", hint)


def hosts(name: str, namespace: str, members: Members) -> str:
    """The host names of all members with commas between, as the headless Service gives them."""
    return ",".join(f"{name}-{i}.{name}{PEERS_SUFFIX}.{namespace}" for i in range(members.count))


def names(kept: Kept) -> tuple[str, ...]:
    """The variables of those that must find each other; none of what stands alone."""
    return (MEMBER, PEERS) if kept.members and not kept.members.alone else ()
