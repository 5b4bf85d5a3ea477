"""How late a notice of interruption may be seen, by who asks for it again and again."""

from flyball.guards.reading.units import Milliseconds

LOOK_REQUESTS = 3
"""For one path at most: with a token that has lapsed, for a new token, and again."""
LOOK_PATHS = 2
"""The notice, and the recommendation; of an Auto Scaling group's instance also what it is about to be."""


def seen_within(poll: Milliseconds, request: Milliseconds, paths: int = LOOK_PATHS) -> Milliseconds:
    """The longest from a notice until the watcher has seen it, though each of its requests takes all its time.

    Looks begin `poll` apart, or one right after the other where they take longer. A notice that comes just after it was
    asked for is seen by the next look, which asks for it first.
    """
    look = LOOK_REQUESTS * request
    return max(poll, paths * look) + look
