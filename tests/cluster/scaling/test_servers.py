"""KEDA and metrics-server as processes beside a control plane."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.cluster.scaling.service import wait
from tests.cluster.test_control_plane import LOOPBACK, listeners

from flyball.kubectl import Kubectl
from flyball.lab import processes
from flyball.lab.cluster import control_plane as planes
from flyball.lab.cluster import keda, metrics, servers
from flyball.lab.cluster.control_plane import ControlPlane, ControlPlaneError

pytestmark = pytest.mark.cluster

SERVERS = (*keda.PROGRAMS, metrics.PROGRAM)


@pytest.fixture(scope="module")
def fresh(scaled_plane: ControlPlane) -> Iterator[ControlPlane]:
    """A control plane on which nothing was started well, until the last test ends it."""
    name = f"{scaled_plane.name}-2"
    try:
        yield planes.start(name, report=print)
    finally:
        planes.stop(name)


def test_they_listen_on_the_loopback_interface_only(scaled_plane: ControlPlane) -> None:
    found = {
        Path(command.split(" ")[0]).name: listeners(pid)
        for pid, command in processes.of(scaled_plane.folder, SERVERS).items()
    }
    assert {name: len(addresses) for name, addresses in found.items()} == dict.fromkeys(SERVERS, 1)
    assert {address for addresses in found.values() for address in addresses} <= LOOPBACK


@pytest.mark.parametrize(
    ("config", "account"),
    [
        ("keda/kubeconfig", "system:serviceaccount:keda:keda-operator"),
        ("metrics-server/kubeconfig", "system:serviceaccount:kube-system:metrics-server"),
    ],
)
def test_they_have_no_rights_but_those_of_their_accounts(scaled_plane: ControlPlane, config: str, account: str) -> None:
    file = scaled_plane.folder / config
    own = Kubectl(scaled_plane.kubectl.program, file)
    assert own.json("auth", "whoami")["status"]["userInfo"]["username"] == account
    assert own.run("auth", "can-i", "delete", "deployments", accept=(1,)).strip() == "no"
    assert file.stat().st_mode & 0o777 == 0o600


def test_the_api_server_says_who_is_asking(scaled_plane: ControlPlane) -> None:
    """An ordinary user may not read figures, which only the servers themselves can know."""
    for path in ("/apis/external.metrics.k8s.io/v1beta1", "/apis/metrics.k8s.io/v1beta1/nodes"):
        scaled_plane.kubectl.run("get", "--raw", path)
    text = scaled_plane.kubectl.run("get", "--raw", "/apis/metrics.k8s.io/v1beta1/nodes", "--as=eve", accept=(1,))
    assert text == ""


def test_a_server_that_ends_is_an_error_that_names_its_log(
    fresh: ControlPlane, monkeypatch: pytest.MonkeyPatch
) -> None:
    ensure = keda.toolchain.ensure
    nothing = {"keda-adapter": Path("/bin/false")}
    monkeypatch.setattr(keda.toolchain, "ensure", lambda names, report: ensure(names, report) | nothing)

    log = f"{fresh.folder}/logs/keda-adapter.log"
    with pytest.raises(ControlPlaneError, match=f"^keda-adapter of control plane {fresh.name} ended; see {log}$"):
        keda.start(fresh, print)
    assert Path(log).is_file()


def test_a_server_that_is_never_ready_is_an_error_that_names_its_log(
    fresh: ControlPlane, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(servers, "is_available", lambda plane, name: False)
    log = f"{fresh.folder}/logs/metrics-server.log"
    message = f"^metrics-server of control plane {fresh.name} is not ready in time; see {log}$"
    with pytest.raises(ControlPlaneError, match=message):
        metrics.start(fresh, print, timeout=0)


def test_what_runs_is_left_alone_and_what_died_is_started_anew(fresh: ControlPlane) -> None:
    said: list[str] = []
    keda.start(fresh, said.append)
    operator, adapter = (servers.pids(fresh, name) for name in keda.PROGRAMS)
    keda.start(fresh, said.append)
    assert [servers.pids(fresh, name) for name in keda.PROGRAMS] == [operator, adapter]
    assert said == ["starting KEDA"]

    os.kill(operator[0], signal.SIGKILL)
    wait(lambda: not servers.pids(fresh, "keda-operator"), "its end")
    keda.start(fresh, said.append)

    assert said == ["starting KEDA"] * 2
    now = [servers.pids(fresh, name) for name in keda.PROGRAMS]
    assert [len(pids) for pids in now] == [1, 1]
    assert not set(operator + adapter) & {pid for pids in now for pid in pids}

    planes.stop(fresh.name)
    assert processes.of(fresh.folder) == {}
