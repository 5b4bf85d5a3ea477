"""Which files patterns of logs match: whether two share any, and whether one matches what becomes of its own files.

A star matches any characters but a slash, and none of a name that begins with a dot (glob(7)). A rotated file keeps its
name and gets `.1`, later `.2.gz` and so on (logrotate(8), nodateext and compress).
"""

import re
from collections.abc import Iterator
from functools import cache

from flyball.guards.clean_up.rules import LOG_ROTATED_TWICE
from flyball.guards.reading.problem import Path, Problem

_OTHERS = re.compile(r"\[[^]]*\]|\?")


def simplified(pattern: str) -> str:
    """Somebody else's pattern with stars for what is no star: it matches what that does, and perhaps more."""
    return _OTHERS.sub("*", pattern)


def share(one: str, other: str) -> bool:
    """Whether some file is matched by both patterns."""
    ends = [text.rpartition("*")[2] for text in (one, other)]
    if not ends[0].endswith(ends[1]) and not ends[1].endswith(ends[0]):
        return False
    ours, theirs = one.split("/"), other.split("/")
    return len(ours) == len(theirs) and all(_share(a, b) for a, b in zip(ours, theirs, strict=True))


def rotated(pattern: str, files: int) -> Iterator[str]:
    """Patterns of the files that a rotation makes of those that a pattern matches."""
    for number in range(1, files + 1):
        yield f"{pattern}.{number}"
        yield f"{pattern}.{number}.gz"


def matches_rotated(pattern: str, files: int) -> bool:
    """Whether a pattern matches some of its own rotated files."""
    return "*" in pattern and any(share(pattern, name) for name in rotated(pattern, files))


def check_own(pattern: str, files: int, path: Path) -> Iterator[Problem]:
    """Refuse a pattern that matches some of its own rotated files."""
    if matches_rotated(pattern, files):
        message = "its own rotated files match it too, and are rotated again and again"
        yield Problem(path, LOG_ROTATED_TWICE, message, "end it in what they do not, as *.log")


def _share(one: str, other: str) -> bool:
    """For one part of a path; a star that begins it matches no dot there."""
    return {one[:1], other[:1]} != {"*", "."} and _meet(one, other)


@cache
def _meet(one: str, other: str) -> bool:
    """Whether a text is matched by both."""
    if not one or not other:
        return not (one + other).strip("*")
    if one[0] == "*":
        return _meet(one[1:], other) or _meet(one, other[1:])
    if other[0] == "*":
        return _meet(one, other[1:]) or _meet(one[1:], other)
    return one[0] == other[0] and _meet(one[1:], other[1:])
