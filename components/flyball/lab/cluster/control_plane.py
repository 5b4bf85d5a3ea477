"""A real control plane on this machine: etcd, the API server, its controllers and scheduler, and simulated nodes.

kwokctl starts the programs; everything listens on the loopback interface only. Each control plane has a name and a
folder of its own in the user's cache, with its kubeconfig; the user's own kubeconfig is neither read nor written.
"""

import json
import os
import re
import shutil
import ssl
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPException, HTTPSConnection
from pathlib import Path
from typing import IO, Any

from flyball import paths
from flyball.kubectl import UNCHECKED, Kubectl, KubectlError
from flyball.lab import logs, processes
from flyball.lab.cluster import toolchain, usage
from flyball.lab.cluster.errors import ControlPlaneError
from flyball.lab.cluster.nodes import NodeGroup, default_nodes, is_ready, manifests, stands
from flyball.lab.cluster.settings import (
    COMPONENTS,
    PROGRAMS,
    Options,
    configured,
    fingerprint_of,
    for_servers,
    with_ports,
)
from flyball.lab.locks import exclusive

_DEFAULT = "/api/v1/namespaces/default"
_GAVE_UP = "timed out waiting for the condition"
"""Among the last words of kwok and of the controller manager (after 10 s) where the API server took too long."""
_LAST_WORDS = 5
"""Lines: what else a program does goes on, and is said, until it has ended."""

Report = Callable[[str], None]


@dataclass(frozen=True)
class ControlPlane:
    """A control plane that runs."""

    name: str
    kubectl: Kubectl

    @property
    def folder(self) -> Path:
        """Its state and the logs of its components; gone after `stop`."""
        return _folder(self.name)

    @property
    def kubeconfig(self) -> Path:
        """Its kubeconfig, with one context, for an administrator (group system:masters)."""
        return paths.kubeconfig(self.name)


def start(
    name: str,
    nodes: Sequence[NodeGroup] | None = None,
    *,
    report: Report,
    options: Options | None = None,
) -> ControlPlane:
    """Start the control plane `name` with simulated `nodes` [`default_nodes()`] and wait until all of it is ready.

    A healthy one with the same nodes and options is used as it is, nodes that were deleted come back. One that is
    dead, half started or different is removed with all that it holds, and started anew. Missing programs are built
    first, which takes minutes once. Raises `ControlPlaneError` (not ready in time, a component died, such as for a
    port already taken, a name that cannot be one), or `toolchain.ToolchainError`.
    """
    options = options or Options()
    groups = default_nodes() if nodes is None else tuple(nodes)
    _check_name(name)
    programs = toolchain.ensure(PROGRAMS, report)
    plane = _plane(name)
    with exclusive(_lock(name), lambda: report(f"waiting for another run that starts or stops {name}")):
        settings = configured(programs, options)
        started = time.monotonic()
        deadline = started + options.timeout
        fingerprint = fingerprint_of(settings, groups)
        if _reusable(plane, fingerprint, report):
            if not _has_nodes(plane, groups):
                _add_nodes(plane, groups, deadline)
            report(f"control plane {name} is running")
            return plane
        _remove(name)
        report(f"starting control plane {name}")
        try:
            _create(plane, programs, settings, deadline)
            report(f"adding {sum(group.count for group in groups)} simulated nodes")
            _add_nodes(plane, groups, deadline)
        except BaseException:
            _end(name)  # and leave the logs, for the error to name
            raise
        _marker(name).write_text(fingerprint)
        report(f"control plane {name} is ready after {time.monotonic() - started:.1f} s")
    return plane


def running(name: str) -> ControlPlane | None:
    """The control plane `name` if it was started completely and all its parts still run, else None."""
    _check_name(name)
    plane = _plane(name)
    if not _marker(name).is_file() or _dead(name):
        return None
    return plane if plane.kubectl.answers("/readyz") else None


def stop(name: str) -> bool:
    """End the control plane `name` and remove its state; False if there was nothing to end or remove.

    Ends by process id what runs from its folder and nothing else. Raises `ControlPlaneError` if a process stays.
    """
    _check_name(name)
    with exclusive(_lock(name), lambda: None):
        removed = _remove(name)
        _lock(name).unlink()
        return removed


