"""Lesson 4 for a cache within the application's own process: bounded by entries, by memory and by time to live.

Nobody but the application can hold it to that; it is told in its environment.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypedDict

from flyball.guards.clean_up.caches import check_local
from flyball.guards.reading.problem import Broken, Path, Problem
from flyball.guards.reading.reader import Reader
from flyball.guards.reading.rules import OUT_OF_RANGE
from flyball.guards.reading.units import Bytes, show_duration

ENTRIES, BYTES, SECONDS = "CACHE_ENTRIES", "CACHE_BYTES", "CACHE_SECONDS"


class LocalCacheArgs(TypedDict):
    """A cache within the process; the application is told its bounds as CACHE_ENTRIES, CACHE_BYTES, CACHE_SECONDS."""

    entries: int
    """The most entries."""
    memory: str
    """The most memory; at most half of the container's limit."""
    ttl: str
    """How long an entry is kept, in whole seconds."""


@dataclass(frozen=True, slots=True)
class LocalCache:
    """`ttl` in seconds."""

    entries: int
    memory: Bytes
    ttl: int


def read(r: Reader) -> LocalCache:
    """The bounds; what is missing is reported elsewhere."""
    return LocalCache(r.whole("entries", 1), r.size("memory", 1), read_ttl(r))


def read_ttl(r: Reader) -> int:
    """Whole seconds: what clients of caches count in."""
    found = r.duration("ttl", 1000, least=1000)
    if found % 1000:
        r.problem("ttl", OUT_OF_RANGE, f"is {show_duration(found)}", "give whole seconds")
    return found // 1000


def check(cache: LocalCache, memory: Bytes, path: Path) -> Iterator[Problem]:
    """Refuse one that leaves less than half of the container's memory."""
    try:
        check_local(cache.memory, memory)
    except Broken as error:
        yield error.at((*path, "memory"), "lower it, or raise resources.limits.memory")


def environment(cache: LocalCache) -> dict[str, str]:
    """What tells the application."""
    return {ENTRIES: f"{cache.entries}", BYTES: f"{cache.memory}", SECONDS: f"{cache.ttl}"}
