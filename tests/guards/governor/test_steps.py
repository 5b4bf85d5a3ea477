"""Steps of the autoscaler and of any writer, and the ramps that they make."""

import math
from fractions import Fraction

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from flyball.guards.governor import steps
from flyball.guards.governor.steps import Behavior, Rate, Step, WriterSteps

PERCENTS = st.integers(1, 1000)
PODS = st.integers(1, 12) | st.integers(1, 100_000)
RATES = st.builds(Rate, PODS, PERCENTS, st.integers(1, 1800))
BEHAVIORS = st.builds(Behavior, RATES, RATES, st.integers(1, 3600))
STEPS = st.builds(Step, PODS, PERCENTS)
WRITERS = st.builds(WriterSteps, STEPS, STEPS)
SIZES = st.integers(1, 300) | st.integers(1, 150_000)


def counted_out(writer: WriterSteps, behavior: Behavior, ceiling: int) -> int | None:
    for n in range(1, ceiling + 1):
        if behavior.up.up(n) > writer.up.of(n) or behavior.down.down(n) > writer.down.of(n):
            return n
    return None


class TestRates:
    @pytest.mark.parametrize(
        ("replicas", "pods", "percent", "added"),
        [(4, 2, 50, 2), (10, 2, 50, 5), (9, 2, 50, 5), (1, 2, 50, 2), (0, 2, 50, 2), (10, 1, 10, 1), (50, 1, 10, 6)],
    )
    def test_up(self, replicas: int, pods: int, percent: int, added: int) -> None:
        """50 at 10 % gets six: kube-controller-manager's 50 * 1.1 is 55.00000000000001."""
        assert Rate(pods, percent).up(replicas) == added

    @pytest.mark.parametrize(
        ("replicas", "pods", "percent", "taken"),
        [(10, 1, 10, 1), (11, 1, 10, 2), (20, 1, 10, 2), (5, 1, 10, 1), (3, 5, 10, 3), (7, 1, 100, 7), (7, 1, 300, 7)],
    )
    def test_down(self, replicas: int, pods: int, percent: int, taken: int) -> None:
        assert Rate(pods, percent).down(replicas) == taken

    @given(RATES, SIZES)
    def test_within_one_of_exact_reckoning(self, rate: Rate, size: int) -> None:
        exact = Fraction(size * rate.percent, 100)
        assert max(rate.pods, math.ceil(exact)) <= rate.up(size) <= max(rate.pods, math.ceil(exact + Fraction(1, 10)))
        low = min(size, max(rate.pods, math.ceil(exact)))
        assert low <= rate.down(size) <= min(size, max(rate.pods, math.ceil(exact + Fraction(1, 10))))

    @pytest.mark.parametrize(
        ("replicas", "pods", "percent", "step"), [(16, 1, 20, 4), (15, 1, 20, 3), (1, 4, 100, 4), (100, 1, 1, 1)]
    )
    def test_a_writers_step_is_rounded_up(self, replicas: int, pods: int, percent: int, step: int) -> None:
        assert Step(pods, percent).of(replicas) == step