def _folder(name: str) -> Path:
    return paths.clusters_dir() / name


def _plane(name: str) -> ControlPlane:
    return ControlPlane(name, Kubectl(_folder(name) / "bin" / "kubectl", paths.kubeconfig(name)))


def _settings(name: str) -> Path:
    """kwokctl's configuration, with the port of each part."""
    return _folder(name) / "kwokctl.yaml"


def _lock(name: str) -> Path:
    return paths.cache_dir() / "locks" / name


def _marker(name: str) -> Path:
    """Written last: a start that was killed on its way leaves none."""
    return _folder(name) / "ready"


def _start_log(name: str) -> Path:
    return paths.logs_dir() / f"cluster-{name}.log"


def _check_name(name: str) -> None:
    if not re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?", name):
        raise ControlPlaneError(
            f"{name!r} cannot name a control plane: use at most 40 of a-z, 0-9 and -, neither first nor last a -"
        )


def _reusable(plane: ControlPlane, fingerprint: str, report: Report) -> bool:
    if not _folder(plane.name).exists():
        return False
    if not running(plane.name):
        report(f"control plane {plane.name} is not healthy; removing it")
        return False
    if _marker(plane.name).read_text() != fingerprint:
        report(f"control plane {plane.name} has other nodes, options or versions; removing it")
        return False
    return True


def _remove(name: str) -> bool:
    ended = _end(name)
    existed = _folder(name).exists()
    logs.keep(name, [_start_log(name), *_folder(name).glob("logs/*.log")])
    if existed:
        shutil.rmtree(_folder(name))
    _start_log(name).unlink(missing_ok=True)
    return existed or ended > 0


def _end(name: str) -> int:
    try:
        return processes.end(_folder(name))
    except processes.ProcessError as error:
        raise ControlPlaneError(f"control plane {name} is still there: {error}") from error


def _create(plane: ControlPlane, programs: Mapping[str, Path], settings: Mapping[str, Any], deadline: float) -> None:
    folder, log = _folder(plane.name), _start_log(plane.name)
    (folder / "bin").mkdir(parents=True)
    for name in ("kubectl", "kwokctl"):
        (folder / "bin" / name).symlink_to(programs[name])
    (folder / "usage.yaml").write_text(usage.configuration())
    _settings(plane.name).write_text(json.dumps(for_servers(with_ports(settings), folder), indent=2))
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("w") as output:
        kwokctl = _kwokctl(plane, ["create", "cluster", "--kubeconfig="], output)
    try:
        while kwokctl.poll() is None:
            _check_alive(plane.name)
            _check_time(deadline, plane.name, "kube-apiserver")
            with suppress(subprocess.TimeoutExpired):
                kwokctl.wait(0.5)  # a look at all processes takes longer than all else here
    finally:
        kwokctl.kill()
        kwokctl.wait()
    if kwokctl.returncode:
        raise ControlPlaneError(f"kwokctl could not start control plane {plane.name}: {_last_line(log)}; see {log}")


def _kwokctl(plane: ControlPlane, command: Sequence[str], output: IO[str]) -> subprocess.Popen[bytes]:
    folder = _folder(plane.name)
    environment = {k: v for k, v in plane.kubectl.environment().items() if not k.startswith("KWOK_")} | {
        "KWOK_WORKDIR": str(paths.cache_dir()),
        # kwokctl prefers a kubectl on PATH to the one it was given.
        "PATH": f"{folder / 'bin'}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
    }
    place = (f"--name={plane.name}", f"--config={_settings(plane.name)}")
    return subprocess.Popen(
        [folder / "bin" / "kwokctl", *command, *place],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
    )


def await_ready(plane: ControlPlane, deadline: float, components: Sequence[str] = COMPONENTS) -> None:
    """Wait until these components work; what gave up on the API server is started again once that one does.

    Raises `ControlPlaneError` for a component that has ended otherwise, and after the deadline (`time.monotonic`).
    """
    while True:
        unready, dead = _first_unready(plane, components), _check_alive(plane.name)
        if not unready and not dead:
            return
        _check_time(deadline, plane.name, unready or dead[0])
        # Once more if the server was slow again.
        with suppress(KubectlError), _start_log(plane.name).open("a") as output:
            if dead and unready != "kube-apiserver":
                if "kwok-controller" in dead:  # it would keep the nodes for minutes, and their pods stand still
                    plane.kubectl.run("delete", "lease", "--all", "--namespace=kube-node-lease")
                _kwokctl(plane, ["start", "cluster"], output).wait()  # starts what does not run
        time.sleep(0.1)


