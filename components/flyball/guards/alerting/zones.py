"""When people are told that a service would not survive the loss of a zone."""

from flyball.guards.governor import balance

UNEVEN_FOR = 3 * balance.EVERY
"""Seconds: what a scale-down has left uneven is even again after a look or two."""
UNKNOWN_FOR = 900
"""Seconds without figures: who gives them may restart meanwhile."""