class TestWriterAgainstAutoscaler:
    @given(BEHAVIORS, st.none() | WRITERS, SIZES)
    def test_widened_is_never_narrower(self, behavior: Behavior, writer: WriterSteps | None, size: int) -> None:
        wide = steps.widened(behavior, writer)
        assert wide.up.of(size) >= behavior.up.up(size)
        assert wide.down.of(size) >= behavior.down.down(size)

    def test_widened_at_every_percentage(self) -> None:
        """One pod leaves the percentage alone to decide; sizes where it is a whole number are where rounding bites."""
        for percent in range(1, 1001):
            behavior = Behavior(Rate(1, percent), Rate(1, percent))
            wide = steps.widened(behavior, WriterSteps(Step(1, 1), Step(1, 1)))
            assert wide == WriterSteps(Step(1, percent + 1), Step(1, percent + 1))
            stride = 100 // math.gcd(percent, 100)
            for n in (*range(1, 40), *range(stride, 101, stride), 99_900, 100_000, 150_000):
                assert wide.up.of(n) >= behavior.up.up(n)
                assert wide.down.of(n) >= behavior.down.down(n)

    def test_widened_keeps_what_is_wide_enough(self) -> None:
        writer = WriterSteps(Step(9, 200), Step(3, 40))
        assert steps.widened(Behavior(), writer) == writer
        assert steps.widened(Behavior()) == WriterSteps(Step(4, 100), Step(1, 20))
        assert steps.widened(Behavior(up=Rate(8, 150), down=Rate(2, 30))) == WriterSteps(Step(8, 151), Step(2, 31))

    @given(WRITERS, BEHAVIORS, st.integers(1, 400))
    @example(WriterSteps(Step(5, 60), Step(1, 15)), Behavior(down=Rate(1, 15)), 400)
    def test_the_first_narrow_size(self, writer: WriterSteps, behavior: Behavior, ceiling: int) -> None:
        assert steps.narrower_at(writer, behavior, ceiling) == counted_out(writer, behavior, ceiling)

    @given(PERCENTS, st.integers(1, 30), st.integers(1, 30), st.integers(-1, 1))
    def test_the_first_narrow_size_near_the_same_percentage(
        self, percent: int, pods: int, writers: int, more: int
    ) -> None:
        behavior = Behavior(Rate(pods, percent), Rate(pods, percent))
        step = Step(writers, max(1, percent + more))
        for writer in (WriterSteps(step, Step(1, 100)), WriterSteps(Step(100_000, 1), step)):
            assert steps.narrower_at(writer, behavior, 2_000) == counted_out(writer, behavior, 2_000)

    @pytest.mark.parametrize(
        ("writer", "behavior", "ceiling", "first"),
        [
            (WriterSteps(Step(2, 87), Step(1, 20)), Behavior(up=Rate(1, 87)), 100_000, 4_300),
            (WriterSteps(Step(4, 100), Step(1, 53)), Behavior(down=Rate(1, 53)), 100_000, 4_300),
            (WriterSteps(Step(4, 100), Step(1, 53)), Behavior(down=Rate(1, 53)), 4_299, None),
            (WriterSteps(Step(4, 100), Step(1, 20)), Behavior(), 150_000, None),
            (WriterSteps(Step(4, 100), Step(60_000, 1)), Behavior(down=Rate(1, 99)), 100_000, 60_607),
            (WriterSteps(Step(1, 100), Step(1, 20)), Behavior(), 10, 1),
            (WriterSteps(Step(4, 100), Step(1, 10)), Behavior(), 10, None),
            (WriterSteps(Step(4, 100), Step(1, 9)), Behavior(), 100, 11),
            (WriterSteps(Step(4, 100), Step(1, 20)), Behavior(down=Rate(3, 10)), 100, 2),
        ],
    )
    def test_worked_examples(self, writer: WriterSteps, behavior: Behavior, ceiling: int, first: int | None) -> None:
        assert steps.narrower_at(writer, behavior, ceiling) == first
        assert counted_out(writer, behavior, min(ceiling, 61_000)) == first

    def test_no_size_at_all(self) -> None:
        assert steps.narrower_at(WriterSteps(Step(1, 1), Step(1, 1)), Behavior(), 0) is None


class TestRamp:
    def test_down_by_hand(self) -> None:
        """Ten percent of ten and fewer is one pod, each minute, after five minutes of calm."""
        assert steps.ramp(10, 4, Behavior()) == ((300, 9), (360, 8), (420, 7), (480, 6), (540, 5), (600, 4))

    def test_up_by_hand(self) -> None:
        """4 + 2, 6 + 3, 9 + 4.5 rounded up, 14 + 6 of the 7 that are allowed."""
        assert steps.ramp(4, 20, Behavior()) == ((0, 6), (60, 9), (120, 14), (180, 20))

    def test_nowhere_to_go(self) -> None:
        assert steps.ramp(5, 5, Behavior()) == ()

    @given(st.integers(1, 3_000), st.integers(1, 3_000), BEHAVIORS)
    @example(2_000, 1, Behavior())
    def test_one_step_a_period_to_the_goal(self, start: int, end: int, behavior: Behavior) -> None:
        points = steps.ramp(start, end, behavior)
        rate = behavior.up if end > start else behavior.down
        size = start
        for i, (at, then) in enumerate(points):
            assert at == (0 if end > start else behavior.calm) + i * rate.period
            if end > start:
                assert size < then <= min(end, size + rate.up(size))
            else:
                assert max(end, size - rate.down(size)) <= then < size
            size = then
        assert size == end


class TestDown:
    @given(BEHAVIORS, st.none() | WRITERS, SIZES)
    def test_half_is_the_most_that_may_be_stated(
        self, behavior: Behavior, writer: WriterSteps | None, floor: int
    ) -> None:
        found = list(steps.check_down(behavior, writer, floor, ("web",)))
        stated = [(("behavior",), behavior.down, 50), *([(("writer",), writer.down, 51)] if writer else [])]
        wrong = [("web", *who, "down", "pods") for who, one, _ in stated if one.pods > max(1, floor // 2)]
        wrong += [("web", *who, "down", "percent") for who, one, most in stated if one.percent > most]
        assert sorted(problem.path for problem in found) == sorted(wrong)

    @given(SIZES, SIZES, STEPS)
    def test_a_descent_ends_where_it_should_and_each_step_is_one(self, start: int, end: int, step: Step) -> None:
        sizes = steps.descent(start, end, step)
        assert (sizes[-1] if sizes else None) == (end if start > end else None)
        before = [start, *sizes]
        assert all(end <= n < last and last - n <= step.of(last) for last, n in zip(before, sizes, strict=False))

    def test_the_one_that_was_measured(self) -> None:
        assert steps.descent(12, 4, Step(1, 20)) == (9, 7, 5, 4)