def _first_unready(plane: ControlPlane, components: Sequence[str]) -> str | None:
    """The first of the components of which there is no sign of work yet."""
    signs: dict[str, Callable[[Kubectl], bool]] = {
        "kube-apiserver": lambda kubectl: kubectl.answers("/readyz"),
        "kube-controller-manager": lambda kubectl: kubectl.answers(f"{_DEFAULT}/serviceaccounts/default"),
        "kube-scheduler": lambda _: _is_ready(plane, "kubeSchedulerPort"),
        "kwok-controller": lambda kubectl: all(map(is_ready, kubectl.listed("nodes"))),
    }
    for component, sign in signs.items():
        if component in components:
            try:
                if not sign(plane.kubectl):
                    return component
            except KubectlError:
                return component
    return None


def _is_ready(plane: ControlPlane, port: str) -> bool:
    """Whether a component says so itself, where it listens."""
    settings = json.loads(_settings(plane.name).read_text())
    context = ssl.create_default_context(cafile=_folder(plane.name) / "pki" / "ca.crt")
    connection = HTTPSConnection("127.0.0.1", settings["options"][port], timeout=5, context=context)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == HTTPStatus.OK
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


def _check_alive(name: str) -> list[str]:
    """Raise if a component was started and has ended, but for those that gave up on the API server: these it gives."""
    # First who was started, then who runs: the other way round, one that starts in between would count as dead.
    started = {file.stem for file in (_folder(name) / "pids").glob("*.pid")}
    dead = [component for component in _dead(name) if component in started]
    for component in dead:
        log = _log(name, component)
        if _GAVE_UP not in "".join(_lines(log)[-_LAST_WORDS:]):
            raise ControlPlaneError(f"{component} of control plane {name} ended: {_last_line(log)}; see {log}")
    return dead


def _check_time(deadline: float, name: str, unready: str) -> None:
    if time.monotonic() > deadline:
        log = _log(name, unready)
        raise ControlPlaneError(f"control plane {name} is not ready in time, waiting for {unready}; see {log}")


def _dead(name: str) -> list[str]:
    """The components without a process."""
    folder = _folder(name)
    alive = {command.split(" ")[0] for command in processes.of(folder).values()}
    return [component for component in COMPONENTS if f"{folder}/bin/{component}" not in alive]


def _log(name: str, component: str) -> Path:
    """The component's log, or kwokctl's while the component was not started."""
    log = _folder(name) / "logs" / f"{component}.log"
    return log if log.exists() else _start_log(name)


def _lines(log: Path) -> list[str]:
    return log.read_text(errors="replace").strip().splitlines() if log.exists() else []


def _last_line(log: Path) -> str:
    lines = _lines(log)
    return lines[-1][:300] if lines else "its log is empty"


def _has_nodes(plane: ControlPlane, groups: Sequence[NodeGroup]) -> bool:
    """Whether each of the nodes is there as it was meant; else they are applied, and all parts are waited for."""
    try:
        there = {item["metadata"]["name"]: item for item in plane.kubectl.listed("nodes")}
    except KubectlError:
        return False
    return all(stands(node, there.get(node["metadata"]["name"])) for node in manifests(groups))


def _add_nodes(plane: ControlPlane, groups: Sequence[NodeGroup], deadline: float) -> None:
    await_ready(plane, deadline, ["kube-apiserver"])
    objects = json.dumps({"apiVersion": "v1", "kind": "List", "items": manifests(groups)})
    try:
        # Conflicts are forced: a node that came back gets exactly the taints that it was meant to have.
        plane.kubectl.run("apply", "--server-side", "--force-conflicts", UNCHECKED, "-f", "-", stdin=objects)
    except KubectlError as error:
        raise ControlPlaneError(f"control plane {plane.name} refused its nodes: {error}") from error
    await_ready(plane, deadline)
