"""Lesson 7 for changes to hosts: one canary first, then batches that never eat the headroom."""

from flyball.guards.headroom.rules import NOTHING_TO_SPARE
from flyball.guards.reading.problem import Broken
from flyball.guards.reading.units import show_count

CANARIES = 1


def batches(hosts: int, needed: int) -> list[int]:
    """Sizes of the batches in which `hosts` are changed while `needed` of them serve: a canary, then `hosts - needed`.

    They add up to `hosts`. Raises `Broken` where not even one host can be spared.
    """
    if hosts < 1:
        raise Broken(NOTHING_TO_SPARE, "there is no host")
    spare = hosts - needed
    if spare < 1:
        there = f"there {'is' if hosts == 1 else 'are'} {hosts}"
        message = f"the peak needs {show_count(needed, 'host')} and {there}: none can be taken out"
        raise Broken(NOTHING_TO_SPARE, message)
    sizes = [CANARIES]
    while (left := hosts - sum(sizes)) > 0:
        sizes.append(min(spare, left))
    return sizes
