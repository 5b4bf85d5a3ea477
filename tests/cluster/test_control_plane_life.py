"""How a control plane starts, is used again, survives kills, and ends; for real."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from flyball import paths
from flyball.lab import processes
from flyball.lab.cluster import control_plane as planes
from flyball.lab.cluster.control_plane import COMPONENTS, ControlPlane, ControlPlaneError, Options
from flyball.lab.cluster.nodes import NodeGroup

pytestmark = pytest.mark.cluster

ONE_NODE = (NodeGroup("local-a", spot=False, count=1),)


def components(name: str) -> set[str]:
    """Names of the programs that run from the folder of a control plane, but for a kubectl that asks it."""
    return {Path(c.split(" ")[0]).name for c in processes.of(paths.clusters_dir() / name).values()} - {"kubectl"}


@pytest.fixture(scope="module")
def second(control_plane: ControlPlane) -> Iterator[str]:
    """The name of a further control plane: what one test leaves of it the next may use, by starting the same."""
    name = f"{control_plane.name}-second"
    yield name
    planes.stop(name)


def test_a_healthy_one_is_used_again_and_gets_deleted_nodes_back(control_plane: ControlPlane) -> None:
    before = processes.of(control_plane.folder, COMPONENTS)
    control_plane.kubectl.run("delete", "node", "local-b-spot-2")
    said: list[str] = []

    again = planes.start(control_plane.name, report=said.append)

    assert again == control_plane == planes.running(control_plane.name)
    assert said == [f"control plane {control_plane.name} is running"]
    assert processes.of(control_plane.folder, COMPONENTS) == before
    assert len(control_plane.kubectl.json("get", "nodes")["items"]) == 12


def test_a_spot_node_gets_its_taint_back(control_plane: ControlPlane) -> None:
    node = ("node", "local-c-spot-1")
    taints = control_plane.kubectl.json("get", *node)["spec"]["taints"]
    control_plane.kubectl.run("taint", *node, f"{taints[0]['key']}-")
    planes.start(control_plane.name, report=print)
    assert control_plane.kubectl.json("get", *node)["spec"]["taints"] == taints


def test_two_stand_side_by_side_and_the_users_files_stay_as_they_are(
    control_plane: ControlPlane, another_name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    users = tmp_path / ".kube" / "config"
    users.parent.mkdir()
    users.write_text("mine")
    monkeypatch.setenv("XDG_CACHE_HOME", str(paths.cache_dir().parent))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("KUBECONFIG", str(users))
    monkeypatch.setenv("KWOK_RUNTIME", "docker")
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")  # a download would fail

    plane = planes.start(another_name, ONE_NODE, report=print)

    assert [n["metadata"]["name"] for n in plane.kubectl.json("get", "nodes")["items"]] == ["local-a-on-demand-1"]
    assert len(control_plane.kubectl.json("get", "nodes")["items"]) == 12
    assert planes.stop(another_name) is True
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [users]
    assert users.read_text() == "mine"
    assert planes.running(control_plane.name) == control_plane


def test_stop_leaves_a_process_alone_that_got_a_remembered_id(another_name: str) -> None:
    folder = paths.clusters_dir() / another_name
    (folder / "pids").mkdir(parents=True)
    with subprocess.Popen(["sleep", "60"]) as stranger:
        (folder / "pids" / "etcd.pid").write_text(str(stranger.pid))

        assert planes.stop(another_name) is True

        assert stranger.poll() is None
        stranger.terminate()
    assert not folder.exists()


def test_a_port_already_taken_is_an_error_that_names_the_log(control_plane: ControlPlane, another_name: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ControlPlaneError) as failure:
            planes.start(another_name, ONE_NODE, report=print, options=Options(port=port))

    log = paths.clusters_dir() / another_name / "logs" / "kube-apiserver.log"
    assert f"kube-apiserver of control plane {another_name} ended" in str(failure.value)
    assert f"listen tcp 127.0.0.1:{port}: bind: address already in use" in str(failure.value)
    assert str(failure.value).endswith(f"see {log}")
    assert log.is_file()
    assert processes.of(paths.clusters_dir() / another_name) == {}


def test_too_little_time_is_an_error_that_names_the_log(control_plane: ControlPlane, another_name: str) -> None:
    with pytest.raises(ControlPlaneError) as failure:
        planes.start(another_name, ONE_NODE, report=print, options=Options(timeout=0))

    log = paths.logs_dir() / f"cluster-{another_name}.log"
    message = f"control plane {another_name} is not ready in time, waiting for kube-apiserver; see {log}"
    assert str(failure.value) == message
    assert log.is_file()
    assert processes.of(paths.clusters_dir() / another_name) == {}


@pytest.mark.parametrize("last", ["", "and went on for a moment\n"])
def test_what_gave_up_on_a_slow_api_server_is_started_again(control_plane: ControlPlane, last: str) -> None:
    """On a busy machine the API server takes longer than the half minute that its clients wait for it."""
    name = "kube-controller-manager" if last else "kwok-controller"
    log = control_plane.folder / "logs" / f"{name}.log"
    before = keepers(control_plane)
    (one,) = processes.of(control_plane.folder, [name])
    os.kill(one, signal.SIGKILL)
    until(lambda: one not in processes.of(control_plane.folder))
    with log.open("a") as file:
        file.write(f"it failed: timed out waiting for the condition\n{last}")

    planes.await_ready(control_plane, time.monotonic() + 300)

    assert components(control_plane.name) >= set(COMPONENTS)
    assert planes.running(control_plane.name) == control_plane
    # Pods become ready again at once, and not when the leases of who kept the nodes before run out.
    until(lambda: keepers(control_plane).keys() == before.keys())
    until(lambda: all((kept == before[node]) == bool(last) for node, kept in keepers(control_plane).items()))


def keepers(plane: ControlPlane) -> dict[str, str]:
    """Who keeps each simulated node going."""
    leases = plane.kubectl.json("get", "leases", "--namespace=kube-node-lease")["items"]
    return {lease["metadata"]["name"]: lease["spec"]["holderIdentity"] for lease in leases}


MOMENTS: dict[str, Callable[[Path], bool]] = {
    "before anything runs": lambda folder: (folder / "bin").exists(),
    "kwokctl at work": lambda folder: (folder / "kwok.yaml").exists(),
    "first program started": lambda folder: (folder / "pids" / "etcd.pid").exists(),
    "API server started": lambda folder: (folder / "pids" / "kube-apiserver.pid").exists(),
    "all programs started": lambda folder: (folder / "pids" / "kube-scheduler.pid").exists(),
    "kubectl at work on the nodes": lambda folder: (folder / "kubectl").exists(),
}


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_start_that_was_killed_leaves_nothing_in_the_way(
    moment: str, control_plane: ControlPlane, second: str
) -> None:
    folder = paths.clusters_dir() / second
    program = f"from flyball.lab.cluster import control_plane as c; c.start({second!r}, report=print)"
    planes.stop(second)
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.DEVNULL) as killed:
        until(lambda: MOMENTS[moment](folder))
        killed.kill()
    assert killed.returncode == -signal.SIGKILL
    assert planes.running(second) is None

    plane = planes.start(second, ONE_NODE, report=print)

    nodes = plane.kubectl.json("get", "nodes")["items"]
    assert [node["metadata"]["name"] for node in nodes] == ["local-a-on-demand-1"]
    commands = [Path(c.split(" ")[0]).name for c in processes.of(folder, COMPONENTS).values()]
    assert sorted(commands) == sorted(COMPONENTS)
    assert planes.running(second) == plane


def test_stop_ends_the_processes_and_removes_the_state(control_plane: ControlPlane, second: str) -> None:
    plane = planes.start(second, ONE_NODE, report=print)
    assert components(second) == set(COMPONENTS)

    assert planes.stop(second) is True

    assert processes.of(plane.folder) == {}
    assert not plane.folder.exists()
    assert list(paths.logs_dir().glob(f"*{second}*")) == []
    assert planes.running(second) is None
    assert planes.stop(second) is False


def test_two_runs_at_once_start_it_once(control_plane: ControlPlane, second: str) -> None:
    program = f"""
