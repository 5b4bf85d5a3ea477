"""How long a planned restart may take in the worst case."""

from collections.abc import Mapping

from flyball.guards.reading.units import Milliseconds

LOOKS = 2
"""At the others, at the alerts and at the lock: before it leaves, and once more when the others can see it leave."""
REQUESTS_BESIDES = 4
"""In each look: own health, alerts, and two for the lock."""


def longest(hosts: int, steps: int, times: Mapping[str, Milliseconds]) -> Milliseconds:
    """The longest that a run may take in a group of so many hosts, everything as slow as it may be."""
    looks = LOOKS * (hosts - 1 + REQUESTS_BESIDES) * times["request"]
    # After all is well again balancers get as long to see it as they had before.
    return looks + 2 * times["prestop"] + times["drain"] + steps * times["step"] + times["well"]
