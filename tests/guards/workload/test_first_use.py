"""Somebody's first stack: defaults fit each other along all calls, and Kubernetes' words lead to the ones here."""

from functools import cache
from typing import Any, get_args, get_origin, get_type_hints, is_typeddict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flyball.guards.workload.other_words import WORDS
from flyball.guards.workload.resolve import Place, examine
from flyball.stack.schema import ServiceArgs

SERVICE = {"image": "example.org/app:1.0", "port": 8080, "load": {"peak": 100, "replica": 50}}


def times(services: dict[str, dict[str, Any]]) -> dict[str, tuple[int, dict[str, int]]]:
    """Of each service its deadline, and the timeouts of its calls; no rule may be broken."""
    found = examine({name: SERVICE | more for name, more in services.items()}, Place(), (), ServiceArgs)
    assert [str(problem) for problem in found.problems] == []
    return {
        name: (one.spec.deadline, {callee: call.times.timeout for callee, call in one.spec.calls.items()})
        for name, one in found.services.items()
    }


def problems(services: dict[str, dict[str, Any]]) -> list[str]:
    given = {name: SERVICE | more for name, more in services.items()}
    return [str(problem) for problem in examine(given, Place(), (), ServiceArgs).problems]


class TestDefaultsFit:
    def test_of_a_call_that_says_nothing(self) -> None:
        assert times({"a": {"calls": {"b": {}}}, "b": {}}) == {"a": (2250, {"b": 2000}), "b": (2000, {})}

    def test_in_whatever_order_they_stand(self) -> None:
        chain = {"c": {}, "a": {"calls": {"b": {}}}, "b": {"calls": {"c": {}}}}
        assert times(chain) == {"a": (2500, {"b": 2250}), "b": (2250, {"c": 2000}), "c": (2000, {})}

    def test_of_what_calls_take_one_after_another_or_side_by_side(self) -> None:
        others: dict[str, dict[str, Any]] = {"b": {}, "c": {"deadline": "3s"}}
        side = {"parallel": "x"}
        assert times({"a": {"calls": {"b": {}, "c": {}}}, **others})["a"] == (5500, {"b": 2000, "c": 3000})
        assert times({"a": {"calls": {"b": side, "c": side}}, **others})["a"] == (3250, {"b": 2000, "c": 3000})
        assert times({"a": {"calls": {"b": {"retries": 1}}}, **others})["a"] == (4500, {"b": 2000})

    def test_where_all_is_fast_they_are_what_they_were(self) -> None:
        services = {"a": {"calls": {"b": {}, "db": {"host": "db.example", "port": 5432}}}, "b": {"deadline": "500ms"}}
        assert times(services) == {"a": (2500, {"b": 1000, "db": 1000}), "b": (500, {})}

    def test_of_a_service_of_another_set(self) -> None:
        reference = {"name": "desk", "namespace": "trade", "port": 80, "deadline": "1m30s"}
        assert times({"a": {"calls": {"desk": {"service": reference}}}})["a"] == (90_250, {"desk": 90_000})

    def test_of_connections_that_wait_for_long(self) -> None:
        """Window and rest of the breaker, and of plain TCP how long a connection may be idle."""
        readiness = {"readiness": {"exec": ["ask"]}}
        services = {
            "a": {"calls": {"b": {}, "c": {}}, "shutdown": {"drain": "10m"}},
            "b": {"deadline": "2m", "shutdown": {"drain": "2m"}},
            "c": {"deadline": "6m", "shutdown": {"drain": "6m"}, "protocol": "tcp", "probes": readiness},
        }
        found = problems(services)
        assert [problem.partition(":")[0] for problem in found] == ["a.shutdown", "b.shutdown", "c.shutdown"]
        short = {"a": {"calls": {"b": {"breaker": {"window": "5s"}}}}, "b": {}}
        assert times(short)["a"] == (2250, {"b": 2000})

    def test_but_a_promise_is_not_moved(self) -> None:
        assert problems({"a": {"deadline": "2s", "calls": {"b": {}}}, "b": {}}) == [
            "a.calls: together they may take 2.25s, more than a's deadline of 2s (a -> b 2.25s);"
            " lower timeouts or retries, make calls side by side (parallel), or raise the deadline"
        ]
        assert problems({"a": {"calls": {"b": {"timeout": "1s"}}}, "b": {}}) == [
            "a.calls.b.timeout: 1s is less than b's deadline of 2s (a -> b); raise it, or lower b's deadline"
        ]

    def test_nor_by_a_slip_of_the_pen(self) -> None:
        assert problems({"a": {"calls": {"b": {"timeout": "20s"}}}, "b": {}}) == [
            "a.calls.b.timeout: 20s is more than a's deadline of 2s; lower it or raise the deadline"
        ]

    def test_in_a_circle_only_the_circle_is_said(self) -> None:
        circle = {"a": {"calls": {"b": {}}}, "b": {"calls": {"a": {}}}, "c": {"calls": {"a": {}}}}
        assert problems(circle) == [
            "a.calls.b: the calls go round in a circle: a -> b -> a; a request could wait for itself;"
            " remove one of these calls"
        ]

    @given(st.data())
    def test_along_any_calls(self, data: st.DataObject) -> None:
        """Deadlines that people state are at most so long that the longest chain still fits into the way out."""
        count = data.draw(st.integers(1, 5))
        services: dict[str, dict[str, Any]] = {}
        for i in range(count):
            callees = (
                data.draw(st.lists(st.sampled_from([f"s{j}" for j in range(i)]), max_size=2, unique=True)) if i else []
            )
            side = {"parallel": "all"} if data.draw(st.booleans()) else {}
            stated = {} if callees else data.draw(st.sampled_from([{}, {"deadline": "300ms"}, {"deadline": "4s"}]))
            services[f"s{i}"] = {"calls": dict.fromkeys(callees, side), **stated}
        for name, (deadline, calls) in times(services).items():
            assert deadline >= max([0, *calls.values()]), name


