"""Deadlines along the call graph, against an oracle that walks every path."""

from collections.abc import Iterator, Mapping
from itertools import pairwise, product

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from flyball.guards.timeouts import deadlines
from flyball.guards.timeouts.deadlines import Promise, Times
from flyball.guards.timeouts.rules import CALLS_IN_A_CIRCLE

Graph = Mapping[str, Promise]
NAMES = "abcdef"
TWO_CIRCLES = {
    "a": Promise(5_000, {"b": Times(), "c": Times()}),
    "b": Promise(5_000, {"c": Times()}),
    "c": Promise(5_000, {"a": Times()}),
}


def paths(graph: Graph, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Every path of calls that begins like this one; a path ends where it comes back to itself."""
    yield path
    if path.count(path[-1]) > 1:
        return
    for callee, call in graph[path[-1]].calls.items():
        if callee in graph and not call.outside:
            yield from paths(graph, (*path, callee))


def circles(graph: Graph) -> set[tuple[str, ...]]:
    """Every elementary circle of two or more, beginning with the name that the graph lists first."""
    names = list(graph)
    ways = (way for name in names for way in paths(graph, (name,)) if len(way) > 2 and way[0] == way[-1])
    return {way for way in ways if names.index(way[0]) == min(map(names.index, way))}


def spent(promise: Promise) -> int:
    """The longest sum of one call from each group, and of all calls in none."""
    serial = [[call] for call in promise.calls.values() if call.parallel is None]
    words = {call.parallel for call in promise.calls.values()} - {None}
    groups = [[call for call in promise.calls.values() if call.parallel == word] for word in words]
    times = [
        sum(call.backoff + sum(call.connect + call.timeout for _ in range(call.retries + 1)) for call in choice)
        for choice in product(*serial, *groups)
    ]
    return max(times)


def sound(graph: Graph) -> bool:
    """Whether no hop of any path breaks a promise, walked path by path."""
    for path in (path for name in graph for path in paths(graph, (name,))):
        if len(set(path)) < len(path):
            return False
        last = graph[path[-1]]
        if last.deadline is not None:
            if spent(last) > last.deadline:
                return False
            if any(call.timeout > last.deadline for call in last.calls.values()):
                return False
        if len(path) > 1:
            hop = graph[path[-2]].calls[path[-1]]
            if last.deadline is not None and hop.timeout < last.deadline:
                return False
    return True


def longest(graph: Graph, name: str) -> int:
    """What a request really takes at worst, each callee as slow as it can be, its caller giving up at the timeout."""
    groups: dict[str, int] = {}
    for i, (callee, call) in enumerate(graph[name].calls.items()):
        answer = call.timeout
        if callee in graph and not call.outside and graph[callee].calls:
            answer = min(answer, longest(graph, callee))
        taken = (call.connect + answer) * (1 + call.retries) + call.backoff
        key = call.parallel or f"alone {i}"
        groups[key] = max(groups.get(key, 0), taken)
    return sum(groups.values())


TIMES = st.sampled_from([100, 200, 400, 800, 1600])
CALLS = st.builds(
    Times,
    connect=st.sampled_from([0, 10]),
    timeout=TIMES,
    retries=st.sampled_from([0, 0, 0, 1, 2]),
    backoff=st.sampled_from([0, 0, 50]),
    parallel=st.sampled_from([None, None, "x", "y"]),
    outside=st.sampled_from([False, False, False, True]),
)


@st.composite
def graphs(draw: st.DrawFn, most_calls: int = 3) -> dict[str, Promise]:
    """Anything: circles, calls to themselves, to the outside and to nobody, deadlines that could not be read."""
    names = NAMES[: draw(st.integers(1, len(NAMES)))]
    callees = st.dictionaries(st.sampled_from([*names, "db"]), CALLS, max_size=most_calls)
    return {name: Promise(draw(st.none() | TIMES), draw(callees)) for name in names}


@st.composite
def sound_graphs(draw: st.DrawFn) -> dict[str, Promise]:
    """Built from the leaves up: each timeout at least the callee's deadline, each deadline at least what is spent."""
    graph: dict[str, Promise] = {}
    for name in NAMES[: draw(st.integers(1, len(NAMES)))]:
        calls: dict[str, Times] = {}
        for callee in draw(st.sets(st.sampled_from([*graph, "db"]), max_size=3)):
            call = draw(CALLS)
            least = 1 if call.outside or callee == "db" else graph[callee].deadline or 1
            timeout = least + draw(st.sampled_from([0, 1, 50]))
            calls[callee] = Times(call.connect, timeout, call.retries, call.backoff, call.parallel, call.outside)
        promise = Promise(None, calls)
        graph[name] = Promise(max(1, spent(promise)) + draw(st.sampled_from([0, 7])), calls)
    return dict(reversed(graph.items()))


class TestCheck:
    @given(graphs() | graphs(most_calls=1) | sound_graphs())
    def test_is_empty_exactly_where_every_path_holds(self, graph: dict[str, Promise]) -> None:
        assert (not list(deadlines.check(graph))) == sound(graph)

    @given(sound_graphs())
    def test_what_it_lets_pass_answers_in_time(self, graph: dict[str, Promise]) -> None:
        assert list(deadlines.check(graph)) == []
        for name, promise in graph.items():
            assert promise.deadline is not None
            assert longest(graph, name) <= promise.spent <= promise.deadline
            for callee, call in promise.calls.items():
                if callee in graph and not call.outside:
                    assert longest(graph, callee) <= call.timeout

    @given(sound_graphs(), st.data())
    def test_a_millisecond_less_is_refused(self, graph: dict[str, Promise], data: st.DataObject) -> None:
        callers = [name for name, promise in graph.items() if promise.calls]
        assume(callers)
        name = data.draw(st.sampled_from(callers))
        tight = graph | {name: Promise(graph[name].spent - 1, graph[name].calls)}
        found = [problem.path for problem in deadlines.check(tight)]
        assert any(path[:3] == ("services", name, "calls") for path in found)

    @given(graphs())
    def test_spent_is_the_longest_choice(self, graph: dict[str, Promise]) -> None:
        for promise in graph.values():
            assert promise.spent == spent(promise)

    @given(graphs())
    def test_every_problem_is_at_a_call_that_exists(self, graph: dict[str, Promise]) -> None:
        places = {(name, "calls") for name in graph}
        places |= {(name, "calls", callee) for name in graph for callee in graph[name].calls}
        for problem in deadlines.check(graph, {name: (name,) for name in graph}):
            assert problem.path[:3] in places
            assert problem.path[3:] in ((), ("timeout",))


class TestCircles:
    @given(graphs() | graphs(most_calls=6))
    @example(TWO_CIRCLES)
    def test_every_call_on_a_circle_is_named_in_a_shortest_one(self, graph: dict[str, Promise]) -> None:
        every, found = circles(graph), deadlines.cycles(graph)
        assert set(found) <= every
        assert len(set(found)) == len(found)
        shortest: dict[tuple[str, str], int] = {}
        for circle in every:
            for hop in pairwise(circle):
                shortest[hop] = min(len(circle), shortest.get(hop, len(circle)))
        assert {hop for circle in found for hop in pairwise(circle)} == set(shortest)
        assert all(any(len(circle) == shortest[hop] for hop in pairwise(circle)) for circle in found)

    @given(graphs())
    def test_each_is_reported_once_at_its_first_call(self, graph: dict[str, Promise]) -> None:
        texts = [str(problem) for problem in deadlines.check(graph) if problem.rule is CALLS_IN_A_CIRCLE]
        assert texts == [
            f"services.{c[0]}.calls.{c[1]}: the calls go round in a circle: {' -> '.join(c)};"
            " a request could wait for itself; remove one of these calls"
            for c in deadlines.cycles(graph)
        ]

    def test_a_ring_of_thousands_needs_no_recursion(self) -> None:
        names = [f"s{i}" for i in range(3_000)]
        ring = {name: Promise(1, {names[i - 2999]: Times()}) for i, name in enumerate(names)}
        assert deadlines.cycles(ring) == [(*names, "s0")]
        assert deadlines.cycles(ring | {"s2999": Promise(1, {})}) == []


class TestByHand:
    @pytest.mark.parametrize(
        ("call", "milliseconds"),
        [
            (Times(), 1_250),
            (Times(retries=2, backoff=300), 4_050),
            (Times(connect=100, timeout=400, retries=1), 1_000),
            (Times(connect=0, timeout=1), 1),
        ],
    )
    def test_the_longest_a_call_takes(self, call: Times, milliseconds: int) -> None:
        assert call.longest == milliseconds

    def test_side_by_side_only_the_longest_counts(self) -> None:
        calls = {
            "a": Times(0, 300, parallel="x"),
            "b": Times(0, 500, parallel="x"),
            "c": Times(0, 200, parallel="y"),
            "d": Times(0, 100),
            "e": Times(0, 40),
        }
        assert Promise(2_000, calls).spent == 500 + 200 + 100 + 40
        assert Promise(2_000, {}).spent == 0

    def test_the_path_leads_along_the_longest_calls(self) -> None:
        graph = {
            "front": Promise(2_000, {"ads": Times(timeout=100), "cart": Times(timeout=900)}),
            "cart": Promise(900, {"redis": Times(timeout=50), "log": Times(timeout=40)}),
        }
        assert deadlines.Paths(graph).longest("front") == ("front", "cart", "redis")
        assert deadlines.Paths(graph).longest("redis") == ("redis",)
        circle = {"a": Promise(1, {"b": Times()}), "b": Promise(1, {"a": Times()})}
        assert deadlines.Paths(circle).longest("a") == ("a", "b")

    def test_of_a_long_path_the_beginning_is_shown(self) -> None:
        chain = {f"s{i}": Promise(None, {f"s{i + 1}": Times()}) for i in range(30)}
        assert deadlines.Paths(chain).longest("s10") == (*(f"s{i}" for i in range(10, 30)), "…")
        assert deadlines.Paths(chain).longest("s11") == tuple(f"s{i}" for i in range(11, 31))


def texts(graph: Graph) -> list[str]:
    return [str(problem) for problem in deadlines.check(graph)]


class TestRefused:
    def test_a_caller_that_gives_up_before_its_callee(self) -> None:
        graph = {
            "front": Promise(2_000, {"cart": Times(timeout=400)}),
            "cart": Promise(500, {"redis": Times(timeout=100, connect=50, outside=True)}),
        }
        assert texts(graph) == [
            "services.front.calls.cart.timeout: 400ms is less than cart's deadline of 500ms (front -> cart -> redis);"
            " raise it, or lower cart's deadline"
        ]

    def test_a_caller_that_waits_longer_than_it_may(self) -> None:
        graph = {"checkout": Promise(2_000, {"payments": Times(timeout=3_000, outside=True)})}
        assert texts(graph) == [
            "services.checkout.calls.payments.timeout: 3s is more than checkout's deadline of 2s;"
            " lower it or raise the deadline"
        ]

    def test_calls_that_do_not_fit_together(self) -> None:
        graph = {"front": Promise(2_000, {"ads": Times(), "db": Times(timeout=500, retries=1)})}
        assert texts(graph) == [
            "services.front.calls: together they may take 2.75s, more than front's deadline of 2s"
            " (front -> ads 1.25s, db 1.5s);"
            " lower timeouts or retries, make calls side by side (parallel), or raise the deadline"
        ]

    def test_a_call_to_itself(self) -> None:
        assert texts({"a": Promise(2_000, {"a": Times()})}) == [
            "services.a.calls.a: a calls itself; remove the call; a workload reaches itself without a hop"
        ]

    def test_two_circles_with_a_call_in_common(self) -> None:
        """Of `a -> b -> c -> a` and `a -> c -> a`, breaking up one leaves the other."""
        rest = "a request could wait for itself; remove one of these calls"
        assert texts(TWO_CIRCLES) == [
            f"services.a.calls.b: the calls go round in a circle: a -> b -> c -> a; {rest}",
            f"services.a.calls.c: the calls go round in a circle: a -> c -> a; {rest}",
        ]

    def test_a_host_outside_under_ones_own_name_is_not_oneself(self) -> None:
        assert texts({"a": Promise(2_000, {"a": Times(outside=True)})}) == []

    def test_what_could_not_be_read_promises_nothing(self) -> None:
        graph = {"a": Promise(None, {"b": Times(timeout=1)}), "b": Promise(None, {"c": Times(timeout=10**9)})}
        assert texts(graph) == []
