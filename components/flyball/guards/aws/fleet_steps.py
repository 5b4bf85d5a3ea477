"""Lesson 7 for VMs: how fast an Auto Scaling group may go, in AWS's own words and with AWS's own rounding.

Up by StepScaling: how far a metric is beyond its alarm chooses a band, and instances that still warm up count as there
already, so that one rise is answered once. Down by SimpleScaling, the only kind with a cooldown: nothing more goes
until people could have seen what the last step did (https://docs.aws.amazon.com/autoscaling/ec2/userguide/
as-scaling-simple-step.html and .../ec2-auto-scaling-scaling-cooldowns.html).

The metric is the load balancer's RequestCountPerTarget in a minute; its alarms follow from the headroom, as the
autoscaler's target does for pods.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from flyball.guards.aws import rounding
from flyball.guards.aws.rules.fleets import BANDS_NOT_CONTIGUOUS, COOLDOWN_TOO_SHORT, FLEET_STEP_TOO_LARGE
from flyball.guards.governor.steps import Behavior
from flyball.guards.reading.problem import Path, Problem
from flyball.guards.reading.reader import Reader
from flyball.guards.reading.units import Milliseconds, exact, show_count, show_duration

LARGEST = Behavior()
"""The limits: an autoscaler's own, of guards.governor.steps."""
SHORTEST_COOLDOWN = LARGEST.calm
"""Seconds; also AWS's default."""
DEFAULT_WARMUP = 120
LONGEST_WARMUP = 3600
MARGIN = Fraction(9, 10)
"""Of the alarm up, what the survivors of a step down may carry: else the next alarm would bring back what went."""
MOST_BANDS = 20
"""StepScaling takes no more (https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-quotas.html)."""


@dataclass(frozen=True, slots=True)
class Band:
    """From `above` percent beyond the alarm on, up to the next band, the group grows by `percent`."""

    above: int
    percent: int


@dataclass(frozen=True, slots=True)
class Up:
    """StepScaling: by the band's percent, at least `least` instances; `warmup` in seconds."""

    bands: tuple[Band, ...]
    least: int
    warmup: int

    def of(self, instances: int) -> int:
        """The most that one step adds."""
        return max(rounding.change(instances, band.percent, self.least) for band in self.bands)


@dataclass(frozen=True, slots=True)
class Down:
    """SimpleScaling: by `percent`, at least `least` instances, then nothing for `cooldown` seconds."""

    percent: int
    least: int
    cooldown: int

    def of(self, instances: int) -> int:
        """What one step takes."""
        return min(instances, -rounding.change(instances, -self.percent, self.least))


@dataclass(frozen=True, slots=True)
class Steps:
    up: Up
    down: Down


DEFAULT_BANDS = (Band(0, 25), Band(25, LARGEST.up.percent))
"""A load a quarter beyond the alarm is answered by a quarter more; what is further away, by the largest step."""


def read(r: Reader, warmup: int) -> Steps:
    """The steps with their defaults; each that is larger than the limits, or leaves a gap, is a problem."""
    up, down = r.at("up"), r.at("down")
    bands = tuple(Band(b.whole("above", 0, 0, 1000), b.whole("percent", 1, 1, 100)) for b in up.each("bands"))
    if up.has("bands"):
        r.problems.extend(_check_bands(bands, up.to("bands")))
    found = Steps(
        Up(bands or DEFAULT_BANDS, up.whole("least", LARGEST.up.pods), warmup),
        Down(
            down.whole("percent", LARGEST.down.percent, 1, 100),
            down.whole("least", LARGEST.down.pods),
            down.seconds("cooldown", SHORTEST_COOLDOWN),
        ),
    )
    r.problems.extend(_check(found, r.path))
    return found


def _check_bands(bands: tuple[Band, ...], path: Path) -> Iterator[Problem]:
    """Refuse what would leave a breach without an answer, or give it two."""
    if not bands or bands[0].above != 0:
        at = path if not bands else (*path, 0, "above")
        message = "a load just beyond the alarm lies in no band"
        yield Problem(at, BANDS_NOT_CONTIGUOUS, message, "let the first band begin above: 0")
    for i, (one, other) in enumerate(pairwise(bands), 1):
        if other.above <= one.above:
            message = f"begins at {other.above} percent, and the band before it at {one.above}"
            yield Problem((*path, i, "above"), BANDS_NOT_CONTIGUOUS, message, "let each band begin above the last one")
        if other.percent < one.percent:
            message = f"a higher load is answered by {other.percent} percent, a lower one by {one.percent}"
            yield Problem((*path, i, "percent"), BANDS_NOT_CONTIGUOUS, message, f"give at least {one.percent}")
    if len(bands) > MOST_BANDS:
        yield Problem(path, BANDS_NOT_CONTIGUOUS, f"are {len(bands)} bands", f"AWS takes at most {MOST_BANDS}")


def _check(found: Steps, path: Path) -> Iterator[Problem]:
    up, down = LARGEST.up, LARGEST.down
    for i, band in enumerate(found.up.bands):
        if band.percent > up.percent:
            message = f"{band.percent} percent more in one step is faster than people can follow"
            where = (*path, "up", "bands", i, "percent")
            yield Problem(where, FLEET_STEP_TOO_LARGE, message, f"allowed is up to {up.percent}")
    leasts = (("up", found.up.least, up.pods, "more"), ("down", found.down.least, down.pods, "less"))
    for key, least, most, what in leasts:
        if least > most:
            message = f"{show_count(least, 'instance')} {what} at least, also where the percentage is fewer"
            yield Problem((*path, key, "least"), FLEET_STEP_TOO_LARGE, message, f"allowed is up to {most}")
    if found.down.percent > down.percent:
        message = f"{found.down.percent} percent less in one step takes what a loss would need"
        yield Problem((*path, "down", "percent"), FLEET_STEP_TOO_LARGE, message, f"allowed is up to {down.percent}")
    if found.down.cooldown < SHORTEST_COOLDOWN:
        message = f"{show_duration(found.down.cooldown * 1000)} after a step nobody has seen yet what it did"
        hint = f"allowed is at least {show_duration(SHORTEST_COOLDOWN * 1000)}"
        yield Problem((*path, "down", "cooldown"), COOLDOWN_TOO_SHORT, message, hint)


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Requests a minute for each target: beyond `high` the group grows, below `low` it shrinks."""

    high: Fraction
    low: Fraction


def thresholds(replica: float, target: int, steps: Steps, least: int, ceiling: int) -> Thresholds:
    """What one instance does in a minute at the target [percent], and the load that lets a step down be taken.

    After a step down at `low` those that stay carry at most `MARGIN` of `high`, at every size from just above the floor
    `least` to the ceiling: `low = high * margin * min((n - step(n)) / n)`.
    """
    high = exact(replica) * 60 * target / 100
    sizes = range(least + 1, max(ceiling, least + 1) + 1)
    share = min(Fraction(n - steps.down.of(n), n) for n in sizes)
    return Thresholds(high, high * MARGIN * share)


def climb(start: int, end: int, up: Up) -> tuple[int, ...]:
    """The sizes on the way from `start` up to `end`, by the largest step, without the first one."""
    sizes: list[int] = []
    size = start
    while size < end:
        size = min(end, size + max(1, up.of(size)))
        sizes.append(size)
    return tuple(sizes)


def apart(up: Up) -> Milliseconds:
    """Between two steps of a ramp: until the last step's instances count."""
    return up.warmup * 1000