@cache
def _known(kind: Any) -> dict[str, Any]:
    return get_type_hints(kind)


def _is_argument(path: str, place: str) -> bool:
    """Whether there is such an argument, from the service on or from where the word stands."""
    kind: Any = ServiceArgs
    for step in [*filter(None, place.split(".")), *path.split(".")]:
        if get_origin(kind) is dict:
            kind = get_args(kind)[1]
        elif step == "*":
            kind = next(iter(_known(kind).values()))
        else:
            if not is_typeddict(kind) or step not in _known(kind):
                return False
            kind = _known(kind)[step]
    return True


class TestOtherWords:
    @pytest.mark.parametrize(
        ("word", "remedy"),
        [
            ("replicaCount", "give load.peak and load.replica; how many replicas there are follows from them"),
            ("statefulSet", "give quorum and data; as quorum: 2 of 3"),
            ("hpa", "give load.peak and load.replica; how many replicas there are follows from them"),
            ("minReplicas", "give load.peak and load.replica; how many replicas there are follows from them"),
            ("maxReplicas", "give ceiling; at most half as many again as proven"),
            ("args", "give arguments"),
            ("livenessProbe", "give probes.liveness"),
            ("readinessProbe", "give probes.readiness"),
            ("readiness_probe", "give probes.readiness"),
            ("cpu", "give resources.cpu"),
            ("requests", "give resources.cpu and resources.memory; the most it may use is resources.limits"),
            ("containerPort", "give port; it is one number; further ones are in ports"),
            ("containers", "give sidecars"),
            ("initContainers", "give init"),
            (
                "ingress",
                "give expose.host; platform.way says by which class or gateway",
            ),
            (
                "volumes",
                "give scratch and data; what outlives its pod is data, with quorum or replicas: one",
            ),
            ("strategy", "give rollout"),
            (
                "trafficRouting",
                "give rollout.canary.by; with route a new version has a weight of the HTTPRoute that expose makes",
            ),
            ("httpRoute", "give expose.host; platform.way says by which class or gateway"),
            ("affinity", "give survive; replicas are spread over nodes and zones by what they must survive"),
            ("nodeSelector", "give nodes.labels"),
            ("tolerations", "give nodes.tolerations"),
            ("terminationGracePeriodSeconds", "give shutdown.drain and shutdown.stop"),
        ],
    )
    def test_of_kubernetes(self, word: str, remedy: str) -> None:
        assert problems({"a": {word: 1}}) == [f"a.{word}: is not a known key; {remedy}"]

    @pytest.mark.parametrize(
        ("given", "said"),
        [
            (
                {"resources": {"requests": {"cpu": "1"}}},
                "resources.requests: is not a known key; give cpu and memory; right under resources",
            ),
            ({"probes": {"readinessProbe": {}}}, "probes.readinessProbe: is not a known key; give readiness"),
            (
                {"probes": {"readiness": {"path": "/", "periodSeconds": 5}}},
                "probes.readiness.periodSeconds: is not a known key; give period",
            ),
            (
                {"calls": {"b": {"url": "x"}}},
                "calls.b.url: is not a known key; give host and port; for what is outside of the stack",
            ),
        ],
    )
    def test_below(self, given: dict[str, Any], said: str) -> None:
        assert f"a.{said}" in problems({"a": given, "b": {}})

    def test_a_word_of_ours_is_none_of_them(self) -> None:
        for place, words in WORDS.items():
            assert [word for word in words if _is_argument(word, place)] == []

    @pytest.mark.parametrize("place", WORDS)
    def test_lead_to_arguments_that_there_are(self, place: str) -> None:
        wrong = [
            (word, path)
            for word, meant in WORDS[place].items()
            for path in meant.arguments
            if not _is_argument(path, place)
        ]
        assert wrong == []

    def test_what_is_nearly_an_argument_is_still_that(self) -> None:
        assert problems({"a": {"prot": 1}}) == ["a.prot: is not a known key; did you mean 'port'?"]
