"""Lesson 7 for spot nodes: how many Karpenter may buy, and how fast it may give them back.

A pool is capped by processors and memory. `limits.nodes` is no cap: Karpenter 1.14 looks at it before it buys a batch,
and 30 pods in one batch bought 15 nodes under a limit of six (the drill runaway-pool). Its disruption budgets say how
many nodes may be on their way out at one time and not how many in an hour, so that the wait before each, `consolidate`,
is what makes it slow (karpenter#2909).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NotRequired, TypedDict

from flyball.guards.aws import types
from flyball.guards.aws.rules.pools import CONSOLIDATES_TOO_SOON
from flyball.guards.aws.types import Size, SizeArgs
from flyball.guards.governor.envelope import highest_ceiling
from flyball.guards.governor.steps import Behavior
from flyball.guards.interruptions.interruption import LONGEST_SHUTDOWN
from flyball.guards.reading.problem import Path, Problem
from flyball.guards.reading.reader import Reader
from flyball.guards.reading.rules import OUT_OF_RANGE
from flyball.guards.reading.units import Bytes, Millicores, Milliseconds, show_duration

LEAST_CONSOLIDATE: Milliseconds = 600_000
"""As long as an autoscaler waits twice over: a load that comes back within it finds its nodes."""
LEAST_EXPIRE: Milliseconds = 86_400_000
"""AWS's own limit of a group's maximum instance lifetime; below it a pool would be replaced all the time."""
DEFAULT_EXPIRE: Milliseconds = 7 * 86_400_000
DEFAULT_GRACE: Milliseconds = 3_600_000
MOST_PROVEN = 10_000


class PoolArgs(TypedDict):
    """Spot nodes that Karpenter buys as pods need them."""

    types: list[str]
    """Types of instances, at least six of two families, all of one size."""
    size: SizeArgs
    """How large one of them is."""
    proven: int
    """The most nodes that people have seen run well; the cap is half as many again."""
    consolidate: NotRequired[str]
    """Time after the last pod came or went until a node may be given back, at least 10m [10m]."""
    expire: NotRequired[str]
    """Age at which a node is replaced, at least 1d [168h]."""
    grace: NotRequired[str]
    """Time its pods then have at the most, at least 110s and less than expire [1h]."""


@dataclass(frozen=True, slots=True)
class Pool:
    """A pool as Karpenter is told of it; `size` is that of one node, `proven` counts them."""

    types: tuple[str, ...]
    size: Size
    proven: int
    consolidate: Milliseconds = LEAST_CONSOLIDATE
    expire: Milliseconds = DEFAULT_EXPIRE
    grace: Milliseconds = DEFAULT_GRACE

    @property
    def maximum(self) -> int:
        """The most nodes that there may be: half as many again as are proven, rounded down."""
        return highest_ceiling(self.proven)

    @property
    def cpu_limit(self) -> Millicores:
        """Processors of all its nodes, at the most."""
        return self.maximum * self.size.cpu

    @property
    def memory_limit(self) -> Bytes:
        """Memory of all its nodes, at the most."""
        return self.maximum * self.size.memory

    @property
    def budget(self) -> int:
        """Nodes on their way out at one time: an autoscaler's step down, from the size that is proven.

        A number and no percentage: a percentage of a pool that has grown too large takes more.
        """
        return Behavior().down.down(self.proven)

    @property
    def interruptions(self) -> int:
        """Notices in an hour of which nobody needs to hear: a fifth of the nodes that are proven, at least one.

        AWS's word for the most interrupted types is beyond 20 % in a month (https://aws.amazon.com/ec2/spot/
        instance-advisor/); so many within an hour are a market that goes, and no share of it.
        """
        return max(1, self.proven // 5)


def read(r: Reader) -> Pool:
    """The pool with its defaults; what breaks a rule is a problem at its path."""
    size = r.at("size")
    pool = Pool(
        types=tuple(r.words("types")),
        size=types.read_size(size),
        proven=r.whole("proven", 1, most=MOST_PROVEN),
        consolidate=r.duration("consolidate", LEAST_CONSOLIDATE),
        expire=r.duration("expire", DEFAULT_EXPIRE, least=LEAST_EXPIRE),
        grace=r.duration("grace", DEFAULT_GRACE, least=LONGEST_SHUTDOWN),
    )
    if isinstance(r.values.get("types"), list):
        r.problems.extend(types.check_types(pool.types, r.to("types"), spot=True))
        r.problems.extend(types.check_nodes(pool.types, r.to("types")))
    if not size.reported("cpu") and not size.reported("memory"):
        r.problems.extend(types.check_size(pool.types, pool.size, r.path, exact=True))
    r.problems.extend(_check_times(pool, r.path))
    return pool


def _check_times(pool: Pool, path: Path) -> Iterator[Problem]:
    if pool.consolidate < LEAST_CONSOLIDATE:
        message = f"{show_duration(pool.consolidate)} after the last pod went, a load that comes back finds no node"
        remedy = f"allowed is at least {show_duration(LEAST_CONSOLIDATE)}"
        yield Problem((*path, "consolidate"), CONSOLIDATES_TOO_SOON, message, remedy)
    if pool.grace >= pool.expire:
        message = f"is {show_duration(pool.grace)}, and nodes are replaced every {show_duration(pool.expire)}"
        yield Problem((*path, "grace"), OUT_OF_RANGE, message, "give less than expire")
