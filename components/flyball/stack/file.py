"""Reads a stack file as the Pulumi CLI would, and says what is wrong with it as YAML."""

import difflib
import json
import re
from collections.abc import Hashable
from pathlib import Path
from typing import Any

import yaml

from flyball.guards.reading.problem import Problem, Refused
from flyball.guards.reading.rules import MISSING, UNKNOWN_KEY, UNKNOWN_VALUE, UNREADABLE_FILE
from flyball.guards.reading.strict import nearest
from flyball.stack.read import examine
from flyball.stack.schema import Encrypted

PROJECT = "flyball"
STACKS = "stacks"
_TOP_LEVEL = ("config", "encryptionsalt", "secretsprovider", "encryptedkey", "environment")
"""Keys of a Pulumi stack settings file (https://www.pulumi.com/docs/iac/concepts/projects/stack-settings-file/)."""
_TEXT = ("environment", "owner", "namespace", "cluster")
"""Keys of ours whose value is text, whatever it looks like."""

_MERGE = "tag:yaml.org,2002:merge"


class _Loader(yaml.SafeLoader):
    """YAML 1.2's idea of plain values, which the CLI has too: `on` is text, `22:30` is text, so is a date."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 - PyYAML's own name for its class-wide table


for _tag, _pattern, _first in (
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("int", r"[-+]?(?:0|[1-9][0-9]*)|0o[0-7]+|0x[0-9a-fA-F]+", "-+0123456789"),
    (
        "float",
        r"[-+]?(?:\.[0-9]+|[0-9]+\.[0-9]*|[0-9]+(?=[eE]))(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf)|\.(?:nan|NaN)",
        "-+.0123456789",
    ),
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("merge", r"<<", "<"),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(f"(?:{_pattern})$"), list(_first))


def _mapping(loader: _Loader, node: yaml.MappingNode) -> dict[Any, Any]:
    """A map; a key given twice is an error, where PyYAML would silently keep the last."""
    seen: set[Hashable] = set()
    for key_node, _ in node.value:
        if key_node.tag == _MERGE:
            continue
        key = loader.construct_object(key_node, deep=True)
        if not isinstance(key, Hashable):
            raise yaml.constructor.ConstructorError(None, None, "a name must be plain text", key_node.start_mark)
        if key in seen:
            raise yaml.constructor.ConstructorError(None, None, f"{key!r} is given twice", key_node.start_mark)
        seen.add(key)
    loader.flatten_mapping(node)
    values = loader.construct_mapping(node, deep=True)
    if set(values) == {"secure"} and isinstance(values["secure"], str):
        return Encrypted(values["secure"])  # pyright: ignore[reportReturnType]
    return values


_Loader.add_constructor("tag:yaml.org,2002:map", _mapping)


def stack_file(stack: str, project: Path) -> Path:
    """`prod` -> `stacks/Pulumi.prod.yaml` of the project; a path to a file is taken as it is.

    Raises Refused where there is no such file, naming the stacks that there are.
    """
    path = Path(stack) if stack.endswith((".yaml", ".yml")) else project / STACKS / f"Pulumi.{stack}.yaml"
    if path.is_file():
        return path
    known = sorted(
        file.name.removeprefix("Pulumi.").removesuffix(".yaml") for file in path.parent.glob("Pulumi.*.yaml")
    )
    hint = nearest(stack, known) if known else ""
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


def load(path: Path) -> dict[str, Any]:
    """The project's configuration in a stack file, without its prefix `flyball:`.

    Raises `Refused` where the file is not what the Pulumi CLI could read; the message then names every other problem
    of the file too.
    """
    document = _document(path)
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
            problems.append(Problem(("config", key), UNKNOWN_KEY, "has no prefix", f"write it as {PROJECT}:{key}"))
            values.setdefault(prefix, value)
        elif prefix == PROJECT:
            values[name] = as_value(name, value)
        elif difflib.get_close_matches(prefix, [PROJECT], cutoff=0.7):
            problems.append(
                Problem(("config", key), UNKNOWN_KEY, "has an unknown prefix", f"did you mean {PROJECT}:{name}?")
            )
            values.setdefault(name, value)
    if problems:
        raise Refused([*problems, *examine(values)[1]])
    return values


def as_value(name: str, value: Any) -> Any:
    """What a value under `flyball:` means: to the CLI those that are no map or list are text, and it writes them so."""
    if name in _TEXT or not isinstance(value, str) or isinstance(value, Encrypted):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return value


def _document(path: Path) -> object:
    try:
        return yaml.load(path.read_text(encoding="utf-8"), _Loader)
    except UnicodeDecodeError as error:
        raise Refused(
            [Problem((path.name,), UNREADABLE_FILE, f"is not UTF-8 text ({error.reason} at byte {error.start})")]
        ) from None
    except yaml.YAMLError as error:
        raise Refused([_yaml_problem(path, error)]) from None
    except RecursionError:
        raise Refused([Problem((path.name,), UNREADABLE_FILE, "is nested too deeply to be read")]) from None


def _yaml_problem(path: Path, error: yaml.YAMLError) -> Problem:
    if isinstance(error, yaml.reader.ReaderError):
        message = f"{error.reason} (character {error.position + 1})"
        return Problem((path.name,), UNREADABLE_FILE, f"cannot be read as YAML: {message}")
    mark = getattr(error, "problem_mark", None)
    where = f"{path.name}:{mark.line + 1}:{mark.column + 1}" if mark else path.name
    message = str(getattr(error, "problem", None) or error)
    hint = "indent with spaces, not with tabs" if r"'\t'" in message else ""
    return Problem((where,), UNREADABLE_FILE, f"cannot be read as YAML: {message}", hint)
