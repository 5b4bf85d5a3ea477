"""What a full cache evicts: always something, or every write fails in the end."""

from collections.abc import Iterator

from flyball.guards.clean_up.rules import CACHE_EVICTION
from flyball.guards.reading import strict
from flyball.guards.reading.problem import Path, Problem
from flyball.guards.reading.rules import UNKNOWN_VALUE

EVICTION = "allkeys-lru"
EVICTS_ANY = ("allkeys-lru", "allkeys-lfu", "allkeys-random")
EVICTS_SOME = ("volatile-lru", "volatile-lfu", "volatile-random", "volatile-ttl")
"""Evict only keys with a time to live: where none has one, they evict nothing, and writes fail."""


def check(eviction: str, path: Path) -> Iterator[Problem]:
    """Refuse an eviction that may find nothing, and one that is not known."""
    if eviction == "noeviction":
        message = "noeviction refuses every write once memory is full"
        yield Problem(path, CACHE_EVICTION, message, f"take {EVICTION}")
    elif eviction in EVICTS_SOME:
        hint = f"take {'allkeys-lru' if eviction == 'volatile-ttl' else eviction.replace('volatile', 'allkeys')}"
        yield Problem(path, CACHE_EVICTION, f"{eviction} evicts nothing where no key has a time to live", hint)
    elif eviction not in EVICTS_ANY:
        yield Problem(path, UNKNOWN_VALUE, f"{eviction!r} is not known", strict.nearest(eviction, EVICTS_ANY))
