"""API servers beside a control plane: started from its folder, announced to its own API server, ended with it."""

import base64
import json
import os
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from flyball.kubectl import UNCHECKED, KubectlError, is_true
from flyball.lab import processes
from flyball.lab.cluster.control_plane import ControlPlane, ControlPlaneError


@dataclass(frozen=True)
class Server:
    """A program that runs beside a control plane, under a name of its own."""

    name: str
    program: Path
    arguments: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)


def run(plane: ControlPlane, server: Server) -> None:
    """Start the program; `control_plane.stop` ends it, as everything that runs from the control plane's folder."""
    link = plane.folder / "bin" / server.name
    link.unlink(missing_ok=True)
    link.symlink_to(server.program)
    with _log(plane, server.name).open("w") as output:
        subprocess.Popen(
            [str(link), *server.arguments],
            cwd=plane.folder,
            env=os.environ | dict(server.environment),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def pids(plane: ControlPlane, *names: str) -> list[int]:
    """The process ids of the servers of these names that run."""
    return list(processes.of(plane.folder, names))


def end(plane: ControlPlane, *names: str) -> None:
    """End the servers of these names, at once. Raises `ProcessError` if one cannot be ended."""
    processes.end(plane.folder, names)


def serve(plane: ControlPlane, group: str, version: str, namespace: str, service: str, port: int) -> None:
    """Have the API server pass requests for a version of an API on to `port` of the loopback interface.

    The server there must serve with the certificate of the control plane, see `settings.SERVERS`.
    """
    ports = [{"name": "https", "port": port}]
    address = {"type": "ExternalName", "externalName": "127.0.0.1", "ports": ports}
    api = {
        "group": group,
        "version": version,
        "groupPriorityMinimum": 100,
        "versionPriority": 100,
        "service": {"name": service, "namespace": namespace, "port": port},
        "caBundle": encoded(plane.folder / "pki" / "ca.crt"),
    }
    objects = [
        _object("v1", "Service", {"name": service, "namespace": namespace}, address),
        _object("apiregistration.k8s.io/v1", "APIService", {"name": f"{version}.{group}"}, api),
    ]
    apply(plane, json.dumps({"apiVersion": "v1", "kind": "List", "items": objects}))


def wait(plane: ControlPlane, ready: Mapping[str, Callable[[], bool]], deadline: float) -> None:
    """Wait until all servers are `ready`, by their names.

    Raises `ControlPlaneError`, which names a log, when one of them has ended or the deadline [monotonic seconds] is
    past.
    """
    while missing := next((name for name, sign in ready.items() if not sign()), None):
        for name in ready:
            if not pids(plane, name):
                raise ControlPlaneError(f"{name} of control plane {plane.name} ended; see {_log(plane, name)}")
        if time.monotonic() > deadline:
            log = _log(plane, missing)
            raise ControlPlaneError(f"{missing} of control plane {plane.name} is not ready in time; see {log}")
        time.sleep(0.2)


def is_available(plane: ControlPlane, name: str) -> bool:
    """Whether the API server reaches the server behind the APIService `name`."""
    try:
        found = plane.kubectl.object_at(f"/apis/apiregistration.k8s.io/v1/apiservices/{name}") or {}
    except KubectlError:
        return False
    return is_true(found, "Available")


def apply(plane: ControlPlane, manifests: str) -> None:
    """Apply manifests, YAML or JSON, in their order. The API server refuses fields that it does not know."""
    command = ("apply", "--server-side", "--force-conflicts", "--field-manager=flyball-local", UNCHECKED)
    plane.kubectl.run(*command, "--filename=-", stdin=manifests)


def kubeconfig(plane: ControlPlane, namespace: str, account: str, file: Path) -> None:
    """Write a kubeconfig for a service account; only its owner may read it."""
    token = plane.kubectl.run("create", "token", account, f"--namespace={namespace}", "--duration=8760h").strip()
    config = yaml.safe_load(plane.kubeconfig.read_text())
    [cluster] = config["clusters"]
    [context] = config["contexts"]
    own = {**config, "users": [{"name": account, "user": {"token": token}}]}
    own["contexts"] = [{**context, "context": {"cluster": cluster["name"], "user": account}}]
    file.touch(mode=0o600)
    file.write_text(json.dumps(own))


def encoded(file: Path) -> str:
    """A file's content as Kubernetes carries bytes."""
    return base64.b64encode(file.read_bytes()).decode()


def _object(api: str, kind: str, metadata: Mapping[str, str], spec: Mapping[str, Any]) -> dict[str, Any]:
    return {"apiVersion": api, "kind": kind, "metadata": dict(metadata), "spec": dict(spec)}


def _log(plane: ControlPlane, server: str) -> Path:
    return plane.folder / "logs" / f"{server}.log"
