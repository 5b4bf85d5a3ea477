"""A team's own containers: their order, what a pod asks for with them, and how long it takes to end."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flyball.guards.reading.problem import Refused
from flyball.guards.reading.units import size
from flyball.guards.workload.init_containers import Init, OwnSidecar, effective, in_order
from flyball.guards.workload.resolve import Place, resolve
from flyball.guards.workload.spec import Spec
from flyball.stack.schema import ServiceArgs

WEB: dict[str, Any] = {
    "image": "example.org/web:1.0",
    "port": 8080,
    "load": {"peak": 100, "replica": 20},
    "resources": {"cpu": "200m", "memory": "100Mi"},
}


def init(cpu: str, memory: str, **more: Any) -> dict[str, Any]:
    return {"image": "example.org/first:1.0", "resources": {"cpu": cpu, "memory": memory}, **more}


def beside(cpu: str, memory: str, **more: Any) -> dict[str, Any]:
    return init(cpu, memory, port=9200, probes={"readiness": {"path": "/ready"}}, **more)


def spec(**more: Any) -> Spec:
    return resolve({"web": {**WEB, **more}}, Place(), expected=ServiceArgs)["web"].spec


STARTED = st.lists(st.tuples(st.booleans(), st.integers(0, 1_000)), max_size=6)


@given(STARTED, st.integers(0, 1_000))
def test_a_pod_asks_for_the_most_that_it_ever_needs(started: list[tuple[bool, int]], running: int) -> None:
    """Of all moments of its life: while each of its init containers runs beside those that stay, and at last."""
    moments = [sum(asked for stays, asked in started[:i] if stays) + started[i][1] for i in range(len(started))]
    moments.append(sum(asked for stays, asked in started if stays) + running)
    assert effective(started, running) == max(moments)


@pytest.mark.parametrize(
    ("more", "cpu", "memory"),
    [
        # The proxy asks for 20m and 31Mi: its floor, its buffers and a table.
        ({}, 220, "131Mi"),
        ({"proxy": {"enabled": False}}, 200, "100Mi"),
        # logrotate: 10m, and 40m to compress 1 MiB/s.
        ({"logs": {"path": "/logs", "preset": "nginx"}}, 270, "163Mi"),
        ({"sidecars": {"a": beside("50m", "64Mi"), "b": {**beside("1", "1Mi"), "port": 9201}}}, 1270, "196Mi"),
        # One that ends counts for as long as it runs, beside the proxy, which has started before.
        ({"init": {"a": init("100m", "1Mi")}}, 220, "131Mi"),
        ({"init": {"a": init("500m", "1Mi"), "b": init("1m", "1Gi")}}, 520, "1055Mi"),
        # It runs before sidecars, unless it needs one.
        ({"init": {"a": init("500m", "1Mi")}, "sidecars": {"s": beside("100m", "1Mi")}}, 520, "132Mi"),
        ({"init": {"a": init("500m", "1Mi", after=["s"])}, "sidecars": {"s": beside("100m", "1Mi")}}, 620, "132Mi"),
    ],
)
def test_what_a_pod_asks_for(more: dict[str, Any], cpu: int, memory: str) -> None:
    assert spec(**more).asked == (cpu, size(memory))


def test_they_start_by_their_names_and_what_needs_a_sidecar_after_all_of_them() -> None:
    found = spec(
        init={"z": init("1m", "1Mi"), "a": init("1m", "1Mi", after=["t"]), "m": init("1m", "1Mi")},
        sidecars={"t": beside("1m", "1Mi"), "s": {**beside("1m", "1Mi"), "port": 9201}},
    )
    order = in_order(found.init, found.sidecars)
    assert [name for name, _ in order] == ["m", "z", "s", "t", "a"]
    assert [type(each) for _, each in order] == [Init, Init, OwnSidecar, OwnSidecar, Init]


def test_they_end_after_the_application_one_by_one() -> None:
    """prestop 5 s, drain 30 s and stop 5 s; then 1 s, and 7 s."""
    own = {"s": beside("1m", "1Mi"), "t": {**beside("1m", "1Mi", stop="7s"), "port": 9201}}
    assert spec().grace_seconds == 40
    assert spec(sidecars=own).grace_seconds == 48


def test_a_port_of_udp_hides_nobody_who_listens_on_that_number() -> None:
    """Of a sidecar's, which is TCP: the application listens there already."""
    ports = {"names": {"port": 8080, "protocol": "udp", "public": True}}
    with pytest.raises(Refused) as refused:
        spec(ports=ports, sidecars={"s": {**beside("1m", "1Mi"), "port": 8080}})
    [problem] = refused.value.problems
    assert (problem.where, problem.message) == (
        "services.web.sidecars.s.port",
        "8080 is the port of the application",
    )


def test_two_folders_in_one_place_are_refused_however_they_are_written() -> None:
    scratch = {"tmp": {"path": "/tmp"}, "work": {"path": "/work"}}
    with pytest.raises(Refused) as refused:
        spec(scratch=scratch, init={"a": init("1m", "1Mi", mounts={"tmp": "//tmp/", "work": "/tmp"})})
    [problem] = refused.value.problems
    assert (problem.where, problem.message) == (
        "services.web.init.a.mounts.work",
        "is '/tmp', where tmp is too",
    )
