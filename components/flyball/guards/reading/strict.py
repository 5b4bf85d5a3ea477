"""Lesson 2 at the door: unknown keys and wrong types are refused, all of them at once, before anything exists.

At run time a TypedDict is a dict like any other, and a typo in one passes in silence. `check` holds a value against
the TypedDict that describes it, to any depth.
"""

import difflib
import types
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any, Union, get_args, get_origin, get_type_hints, is_typeddict

from flyball.guards.reading.later import TooLate
from flyball.guards.reading.problem import Path, Problem
from flyball.guards.reading.rules import (
    EMPTY,
    INVALID_TEXT,
    KNOWN_TOO_LATE,
    MISSING,
    UNANSWERED,
    UNKNOWN_KEY,
    WRONG_TYPE,
)
from flyball.guards.reading.units import show_number

QUESTION = "?"
"""In the place of a number that is still to be found out."""
_WORDS = {str: "text", bool: "true or false", int: "a whole number", float: "a number"}


def check(value: object, expected: Any, path: Path) -> Iterator[Problem]:
    """Every place where `value` is not what the type `expected` says.

    Understands str, bool, int, float, list (a tuple is as good), dict with text keys, TypedDict, and unions of one of
    these with types that only exist at run time (Pulumi's Output): a value of such a type is taken as it is. A whole
    number counts as a number, and 3.0 as a whole number: values that pass through other languages arrive as floats.
    """
    if isinstance(value, TooLate):
        yield _too_late(value, path)
        return
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
    elif expected is object or expected is Any:
        yield from _within(value, path)  # anything but nothing
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


def _too_late(value: TooLate, path: Path) -> Problem:
    message = f"is an Output, and {value.why}"
    return Problem(path, KNOWN_TOO_LATE, message, "give what is known before anything is made, as from pulumi.Config")


def _within(value: object, path: Path) -> Iterator[Problem]:
    """What is known too late, or is no text that could be written, within a value of any type."""
    if isinstance(value, TooLate):
        yield _too_late(value, path)
    elif isinstance(value, str) and is_torn(value):
        yield _torn(path)
    if isinstance(value, Mapping):
        for key, each in value.items():
            if isinstance(key, str) and is_torn(key):
                yield _torn((*path, key), " in its name")
            yield from _within(each, (*path, str(key)))
    elif isinstance(value, list | tuple):
        for i, each in enumerate(value):
            yield from _within(each, (*path, i))


def is_torn(text: str) -> bool:
    """Whether a text has half of a character, as `"\\ud800"` in YAML and JSON may be (RFC 8259, section 8.2)."""
    if text.isascii():
        return False
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False


def _torn(path: Path, where: str = "") -> Problem:
    message = f"has half of a character{where}, which no UTF-8 text can hold"
    return Problem(path, INVALID_TEXT, message, "write the whole one")


def check_name(name: object, path: Path) -> Iterator[Problem]:
    """Whether a name in a map at `path` is text, and could be written."""
    if not isinstance(name, str):
        yield Problem((*path, str(name)), WRONG_TYPE, f"has {describe(name)} as its name", "quote the name")
    elif is_torn(name):
        yield _torn((*path, name), " in its name")


def _check_plain(value: object, expected: type, path: Path) -> Iterator[Problem]:
    if value is None:
        yield _empty(path)
    elif value == QUESTION and expected in (int, float):
        yield Problem(path, UNANSWERED, "is still a question", "give the number")
    elif not is_a(value, expected):
        hint = "quote it" if expected is str and isinstance(value, bool | int | float) else ""
        yield Problem(path, WRONG_TYPE, f"is {describe(value)}, not {_WORDS[expected]}", hint)
    elif isinstance(value, str) and is_torn(value):
        yield _torn(path)


def _split_union(members: tuple[Any, ...]) -> tuple[Any, tuple[type, ...]]:
    """A union's one plain member and the run-time classes of the others."""
    plain = [m for m in members if m in _WORDS or is_typeddict(m) or get_origin(m) in (dict, list)]
    opaque = tuple(get_origin(m) or m for m in members if m not in plain)
    return plain[0], opaque


