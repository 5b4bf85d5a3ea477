"""What one replica can do, read off how long its answers take at each load.

The knee is the load per replica at which an answer takes twice as long as at rest: from there on a request spends more
time in line than at work. For one worker that is where throughput by latency is highest, half of what it could do at
most (L. Kleinrock, "Power and deterministic rules of thumb for probabilistic problems in computer communications", ICC
1979); of eight workers it is nine tenths, by the same Erlang C that `queueing` has. It is a load that was served, never
one that a curve was drawn out to: below the knee nothing is proposed but the highest load that was seen.

Kneedle (V. Satopää et al., "Finding a 'Kneedle' in a Haystack", 2011) is not used: it takes the point farthest from
the chord of the curve, so that it finds a knee on any curve that bends, and another one for each range of loads: of
1 / (1 - x) seen up to x it is 1 - sqrt(1 - x), 29 % of the capacity where half of it was seen. Fits of the Universal
Scalability Law are not either: their capacity lies beyond the samples wherever these end below it.

Samples are noisy, and some are of moments at which something else was slow. So the curve is that of the rising ones
from which the samples differ least in sum: isotonic regression by medians, by pooling adjacent violators (R. E. Barlow
et al., "Statistical inference under order restrictions", 1972). It needs no form of a curve, and no width of ranges.
"""

from bisect import bisect_left, insort
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

TIMES = 2.0
"""As long as at rest takes an answer at the knee."""
STEPS = 200
"""Into which the loads up to the highest are divided first: nothing is told apart that differs by half a percent."""
LEAST = 5
"""Samples from the knee on: of their median no two outliers decide."""
FEWEST = 20
"""Samples from which a curve is drawn at all."""
RESTING = 0.1
"""The share of the samples, those with the least load, that tell how long an answer takes at rest."""
AT_REST = 1 / 3
"""Of the highest load: where the least loads are above it, nobody has seen a replica at rest."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One replica over a while: requests per second that it answered, and how long an answer took on average [s]."""

    load: float
    latency: float


@dataclass(frozen=True, slots=True)
class Curve:
    """Latency [s] by load [requests/s of one replica], both rising from point to point."""

    points: tuple[tuple[float, float], ...]

    def at(self, load: float) -> float:
        """The latency at a load; beyond the ends as there."""
        loads = [each for each, _ in self.points]
        following = bisect_left(loads, load)
        if following == 0 or following == len(loads):
            return self.points[min(following, len(loads) - 1)][1]
        (left, low), (right, high) = self.points[following - 1 : following + 1]
        return low + (high - low) * (load - left) / (right - left)

    def reaches(self, latency: float) -> float | None:
        """The lowest load at which answers take so long; None where they never do."""
        if self.points[0][1] >= latency:
            return self.points[0][0]
        for (left, low), (right, high) in pairwise(self.points):
            if high >= latency:
                return left + (right - left) * (latency - low) / (high - low)
        return None


@dataclass(frozen=True, slots=True)
class Found:
    """What samples tell. `knee` is None where answers never took `TIMES` as long as at rest, or nobody knows that time.

    `rest` is the latency [s] of the least loads, None where these are none of a replica at rest; `highest` is the
    median of the `LEAST` highest loads.
    """

    curve: Curve
    rest: float | None
    highest: float
    knee: float | None


def find(samples: Iterable[Sample]) -> Found | None:
    """The curve of the samples, and the knee if they show one; None of fewer samples than `FEWEST`."""
    ordered = sorted(samples, key=lambda sample: sample.load)
    if len(ordered) < FEWEST:
        return None
    curve = _rising(_steps(ordered))
    resting = ordered[: max(LEAST, int(RESTING * len(ordered)))]
    highest = median(sample.load for sample in ordered[-LEAST:])
    rest = median(each.latency for each in resting) if median(s.load for s in resting) <= AT_REST * highest else None
    knee = curve.reaches(TIMES * rest) if rest else None
    # The last samples have none after them to say that they are outliers.
    seen = knee is not None and sum(sample.load >= knee for sample in ordered) >= LEAST
    return Found(curve, rest, highest, knee if seen else None)


def _steps(ordered: Sequence[Sample]) -> list[list[Sample]]:
    """Those of about the same load together."""
    width = ordered[-1].load / STEPS
    found = [[ordered[0]]]
    for sample in ordered[1:]:
        if sample.load > found[-1][0].load + width:
            found.append([])
        found[-1].append(sample)
    return found


def _rising(steps: Iterable[Sequence[Sample]]) -> Curve:
    """Of each step the median, and of steps that fall the median of all their samples."""
    pools = list[tuple[float, float, list[float]]]()
    for samples in steps:
        pool = (samples[0].load, samples[-1].load, sorted(sample.latency for sample in samples))
        while pools and _middle(pools[-1][2]) >= _middle(pool[2]):
            first, _, before = pools.pop()
            pool = (first, pool[1], _together(before, pool[2]))
        pools.append(pool)
    return Curve(tuple((load, _middle(of)) for first, last, of in pools for load in dict.fromkeys((first, last))))


def _middle(ordered: Sequence[float]) -> float:
    """The lower median."""
    return ordered[(len(ordered) - 1) // 2]


def _together(one: list[float], other: list[float]) -> list[float]:
    """Two sorted lists as one: the longer, with each of the shorter put in its place."""
    longer, shorter = (one, other) if len(one) >= len(other) else (other, one)
    for value in shorter:
        insort(longer, value)
    return longer
