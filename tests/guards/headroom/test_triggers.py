from fractions import Fraction
from typing import Any

import pytest
from tests.guards.workload.one import resolved

from flyball.guards.headroom.triggers import Prometheus
from flyball.guards.reading.problem import Refused
from flyball.guards.workload.spec import Spec

MINIMAL: dict[str, Any] = {"port": 8080, "load": {"peak": 100, "replica": 20}}
QUERY: dict[str, Any] = {"server": "http://prometheus:9090", "query": "sum(rate(requests[1m]))"}


def spec(**more: Any) -> Spec:
    return resolved("web", MINIMAL | more).spec


def problems(**query: Any) -> list[str]:
    with pytest.raises(Refused) as refused:
        spec(triggers={"orders": {"prometheus": QUERY | query}})
    return [str(problem) for problem in refused.value.problems]


def test_as_written() -> None:
    found = spec(triggers={"orders": {"prometheus": QUERY | {"threshold": 2.5}}})
    assert found.triggers == {"orders": Prometheus("http://prometheus:9090", "sum(rate(requests[1m]))", 2.5)}
    assert found.needs_keda


def test_neither_schedule_nor_trigger_needs_keda() -> None:
    assert not spec().needs_keda
    assert not spec(triggers={}).needs_keda
    assert spec(schedule={"windows": [{"start": "0 8 * * *", "end": "0 9 * * *", "peak": 10}]}).needs_keda


def test_without_a_threshold_a_replica_may_have_what_it_does_at_the_target() -> None:
    """70 % of 20 requests per second."""
    assert Prometheus("http://a", "x", None).per_replica(20, 70) == 14
    assert Prometheus("http://a", "x", 2.5).per_replica(20, 70) == Fraction(5, 2)


@pytest.mark.parametrize("server", ["http://a", "https://prometheus.monitoring:9090/prefix", "http://[::1]:9090"])
def test_addresses_of_servers(server: str) -> None:
    assert spec(triggers={"a": {"prometheus": QUERY | {"server": server}}}).triggers["a"].server == server


@pytest.mark.parametrize(
    "server", ["prometheus:9090", "", "ftp://a", "http://", "http://a?x=1", "http://a#b", "http://[::1"]
)
def test_what_is_no_address_of_a_server(server: str) -> None:
    assert problems(server=server) == [
        f"web.triggers.orders.prometheus.server: is {server!r}; give the address of a Prometheus server, as"
        " http://prometheus.name:9090"
    ]


def test_a_password_that_everybody_could_read() -> None:
    found = problems(server="https://me:secret@prometheus")
    assert found == [
        "web.triggers.orders.prometheus.server: holds a user, which everybody could read;"
        " use a server inside the cluster, without one"
    ]


def test_an_empty_query_and_a_threshold_of_nothing() -> None:
    assert problems(query=" ", threshold=0) == [
        "web.triggers.orders.prometheus.query: is empty; give a PromQL expression with one number as its result",
        "web.triggers.orders.prometheus.threshold: is 0; allowed is a number above 0",
    ]