def _check_keys(value: object, expected: Any, path: Path) -> Iterator[Problem]:
    if not isinstance(value, Mapping):
        yield Problem(
            path, WRONG_TYPE, f"is {describe(value)}, not a map", f"its keys are {', '.join(keys_of(expected))}"
        )
        return
    hints = keys_of(expected)
    for key in value:
        if key not in hints:
            yield Problem((*path, str(key)), UNKNOWN_KEY, "is not a known key", nearest(str(key), hints))
    for key, kind in hints.items():
        if key in value:
            yield from check(value[key], kind, (*path, key))
        elif key in expected.__required_keys__:
            yield Problem((*path, key), MISSING, "is missing", f"it is required: {_what(kind)}")


@cache
def keys_of(expected: Any) -> Mapping[str, Any]:
    """The keys of a TypedDict and their types, without Required and NotRequired."""
    return get_type_hints(expected)


def _check_list(value: object, kind: Any, path: Path) -> Iterator[Problem]:
    if not isinstance(value, list | tuple):
        yield Problem(path, WRONG_TYPE, f"is {describe(value)}, not a list", "write it as - item")
        return
    for i, item in enumerate(value):
        yield from check(item, kind, (*path, i))


def _check_map(value: object, kind: Any, path: Path) -> Iterator[Problem]:
    if not isinstance(value, Mapping):
        yield Problem(path, WRONG_TYPE, f"is {describe(value)}, not a map", "write it as name: value")
        return
    for key, item in value.items():
        yield from check_name(key, path)
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


_FEW = 64
"""Known words that are all looked at; of more than these only those that differ by a letter, and no more than these."""


class Words:
    """Known words; the nearest to a wrong one is found in a time that does not grow with how many there are."""

    def __init__(self, known: Iterable[str]) -> None:
        self._known = list(known)
        self._by_rest: dict[str, list[str]] | None = None

    def nearest(self, word: str, but: str | None = None) -> str:
        """A hint that names the known word nearest to a wrong one, or where none is near the known ones, up to 40.

        `but` is one that is not meant.
        """
        word = word[:100]
        known = self._known if len(self._known) <= _FEW else self._near(word)
        best, likeness = "", 0.0
        for other in known:
            if other and other != but and (found := _likeness(word, other, likeness)) > likeness:
                best, likeness = other, found
        if likeness >= _LIKE:
            return f"did you mean {best!r}?"
        first = [other for other in self._known[:41] if other != but][:40]
        more = len(self._known) - (but is not None) - len(first)
        return f"known are {', '.join(first)}{f' and {more} more' if more > 0 else ''}"

    def _near(self, word: str) -> list[str]:
        """Those that are the same but for a letter more, less, other or swapped: with one left out on each side."""
        if self._by_rest is None:
            self._by_rest = {}
            for other in self._known:
                for rest in _without_a_letter(other[:100].lower()):
                    self._by_rest.setdefault(rest, []).append(other)
        near: dict[str, None] = {}
        for rest in _without_a_letter(word.lower()):
            near.update(dict.fromkeys(self._by_rest.get(rest, ())[:_FEW]))
        return list(near)[:_FEW]


_LIKE = 0.7


def nearest(word: str, known: Iterable[str]) -> str:
    """As `Words.nearest`, for a single question."""
    return Words(known).nearest(word)


def _without_a_letter(word: str) -> set[str]:
    """The word itself, and what is left of it without any one of its letters."""
    return {word, *(word[:i] + word[i + 1 :] for i in range(len(word)))}


def _likeness(word: str, other: str, least: float) -> float:
    """Letters in common and in order; swapped letters and the same first letter count extra.

    Zero where it cannot be more than `least` or is too little for a hint: that is seen faster.
    """
    lower = word.lower()
    extra = 0.2 * (sorted(lower) == sorted(other.lower())) + 0.05 * (word[:1] == other[:1])
    matcher = difflib.SequenceMatcher(None, lower, other.lower())
    enough = max(least, _LIKE) - extra
    if matcher.real_quick_ratio() < enough or matcher.quick_ratio() < enough:
        return 0.0
    return matcher.ratio() + extra
