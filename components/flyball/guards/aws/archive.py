"""Lesson 4 for the raw logs: at hand for a while, then cheap, then gone."""

from dataclasses import dataclass
from typing import NotRequired, TypedDict

from flyball.guards.aws import retention
from flyball.guards.aws.rules.pools import ARCHIVE_LIFE_CYCLE
from flyball.guards.reading.problem import Path, Problem
from flyball.guards.reading.reader import Reader

WARM_DAYS, KEEP_DAYS = 30, 365
LEAST_COLD = 90
"""Days for which S3 charges each object of the class that archives move to, whether it is there so long or not
(https://docs.aws.amazon.com/AmazonS3/latest/userguide/storage-class-intro.html)."""
PARTS_DAYS = 7
"""For how long an upload that was broken off, and a version that was replaced, are kept."""


class ArchiveArgs(TypedDict):
    """Where the raw logs go, and for how long they stay."""

    warm: NotRequired[str]
    """Days at hand, before they move to a cheaper class [30d]."""
    keep: NotRequired[str]
    """Days until they are deleted, at least 90 more than warm [365d]."""


@dataclass(frozen=True, slots=True)
class Archive:
    """Days since an object was written."""

    warm: int = WARM_DAYS
    keep: int = KEEP_DAYS


def read(r: Reader) -> Archive:
    """The life cycle with its defaults; one that costs more than it saves is a problem."""
    found = Archive(retention.read_days(r, "warm", WARM_DAYS), retention.read_days(r, "keep", KEEP_DAYS))
    if not (r.reported("warm") or r.reported("keep")):
        r.problems.extend(check(found, r.path))
    return found


def check(archive: Archive, path: Path) -> list[Problem]:
    """Refuse a life cycle that moves what is about to be deleted."""
    least = archive.warm + LEAST_COLD
    if archive.keep >= least:
        return []
    message = f"is {archive.keep}d: what is cold from {archive.warm}d on is charged for {LEAST_COLD} days there"
    return [Problem((*path, "keep"), ARCHIVE_LIFE_CYCLE, message, f"give at least {least}d, or lower warm")]
