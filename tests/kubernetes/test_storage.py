"""A pod's ephemeral storage exceeds all that its containers, logs and volumes may hold, or the workload is refused."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from tests.guards.workload.one import resolved

from flyball.guards.clean_up.nodes import NodeLogs
from flyball.guards.clean_up.retention import rotation_interval
from flyball.guards.clean_up.rules import LOG_GROWTH, LOG_VOLUME
from flyball.guards.reading.problem import Problem, Refused
from flyball.guards.reading.units import size
from flyball.guards.workload.resolve import Service
from flyball.kubernetes.objects import Manifest
from flyball.kubernetes.workload.deployment import deployments
from flyball.kubernetes.workload.pods import PodInputs
from flyball.kubernetes.workload.proxy import sidecar

WEB: dict[str, Any] = {"port": 8080, "load": {"peak": 100, "replica": 20}}
SIZES = st.integers(1, 600).map(lambda n: f"{n}Mi")
LOGS = st.fixed_dictionaries(
    {"path": st.just("/var/log/web"), "preset": st.sampled_from(["nginx", "spring", "reopens"])},
    optional={
        "size": SIZES,
        "files": st.integers(1, 10),
        "volume": st.integers(1, 4000).map(lambda n: f"{n}Mi"),
        "rate": st.integers(1, 20_000).map(lambda n: f"{n}Ki"),
    },
)
SCRATCH = st.fixed_dictionaries({}, optional={"a": st.builds(lambda s: {"path": "/a", "size": s}, SIZES)})
WORKLOADS = st.fixed_dictionaries(
    {"logs": LOGS, "scratch": SCRATCH}, optional={"proxy": st.just({"enabled": False}), "spot": st.just({})}
)


@given(WORKLOADS)
def test_the_pod_has_room_for_all_or_is_refused(more: dict[str, Any]) -> None:
    service = _resolved(more)
    if not isinstance(service, Service):
        assert {problem.rule for problem in service} <= {LOG_VOLUME, LOG_GROWTH}
        assert all(any(letter.isdigit() for letter in problem.message) for problem in service)
        return
    logs = service.spec.logs
    assert logs is not None
    # Kept, written and compressed at one time, each with what it grows by before somebody looks.
    grown = logs.limits.size + logs.rate * logs.interval // 1000
    assert (logs.limits.files + 2) * grown <= logs.limits.volume
    assert logs.interval <= rotation_interval(logs.limits, logs.rate)
    inputs = PodInputs("registry.example/web:1", (), "priority", sidecar(service))
    for deployment in deployments(service, inputs):
        pod = deployment["spec"]["template"]["spec"]
        containers = [*pod.get("initContainers", ()), *pod["containers"]]
        held = sum(size(each["emptyDir"]["sizeLimit"]) for each in pod["volumes"] if "emptyDir" in each)
        held += len(containers) * NodeLogs().held
        assert size(_volume(pod, logs.path)) == logs.limits.volume
        assert min(_storage(containers, "limits"), _storage(containers, "requests")) > held


def _resolved(more: dict[str, Any]) -> Service | tuple[Problem, ...]:
    try:
        return resolved("web", WEB | more, zones=2)
    except Refused as refused:
        return refused.problems


def _storage(containers: list[Manifest], part: str) -> int:
    return sum(size(each["resources"][part]["ephemeral-storage"]) for each in containers)


def _volume(pod: Manifest, path: str) -> str:
    """The limit of the volume that the application has at a path."""
    (mount,) = [each for each in pod["containers"][0]["volumeMounts"] if each["mountPath"] == path]
    (volume,) = [each for each in pod["volumes"] if each["name"] == mount["name"]]
    return volume["emptyDir"]["sizeLimit"]
