"""Lesson 2 for what is read: more than a person could have written is refused before it takes memory and time.

A file of some kilobytes can stand for more values than any machine holds: each alias repeats all that its anchor names,
and an alias within that repeats it again.
"""

from collections.abc import Iterator, Mapping

from flyball.guards.reading.problem import Path, Problem
from flyball.guards.reading.rules import FILE_TOO_LARGE, NESTED_TOO_DEEPLY, OUT_OF_RANGE, TOO_MANY_ALIASES

LARGEST_FILE = 16 * 2**20
"""Bytes. Ten thousand services are some 3 MiB."""
MOST_VALUES = 1_000_000
"""In one document, a name counting as one too; ten thousand services are some 200,000."""
DEEPEST = 64
"""Maps and lists within each other; a stack file has ten."""
LONGEST_NUMBER = 100
"""Letters. The interpreter itself refuses to read or to write numbers of more than 4,300 digits."""
_LETTERS = 100
"""What a long text counts, since an alias repeats it too: one value for so many letters."""


def weight(text: str) -> int:
    """How many values a text counts as."""
    return 1 + len(text) // _LETTERS


def count(value: object) -> int:
    """How many values there are, names included."""
    return sum(counts for counts, _ in _weighed(value))


def problems(value: object, path: Path) -> list[Problem]:
    """Whether values that are there already are too many, or lie too deep within each other."""
    found = 0
    for counts, depth in _weighed(value):
        found += counts
        if problem := [*depth_problem(depth, path), *values_problem(found, path)]:
            return problem
    return []


def _weighed(value: object) -> Iterator[tuple[int, int]]:
    """What each value counts, and how many maps and lists it lies in."""
    waiting = [(value, 0)]
    while waiting:
        inner, depth = waiting.pop()
        yield weight(inner) if isinstance(inner, str) else 1, depth
        if isinstance(inner, Mapping):
            waiting.extend((each, depth) for each in inner)
            waiting.extend((each, depth + 1) for each in inner.values())
        elif isinstance(inner, list | tuple):
            waiting.extend((each, depth + 1) for each in inner)


def defaults_problem(each: int, services: int, path: Path) -> list[Problem]:
    """Whether what every service gets comes to more values than are read."""
    if each * services <= MOST_VALUES:
        return []
    message = f"are {each:,} values for each of {services:,} services, in all more than {MOST_VALUES:,}"
    return [Problem(path, FILE_TOO_LARGE, message, "split the file into several stacks, or name less for all")]


def size_problem(count: int, path: Path) -> list[Problem]:
    """Whether a file has more bytes than are read."""
    if count <= LARGEST_FILE:
        return []
    message = f"has {count:,} bytes, and at most {LARGEST_FILE:,} are read"
    return [Problem(path, FILE_TOO_LARGE, message, "split it into several stacks")]


def values_problem(count: int, path: Path) -> list[Problem]:
    """Whether there are more values than are read."""
    if count <= MOST_VALUES:
        return []
    message = f"are more than {MOST_VALUES:,} values"
    return [Problem(path, FILE_TOO_LARGE, message, "split it into several stacks")]


def aliases_problem(count: int, path: Path) -> list[Problem]:
    """Whether aliases repeat more values than are read."""
    if count <= MOST_VALUES:
        return []
    message = f"aliases repeat more than {MOST_VALUES:,} values"
    return [Problem(path, TOO_MANY_ALIASES, message, "name less by an anchor, or no alias within it")]


def depth_problem(depth: int, path: Path) -> list[Problem]:
    """Whether maps and lists lie too deep within each other."""
    if depth <= DEEPEST:
        return []
    message = f"more than {DEEPEST} maps and lists lie within each other"
    return [Problem(path, NESTED_TOO_DEEPLY, message, "no argument lies deeper than ten; look for a bracket too many")]


def number_problem(text: str, path: Path) -> list[Problem]:
    """Whether a number is longer than any that means something."""
    if len(text) <= LONGEST_NUMBER:
        return []
    message = f"is a number of {len(text):,} digits"
    return [Problem(path, OUT_OF_RANGE, message, f"at most {LONGEST_NUMBER} are read; quote it if it is text")]
