"""Reads values out of arguments, with their defaults, and keeps every problem instead of stopping at the first."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from flyball.guards.reading.problem import Broken, Path, Problem
from flyball.guards.reading.rule import Rule
from flyball.guards.reading.rules import EMPTY, OUT_OF_RANGE
from flyball.guards.reading.strict import is_a
from flyball.guards.reading.units import (
    LONGEST_DURATION,
    Bytes,
    Millicores,
    Milliseconds,
    cpu,
    duration,
    show_duration,
    show_number,
    show_size,
    size,
)

LARGEST_WHOLE = 2**31 - 1
"""Kubernetes keeps whole numbers in 32 bits."""
LARGEST_NUMBER = 10**12
"""Requests per second; more is a slip of the pen, and far more no longer fits into floating point."""

T = TypeVar("T")


class Reader:
    """One map of arguments at a path. A value of the wrong type reads as its default: `strict.check` reports it."""

    def __init__(self, values: object, path: Path, problems: list[Problem]) -> None:
        self.values: Mapping[str, Any] = values if isinstance(values, Mapping) else {}
        self.path = path
        self.problems = problems

    def at(self, key: str) -> "Reader":
        """A map within this one, empty where it is not given."""
        return Reader(self.values.get(key), self.to(key), self.problems)

    def maps(self, key: str) -> dict[str, "Reader"]:
        """A map of maps within this one, by name."""
        inner = self.at(key)
        return {name: inner.at(name) for name in inner.values if isinstance(name, str)}

    def each(self, key: str) -> list["Reader"]:
        """A list of maps within this one, in order."""
        items = self.values.get(key)
        return (
            [Reader(item, self.to((key, i)), self.problems) for i, item in enumerate(items)]
            if isinstance(items, list | tuple)
            else []
        )

    def has(self, key: str) -> bool:
        return key in self.values

    def is_map(self, key: str) -> bool:
        return isinstance(self.values.get(key), Mapping)

    def readable(self, key: str) -> bool:
        """Whether a quantity is as it was given, and no default in the place of one that could not be read."""
        return isinstance(self.values.get(key, ""), str) and not self.reported(key)

    def reported(self, key: str) -> bool:
        """Whether there is a problem with this key already."""
        return any(problem.path == self.to(key) for problem in self.problems)

    def problem(self, key: str | Path, rule: Rule, message: str, remedy: str = "") -> None:
        """Note that a rule is broken at a key, or at a path within this map; at `()` by the map itself."""
        self.problems.append(Problem(self.to(key), rule, message, remedy))

    def broken(self, key: str | Path, error: Broken, remedy: str = "") -> None:
        """Note a broken rule, mended by `remedy` where the rule itself says nothing of that."""
        self.problems.append(error.at(self.to(key), remedy))

    def to(self, key: str | Path) -> Path:
        """The path to a key, or to what lies at a path within this map."""
        return (*self.path, key) if isinstance(key, str) else (*self.path, *key)

    def value(self, key: str, kind: type[T], default: T) -> T:
        """A plain value as it is."""
        value = self.values.get(key, default)
        return value if is_a(value, kind) else default  # pyright: ignore[reportReturnType]

    def said(self, key: str) -> str:
        """Text that says something, "" where it is not given: that of a template without its value is refused."""
        value = self.value(key, str, "")
        if isinstance(self.values.get(key), str) and not value.strip():
            self.problem(key, EMPTY, "is empty", "give a value or remove the key")
            return ""
        return value

    def words(self, key: str) -> list[str]:
        """A list of text."""
        value = self.values.get(key)
        return [item for item in value if isinstance(item, str)] if isinstance(value, list | tuple) else []

    def texts(self, key: str) -> dict[str, str]:
        """A map of text, by name."""
        inner = self.at(key).values
        return {name: text for name, text in inner.items() if isinstance(name, str) and isinstance(text, str)}

    def whole(self, key: str, default: int, least: int = 1, most: int = LARGEST_WHOLE) -> int:
        """A whole number within limits."""
        value = self.values.get(key, default)
        if not is_a(value, int):
            return default
        if not least <= value <= most:
            limits = f"at least {least}" if most == LARGEST_WHOLE and value < least else f"from {least} to {most}"
            self.problem(key, OUT_OF_RANGE, f"is {show_number(value)}", f"allowed is {limits}")
            return default
        return int(value)

    def number(self, key: str, default: float, most: float | None = None) -> float:
        """A number above zero, at most 10**12."""
        value = self.values.get(key, default)
        if not is_a(value, float):
            return default
        limit = LARGEST_NUMBER if most is None else most
        if not 0 < value <= limit:
            limits = "a number above 0" if most is None and not value > limit else f"above 0 and at most {limit}"
            self.problem(key, OUT_OF_RANGE, f"is {show_number(value)}", f"allowed is {limits}")
            return default
        return value

    def duration(
        self, key: str, default: Milliseconds, least: Milliseconds = 1, longest: Milliseconds = LONGEST_DURATION
    ) -> Milliseconds:
        """A duration of at least `least`; of more than 24 days where `longest` says so."""
        found = self._quantity(key, default, lambda text: duration(text, longest))
        if found < least:
            self.problem(key, OUT_OF_RANGE, f"is {show_duration(found)}", f"allowed is at least {show_duration(least)}")
            return default
        return found

    def seconds(self, key: str, default: int, most: int | None = None) -> int:
        """A duration of whole seconds, from one to `most`: what Kubernetes takes where it counts in seconds."""
        found = self.duration(key, default * 1000, least=1000)
        if found % 1000:
            self.problem(key, OUT_OF_RANGE, f"is {show_duration(found)}", "Kubernetes counts whole seconds here")
        elif most is not None and found > most * 1000:
            self.problem(
                key,
                OUT_OF_RANGE,
                f"is {show_duration(found)}",
                f"Kubernetes allows at most {show_duration(most * 1000)}",
            )
            return default
        return found // 1000

    def size(self, key: str, default: Bytes, least: Bytes = 1) -> Bytes:
        """A size of at least `least`; what is below that is most often a number without its unit."""
        found = self._positive(key, self._quantity(key, default, size), default, show_size)
        if found < least:
            hint = f"allowed is at least {show_size(least)}, with its unit, as 256Mi"
            self.problem(key, OUT_OF_RANGE, f"is {show_size(found)}", hint)
            return default
        return found

    def cpu(self, key: str, default: Millicores) -> Millicores:
        """A processor share of at least a millicore."""
        return self._positive(key, self._quantity(key, default, cpu), default, str)

    def _positive(self, key: str, found: int, default: int, show: Callable[[int], str]) -> int:
        if found < 1:
            self.problem(key, OUT_OF_RANGE, f"is {show(found)}", "it must be more than 0")
            return default
        return found

    def _quantity(self, key: str, default: int, parse: Callable[[str], int]) -> int:
        text = self.values.get(key)
        if not isinstance(text, str):
            return default
        try:
            return parse(text)
        except Broken as error:
            self.broken(key, error)
            return default
