"""Reads a stack file as the Pulumi CLI would, and says what is wrong with it as YAML."""

import difflib
from pathlib import Path
from stat import S_ISREG
from typing import Any

from flyball.documents import read_json, read_yaml
from flyball.guards.reading.problem import Problem, Refused, refuse
from flyball.guards.reading.rules import MISSING, UNKNOWN_KEY, UNKNOWN_VALUE, UNREADABLE_FILE
from flyball.guards.reading.strict import nearest
from flyball.stack import either
from flyball.stack.beside import with_files
from flyball.stack.on_platform import with_platform
from flyball.stack.schema import PROJECT, Encrypted

STACKS = "stacks"
_TOP_LEVEL = ("config", "encryptionsalt", "secretsprovider", "encryptedkey", "environment")
"""Keys of a Pulumi stack settings file (https://www.pulumi.com/docs/iac/concepts/projects/stack-settings-file/)."""
_TEXT = ("environment", "owner", "namespace", "cluster")
"""Keys of ours whose value is text, whatever it looks like."""


def stack_file(stack: str, project: Path, folder: Path | None = None) -> Path:
    """`prod` -> `stacks/Pulumi.prod.yaml` of the project; a path to a file is taken as it is.

    `folder` is where the files lie, if elsewhere.

    Raises Refused where there is no such file, naming the stacks that there are.
    """
    path = (
        (folder or Path()) / stack
        if stack.endswith((".yaml", ".yml"))
        else (folder or project / STACKS) / f"Pulumi.{stack}.yaml"
    )
    if _is_file(path):
        return path
    known = sorted(
        file.name.removeprefix("Pulumi.").removesuffix(".yaml") for file in path.parent.glob("Pulumi.*.yaml")
    )
    hint = nearest(stack, known) if known else "name one that is there, or the path of its file"
    raise Refused(
        [
            Problem(
                (),
                UNKNOWN_VALUE,
                f"there is no stack {stack!r}: {path.name} is not in {path.parent.name or '.'}/",
                hint,
            )
        ]
    )


def _is_file(path: Path) -> bool:
    """Whether there is one; of a name that no file can have there is none. Raises `Refused` where nobody may look."""
    try:
        return S_ISREG(path.stat().st_mode)
    except PermissionError as error:
        message = f"cannot be read: {error.strerror}"
        raise Refused(
            [Problem((str(path),), UNREADABLE_FILE, message, "let who runs flyball read the folder")]
        ) from error
    except (OSError, ValueError):
        return False


def load(path: Path) -> dict[str, Any]:
    """The project's configuration in a stack file, without its prefix `flyball:`.

    Raises `Refused` where the file is not what the Pulumi CLI could read; the message then names every other problem
    of the file too.
    """
    values, problems = _values(path)
    values, unread = with_files(values, path.parent)
    values, unnamed = with_platform(values, lambda name: stack_file(name, path.parent, folder=path.parent), alone)
    if problems := [*problems, *unread, *unnamed]:
        raise Refused([*problems, *either.problems(values)])
    return values


def alone(path: Path) -> dict[str, Any]:
    """As `load`, but without what the file names beside it."""
    values, problems = _values(path)
    refuse(problems)
    return values


def _values(path: Path) -> tuple[dict[str, Any], list[Problem]]:
    document = read_yaml(path, _encrypted)
    if not isinstance(document, dict):
        message = "is empty" if document is None else "has no map at its top"
        raise Refused(
            [Problem((path.name,), UNREADABLE_FILE, message, f"put everything under config:, as {PROJECT}:owner")]
        )
    problems = [
        Problem((str(key),), UNKNOWN_KEY, "is not a known key of a stack file", nearest(str(key), _TOP_LEVEL))
        for key in document
        if key not in _TOP_LEVEL
    ]
    config = document.get("config")
    if not isinstance(config, dict):
        hint = f"put {PROJECT}:services and the rest in it"
        raise Refused([*problems, Problem(("config",), MISSING, "is missing or not a map", hint)])
    values: dict[str, Any] = {}
    for key, value in config.items():
        prefix, colon, name = str(key).partition(":")
        if not colon:
            problems.append(Problem(("config", str(key)), UNKNOWN_KEY, "has no prefix", f"write it as {PROJECT}:{key}"))
            values.setdefault(prefix, value)
        elif prefix == PROJECT:
            values[name] = as_value(name, value)
        elif difflib.get_close_matches(prefix, [PROJECT], cutoff=0.7):
            problems.append(
                Problem(("config", str(key)), UNKNOWN_KEY, "has an unknown prefix", f"did you mean {PROJECT}:{name}?")
            )
            values.setdefault(name, value)
    return values, problems


def as_value(name: str, value: Any) -> Any:
    """What a value under `flyball:` means: to the CLI those that are no map or list are text, and it writes them so."""
    if name in _TEXT or not isinstance(value, str) or isinstance(value, Encrypted):
        return value
    try:
        return read_json(value)
    except ValueError:
        return value


def _encrypted(values: dict[Any, Any]) -> Any:
    """A map as the CLI reads it, which keeps an encrypted value in one of its own."""
    if values.keys() == {"secure"} and isinstance(values["secure"], str):
        return Encrypted(values["secure"])
    return values
