"""What the control plane on this machine offers: versions, nodes, admission, controllers, and loopback only."""

import json
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from flyball import paths, wellknown
from flyball.kubectl import Kubectl, KubectlError
from flyball.lab import processes
from flyball.lab.cluster import toolchain
from flyball.lab.cluster.control_plane import COMPONENTS, ControlPlane
from flyball.lab.cluster.nodes import is_ready

pytestmark = pytest.mark.cluster

LISTEN = "0A"  # state of a listening socket in /proc/net/tcp
LOOPBACK = {"0100007F", "00000000000000000000000001000000", "0000000000000000FFFF00000100007F"}


def eventually(check: Callable[[], Any], seconds: float = 120.0) -> Any:
    """The first true answer of `check`, which may also raise KubectlError until it is so far."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            if answer := check():
                return answer
        except KubectlError:
            if time.monotonic() > deadline:
                raise
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(0.1)


def pod(name: str, **spec: Any) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name},
        "spec": {"containers": [{"name": "main", "image": "example.org/main:1", **spec}]},
    }


def create(kubectl: Kubectl, namespace: str, *objects: dict[str, Any]) -> None:
    items = json.dumps({"apiVersion": "v1", "kind": "List", "items": objects})
    kubectl.run("create", f"--namespace={namespace}", "-f", "-", stdin=items)


def test_client_and_server_are_the_pinned_version(kubectl: Kubectl) -> None:
    pinned = toolchain.pinned_version(toolchain.tools_dir() / "controlplane", "k8s.io/kubernetes")

    version = kubectl.json("version")

    assert version["serverVersion"]["gitVersion"] == pinned
    assert version["clientVersion"]["gitVersion"] == pinned
    assert f"v{version['serverVersion']['major']}.{version['serverVersion']['minor']}" == pinned.rpartition(".")[0]


def test_three_zones_have_on_demand_and_spot_nodes_that_are_ready(kubectl: Kubectl) -> None:
    nodes = kubectl.json("get", "nodes")["items"]

    labels = [node["metadata"]["labels"] for node in nodes]
    assert Counter((label[wellknown.ZONE], label[wellknown.CAPACITY_TYPE]) for label in labels) == {
        (zone, capacity): 2 for zone in ("local-a", "local-b", "local-c") for capacity in ("on-demand", "spot")
    }
    assert all(is_ready(node) for node in nodes)
    assert {json.dumps(node["status"]["allocatable"], sort_keys=True) for node in nodes} == {
        '{"cpu": "8", "ephemeral-storage": "100Gi", "memory": "32Gi", "pods": "110"}'
    }


def test_only_spot_nodes_have_a_taint(kubectl: Kubectl) -> None:
    spot_taint = {"key": "spotInstance", "value": "true", "effect": "NoSchedule"}

    for node in kubectl.json("get", "nodes")["items"]:
        spot = node["metadata"]["labels"][wellknown.CAPACITY_TYPE] == wellknown.CAPACITY_SPOT
        assert node["spec"].get("taints", []) == ([spot_taint] if spot else [])


def test_no_node_has_an_address_outside_this_machine(kubectl: Kubectl) -> None:
    nodes = kubectl.json("get", "nodes")["items"]

    assert {(a["type"], a["address"]) for node in nodes for a in node["status"]["addresses"]} == {
        ("Hostname", "localhost")
    }


def test_pods_run_on_spot_nodes_only_if_they_tolerate_them(kubectl: Kubectl, namespace: str) -> None:
    wary, bold = pod("wary"), pod("bold")
    toleration = {"key": wellknown.SPOT_TAINT, "operator": "Equal", "value": "true", "effect": "NoSchedule"}
    bold["spec"] |= {
        "tolerations": [toleration],
        "nodeSelector": {wellknown.CAPACITY_TYPE: wellknown.CAPACITY_SPOT},
    }
    wary["spec"]["nodeSelector"] = {wellknown.CAPACITY_TYPE: wellknown.CAPACITY_SPOT}
    create(kubectl, namespace, wary, bold, pod("plain"))

    kubectl.run("wait", f"--namespace={namespace}", "pod/bold", "pod/plain", "--for=condition=Ready", "--timeout=120s")

    pods = {p["metadata"]["name"]: p for p in kubectl.json("get", "pods", f"--namespace={namespace}")["items"]}
    assert "-spot-" in pods["bold"]["spec"]["nodeName"]
    assert "-on-demand-" in pods["plain"]["spec"]["nodeName"]
    asked = ("get", "pod", "wary", f"--namespace={namespace}")
    refused = eventually(lambda: kubectl.json(*asked)["status"].get("conditions"))
    assert [(c["type"], c["status"], c["reason"]) for c in refused] == [("PodScheduled", "False", "Unschedulable")]


def test_the_restricted_label_refuses_a_privileged_pod(kubectl: Kubectl, namespace: str) -> None:
    privileged = pod("privileged", securityContext={"privileged": True})
    kubectl.run("label", "namespace", namespace, "pod-security.kubernetes.io/enforce=restricted")

    with pytest.raises(KubectlError, match='violates PodSecurity "restricted:latest": privileged'):
        create(kubectl, namespace, privileged)

    kubectl.run("label", "namespace", namespace, "pod-security.kubernetes.io/enforce-")
    create(kubectl, namespace, privileged)


def test_the_default_admission_plugins_are_on(kubectl: Kubectl, namespace: str) -> None:
    create(kubectl, namespace, pod("plain"))

    spec = kubectl.json("get", "pod", "plain", f"--namespace={namespace}")["spec"]

    assert spec["priority"] == 0  # Priority
    assert spec["serviceAccountName"] == "default"  # ServiceAccount
    assert {(t["key"], t["tolerationSeconds"]) for t in spec["tolerations"]} == {  # DefaultTolerationSeconds
        ("node.kubernetes.io/not-ready", 300),
        ("node.kubernetes.io/unreachable", 300),
    }


def test_a_mutating_admission_policy_changes_what_is_written(kubectl: Kubectl, namespace: str) -> None:
    name = f"label-{namespace}"
    policy = {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "MutatingAdmissionPolicy",
        "metadata": {"name": name},
        "spec": {
            "failurePolicy": "Fail",
            "reinvocationPolicy": "Never",
            "matchConstraints": {
                "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}},
                "resourceRules": [
                    {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["configmaps"]}
                ],
            },
            "mutations": [
                {
                    "patchType": "ApplyConfiguration",
                    "applyConfiguration": {"expression": 'Object{data: {"seen": "yes"}}'},
                }
            ],
        },
    }
    binding = {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "MutatingAdmissionPolicyBinding",
        "metadata": {"name": name},
        "spec": {"policyName": name},
    }
    create(kubectl, namespace, policy, binding)

    def written() -> dict[str, str]:
        config = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"generateName": "c-"}, "data": {"a": "b"}}
        arguments = ("create", f"--namespace={namespace}", "-f", "-")
        return kubectl.json(*arguments, stdin=json.dumps(config))["data"]

    try:
        assert eventually(lambda: written() if "seen" in written() else None) == {"a": "b", "seen": "yes"}
    finally:
        kubectl.run("delete", "mutatingadmissionpolicy,mutatingadmissionpolicybinding", name)


def test_each_controller_has_a_service_account(kubectl: Kubectl) -> None:
    def names() -> set[str]:
        accounts = kubectl.json("get", "serviceaccounts", "--namespace=kube-system")["items"]
        return {account["metadata"]["name"] for account in accounts}

    wanted = {"deployment-controller", "replicaset-controller", "horizontal-pod-autoscaler"}
    assert eventually(lambda: wanted <= names())


def test_client_requests_are_not_throttled(control_plane: ControlPlane) -> None:
    commands = {Path(c.split(" ")[0]).name: c for c in processes.of(control_plane.folder).values()}

    assert "--kube-api-qps=5000 --kube-api-burst=10000" in commands["kube-controller-manager"]
    assert "--kube-api-qps=5000 --kube-api-burst=10000" in commands["kube-scheduler"]


def test_nothing_was_downloaded(control_plane: ControlPlane) -> None:
    linked = {entry.name: entry.resolve().parent.parent for entry in (control_plane.folder / "bin").iterdir()}

    # Other tests may have started more on it: figures of the processors, a descheduler.
    assert {*COMPONENTS, "kubectl"} <= linked.keys()
    assert set(linked.values()) == {paths.bin_dir()}


def test_every_part_listens_on_the_loopback_interface_only(control_plane: ControlPlane) -> None:
    listening = {
        Path(command.split(" ")[0]).name: listeners(pid)
        for pid, command in processes.of(control_plane.folder, COMPONENTS).items()
    }

    assert {name: len(addresses) for name, addresses in listening.items()} == {
        "etcd": 2,  # clients and peers
        "kube-apiserver": 1,
        "kube-controller-manager": 1,
        "kube-scheduler": 1,
        "kwok-controller": 1,
    }
    assert {address for addresses in listening.values() for address in addresses} <= LOOPBACK


def listeners(pid: int) -> list[str]:
    """Addresses, as /proc writes them, on which a process listens for TCP connections."""
    sockets = set()
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        try:
            sockets.add(str(entry.readlink()))
        except FileNotFoundError:  # closed meanwhile
            continue
    found = []
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == LISTEN and f"socket:[{fields[9]}]" in sockets:
                found.append(fields[1].rpartition(":")[0])
    return found
