"""When people are told that a service would not survive the loss of a zone."""

from dataclasses import dataclass

from flyball.guards.governor import balance

UNEVEN_FOR = 3 * balance.EVERY
"""Seconds: what a scale-down has left uneven is even again after a look or two."""
UNKNOWN_FOR = 900
"""Seconds without figures: who gives them may restart meanwhile."""


@dataclass(frozen=True, slots=True)
class Zoned:
    """A service that has to survive the loss of a zone, and how many pods its load needs at least."""

    namespace: str
    name: str
    need: int
