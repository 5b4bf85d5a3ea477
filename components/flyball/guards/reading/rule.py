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

    @property
    def folder(self) -> str:
        """Where its rules live, in `flyball.guards`."""
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: its `id`, words joined by dashes, and the lesson that it follows from.

    `what` says what must hold and why, `source` where its formula or number comes from, and `remedy` what to do where
    it is broken; a message may know better. `drill` names the drill that shows what it is for. Alerts name the rules
    that they watch at run time (`flyball.alerts.known`).
    """

    id: str
    lesson: Lesson
    what: str
    source: str
    remedy: str
    drill: str | None = None

    def __str__(self) -> str:
        return self.id
