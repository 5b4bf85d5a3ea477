"""Reads YAML and JSON that people or programs wrote: strictly, within bounds, and with the place of what is wrong.

YAML is that of version 1.2, as the Pulumi CLI reads it: `on` is text, `22:30` is text, so is a date. There are text,
numbers, true, false, null, lists and maps, and nothing else, whatever tag is written. libyaml finds the parts where
PyYAML comes with it; where something is wrong PyYAML's own parser, which is slower, says what.
"""

import json
import re
from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import yaml
from yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    CollectionStartEvent,
    DocumentStartEvent,
    Event,
    MappingStartEvent,
    ScalarEvent,
)

from flyball.errors import FlyballError
from flyball.guards.reading import bounds
from flyball.guards.reading.problem import Problem, Refused, refuse
from flyball.guards.reading.rules import UNREADABLE_FILE

Finish = Callable[[dict[Any, Any]], Any]
"""What becomes of each map when it is complete."""

T = TypeVar("T")
_TAG = "tag:yaml.org,2002:"
_PLAIN = {
    "bool": re.compile(r"true|True|TRUE|false|False|FALSE"),
    "int": re.compile(r"[-+]?(?:0|[1-9][0-9]*)|0o[0-7]+|0x[0-9a-fA-F]+"),
    "float": re.compile(
        r"[-+]?(?:\.[0-9]+|[0-9]+\.[0-9]*|[0-9]+(?=[eE]))(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"
    ),
    "null": re.compile(r"~|null|Null|NULL|"),
}
"""What plain values mean (https://yaml.org/spec/1.2.2/#103-core-schema)."""
_FIRST = frozenset("tTfFnN~-+.0123456789")
"""Letters that these begin with; most values are text."""
_MERGE = "<<"
_NOTHING = object()
_FAST: Any = getattr(yaml, "CSafeLoader", None)


class _Wrong(FlyballError):
    """Not what is read here; at a place, or at the end."""

    def __init__(self, message: str, event: Event, remedy: str = "") -> None:
        super().__init__(message)
        self.message, self.mark, self.remedy = message, event.start_mark, remedy


def read_yaml(path: Path, finish: Finish = lambda mapping: mapping) -> Any:
    """The one document of a file; None where it is empty. Raises `Refused`, with line and column."""
    return _parsed(path, lambda events: _document(path.name, events, finish))


def read_yaml_documents(path: Path) -> list[Any]:
    """The documents of a file, in order; those that are empty are left out. Raises `Refused`, with line and column."""
    found: list[list[Event]] = []
    for event in _parsed(path, list):
        if isinstance(event, DocumentStartEvent):
            found.append([])
        elif found:
            found[-1].append(event)
    documents = [_document(path.name, iter(each), lambda mapping: mapping) for each in found]
    return [document for document in documents if document is not None]


def _parsed(path: Path, read: Callable[[Iterator[Event]], T]) -> T:
    """What is read out of a file's events. Raises `Refused`, with line and column, where it is no YAML."""
    text = read_text(path)
    if _FAST:
        # What is no YAML goes to the other parser, which has more words for it.
        with suppress(yaml.YAMLError):
            return read(yaml.parse(text, Loader=_FAST))
    try:
        return read(yaml.parse(text, Loader=yaml.SafeLoader))
    except yaml.YAMLError as error:
        raise Refused([_problem(path.name, error)]) from None


def _document(name: str, events: Iterator[Event], finish: Finish) -> Any:
    try:
        return _Document(name, finish).read(events)
    except _Wrong as wrong:
        raise Refused([_problem(name, wrong)]) from None


def read_json(text: str | bytes) -> Any:
    """A JSON text. Raises ValueError where it is none, or beyond the bounds."""
    try:
        value = json.loads(text)
    except RecursionError:
        raise ValueError("is nested too deeply") from None
    if problems := bounds.problems(value, ()):
        raise ValueError(str(problems[0]))
    return value


def read_text(path: Path) -> str:
    """A file's text. Raises `Refused` where it cannot be read, is too large, or is no UTF-8."""
    at = (path.name,)
    try:
        refuse(bounds.size_problem(path.stat().st_size, at))
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        message = f"is not UTF-8 text ({error.reason} at byte {error.start})"
    except OSError as error:
        message = f"cannot be read: {error.strerror}"
    raise Refused([Problem(at, UNREADABLE_FILE, message)])


@dataclass(slots=True)
class _Open:
    """A map or a list that is not complete. `size` counts its values, those repeated by aliases too."""

    start: CollectionStartEvent
    value: Any
    key: Any = _NOTHING
    seen: set[Hashable] = field(default_factory=set)
    merged: list[Mapping[Any, Any]] = field(default_factory=list)
    size: int = 1


