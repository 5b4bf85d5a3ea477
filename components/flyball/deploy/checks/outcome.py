"""What a check came to."""

from dataclasses import dataclass
from typing import Any

from flyball.errors import named
from flyball.guards.reading.rule import Rule

SHOWN = 3
"""Places that a line names; all of them are in the JSON."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What is the same at several places: one broken rule, or why nobody knows."""

    rule: Rule
    message: str
    places: tuple[str, ...]

    def __str__(self) -> str:
        return f"{named(self.places, SHOWN)}: {self.message}"

    def as_json(self) -> dict[str, Any]:
        return {"rule": self.rule.id, "message": self.message, "places": list(self.places)}


@dataclass(frozen=True, slots=True)
class Outcome:
    """How far it is good, in words, and what is not."""

    summary: str
    findings: tuple[Finding, ...] = ()

    @property
    def good(self) -> bool:
        return not self.findings

    def as_json(self) -> dict[str, Any]:
        return {"good": self.good, "summary": self.summary, "findings": [each.as_json() for each in self.findings]}
