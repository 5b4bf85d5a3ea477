"""What a table of fields is made of (`patch_fields`), and what a walk through it knows of a service's pods."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from flyball.guards.fail_fast.rules import HAS_ARGUMENT
from flyball.guards.reading.problem import Path, Problem
from flyball.guards.reading.rule import Rule


@dataclass(frozen=True, slots=True)
class Own:
    """What a service's pods have already: its containers but the application's own, variables, volumes and the folders
    where they are mounted, each with who holds it."""

    name: str
    containers: Mapping[str, "Field"] = field(default_factory=dict)
    variables: frozenset[str] = frozenset()
    volumes: Mapping[str, "Field"] = field(default_factory=dict)
    folders: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Field:
    """One with all that is below it: open, or held by `rule`, with what to do instead."""

    rule: Rule | None = None
    remedy: str = ""


Guard: TypeAlias = Callable[[Own, str], Field | None]
"""Who holds the item with that key, or the key itself; None for nobody."""


@dataclass(frozen=True, slots=True)
class Names:
    """A map of text whose keys are the user's, each but those that somebody holds; `whole` holds the map itself, and
    `check` is what Kubernetes would refuse of a key and its text, which is None where it is taken away."""

    guard: Guard
    whole: Field
    check: Callable[[str, str | None, Path], Iterator[Problem]]


@dataclass(frozen=True, slots=True)
class Each:
    """A list whose items are told apart by `keys`, or are new; `whole` holds the list itself."""

    keys: tuple[str, ...]
    item: "Fields"
    whole: Field
    guard: Guard = lambda own, name: None


Node: TypeAlias = "Field | Names | Each | Fields"
Fields: TypeAlias = Mapping[str, Node]

OPEN = Field()


def said(argument: str) -> Field:
    """A field that an argument says, and whose rules would not see it here."""
    return Field(HAS_ARGUMENT, f"give {argument}")


def alike(node: Node, *names: str) -> dict[str, Node]:
    """Fields that are held in the same way."""
    return dict.fromkeys(names, node)