from flyball.lab.cluster import control_plane, nodes
control_plane.start({second!r}, [nodes.NodeGroup("local-a", spot=False, count=1)], report=print)
"""
    planes.stop(second)
    runs = [
        subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        for _ in range(2)
    ]
    said = sorted(run.communicate(timeout=600)[0].splitlines() for run in runs)

    starter, waiter = said
    assert [line for line in waiter if "starting" in line] == []
    assert starter[0] == f"starting control plane {second}"
    assert waiter == [
        f"waiting for another run that starts or stops {second}",
        f"control plane {second} is running",
    ]
    assert len(processes.of(paths.clusters_dir() / second, COMPONENTS)) == len(COMPONENTS)


def test_one_that_lost_a_part_is_started_anew(control_plane: ControlPlane, second: str) -> None:
    plane = planes.start(second, ONE_NODE, report=print)
    plane.kubectl.run("create", "namespace", "lost")
    (scheduler,) = (pid for pid, c in processes.of(plane.folder).items() if "/bin/kube-scheduler" in c)
    os.kill(scheduler, signal.SIGKILL)
    until(lambda: scheduler not in processes.of(plane.folder))
    said: list[str] = []

    assert planes.running(second) is None
    with pytest.raises(ControlPlaneError, match=f"kube-scheduler of control plane {second} ended"):
        planes.await_ready(plane, time.monotonic() + 300)
    planes.start(second, ONE_NODE, report=said.append)

    assert said[0] == f"control plane {second} is not healthy; removing it"
    assert components(second) == set(COMPONENTS)
    namespaces = plane.kubectl.json("get", "namespaces")["items"]
    assert "lost" not in {namespace["metadata"]["name"] for namespace in namespaces}


def test_other_options_start_it_anew(control_plane: ControlPlane, second: str) -> None:
    planes.start(second, ONE_NODE, report=print)
    options = Options(
        flags={
            "kube-controller-manager": {"horizontal-pod-autoscaler-sync-period": "5s"},
            "kube-apiserver": {"requestheader-username-headers": "X-Remote-User"},
        },
        names=("metrics.example.svc",),
    )
    said: list[str] = []

    plane = planes.start(second, ONE_NODE, report=said.append, options=options)

    commands = " ".join(processes.of(plane.folder).values())
    assert said[0] == f"control plane {second} has other nodes, options or versions; removing it"
    assert "--horizontal-pod-autoscaler-sync-period=5s" in commands
    assert "--requestheader-username-headers=X-Remote-User" in commands
    certificate = subprocess.run(
        ["openssl", "x509", "-noout", "-ext", "subjectAltName", "-in", plane.folder / "pki" / "admin.crt"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "DNS:metrics.example.svc" in certificate.stdout


def until(check: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 300
    while not check():
        assert time.monotonic() < deadline
        time.sleep(0.005)
