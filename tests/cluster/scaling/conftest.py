"""A control plane with KEDA and metrics-server beside it, and a window that opens while other tests run."""

import itertools
import os
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.cluster.conftest import built
from tests.cluster.scaling.prometheus import Prometheus, prometheus
from tests.cluster.scaling.service import QUICK, Service, cron

from flyball.lab.cluster import control_plane as planes
from flyball.lab.cluster import keda, metrics
from flyball.lab.cluster.control_plane import ControlPlane, Options

_FLAGS = {
    "horizontal-pod-autoscaler-sync-period": "1s",
    # Otherwise the processor of a young pod does not count: for 30 s, and for 5 min where it was not ready meanwhile.
    "horizontal-pod-autoscaler-initial-readiness-delay": "1s",
    "horizontal-pod-autoscaler-cpu-initialization-period": "1s",
}
_count = itertools.count()


@pytest.fixture(scope="session")
def scaled_plane(at_group_end: ExitStack) -> ControlPlane:
    built(*planes.PROGRAMS, *keda.PROGRAMS, metrics.PROGRAM)
    name = f"test-{os.getpid()}-scaled"
    at_group_end.callback(planes.stop, name)
    plane = planes.start(name, report=print, options=Options(flags={"kube-controller-manager": _FLAGS}))
    metrics.start(plane, print)
    keda.start(plane, print)
    return plane


@pytest.fixture
def service(scaled_plane: ControlPlane) -> Iterator[Service]:
    """A place for a workload; its namespace goes after the test."""
    namespace = f"scaled-{next(_count)}"
    scaled_plane.kubectl.run("create", "namespace", namespace)
    yield Service(scaled_plane.kubectl, namespace)
    scaled_plane.kubectl.run("delete", "namespace", namespace, "--wait=false")


@pytest.fixture
def figures() -> Iterator[Prometheus]:
    with prometheus() as server:
        yield server


@dataclass(frozen=True)
class Window:
    """A service with 4 replicas, and 8 in a window of one minute."""

    seen: Path
    """Each pod whenever it changed: its name, whether it is ready, and since when."""

    service: Service
    ramp: datetime
    """When the autoscaler has to set out, by the rule: a minute before the start."""
    start: datetime
    end: datetime


@pytest.fixture(scope="session", autouse=True)
def window(scaled_plane: ControlPlane, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Window]:
    """For all tests here, so that it opens and closes while the others run."""
    service = Service(scaled_plane.kubectl, "window")
    scaled_plane.kubectl.run("create", "namespace", "window")
    ramp = (datetime.now(UTC) + timedelta(seconds=75)).replace(second=0, microsecond=0)
    start, end = ramp + timedelta(minutes=1), ramp + timedelta(minutes=2)
    service.apply(
        replicas=4,
        load={"peak": 40, "replica": 20},
        schedule={"windows": [{"start": cron(start), "end": cron(end), "peak": 100}]},
        behavior=QUICK["behavior"] | {"calm": "15s"},
    )
    seen = tmp_path_factory.mktemp("window") / "pods"
    ready = '{.status.conditions[?(@.type=="Ready")].%s}'
    columns = f"{{.metadata.name}} {ready % 'status'} {ready % 'lastTransitionTime'}{{'\\n'}}"
    command = service.kubectl.command("get", "pods", "--namespace=window", "--watch", f"--output=jsonpath={columns}")
    with seen.open("w") as output:
        watch = subprocess.Popen(command, env=service.kubectl.environment(), stdout=output)
    try:
        yield Window(seen, service, ramp, start, end)
    finally:
        watch.kill()
        watch.wait()
