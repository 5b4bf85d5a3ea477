"""Lesson 5, N-1 headroom: how many replicas a load needs, and how many must run so that a loss is survived.

With eight servers each carries 12.5 % of the load; lose one and the other seven carry 14.3 %, a seventh more. The
rules below are that arithmetic, done exactly (fractions, no floats), so that "fits" never depends on rounding.

Peak and replica are in one unit of work, requests per second. Sources: "N-1" is the plain count above; the
autoscaler holds the *mean* utilization at its target (https://kubernetes.io/docs/concepts/workloads/autoscaling/
horizontal-pod-autoscale/#algorithm-details), hence the target leaves room for what a loss adds.
"""

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from flyball.guards.headroom.rules import FLOOR_TOO_LARGE, TARGET_BELOW_ONE_PERCENT
from flyball.guards.reading.problem import Broken
from flyball.guards.reading.reader import Reader
from flyball.guards.reading.rules import OUT_OF_RANGE, UNKNOWN_VALUE
from flyball.guards.reading.units import ceil_div, exact, show_number

DEFAULT_UTILIZATION = 0.8
"""The most a survivor may carry, as a share of what one replica can do."""
DEFAULT_LOSE = 1
"""Replicas that may be lost at once without anyone noticing."""
MINIMUM_FLOOR = 2
"""A single replica survives nothing, not even a planned restart."""
MAXIMUM_REPLICAS = 100_000
"""More than Kubernetes runs in one cluster (150,000 pods, https://kubernetes.io/docs/setup/best-practices/
cluster-large/): a floor above it is a slip of the pen, not a plan."""


class Survive(StrEnum):
    """A loss that must go unnoticed: `lose` replicas (always), a whole zone, all spot machines at once."""

    REPLICA = "replica"
    ZONE = "zone"
    SPOT = "spot"


def read_survive(r: Reader) -> frozenset[Survive]:
    """Which losses are to go unnoticed, by the key `survive`."""
    words = [word.strip() for word in r.value("survive", str, "replica").split(",")]
    known = [survive.value for survive in Survive]
    for word in words:
        if word not in known:
            hint = f"allowed are {', '.join(known)}, or several with commas"
            r.problem("survive", UNKNOWN_VALUE, f"is {word!r}", hint)
    return frozenset(Survive(word) for word in words if word in known)


@dataclass(frozen=True, slots=True)
class Loss:
    """The loss to be survived: `lose` replicas, or with `zones` also the fullest of that many zones."""

    lose: int = DEFAULT_LOSE
    zones: int | None = None

    def __post_init__(self) -> None:
        if self.lose < 1:
            raise ValueError(f"lose is {self.lose}; at least 1, anything may vanish at any time")
        if self.zones is not None and self.zones < 2:
            raise ValueError(f"survive: zone needs at least 2 zones, not {self.zones}")

    def of(self, replicas: int) -> int:
        """How many of `replicas` the loss takes, when they are spread evenly over the zones."""
        if self.zones is None:
            return self.lose
        return max(self.lose, ceil_div(replicas, self.zones))


@dataclass(frozen=True, slots=True)
class Headroom:
    """What one load leads to. `floor` replicas always run, `need` must be left, `budget` may be disrupted at once."""

    need: int
    floor: int
    budget: int


def need(peak: float | Fraction, replica: float | Fraction, utilization: float | Fraction = DEFAULT_UTILIZATION) -> int:
    """Replicas that carry `peak` with none of them above `utilization`: `ceil(peak / (replica * utilization))`.

    Raises `Broken` where a figure is not above zero, where the utilization is above 1, and where
    more replicas are needed than fit into a cluster.
    """
    work, capacity, share = exact(peak), exact(replica), exact(utilization)
    for name, value in (("peak", work), ("replica", capacity), ("utilization", share)):
        if value <= 0:
            raise Broken(OUT_OF_RANGE, f"{name} is {show_number(value)}; it must be more than 0")
    if share > 1:
        raise Broken(OUT_OF_RANGE, f"utilization is {show_number(share)}; it must be at most 1")
    per_replica = capacity * share
    count = ceil_div(work.numerator * per_replica.denominator, work.denominator * per_replica.numerator)
    if count > MAXIMUM_REPLICAS:
        message = f"that needs {show_number(count)} replicas; at most {MAXIMUM_REPLICAS} fit into a cluster"
        raise Broken(FLOOR_TOO_LARGE, message)
    return count


def floor(needed: int, loss: Loss) -> int:
    """The smallest number of replicas, at least 2, of which every allowed loss leaves `needed`.

    For `lose` replicas that is `needed + lose`. For one of z zones it is the smallest n with `n - ceil(n/z) >= needed`:
    `ceil(needed * z / (z - 1))`, since n - ceil(n/z) is floor(n * (z-1) / z).
    """
    by_count = needed + loss.lose
    by_zone = ceil_div(needed * loss.zones, loss.zones - 1) if loss.zones else 0
    return max(MINIMUM_FLOOR, by_count, by_zone)


def headroom(
    peak: float | Fraction,
    replica: float | Fraction,
    utilization: float | Fraction = DEFAULT_UTILIZATION,
    loss: Loss | None = None,
) -> Headroom:
    """Need, floor and disruption budget (`floor - need`) of a peak. Raises `Broken` as `need` does."""
    needed = need(peak, replica, utilization)
    least = floor(needed, loss or Loss())
    return Headroom(need=needed, floor=least, budget=least - needed)


def target(utilization: float | Fraction, least: int, ceiling: int, loss: Loss) -> int:
    """The autoscaler's target in percent of a replica, so that a loss at the target stays within `utilization`.

    At the floor that is `floor(100 * utilization * (floor - lost) / floor)`. With more replicas the share that a
    *replica* loss takes only shrinks. A *zone* loss takes `ceil(n/z)`, which is worst just after a multiple of z
    (7 of 3 zones lose 3, 6 lose 2), so the smallest value over one whole round of zones is taken; adding z
    replicas adds one to the loss and so never makes it worse.

    Raises `Broken` where that is below 1 percent, the least that Kubernetes accepts: at 1 percent the survivors of
    so large a loss would carry more than `utilization`.
    """
    last = min(ceiling, least + (loss.zones or 1) - 1)
    share = min(Fraction(n - loss.of(n), n) for n in range(least, max(last, least) + 1))
    percent = int(100 * exact(utilization) * share)
    if percent < 1:
        message = f"the autoscaler's target would be below 1 %: of {least} replicas {loss.of(least)} may be lost"
        raise Broken(TARGET_BELOW_ONE_PERCENT, message)
    return percent


def carried(load: float | Fraction, replica: float | Fraction, survivors: int) -> Fraction | None:
    """Utilization of each survivor, 1 being all it can do; None where nobody is left to carry anything."""
    return exact(load) / (exact(replica) * survivors) if survivors > 0 else None
