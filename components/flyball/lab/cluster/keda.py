"""KEDA beside a control plane on this machine: its operator and its API of external metrics, with its own rights.

Of its scalers it has those that flyball's workloads name (edits.py); to any other it answers that there is none.
"""

import time
from pathlib import Path

from flyball.lab import ports
from flyball.lab.cluster import servers, toolchain
from flyball.lab.cluster.control_plane import ControlPlane, Report
from flyball.lab.cluster.servers import Server

PROGRAMS = ("keda-operator", "keda-adapter")
NAMESPACE, ACCOUNT = "keda", "keda-operator"
API = "v1beta1.external.metrics.k8s.io"
_MODULE = "github.com/kedacore/keda/v2"
_CONFIG = ("general", "crd", "service_account", "rbac")
"""Folders of KEDA's manifests, in the order in which one needs the other."""
_METRICS = ("role.yaml", "role_binding.yaml")
"""Of its folder ``metrics-server``: rights of the adapter, and of the autoscaler to ask it."""


def start(plane: ControlPlane, report: Report, timeout: float = 300.0) -> None:
    """Start KEDA beside the control plane, unless it runs there, and wait until the autoscaler can ask it.

    Missing programs are built first, which takes minutes once. `timeout` is for the start alone [s]; it takes about
    5. Raises `ControlPlaneError`, which names a log, `KubectlError` or `ToolchainError`.
    """
    programs = toolchain.ensure(PROGRAMS, report)
    if len(servers.pids(plane, *PROGRAMS)) == len(PROGRAMS) and servers.is_available(plane, API):
        return
    deadline = time.monotonic() + timeout
    report("starting KEDA")
    # Either without the other hinders all autoscalers: what is left of an earlier start goes first.
    servers.end(plane, *PROGRAMS)
    module = toolchain.tools_dir() / "keda"
    servers.apply(plane, _manifests(plane, toolchain.source(module, _MODULE) / "config"))
    folder = _folder(plane)
    figures, api = ports.free(2)
    environment = {
        "KUBECONFIG": str(folder / "kubeconfig"),
        "POD_NAMESPACE": NAMESPACE,
        "KEDA_CLUSTER_OBJECT_NAMESPACE": NAMESPACE,
        "WATCH_NAMESPACE": "",
    }
    operator = [
        "--enable-cert-rotation=false",
        f"--cert-dir={folder}",
        f"--metrics-service-bind-address=127.0.0.1:{figures}",
        "--health-probe-bind-address=0",
        "--enable-prometheus-metrics=false",
    ]
    adapter = [
        "--bind-address=127.0.0.1",
        f"--secure-port={api}",
        f"--cert-dir={folder}",
        f"--tls-cert-file={folder}/tls.crt",
        f"--tls-private-key-file={folder}/tls.key",
        f"--lister-kubeconfig={folder}/kubeconfig",
        f"--authentication-kubeconfig={folder}/kubeconfig",
        f"--authorization-kubeconfig={folder}/kubeconfig",
        f"--metrics-service-address=127.0.0.1:{figures}",
    ]
    for name, arguments in zip(PROGRAMS, (operator, adapter), strict=True):
        servers.run(plane, Server(name, programs[name], arguments, environment))
    servers.serve(plane, "external.metrics.k8s.io", "v1beta1", NAMESPACE, "keda-metrics-apiserver", api)
    ready = (lambda: ports.is_served(figures)), (lambda: servers.is_available(plane, API))
    servers.wait(plane, dict(zip(PROGRAMS, ready, strict=True)), deadline)


def _manifests(plane: ControlPlane, config: Path) -> str:
    parts = [plane.kubectl.run("kustomize", str(config / folder)) for folder in _CONFIG]
    parts += [(config / "metrics-server" / file).read_text() for file in _METRICS]
    return "\n---\n".join(parts)


def _folder(plane: ControlPlane) -> Path:
    """A folder with KEDA's kubeconfig, and the control plane's certificate under the names that KEDA looks for."""
    folder = plane.folder / "keda"
    folder.mkdir(exist_ok=True)
    for name, file in {"ca.crt": "ca.crt", "tls.crt": "admin.crt", "tls.key": "admin.key"}.items():
        (folder / name).unlink(missing_ok=True)
        (folder / name).symlink_to(plane.folder / "pki" / file)
    servers.kubeconfig(plane, NAMESPACE, ACCOUNT, folder / "kubeconfig")
    return folder
