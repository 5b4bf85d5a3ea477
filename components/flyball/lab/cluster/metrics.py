"""metrics-server beside a control plane on this machine: what autoscalers know of the processors."""

import time

from flyball.lab import ports
from flyball.lab.cluster import servers, toolchain
from flyball.lab.cluster.control_plane import ControlPlane, Report
from flyball.lab.cluster.servers import Server

PROGRAM = "metrics-server"
NAMESPACE, ACCOUNT = "kube-system", "metrics-server"
API = "v1beta1.metrics.k8s.io"
_MODULE = "sigs.k8s.io/metrics-server"


def start(plane: ControlPlane, report: Report, timeout: float = 300.0) -> None:
    """Start metrics-server beside the control plane, unless it runs there, and wait until autoscalers can ask it.

    It has figures of pods about 20 s after they started. A missing program is built first, which takes minutes once.
    `timeout` is for the start alone [s]; it takes about 2. Raises `ControlPlaneError`, which names a log,
    `KubectlError` or `ToolchainError`.
    """
    program = toolchain.ensure([PROGRAM], report)[PROGRAM]
    if servers.pids(plane, PROGRAM) and servers.is_available(plane, API):
        return
    deadline = time.monotonic() + timeout
    report("starting metrics-server")
    servers.end(plane, PROGRAM)
    source = toolchain.source(toolchain.tools_dir() / "controlplane", _MODULE)
    servers.apply(plane, (source / "manifests" / "base" / "rbac.yaml").read_text())
    folder = plane.folder / PROGRAM
    folder.mkdir(exist_ok=True)
    config = folder / "kubeconfig"
    servers.kubeconfig(plane, NAMESPACE, ACCOUNT, config)
    [port] = ports.free(1)
    arguments = [
        "--bind-address=127.0.0.1",
        f"--secure-port={port}",
        f"--tls-cert-file={plane.folder}/pki/admin.crt",
        f"--tls-private-key-file={plane.folder}/pki/admin.key",
        *(f"--{who}kubeconfig={config}" for who in ("", "authentication-", "authorization-")),
        f"--kubelet-certificate-authority={plane.folder}/pki/ca.crt",
        "--kubelet-preferred-address-types=Hostname",
        "--kubelet-use-node-status-port",
        "--kubelet-request-timeout=5s",
        "--metric-resolution=10s",
    ]
    servers.run(plane, Server(PROGRAM, program, arguments))
    servers.serve(plane, "metrics.k8s.io", "v1beta1", NAMESPACE, PROGRAM, port)
    servers.wait(plane, {PROGRAM: lambda: servers.is_available(plane, API)}, deadline)
