"""Files that an application reads and does not write, and variables by the dozen, of ConfigMaps and Secrets: of those
that are made from what is given, and of those that exist.

What is made has a hash of its content in its name, so that a change is a rollout, with all that a rollout keeps; and a
rollback brings back the files that the old version knew. Of what exists nobody hears when it changes.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NotRequired, TypedDict

from flyball.guards.clean_up.rules import FOLDER_TAKEN
from flyball.guards.fail_fast.container import check_object_name
from flyball.guards.fail_fast.rules import FILES_TOO_LARGE
from flyball.guards.reading import paths
from flyball.guards.reading.problem import Path, Problem
from flyball.guards.reading.reader import Reader
from flyball.guards.reading.rules import (
    EITHER_OR,
    EMPTY,
    INVALID_NAME,
    INVALID_PATH,
    INVALID_TEXT,
    MISSING,
    UNKNOWN_VALUE,
)
from flyball.guards.reading.strict import nearest
from flyball.guards.reading.units import Bytes, show_size
from flyball.guards.workload.names import check_name

LARGEST: Bytes = 2**20
"""Of all files of a ConfigMap or a Secret (https://kubernetes.io/docs/concepts/configuration/configmap/#motivation)."""
VOLUME = "files-{}"
"""Name of the volume, beside those of `scratch`."""
CONTENT, SECRETS, CONFIG_MAP, SECRET = ORIGINS = ("content", "secrets", "configmap", "secret")
_KEY = re.compile(r"(?!\.\.?$|\.\.)[-._A-Za-z0-9]{1,253}")
_MODE = re.compile(r"0?[0-7]{3}")
_PREFIX = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_DEFAULT_MODE = "0444"


class GuardedFilesArgs(TypedDict):
    """Files that are only read: from exactly one of `content`, `secrets`, `configmap` and `secret`."""

    path: str
    """Folder in which they are, and nothing else; with `key` the path of the one file."""
    key: NotRequired[str]
    """Name of the one file that is mounted, at `path`, among what the image has there [all of them]."""
    mode: NotRequired[str]
    """Rights of the files, as `0444` or `0555` [0444]."""
    configmap: NotRequired[str]
    """Name of a ConfigMap that exists; when it changes, nobody starts the pods anew [one is made]."""
    secret: NotRequired[str]
    """Name of a Secret that exists; when it changes, nobody starts the pods anew [one is made]."""


class VariablesArgs(TypedDict):
    """Environment variables: all that is in one ConfigMap or Secret that exists; a single one of the same name counts
    instead. When it changes, nobody starts the pods anew."""

    configmap: NotRequired[str]
    """Name of the ConfigMap."""
    secret: NotRequired[str]
    """Name of the Secret."""
    prefix: NotRequired[str]
    """Put before each name [nothing]."""


@dataclass(frozen=True, slots=True)
class Files:
    """`origin` is the key that says where they come from; `existing` the name of an object that is there, else None."""

    path: str
    origin: str
    existing: str | None = None
    key: str | None = None
    mode: int = 0o444


@dataclass(frozen=True, slots=True)
class Variables:
    """All that is in a ConfigMap, or in a Secret where `secret`."""

    name: str
    secret: bool
    prefix: str = ""


def read(r: Reader) -> dict[str, Files]:
    """The files by name; what cannot be mounted is a problem."""
    found = {name: _read(name, each) for name, each in r.maps("files").items()}
    by_path: dict[str, str] = {}
    for name, each in found.items():
        if each.path in by_path:
            hint = "give each a path of its own"
            message = f"is {each.path!r}, where {by_path[each.path]} is too"
            r.problem(("files", name, "path"), FOLDER_TAKEN, message, hint)
        by_path.setdefault(each.path, name)
    return found


def _read(name: str, r: Reader) -> Files:
    r.problems.extend(check_name(name, r.path))
    given = [origin for origin in ORIGINS if r.has(origin)]
    if not given:
        hint = "give content, secrets, or the name of a configmap or a secret that exists"
        r.problem((), MISSING, "has no files", hint)
    for other in given[1:]:
        r.problem(other, EITHER_OR, f"is given beside {given[0]}", "keep one of them; of two give two entries in files")
    origin = given[0] if given else CONTENT
    made = origin in (CONTENT, SECRETS)
    if made:
        _check_content(r, origin)
    else:
        r.problems.extend(check_object_name(r.value(origin, str, "a"), _KINDS[origin], r.to(origin)))
    return Files(
        path=_path(r),
        origin=origin,
        existing=None if made else r.value(origin, str, ""),
        key=_one(r, origin, made) if r.has("key") else None,
        mode=_mode(r),
    )


_KINDS = {CONFIG_MAP: "a ConfigMap", SECRET: "a Secret"}


def _check_content(r: Reader, origin: str) -> None:
    inner = r.at(origin)
    if r.is_map(origin) and not inner.values:
        r.problem(origin, EMPTY, "has no file", "name at least one, as app.yaml: text")
    for key in inner.values:
        if isinstance(key, str) and not _KEY.fullmatch(key):
            hint = "letters, digits, dashes, dots and underscores; a folder of its own is an entry of its own in files"
            r.problem((origin, key), INVALID_NAME, "is no name for a file", hint)
    # Half of a character is reported with the types.
    held = sum(len(text.encode(errors="replace")) for text in inner.values.values() if isinstance(text, str))
    if held > LARGEST:
        hint = "put what is so large into the image, or split it into several entries"
        r.problem(origin, FILES_TOO_LARGE, f"are {show_size(held)}, and an object holds {show_size(LARGEST)}", hint)


def _path(r: Reader) -> str:
    path = r.value("path", str, "/etc/app")
    plain = paths.mounted(path)
    if plain is None:
        what = "the absolute path of a file" if r.has("key") else "an absolute folder other than /"
        r.problem("path", INVALID_PATH, f"is {path!r}", f"give {what}")
    return plain or "/etc/app"


def _one(r: Reader, origin: str, made: bool) -> str:
    key = r.value("key", str, "")
    if made and r.is_map(origin) and key not in r.at(origin).values:
        known = [name for name in r.at(origin).values if isinstance(name, str)]
        r.problem("key", UNKNOWN_VALUE, f"{key!r} is not among the files", nearest(key, known))
    elif not _KEY.fullmatch(key):
        r.problem("key", INVALID_NAME, f"{key!r} is no name for a file", "letters, digits, dashes, dots, underscores")
    return key


def _mode(r: Reader) -> int:
    text = r.value("mode", str, _DEFAULT_MODE)
    if not _MODE.fullmatch(text):
        r.problem("mode", INVALID_TEXT, f"is {text!r}", "give three octal digits, as 0444 or 0555")
        text = _DEFAULT_MODE
    return int(text, 8)


def read_variables(r: Reader) -> tuple[Variables, ...]:
    """Whose variables all come along, in order: of two of one name that of the last counts."""
    found: list[Variables] = []
    for i, each in enumerate(r.each("variables")):
        if not isinstance(r.values["variables"][i], Mapping):
            continue  # reported with the types
        given = [key for key in _KINDS if each.has(key)]
        if len(given) != 1:
            rule, what = (EITHER_OR, "names both") if given else (MISSING, "names nothing")
            each.problem((), rule, what, "name a configmap or a secret; of two give two entries")
            continue
        name, prefix = each.value(given[0], str, "a"), each.value("prefix", str, "")
        each.problems.extend(check_object_name(name, _KINDS[given[0]], each.to(given[0])))
        if prefix and not _PREFIX.fullmatch(prefix):
            hint = "letters, digits and underscores, not starting with a digit"
            each.problem("prefix", INVALID_NAME, f"{prefix!r} cannot begin the name of a variable", hint)
        found.append(Variables(name, given[0] == SECRET, prefix))
    return tuple(found)


def check_places(files: Mapping[str, Files], taken: Mapping[str, str], path: Path) -> Iterator[Problem]:
    """Refuse files in the very place of a folder that is written: `taken` says what is at a path."""
    for name, each in files.items():
        if each.path in taken:
            hint = "give each a path of its own"
            yield Problem((*path, "files", name, "path"), FOLDER_TAKEN, f"is that of {taken[each.path]} too", hint)


def check_volumes(files: Mapping[str, Any], scratch: Mapping[str, Any], path: Path) -> Iterator[Problem]:
    """Refuse a folder that is written whose volume would have the name of one with files."""
    for name in files:
        if VOLUME.format(name) in scratch:
            hint = "give it another name"
            message = f"has the name of the volume for files.{name}"
            yield Problem((*path, "scratch", VOLUME.format(name)), FOLDER_TAKEN, message, hint)
