"""Lesson 7: a freeze that nobody remembers is as dangerous as none, since people learn to work around it."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from flyball.guards.governor.rules import FREEZE_OF_ANOTHER, FREEZE_REASON
from flyball.guards.reading.problem import Path, Problem
from flyball.guards.reading.units import show_duration

LONGEST = timedelta(days=1)
"""A freeze without an end is asked about after a day: a shift has changed, and who set it may be asleep."""
SHORTEST_REASON = 8
"""Letters: enough to name a ticket or a sentence, too long for `x`."""


@dataclass(frozen=True, slots=True)
class Freeze:
    """Automation takes nothing away until people lift it; `until` is when they meant to, None if they did not say."""

    reason: str
    by: str
    since: datetime
    until: datetime | None = None

    def forgotten(self, now: datetime) -> timedelta | None:
        """How long ago it should have been lifted; None if that time is still to come."""
        overdue = now - (self.until or self.since + LONGEST)
        return overdue if overdue > timedelta(0) else None

    def describe(self, now: datetime) -> str:
        """One line for people: what, by whom, why, since when, and whether it is forgotten."""
        ends = f"meant to end {_at(self.until)}" if self.until else "no end was given"
        line = f"frozen by {self.by} since {_at(self.since)} ({self.reason}); {ends}"
        overdue = self.forgotten(now)
        return line if overdue is None else f"{line}; FORGOTTEN for {_about(overdue)}? Lift it, or say until when"


def reason_problem(reason: object, path: Path) -> list[Problem]:
    """Whether a reason says anything; people will read it in the middle of an incident."""
    text = reason.strip() if isinstance(reason, str) else ""
    if len(text) < SHORTEST_REASON:
        return [
            Problem(path, FREEZE_REASON, f"{text!r} is no reason", f"say why, in at least {SHORTEST_REASON} letters")
        ]
    if not text.isprintable():
        return [Problem(path, FREEZE_REASON, "has control characters", "give one line of text")]
    return []


def check_others(before: Freeze | None, by: str, path: Path) -> list[Problem]:
    """Whether somebody else than `by` has set the freeze that is on."""
    if before is None or before.by == by:
        return []
    hint = f"leave it on, or lift it with `flyball unfreeze` when {before.by} agrees"
    message = f"was set already by {before.by} ({before.reason})"
    return [Problem(path, FREEZE_OF_ANOTHER, message, hint)]


def moment(text: str) -> datetime | None:
    """A time, of UTC where it names no zone; what is none is as if no end was given, and the freeze stays on."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _at(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M %Z}".rstrip()


def _about(time: timedelta) -> str:
    """To the minute."""
    minutes = max(1, time // timedelta(minutes=1))
    return show_duration(minutes * 60_000)
