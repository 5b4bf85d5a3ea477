"""Lesson 7, the governor: how far one step of automation may go.

Two limits, one inside the other. The *autoscaler's* rate is what HorizontalPodAutoscaler `behavior` allows per
period. The *writer's* step is what one write by anyone may change. The writer's is always the wider one: a step
that the autoscaler may ask for and admission refuses would be asked for again for ever, and scaling would stall.
"""

import math
from bisect import bisect_left
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache

from flyball.guards.governor.rules import STEP_TOO_LARGE
from flyball.guards.headroom.headroom import MAXIMUM_REPLICAS
from flyball.guards.reading.problem import Path, Problem
from flyball.guards.reading.units import ceil_div


@dataclass(frozen=True, slots=True)
class Rate:
    """The autoscaler's limit in one direction: the larger of `pods` and `percent`, once per `period` seconds."""

    pods: int
    percent: int
    period: int = 60

    def up(self, replicas: int) -> int:
        """The most the autoscaler adds to `replicas` in one period.

        In floating point as kube-controller-manager reckons it (`ceil(n * (1 + percent/100))`,
        pkg/controller/podautoscaler/horizontal.go), so that the answer is its answer: 50 at 10 % becomes 56, not 55.
        """
        return max(self.pods, math.ceil(replicas * (1 + self.percent / 100)) - replicas)

    def down(self, replicas: int) -> int:
        """The most the autoscaler takes from `replicas` in one period (`n - int(n * (1 - percent/100))`)."""
        return min(replicas, max(self.pods, replicas - int(replicas * (1 - self.percent / 100))))


@dataclass(frozen=True, slots=True)
class Behavior:
    """The autoscaler's behaviour: rates up and down, and `calm` seconds of lower need before it goes down."""

    up: Rate = field(default_factory=lambda: Rate(pods=2, percent=50))
    down: Rate = field(default_factory=lambda: Rate(pods=1, percent=10))
    calm: int = 300


@dataclass(frozen=True, slots=True)
class Step:
    """The most one write may change, in one direction: the larger of `pods` and `percent` rounded up."""

    pods: int
    percent: int

    def of(self, replicas: int) -> int:
        return max(self.pods, ceil_div(replicas * self.percent, 100))


@dataclass(frozen=True, slots=True)
class WriterSteps:
    """The admission limits for every writer of replicas: the autoscaler, a deployment tool, a person."""

    up: Step = field(default_factory=lambda: Step(pods=4, percent=100))
    down: Step = field(default_factory=lambda: Step(pods=1, percent=20))


def narrower_at(writer: WriterSteps, behavior: Behavior, ceiling: int) -> int | None:
    """The smallest size up to `ceiling` at which a writer's step is narrower than the autoscaler's, or None."""
    found = [_narrower_at(writer.up, behavior.up, behavior.up.up, ceiling)]
    if writer.down.percent < 100:  # a step that may take all there is, is wide enough
        found.append(_narrower_at(writer.down, behavior.down, behavior.down.down, ceiling))
    return min((n for n in found if n is not None), default=None)


def _narrower_at(step: Step, rate: Rate, most: Callable[[int], int], ceiling: int) -> int | None:
    """The smallest size at which `most`, the rate in one direction, exceeds the step; from candidate to candidate.

    Ceilings reach 100,000, so sizes are passed over where the rate cannot exceed what is allowed already:
    `most(n) <= max(pods, n * percent / 100 + 1)`, the one being rounding up and the last bit of floating point.
    """
    n = 1
    while n <= ceiling:
        allowed = step.of(n)
        if most(n) > allowed:
            return n
        if allowed < rate.pods:
            n = max(n, allowed) + 1
        elif step.percent > rate.percent:
            return None  # a percent more outweighs all rounding
        else:
            n = max(n + 1, ceil_div(100 * allowed, rate.percent))
            if step.percent == rate.percent:
                sizes = _inexact(rate.percent, most.__name__)
                i = bisect_left(sizes, n)
                return sizes[i] if i < len(sizes) and sizes[i] <= ceiling else None
    return None


@cache
def _inexact(percent: int, direction: str) -> tuple[int, ...]:
    """Sizes, up to the most there can be, at which the rate exceeds the same percentage reckoned exactly."""
    stride = 100 // math.gcd(percent, 100)
    if 4 % stride == 0:
        return ()  # quarters are exact in floating point
    most: Callable[[int], int] = getattr(Rate(pods=1, percent=percent), direction)
    return tuple(n for n in range(stride, 2 * MAXIMUM_REPLICAS + 1, stride) if most(n) > n * percent // 100)


def widened(behavior: Behavior, writer: WriterSteps | None = None) -> WriterSteps:
    """The writer's steps, wide enough for the autoscaler at every size.

    One percent above the autoscaler's is enough: it outweighs the last bit of the autoscaler's floating point, which
    may round an exact 55 up to 56.
    """
    wanted = writer or WriterSteps()
    return WriterSteps(
        up=Step(max(wanted.up.pods, behavior.up.pods), max(wanted.up.percent, behavior.up.percent + 1)),
        down=Step(max(wanted.down.pods, behavior.down.pods), max(wanted.down.percent, behavior.down.percent + 1)),
    )


LARGEST_DOWN = 50
"""Percent of what runs that one step of the autoscaler may take; a writer's is a percent wider, see `widened`."""


def check_down(behavior: Behavior, writer: WriterSteps | None, floor: int, path: Path) -> Iterator[Problem]:
    """Refuse steps down that take more than half of what runs, or of the floor, as they were stated."""
    stated = [("behavior", behavior.down.pods, behavior.down.percent, LARGEST_DOWN, "")]
    if writer:
        more = ", one more than the autoscaler's"
        stated.append(("writer", writer.down.pods, writer.down.percent, LARGEST_DOWN + 1, more))
    most = max(1, floor // 2)
    for who, pods, percent, share, why in stated:
        at = (*path, who, "down")
        if pods > most:
            message = f"{pods} replicas in one step are more than half of the floor of {floor}"
            yield Problem((*at, "pods"), STEP_TOO_LARGE, message, f"allowed is up to {most}")
        if percent > share:
            message = f"{percent} percent in one step are more than half of what runs"
            yield Problem((*at, "percent"), STEP_TOO_LARGE, message, f"allowed is up to {share}{why}")


def descent(start: int, end: int, step: Step) -> tuple[int, ...]:
    """The sizes from `start` down to `end` by a writer's steps, without the first one."""
    sizes: list[int] = []
    size = start
    while size > end:
        size = max(end, size - step.of(size))
        sizes.append(size)
    return tuple(sizes)


def ramp(start: int, end: int, behavior: Behavior) -> tuple[tuple[int, int], ...]:
    """The autoscaler's way from `start` to `end` replicas: (seconds since the need changed, replicas), in order.

    Up: a step at once, then one each period. Down: the first step after `calm` seconds. Empty where nothing changes.
    """
    going_up = end > start
    rate = behavior.up if going_up else behavior.down
    at, size, points = (0 if going_up else behavior.calm), start, []
    while size != end:
        size = min(end, size + rate.up(size)) if going_up else max(end, size - rate.down(size))
        points.append((at, size))
        at += rate.period
    return tuple(points)
