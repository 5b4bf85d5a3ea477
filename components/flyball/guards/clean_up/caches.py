"""Lesson 4 for caches: bounded by memory, with room for everything else."""

from flyball.guards.clean_up.rules import CACHE_SHARE
from flyball.guards.reading.problem import Broken
from flyball.guards.reading.units import Bytes, exact, show_number, show_size

MAXMEMORY_SHARE = 0.6
"""Of the memory there is; the rest is for fragmentation, client buffers and a copy while it saves."""
LEAST_MAXMEMORY: Bytes = 2**20


def maxmemory(memory: Bytes, share: float = MAXMEMORY_SHARE) -> Bytes:
    """`floor(memory * share)`, which no cache on a machine of `memory` may exceed.

    Raises `Broken` for a share that is not above 0 and at most 0.6, and where less than 1 MiB would be left.
    """
    if not 0 < share <= MAXMEMORY_SHARE:
        raise Broken(CACHE_SHARE, f"{show_number(share)} is not above 0 and at most {MAXMEMORY_SHARE}")
    found = int(memory * exact(share))
    if found < LEAST_MAXMEMORY:
        message = f"{show_number(share)} of {show_size(memory)} is less than {show_size(LEAST_MAXMEMORY)}"
        raise Broken(CACHE_SHARE, message)
    return found
