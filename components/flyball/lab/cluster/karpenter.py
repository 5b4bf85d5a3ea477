"""Karpenter beside a control plane on this machine: the real one, which buys simulated nodes from its kwok provider.

Everything but the machines is real: which nodes it buys, consolidates, drains and deletes. It runs with the rights that
flyball gives it, and those that its provider needs to play a cloud.
"""

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flyball import wellknown
from flyball.kubectl import KubectlError
from flyball.kubernetes.pools import names, rights
from flyball.lab import ports
from flyball.lab.cluster import servers, toolchain
from flyball.lab.cluster.control_plane import ControlPlane, Report
from flyball.lab.cluster.servers import Server

PROGRAM = "karpenter"
PROVIDER_GROUP = "karpenter.kwok.sh"
CLASS_KIND = "KWOKNodeClass"
CLASS = "default"
_MODULE = "sigs.k8s.io/karpenter"
_CRDS = ("pkg/apis/crds", "kwok/apis/crds")


@dataclass(frozen=True, slots=True)
class Offer:
    """A type of instance that can be bought in every zone, on demand and on spot, at the same price."""

    name: str
    cpu: int
    memory: str
    price: float = 0.1


def start(plane: ControlPlane, offers: Sequence[Offer], zones: Sequence[str], report: Report) -> None:
    """Start Karpenter beside the control plane, and wait until it leads.

    A missing program is built first, which takes minutes once. Raises `ControlPlaneError`, which names a log,
    `KubectlError` or `ToolchainError`.
    """
    program = toolchain.ensure([PROGRAM], report)[PROGRAM]
    deadline = time.monotonic() + 300
    report("starting Karpenter")
    servers.end(plane, PROGRAM)
    module = toolchain.source(toolchain.tools_dir() / "karpenter", _MODULE)
    for folder in _CRDS:
        for file in sorted((module / folder).glob("*.yaml")):
            servers.apply(plane, file.read_text())
    plane.kubectl.established("crd", "--all")
    own = {"apiVersion": f"{PROVIDER_GROUP}/v1alpha1", "kind": CLASS_KIND, "metadata": {"name": CLASS}}
    items = [*rights.manifests(), *_as_a_cloud(), own]
    servers.apply(plane, json.dumps({"apiVersion": "v1", "kind": "List", "items": items}))
    folder = plane.folder / "karpenter"
    folder.mkdir(exist_ok=True)
    (folder / "types.json").write_text(json.dumps([_type(offer, zones) for offer in offers]))
    servers.kubeconfig(plane, names.NAMESPACE, names.ACCOUNT, folder / "kubeconfig")
    figures, health = ports.free(2)
    arguments = [
        f"--instance-types-file-path={folder}/types.json",
        f"--leader-election-namespace={names.NAMESPACE}",
        f"--metrics-port={figures}",
        f"--health-probe-port={health}",
        # A second and ten by default, which a busy machine needs between two pods of one rollout, and for all of
        # them: they are one batch.
        "--batch-idle-duration=3s",
        "--batch-max-duration=1m",
    ]
    environment = {"KUBECONFIG": str(folder / "kubeconfig"), "SYSTEM_NAMESPACE": names.NAMESPACE}
    servers.run(plane, Server(PROGRAM, program, arguments, environment))
    servers.wait(plane, {PROGRAM: lambda: _leads(plane)}, deadline)


def _leads(plane: ControlPlane) -> bool:
    try:
        lease = plane.kubectl.find("lease", names.LEASE, f"--namespace={names.NAMESPACE}")
    except KubectlError:
        return False
    return bool(lease and lease["spec"].get("holderIdentity"))


def _as_a_cloud() -> list[dict[str, Any]]:
    """What the provider does beyond Karpenter itself: it reads its classes, and makes the nodes that are bought."""
    api, name = "rbac.authorization.k8s.io/v1", "karpenter-kwok"
    classes = ["kwoknodeclasses", "kwoknodeclasses/status"]
    rules = [
        {"apiGroups": [PROVIDER_GROUP], "resources": classes, "verbs": ["get", "list", "watch", "patch", "update"]},
        {"apiGroups": [""], "resources": ["nodes"], "verbs": ["create"]},
    ]
    subject = {"kind": "ServiceAccount", "name": names.ACCOUNT, "namespace": names.NAMESPACE}
    of = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": name}
    return [
        {"apiVersion": api, "kind": "ClusterRole", "metadata": {"name": name}, "rules": rules},
        {
            "apiVersion": api,
            "kind": "ClusterRoleBinding",
            "metadata": {"name": name},
            "roleRef": of,
            "subjects": [subject],
        },
    ]


def _type(offer: Offer, zones: Sequence[str]) -> dict[str, Any]:
    """As the provider reads it."""
    kinds = (wellknown.CAPACITY_SPOT, wellknown.CAPACITY_ON_DEMAND)
    return {
        "name": offer.name,
        "architecture": "amd64",
        "operatingSystems": ["linux"],
        "resources": {"cpu": str(offer.cpu), "memory": offer.memory, "ephemeral-storage": "100Gi", "pods": "110"},
        "offerings": [
            {
                "Price": offer.price,
                "Available": True,
                "Requirements": [
                    {"key": wellknown.CAPACITY_TYPE, "operator": "In", "values": [kind]},
                    {"key": wellknown.ZONE, "operator": "In", "values": [zone]},
                ],
            }
            for zone in zones
            for kind in kinds
        ],
    }
