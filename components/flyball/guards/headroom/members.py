"""Lesson 5 for what keeps data: members of a group of which a quorum must agree, and what stands alone.

How many there are is said, and does not follow from a load: a vote cannot be shared out anew when a replica more or
less is wanted. What of headroom holds for them is the question after a loss: those that are left are a quorum, and
carry the peak.

A quorum is more than half, so that two parts of a group that do not see each other never decide both (D. K. Gifford,
"Weighted Voting for Replicated Data", SOSP 1979). Members keep what they have agreed to on a volume: who forgets it
could vote twice (D. Ongaro and J. Ousterhout, "In Search of an Understandable Consensus Algorithm", 2014, figure 2,
"persistent state on all servers").
"""

from collections.abc import Iterator
from dataclasses import dataclass

from flyball.guards.headroom import headroom
from flyball.guards.headroom.headroom import Loss
from flyball.guards.headroom.rules import NO_MAJORITY, PEAK_BEYOND_MEMBERS, QUORUM_IN_ZONES, QUORUM_WITHOUT_SPARE
from flyball.guards.reading.problem import Broken, Path, Problem
from flyball.guards.reading.units import ceil_div, show_are

MOST = 99
"""Members of a group: each decision waits for more than half of them, and groups of more than nine are rare."""


@dataclass(frozen=True, slots=True)
class Members:
    """`count` pods with a name and a volume each, of which `quorum` must be there. One stands alone."""

    count: int
    quorum: int

    @property
    def alone(self) -> bool:
        """A single one, whose loss is not survived: it is said, and shown."""
        return self.count == 1

    @property
    def spare(self) -> int:
        """How many may be missing."""
        return self.count - self.quorum

    def bears_zone(self, zones: int) -> bool:
        """Whether the fullest of so many zones may be lost, with members spread evenly: `count - ceil(count / zones)`
        is still a quorum."""
        return zones >= 2 and ceil_div(self.count, zones) <= self.spare

    @property
    def least_zones(self) -> int:
        """The fewest zones of which one may be lost: `ceil(count / spare)`."""
        return ceil_div(self.count, self.spare)

    def budget(self, zones: int | None = None) -> int:
        """How many may be disrupted on purpose at one time; `zones` where the loss of one is to be survived.

        Never more than `count - quorum`, with which a group stops being one. Where it has more to spare, what the next
        loss would take (one node's member, or those of the fullest zone) is kept back, so that a node that dies during
        a drain takes no quorum: 1 for 2 of 3 and for 3 of 5, 2 for 4 of 7. At least 1, or no node would ever be
        drained; with no more than that to spare, a drain is the loss that is borne.

        For one that stands alone 1 as well: with 0 its node could never be drained (kubernetes#66811), and whoever
        upgrades nodes would take it without regard to any budget in the end. What goes is told instead: `plan` says
        what stops, and alerts say that it is down (SingleDown) or was away (SingleWasAway). Nobody is warned at the
        eviction itself: a Governor keeps it from being deleted while it is ready, and leaves evictions to the budget,
        but for those by automation during a freeze.
        """
        if self.alone:
            return 1
        return max(1, self.spare - Loss(1, zones).of(self.count))


def check(members: Members, zones: int, survive_zone: bool, path: Path) -> Iterator[Problem]:
    """Refuse a group of which half decides, one that bears no loss, and zones of which none may be lost."""
    count, quorum = members.count, members.quorum
    if members.alone:
        return
    if 2 * quorum <= count:
        least = count // 2 + 1
        message = f"{quorum} of {count} is no majority: two halves that do not see each other would both decide"
        yield Problem((*path, "quorum"), NO_MAJORITY, message, f"give at least {least} of {count}")
    elif not members.spare:
        hint = f"give {count // 2 + 1} of {count}" if count > 2 else "give 2 of 3"
        message = f"{quorum} of {count} bears no loss: with the first member that goes, the others stop"
        yield Problem((*path, "quorum"), QUORUM_WITHOUT_SPARE, message, hint)
    elif survive_zone and zones >= 2 and not members.bears_zone(zones):
        fullest = ceil_div(count, zones)
        left = count - fullest
        yield Problem(
            (*path, "survive"),
            QUORUM_IN_ZONES,
            f"of {count} members in {zones} zones one zone holds {fullest}, and what is left, {left}, is fewer than"
            f" the quorum of {quorum}",
            f"list at least {members.least_zones} zones, or do not claim to survive one",
        )


def check_load(
    members: Members, peak: float, replica: float, utilization: float, zones: int | None, path: Path
) -> Iterator[Problem]:
    """Refuse a peak that those who are left after a loss do not carry; `zones` where one of these may be lost.

    Raises nothing: what is wrong with the figures themselves is a problem too.
    """
    try:
        needed = headroom.need(peak, replica, utilization)
    except Broken as error:
        yield error.at((*path, "load"), "correct peak or replica")
        return
    left = 1 if members.alone else members.count - Loss(1, zones).of(members.count)
    if needed > left:
        after = "there is one" if members.alone else f"{show_are(left)} left after a loss"
        hint = "raise load.replica with larger resources, or lower the peak"
        message = f"the peak needs {needed} members that carry it, and {after}"
        yield Problem((*path, "load"), PEAK_BEYOND_MEMBERS, message, hint)
