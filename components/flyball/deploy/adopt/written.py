"""The stack file as text: with comments where something was guessed, and above it what it cannot say."""

import textwrap
from collections.abc import Mapping
from typing import Any

import yaml

from flyball.deploy.adopt.notes import Notes, Place
from flyball.deploy.as_yaml import represent
from flyball.stack.schema import PROJECT

_WIDTH = 120
_SHORT = 100
"""Letters of a map or list that is written on one line."""
_WHOLE_WORDS: Any = {"break_on_hyphens": False, "break_long_words": False}
_SafeDumper: Any = yaml.SafeDumper
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""By libyaml where PyYAML has it: to find where keys begin took a third of an adoption."""


class _Dumper(_SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        del data
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> Any:
        del indentless
        return super().increase_indent(flow, False)


def _on_one_line(value: object) -> bool:
    inner = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    flat = all(not isinstance(each, Mapping | list) or _is_small(each) for each in inner)
    return flat and len(str(value)) <= _SHORT and "\n" not in str(value) and "\\n" not in str(value)


def _is_small(value: Mapping[str, Any] | list[Any]) -> bool:
    inner = value.values() if isinstance(value, Mapping) else value
    return not any(isinstance(each, Mapping | list) for each in inner)


def _map(dumper: _Dumper, value: dict[str, Any]) -> yaml.MappingNode:
    return dumper.represent_mapping("tag:yaml.org,2002:map", value.items(), flow_style=_on_one_line(value))


def _list(dumper: _Dumper, value: list[Any]) -> yaml.SequenceNode:
    return dumper.represent_sequence("tag:yaml.org,2002:seq", value, flow_style=_on_one_line(value))


_Dumper.add_representer(str, represent)
_Dumper.add_representer(dict, _map)
_Dumper.add_representer(list, _list)


def to_text(config: Mapping[str, Any], notes: Notes, head: list[str]) -> str:
    """The stack file. `head` are paragraphs above it."""
    document = {"config": {f"{PROJECT}:{key}": value for key, value in config.items()}}
    text = yaml.dump(document, Dumper=_Dumper, sort_keys=False, width=10_000, allow_unicode=True)
    above = [line for i, each in enumerate(head) for line in [*(["#"] if i else []), *_comment(each, 0)]]
    return "".join(f"{line}\n" for line in above) + _with_comments(text, notes.comments)


def _with_comments(text: str, comments: Mapping[Place, list[str]]) -> str:
    """Comments before the lines of the keys that they are about; before the nearest that has a line of its own."""
    starts = _starts(text)
    before: dict[int, list[tuple[int, str]]] = {}
    for place, lines in comments.items():
        at = place
        while at and at not in starts:
            at = at[:-1]
        if at:
            line, column = starts[at]
            said = lines if at == place else [f"{'.'.join(place[len(at) :])}: {each}" for each in lines]
            before.setdefault(line, []).extend((column, each) for each in said)
    written: list[str] = []
    for i, line in enumerate(text.splitlines()):
        for column, each in before.get(i, ()):
            written += _comment(each, column)
        written.append(line)
    return "\n".join(written) + "\n"


def _starts(text: str) -> dict[Place, tuple[int, int]]:
    """Line and column of each key that begins its line."""
    lines = text.splitlines()
    found: dict[Place, tuple[int, int]] = {}

    def look(node: Any, place: Place) -> None:
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                at = (*place, str(key.value).removeprefix(f"{PROJECT}:"))
                line, column = key.start_mark.line, key.start_mark.column
                if not lines[line][:column].strip():
                    found.setdefault(at, (line, column))
                look(value, at)

    root = yaml.compose(text, Loader=_Loader)
    if isinstance(root, yaml.MappingNode):
        look(root.value[0][1], ())
    return found


def _comment(text: str, column: int) -> list[str]:
    indent = " " * column
    width = _WIDTH - column - 2
    return [
        f"{indent}# {line}".rstrip()
        for each in text.splitlines()
        for line in textwrap.wrap(each, width, subsequent_indent="  " * each.startswith("- "), **_WHOLE_WORDS) or [""]
    ]
