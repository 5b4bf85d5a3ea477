"""What a control plane is started with: kwokctl's configuration."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from flyball.lab import ports
from flyball.lab.cluster.errors import ControlPlaneError
from flyball.lab.cluster.nodes import NodeGroup

COMPONENTS = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kwok-controller")
"""The programs of a control plane, as kwokctl names them."""
_PORTS = (
    "etcdPort",
    "etcdPeerPort",
    "kubeApiserverPort",
    "kubeControllerManagerPort",
    "kubeSchedulerPort",
    "kwokControllerPort",
)
SERVERS = ("keda-metrics-apiserver.keda.svc", "metrics-server.kube-system.svc")
"""Services of further API servers, which serve with the certificate of the control plane (see `servers`)."""
PROGRAMS = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kwok", "kwokctl", "kubectl")

_ALONE = {"leader-elect": "false"}
"""Nobody stands by to lead in its place. Who leads writes so every 2 s, ends where it cannot for 10 s, and at its start
waits 2 to 4 s where the API server has no namespace for its lease yet, as in two of five starts."""
_CONTROLLERS = "*,-validatingadmissionpolicy-status-controller"
"""That one compiles each admission policy for each kind that it may meet, and nobody reads what it writes there."""


@dataclass(frozen=True)
class Options:
    """What differs from the control plane's defaults. A running one with other options is started anew."""

    flags: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Extra flags by component (see `COMPONENTS`), without dashes: {"kube-apiserver": {"v": "2"}}."""
    names: tuple[str, ...] = ()
    """Further host names (DNS names or addresses) in the API server's certificate."""
    port: int = 0
    """Port of the API server on the loopback interface; 0: a free one."""
    timeout: float = 300.0
    """How long the start may take until everything is ready [s]; usually 6, on a busy machine thirty times that."""


def configured(programs: Mapping[str, Path], options: Options) -> dict[str, Any]:
    """kwokctl's configuration: our programs, so that it has nothing to download, and loopback addresses."""
    flags: dict[str, dict[str, str]] = {
        # What it holds goes with the control plane, and needs to survive no loss of power: a disk that is busy with
        # other work took longer for each write than all else.
        "etcd": {"unsafe-no-fsync": "true"},
        "kube-apiserver": {
            # Without these the API server looks for a default route, which a machine without network lacks.
            "advertise-address": "127.0.0.1",
            "endpoint-reconciler-type": "none",
            # The default has addresses for 254 Services.
            "service-cluster-ip-range": "10.0.0.0/16",
        },
        # Each controller under its own name, as on managed clusters: admission policies tell them apart by it.
        "kube-controller-manager": {**_ALONE, "use-service-account-credentials": "true", "controllers": _CONTROLLERS},
        "kube-scheduler": dict(_ALONE),
    }
    for component, extra in options.flags.items():
        if component not in COMPONENTS:
            raise ControlPlaneError(f"{component!r} is no component; there are {', '.join(COMPONENTS)}")
        flags[component] = flags.get(component, {}) | dict(extra)
    return {
        "apiVersion": "config.kwok.x-k8s.io/v1alpha1",
        "kind": "KwokctlConfiguration",
        "options": {
            "runtime": "binary",
            "bindAddress": "127.0.0.1",
            "kubeApiserverPort": options.port,
            "kubeApiserverCertSANs": [*SERVERS, *options.names],
            # The default limits of client requests would make 2,000 pods take five times as long.
            "disableQPSLimits": True,
            "etcdBinary": str(programs["etcd"]),
            "kubeApiserverBinary": str(programs["kube-apiserver"]),
            "kubeControllerManagerBinary": str(programs["kube-controller-manager"]),
            "kubeSchedulerBinary": str(programs["kube-scheduler"]),
            "kwokControllerBinary": str(programs["kwok"]),
            "kubectlBinary": str(programs["kubectl"]),
        },
        "componentsPatches": [_patch(component, extra) for component, extra in flags.items()],
    }


def fingerprint_of(settings: Mapping[str, Any], groups: Sequence[NodeGroup]) -> str:
    """What tells a control plane with other settings or nodes."""
    return json.dumps({"settings": settings, "nodes": [asdict(group) for group in groups]}, sort_keys=True)


def with_ports(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The settings with a free port wherever none is asked for."""
    asked = {key: port for key, port in settings["options"].items() if key in _PORTS and port}
    chosen = dict(zip(_PORTS, ports.free(len(_PORTS)), strict=True))
    return {**settings, "options": settings["options"] | chosen | asked}


def for_servers(settings: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """The settings with what further API servers rely on: simulated figures, and to be told who is asking.

    They learn from the ConfigMap extension-apiserver-authentication that the API server vouches for its callers.
    """
    proxy = {
        "requestheader-client-ca-file": f"{folder}/pki/ca.crt",
        # The common name in kwok's one client certificate, with which the API server comes too.
        "requestheader-allowed-names": "kwok-admin",
        "requestheader-username-headers": "X-Remote-User",
        "requestheader-group-headers": "X-Remote-Group",
        "requestheader-extra-headers-prefix": "X-Remote-Extra-",
    }
    # By themselves they would make keys, which takes a processor up to half a second for each.
    certificate = {"tls-cert-file": f"{folder}/pki/admin.crt", "tls-private-key-file": f"{folder}/pki/admin.key"}
    patches = [
        _patch("kube-apiserver", proxy),
        _patch("kwok-controller", {"config": f"{folder}/usage.yaml"}),
        _patch("kube-controller-manager", certificate),
        _patch("kube-scheduler", certificate),
    ]
    return {**settings, "componentsPatches": [*settings["componentsPatches"], *patches]}


def _patch(component: str, flags: Mapping[str, str]) -> dict[str, Any]:
    return {"name": component, "extraArgs": [{"key": key, "value": value} for key, value in flags.items()]}
