"""A rule has an identity: messages, docs, alerts and reports name it by one word that people can search for."""

from dataclasses import dataclass
from enum import IntEnum


class Lesson(IntEnum):
    """The seven lessons; each has a folder of its own, and in it the rules that follow from it."""

    TIMEOUTS = 1
    FAIL_FAST = 2
    BREAKERS = 3
    CLEAN_UP = 4
    HEADROOM = 5
    INTERRUPTIONS = 6
    GOVERNOR = 7


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: its `id`, in words joined by dashes, and the lesson that it follows from."""

    id: str
    lesson: Lesson

    def __str__(self) -> str:
        return self.id