class _Document:
    """One document, built from its events without recursion."""

    def __init__(self, name: str, finish: Finish) -> None:
        self._name, self._finish = name, finish
        self._open: list[_Open] = []
        self._named: dict[str, tuple[Any, int]] = {}
        self._values = self._repeated = 0
        self._root: Any = None

    def read(self, events: Iterator[Event]) -> Any:
        documents = 0
        for event in events:
            if isinstance(event, ScalarEvent):
                self._count(event, weight := bounds.weight(event.value))
                self._add(event, _scalar(event, self._at(event)), weight, event.anchor)
            elif isinstance(event, CollectionStartEvent):
                self._begin(event)
            elif isinstance(event, CollectionEndEvent):
                self._end()
            elif isinstance(event, AliasEvent):
                self._repeat(event)
            elif isinstance(event, DocumentStartEvent):
                documents += 1
                if documents > 1:
                    raise _Wrong("but found another document", event)
        return self._root

    def _at(self, event: Event) -> tuple[str]:
        return (_where(self._name, event.start_mark),)

    def _count(self, event: Event, weight: int) -> None:
        self._values += weight
        if self._values > bounds.MOST_VALUES:
            refuse(bounds.values_problem(self._values, self._at(event)))

    def _begin(self, event: CollectionStartEvent) -> None:
        is_map = isinstance(event, MappingStartEvent)
        if event.tag not in (None, "!", f"{_TAG}{'map' if is_map else 'seq'}"):
            raise _tag_unknown(event)
        self._count(event, 1)
        if event.anchor in self._named or any(event.anchor == each.start.anchor for each in self._open if event.anchor):
            raise _Wrong(f"the anchor {event.anchor!r} is given twice", event)
        self._open.append(_Open(event, {} if is_map else []))
        if len(self._open) > bounds.DEEPEST:
            refuse(bounds.depth_problem(len(self._open), self._at(event)))

    def _end(self) -> None:
        done = self._open.pop()
        value = done.value
        if isinstance(value, dict):
            if done.merged:
                value = {key: inner for map_ in done.merged for key, inner in map_.items()} | value
            value = self._finish(value)
        self._add(done.start, value, done.size, done.start.anchor)

    def _repeat(self, event: AliasEvent) -> None:
        if event.anchor not in self._named:
            within = any(event.anchor == each.start.anchor for each in self._open)
            what = "lies within what it repeats" if within else "repeats nothing that was named before it"
            raise _Wrong(f"the alias {event.anchor!r} {what}", event)
        value, size = self._named[event.anchor]
        self._repeated += size
        if self._repeated > bounds.MOST_VALUES:
            refuse(bounds.aliases_problem(self._repeated, self._at(event)))
        self._add(event, value, size, None)

    def _add(self, event: Any, value: Any, size: int, anchor: str | None) -> None:
        """A value that is complete, to what is open around it."""
        if anchor is not None:
            if anchor in self._named:
                raise _Wrong(f"the anchor {anchor!r} is given twice", event)
            self._named[anchor] = value, size
        if not self._open:
            self._root = value
            return
        around = self._open[-1]
        around.size += size
        if isinstance(around.value, list):
            around.value.append(value)
        elif around.key is _NOTHING:
            around.key = _key(around, event, value)
        else:
            key, around.key = around.key, _NOTHING
            if key is _MERGE_KEY:
                around.merged[:0] = _merged(value, event)
            else:
                around.value[key] = value


_MERGE_KEY = object()


def _key(around: _Open, event: Any, value: Any) -> Any:
    if not isinstance(event, ScalarEvent | AliasEvent) or isinstance(value, dict | list):
        raise _Wrong("a name must be plain text", event)
    is_merge = isinstance(event, ScalarEvent) and event.implicit[0] and event.value == _MERGE
    key = _MERGE_KEY if is_merge else value
    if key in around.seen:
        raise _Wrong(f"{_MERGE if is_merge else value!r} is given twice", event)
    around.seen.add(key)
    return key


def _merged(value: Any, event: Event) -> list[Mapping[Any, Any]]:
    """The maps of a merge key, the one that counts most last (https://yaml.org/type/merge.html)."""
    maps = value if isinstance(value, list) else [value]
    if not all(isinstance(each, dict) for each in maps):
        raise _Wrong(f"what {_MERGE} repeats must be a map, or a list of maps", event)
    return [*reversed(maps)]


def _scalar(event: ScalarEvent, at: tuple[str]) -> Any:
    tag = event.tag
    text = event.value
    if tag is None or tag == "!":
        if not event.implicit[0] or (text and text[0] not in _FIRST):
            return text
        kind = next((kind for kind, pattern in _PLAIN.items() if pattern.fullmatch(text)), "str")
    elif (kind := tag.removeprefix(_TAG)) != "str":
        if kind not in _PLAIN or kind == tag:
            raise _tag_unknown(event)
        if not _PLAIN[kind].fullmatch(text):
            raise _Wrong(f"{text[:40]!r} is no {kind}", event, "leave the tag out, or write one")
    return text if kind == "str" else _value(kind, text, at)


def _value(kind: str, text: str, at: tuple[str]) -> int | float | bool | None:
    if kind == "null":
        return None
    if kind == "bool":
        return text.lower() == "true"
    refuse(bounds.number_problem(text, at))
    if kind == "float":
        return float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))
    return int(text, {"0o": 8, "0x": 16}.get(text[:2], 10))


def _tag_unknown(event: Any) -> _Wrong:
    shown = event.tag.replace(_TAG, "!!")
    return _Wrong(
        f"the tag {shown[:80]} means nothing here", event, "remove it: there are text, numbers, lists and maps"
    )


def _problem(name: str, error: Exception) -> Problem:
    if isinstance(error, yaml.reader.ReaderError):
        message = f"{error.reason} (character {error.position + 1})"
        return Problem((name,), UNREADABLE_FILE, f"cannot be read as YAML: {message}")
    if isinstance(error, _Wrong):
        mark, message, hint = error.mark, error.message, error.remedy
    else:
        mark, message = getattr(error, "problem_mark", None), str(getattr(error, "problem", None) or error)
        hint = "indent with spaces, not with tabs" if r"'\t'" in message else ""
    return Problem((_where(name, mark),), UNREADABLE_FILE, f"cannot be read as YAML: {message}", hint)


def _where(name: str, mark: Any) -> str:
    """As compilers write it, from 1 on."""
    return f"{name}:{mark.line + 1}:{mark.column + 1}" if mark else name
