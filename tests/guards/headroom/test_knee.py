"""The knee: within 15 % of where a queue's answers take twice as long as at rest, and never where nobody saw one."""

import math
import random
import statistics
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.examples import so_many

from flyball.guards.headroom.headroom import DEFAULT_UTILIZATION
from flyball.guards.headroom.knee import FEWEST, LEAST, TIMES, Curve, Sample, find
from flyball.guards.headroom.queueing import erlang_c

SERVICE = 0.01
"""Seconds that a worker needs for an answer."""
IDLE = 0.03
"""The least load of the samples, as a share of the capacity."""
BEYOND = 30
"""Samples expected beyond the knee: where the curve shows it a little late, `LEAST` of them are left all the same."""


def stretch(workers: int, utilization: float) -> float:
    """How many times as long as alone an answer of M/M/c takes: `1 + C / (c * (1 - u))`."""
    return 1 + erlang_c(workers, workers * utilization) / (workers * (1 - utilization))


def doubled(workers: int) -> float:
    """The utilization at which it takes twice as long, by bisection."""
    low, high = 0.0, 0.9999
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (middle, high) if stretch(workers, middle) < TIMES else (low, middle)
    return low


def lowest_top(workers: int) -> float:
    """The least that the highest load is, as a share of the capacity: most of what lies beyond the knee was seen."""
    knee = doubled(workers)
    return knee + 0.7 * (1 - knee)


def fewest(workers: int) -> int:
    """Samples up to `lowest_top` of which `BEYOND` are expected beyond the knee.

    The more workers, the closer to the capacity it lies: of 16 workers at 95 % of it, so that of 400 samples 14 would
    be beyond it, and of five times 400 now and then one has fewer than `LEAST` beyond the knee that its curve shows.
    """
    knee, top = doubled(workers), lowest_top(workers)
    return max(400, math.ceil(BEYOND * (top - IDLE) / (top - knee)))


def samples(
    workers: int, count: int, top: float, chance: random.Random, noise: float = 0.1, others: float = 0.03
) -> list[Sample]:
    """Of loads up to a share of the capacity, some of them while something else was three times as slow."""
    found = list[Sample]()
    for _ in range(count):
        load = chance.uniform(IDLE, top)
        latency = SERVICE * stretch(workers, load) * max(0.2, chance.gauss(1, noise))
        if chance.random() < others:
            latency *= 3
        found.append(Sample(workers / SERVICE * load * chance.gauss(1, 0.01), latency))
    return found


@settings(max_examples=so_many(30))
@given(
    st.sampled_from([1, 2, 4, 8, 16]).flatmap(lambda c: st.tuples(st.just(c), st.integers(fewest(c), 3000))),
    st.integers(0, 2**32),
)
def test_the_knee_of_a_queue_is_found_and_lies_below_its_capacity(queue: tuple[int, int], seed: int) -> None:
    """Of five measurements the middle one, since samples are of chance: of many single ones some are a little off."""
    workers, count = queue
    chance, knee = random.Random(seed), doubled(workers)
    capacity, knees = workers / SERVICE, list[float]()
    for _ in range(5):
        top = chance.uniform(lowest_top(workers), 0.995)
        found = find(samples(workers, count, top, chance))
        assert found is not None
        assert found.knee is not None
        assert found.knee * DEFAULT_UTILIZATION < capacity
        knees.append(found.knee)
    assert statistics.median(knees) == pytest.approx(knee * capacity, rel=0.15)


@given(st.sampled_from([1, 2, 4, 8, 32]), st.integers(FEWEST, 2000), st.floats(0.2, 0.6), st.integers(0, 2**32))
def test_where_no_replica_was_near_its_limit_there_is_no_knee(
    workers: int, count: int, share: float, seed: int
) -> None:
    """At 60 % of the knee answers take at most 1.5 times as long as at rest."""
    found = find(samples(workers, count, share * doubled(workers), random.Random(seed), others=0))
    assert found is not None
    assert found.knee is None
    assert found.highest <= share * doubled(workers) * workers / SERVICE * 1.05


@given(st.lists(st.builds(Sample, st.floats(0.01, 1e4), st.floats(1e-4, 60)), max_size=200))
def test_the_curve_rises_and_the_knee_is_a_load_that_was_seen(found: list[Sample]) -> None:
    result = find(found)
    assert (result is None) == (len(found) < FEWEST)
    if result:
        assert list(result.curve.points) == sorted(result.curve.points)
        assert list(map(latency, result.curve.points)) == sorted(map(latency, result.curve.points))
        assert result.highest <= max(sample.load for sample in found)
        if result.knee is not None:
            assert sum(sample.load >= result.knee for sample in found) >= LEAST
            assert min(sample.load for sample in found) <= result.knee


latency: Callable[[tuple[float, float]], float] = lambda point: point[1]  # noqa: E731


def test_a_service_that_is_never_at_rest_has_no_knee() -> None:
    """Nobody knows how long its answers take without a line."""
    found = find([Sample(100 + i, 0.1 if i < 50 else 1.0) for i in range(100)])
    assert found is not None
    assert (found.rest, found.knee) == (None, None)


def test_the_last_samples_alone_are_no_knee() -> None:
    """Four outliers at the highest load have none after them to contradict them."""
    found = find([*(Sample(float(i), 0.1) for i in range(1, 100)), *(Sample(101.0 + i, 1.0) for i in range(4))])
    assert found is not None
    assert (found.rest, found.knee) == (0.1, None)
    more = find([*(Sample(float(i), 0.1) for i in range(1, 100)), *(Sample(101.0 + i, 1.0) for i in range(5))])
    assert more is not None
    assert more.knee == pytest.approx(99 + 2 * 0.1 / 0.9)


def test_a_curve_between_its_points_and_beyond_its_ends() -> None:
    curve = Curve(((10.0, 1.0), (20.0, 1.0), (40.0, 3.0)))
    assert [curve.at(load) for load in (0, 10, 15, 30, 40, 99)] == [1, 1, 1, 2, 3, 3]
    assert [curve.reaches(seconds) for seconds in (0.5, 1, 2, 3, 4)] == [10, 10, 30, 40, None]
