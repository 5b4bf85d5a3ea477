"""Lesson 2 at the door: unknown keys and wrong types are refused, all of them at once, before anything exists.

At run time a TypedDict is a dict like any other, and a typo in one passes in silence. `check` holds a value against
the TypedDict that describes it, to any depth.
"""

import difflib
import types
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any, Union, get_args, get_origin, get_type_hints, is_typeddict

from flyball.guards.reading.problem import Path, Problem
from flyball.guards.reading.rules import EMPTY, MISSING, UNKNOWN_KEY, WRONG_TYPE
from flyball.guards.reading.units import show_number

_WORDS = {str: "text", bool: "true or false", int: "a whole number", float: "a number"}


def check(value: object, expected: Any, path: Path) -> Iterator[Problem]:
    """Every place where `value` is not what the type `expected` says.

    Understands str, bool, int, float, list, dict with text keys, TypedDict, and unions of one of these with types that
    only exist at run time (Pulumi's Output): a value of such a type is taken as it is. A whole number counts as a
    number, and 3.0 as a whole number, since values that pass through other languages arrive as floats.
    """
    if expected in _WORDS:
        yield from _check_plain(value, expected, path)
        return
    origin = get_origin(expected)
    if origin in (Union, types.UnionType):
        plain, opaque = _split_union(get_args(expected))
        if not isinstance(value, opaque):
            yield from check(value, plain, path)
    elif value is None:
        yield _empty(path)
    elif expected is object:
        return  # anything but nothing
    elif is_typeddict(expected):
        yield from _check_keys(value, expected, path)
    elif origin is dict:
        yield from _check_map(value, get_args(expected)[1], path)
    elif origin is list:
        yield from _check_list(value, get_args(expected)[0], path)
    else:
        raise TypeError(f"no rule for {expected!r}")


def _empty(path: Path) -> Problem:
    return Problem(path, EMPTY, "is empty", "give a value or remove the key")


def _check_plain(value: object, expected: type, path: Path) -> Iterator[Problem]:
    if value is None:
        yield _empty(path)
    elif not is_a(value, expected):
        hint = "quote it" if expected is str and isinstance(value, bool | int | float) else ""
        yield Problem(path, WRONG_TYPE, f"is {describe(value)}, not {_WORDS[expected]}", hint)


def _split_union(members: tuple[Any, ...]) -> tuple[Any, tuple[type, ...]]:
    """A union's one plain member and the run-time classes of the others."""
    plain = [m for m in members if m in _WORDS or is_typeddict(m) or get_origin(m) in (dict, list)]
    opaque = tuple(get_origin(m) or m for m in members if m not in plain)
    return plain[0], opaque


def _check_keys(value: object, expected: Any, path: Path) -> Iterator[Problem]:
    if not isinstance(value, Mapping):
        yield Problem(
            path, WRONG_TYPE, f"is {describe(value)}, not a map", f"its keys are {', '.join(_hints(expected))}"
        )
        return
    hints = _hints(expected)
    for key in value:
        if key not in hints:
            yield Problem((*path, str(key)), UNKNOWN_KEY, "is not a known key", nearest(str(key), hints))
    for key, kind in hints.items():
        if key in value:
            yield from check(value[key], kind, (*path, key))
        elif key in expected.__required_keys__:
            yield Problem((*path, key), MISSING, "is missing", f"it is required: {_what(kind)}")


@cache
def _hints(expected: Any) -> dict[str, Any]:
    """Its keys and their types, without Required and NotRequired."""
    return get_type_hints(expected)


def _check_list(value: object, kind: Any, path: Path) -> Iterator[Problem]:
    if not isinstance(value, list):
        yield Problem(path, WRONG_TYPE, f"is {describe(value)}, not a list", "write it as - item")
        return
    for i, item in enumerate(value):
        yield from check(item, kind, (*path, i))


def _check_map(value: object, kind: Any, path: Path) -> Iterator[Problem]:
    if not isinstance(value, Mapping):
        yield Problem(path, WRONG_TYPE, f"is {describe(value)}, not a map", "write it as name: value")
        return
    for key, item in value.items():
        if not isinstance(key, str):
            yield Problem((*path, str(key)), WRONG_TYPE, f"has {describe(key)} as its name", "quote the name")
        yield from check(item, kind, (*path, str(key)))


def _what(kind: Any) -> str:
    if get_origin(kind) in (Union, types.UnionType):
        return _what(_split_union(get_args(kind))[0])
    if is_typeddict(kind):
        return f"a map with {', '.join(sorted(kind.__required_keys__)) or 'any of its keys'}"
    return _WORDS.get(kind, "a map" if get_origin(kind) is dict else "a list")


def is_a(value: object, expected: type) -> bool:
    """Whether a plain value is of a plain type; true and false are no numbers."""
    if isinstance(value, bool):
        return expected is bool
    if expected is float:
        return isinstance(value, int | float)
    if expected is int:
        return isinstance(value, int) or (isinstance(value, float) and value.is_integer())
    return isinstance(value, expected)


def describe(value: object) -> str:
    """The kind of a value in the words of someone who writes YAML."""
    if isinstance(value, Mapping):
        return "a map"
    if isinstance(value, list | tuple):
        return "a list"
    if isinstance(value, str):
        return f"text ({value!r})"
    if isinstance(value, bool):
        return f"{str(value).lower()}"
    if isinstance(value, int | float):
        return f"the number {show_number(value) if abs(value) >= 1e15 else value}"
    return "empty" if value is None else type(value).__name__


def nearest(word: str, known: Iterable[str]) -> str:
    """A hint that names the known word nearest to a wrong one, or where none is near the known ones, up to 40."""
    words, word = list(known), word[:100]

    def likeness(other: str) -> float:
        """Letters in common and in order; swapped letters and the same first letter count extra."""
        swapped = sorted(word.lower()) == sorted(other.lower())
        return (
            difflib.SequenceMatcher(None, word.lower(), other).ratio() + 0.2 * swapped + 0.05 * (word[:1] == other[:1])
        )

    best = max(words, key=likeness, default="")
    if best and likeness(best) >= 0.7:
        return f"did you mean {best!r}?"
    more = f" and {len(words) - 40} more" if len(words) > 40 else ""
    return f"known are {', '.join(words[:40])}{more}"
