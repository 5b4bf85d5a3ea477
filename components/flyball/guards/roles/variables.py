"""The variables of a role: each declared once, with its type, its default, its unit and what it is.

From the declarations `make roles` writes the role's defaults, its argument specs and its README, and readers take the
defaults. A name that begins like the role's and is not declared is refused: `redis_maxmemory` would change nothing.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, get_args, get_origin, is_typeddict

from flyball.guards.reading import strict
from flyball.guards.reading.problem import Problem
from flyball.guards.reading.reader import LARGEST_WHOLE, Reader
from flyball.guards.reading.rules import INVALID_NAME, OUT_OF_RANGE, UNKNOWN_KEY, UNKNOWN_VALUE, WRONG_TYPE
from flyball.guards.reading.units import Bytes, Milliseconds, duration, show_duration, show_size, size

_GROUP = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,62}")


@dataclass(frozen=True, slots=True)
class Variable:
    """One variable: its type as `strict.check` reads it, its default as YAML has it, and sentences on what it is."""

    name: str
    kind: Any
    default: Any
    text: str
    unit: str = ""
    """`duration` and `size` for text such as 5m and 64Mi; what a number counts, as `days`; else nothing."""
    secret: bool = False
    """Text that no message, log or difference repeats."""

    @property
    def types(self) -> tuple[str, ...]:
        """Its type in Ansible's words, and of a list what is in it: `list`, `str`."""
        return tuple(_types(self.kind))


def _types(kind: Any) -> Iterator[str]:
    if get_origin(kind) is list:
        yield "list"
        yield from _types(get_args(kind)[0])
    else:
        yield "dict" if is_typeddict(kind) else kind.__name__


@dataclass(frozen=True, slots=True)
class Role:
    """A role, or a playbook with variables: what it does, in one sentence without a full stop, and its variables.

    `shares` is whose variables it reads too, which therefore do not begin with its name.
    """

    name: str
    text: str
    variables: tuple[Variable, ...]
    shares: tuple["Role", ...] = ()

    @property
    def declared(self) -> tuple[Variable, ...]:
        """All that it reads."""
        return (*self.variables, *(variable for other in self.shares for variable in other.declared))

    @property
    def defaults(self) -> dict[str, Any]:
        """The defaults of all that it reads, by name."""
        return {variable.name: variable.default for variable in self.declared}

    def own(self, names: Iterable[str]) -> list[str]:
        """Of the names of all variables of a host those that are this role's, declared or not.

        What roles set for themselves has two underscores after the role's name, and is not among them.
        """
        prefixes = re.compile(rf"({'|'.join((self.name, *(other.name for other in self.shares)))})_(?!_)")
        return [name for name in names if prefixes.match(name)]

    def read(self, given: Mapping[str, object]) -> "Variables":
        """A reader of the variables that are given, which has noted every one that is unknown or of a wrong type."""
        values = {**self.defaults, **given}
        return Variables(values, self.defaults, list(self._check(values)))

    def _check(self, values: Mapping[str, object]) -> Iterator[Problem]:
        kinds = {variable.name: variable.kind for variable in self.declared}
        secrets = {variable.name for variable in self.declared if variable.secret}
        for name, value in values.items():
            if name in secrets and not isinstance(value, str):
                yield Problem((name,), WRONG_TYPE, "is no text", "quote it")
            elif name in kinds:
                yield from strict.check(value, kinds[name], (name,))
            else:
                yield Problem((str(name),), UNKNOWN_KEY, "is no known variable", strict.nearest(str(name), kinds))


class Variables(Reader):
    """A role's variables. One of the wrong type or out of its limits reads as its declared default."""

    def __init__(self, values: Mapping[str, object], defaults: Mapping[str, Any], problems: list[Problem]) -> None:
        super().__init__(values, (), problems)
        self.defaults = defaults

    def text(self, key: str) -> str:
        return self.value(key, str, self.defaults[key])

    def choice(self, key: str, known: Iterable[str]) -> str:
        """One of some known words."""
        word, words = self.text(key), list(known)
        if word not in words:
            self.problem(key, UNKNOWN_VALUE, f"{word!r} is not known", strict.nearest(word, words))
        return word

    def group(self, key: str) -> str:
        """The name of a group of the inventory."""
        name = self.text(key)
        if not _GROUP.fullmatch(name):
            self.problem(key, INVALID_NAME, f"{name!r} is not allowed", "give the name of a group of the inventory")
        return name

    def flag(self, key: str) -> bool:
        return self.value(key, bool, self.defaults[key])

    def count(self, key: str, least: int = 1, most: int = LARGEST_WHOLE) -> int:
        """A whole number within limits."""
        return self.whole(key, self.defaults[key], least, most)

    def share(self, key: str) -> float:
        """A number above 0 and at most 1."""
        return self.number(key, self.defaults[key], most=1)

    def time(self, key: str, least: Milliseconds = 1, most: Milliseconds | None = None) -> Milliseconds:
        """A duration within limits."""
        default = duration(self.defaults[key])
        found = self.duration(key, default, least)
        if most is not None and found > most:
            self.problem(key, OUT_OF_RANGE, f"is {show_duration(found)}", f"allowed is at most {show_duration(most)}")
            return default
        return found

    def whole_seconds(self, key: str, least: Milliseconds, most: Milliseconds) -> Milliseconds:
        """A duration of whole seconds within limits: Prometheus knows no parts of a unit."""
        default = duration(self.defaults[key])
        found = self.duration(key, default)
        if not least <= found <= most or found % 1000:
            limits = f"whole seconds from {show_duration(least)} to {show_duration(most)}"
            self.problem(key, OUT_OF_RANGE, f"is {show_duration(found)}", f"allowed are {limits}")
            return default
        return found

    def amount(self, key: str, least: Bytes = 1, most: Bytes | None = None) -> Bytes:
        """A size within limits."""
        default = size(self.defaults[key])
        found = self.size(key, default)
        if found < least or (most is not None and found > most):
            limits = f"at least {show_size(least)}" if most is None else f"from {show_size(least)} to {show_size(most)}"
            self.problem(key, OUT_OF_RANGE, f"is {show_size(found)}", f"allowed is {limits}")
            return default
        return found
