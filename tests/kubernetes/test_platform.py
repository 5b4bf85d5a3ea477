"""What differs from one platform to the next: who resolves names, which nodes are spot, and what no call reaches."""

from typing import Any

import pytest
from tests.kubernetes.programs import workload

from flyball.deploy.rollout import standing
from flyball.guards.reading.problem import Refused

Rules = list[dict[str, Any]]
ALL = {"karpenter.sh/capacity-type": "spot", "eks.amazonaws.com/capacityType": "SPOT"} | {
    "cloud.google.com/gke-spot": "true",
    "cloud.google.com/gke-preemptible": "true",
    "kubernetes.azure.com/scalesetpriority": "spot",
    "machine.openshift.io/interruptible-instance": "",
}


def egress(**more: Any) -> Rules:
    return workload(**more)["NetworkPolicy web"]["spec"]["egress"]


def names(rules: Rules) -> list[str]:
    """Who resolves names, as `namespace label=value port` or `address port`."""
    found: list[str] = []
    for rule in rules:
        ports = sorted({port["port"] for port in rule["ports"]})
        for peer in rule["to"]:
            labels = peer.get("podSelector", {}).get("matchLabels", {})
            where = [
                *peer.get("namespaceSelector", {}).get("matchLabels", {}).values(),
                *(f"{k}={labels[k]}" for k in labels),
            ]
            found.append(
                " ".join([*where, *([peer["ipBlock"]["cidr"]] if "ipBlock" in peer else []), *map(str, ports)])
            )
    return found


def test_names_are_resolved_wherever_it_runs() -> None:
    """GKE with Cloud DNS, OpenShift, AKS with a cache on each node: nobody has to say so."""
    rules = egress()
    assert names(rules) == [
        "kube-system k8s-app=kube-dns 53",
        "kube-system k8s-app=node-local-dns 53",
        "169.254.20.10/32 53",
        "169.254.169.254/32 53",
        "169.254.10.10/32 53",
        "169.254.10.11/32 53",
        "openshift-dns 5353",
    ]
    assert {port["protocol"] for rule in rules for port in rule["ports"]} == {"UDP", "TCP"}


@pytest.mark.parametrize(
    ("platform", "wanted"),
    [
        ({"name": "eks"}, ["kube-system k8s-app=kube-dns 53", "169.254.20.10/32 53"]),
        ({"name": "eks-auto"}, ["0.0.0.0/0 53", "::/0 53"]),
        ({"name": "openshift"}, ["openshift-dns 5353"]),
        (
            {"name": "openshift", "dns": {"labels": {"app": "resolver"}, "ports": [8053], "addresses": ["fd00::a"]}},
            ["kube-system app=resolver 8053", "fd00::a/128 8053"],
        ),
        ({"dns": {"namespace": "dns", "addresses": []}}, ["dns 53"]),
    ],
)
def test_a_platform_and_single_values(platform: dict[str, Any], wanted: list[str]) -> None:
    assert names(egress(platform=platform)) == wanted


def placed(**more: Any) -> tuple[dict[str, str], dict[str, str], dict[str, str]]:
    """The labels that the base keeps away from, those that the rest prefers, and what it tolerates."""
    found = workload(zones=["a", "b"], spot={}, **more)
    base, spot = (found[name]["spec"]["template"]["spec"] for name in ("Deployment web", "Deployment web-spot"))
    affinity = base["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
    (term,) = affinity["nodeSelectorTerms"]
    preferred = spot["affinity"]["nodeAffinity"]["preferredDuringSchedulingIgnoredDuringExecution"]
    prefers = [one for each in preferred for one in each["preference"]["matchExpressions"]]
    assert {one["operator"] for one in term["matchExpressions"]} == {"NotIn"}
    assert {one["operator"] for one in prefers} == {"In"}
    return (
        {one["key"]: one["values"][0] for one in term["matchExpressions"]},
        {one["key"]: one["values"][0] for one in prefers},
        {one["key"]: one["value"] for one in spot.get("tolerations", ())},
    )


def test_spot_nodes_of_every_platform_are_known() -> None:
    taints = {"spotInstance": "true", "cloud.google.com/gke-spot": "true"}
    assert placed() == (ALL, ALL, taints | {"kubernetes.azure.com/scalesetpriority": "spot"})


def test_spot_nodes_of_ones_own() -> None:
    own = {"labels": {"example.org/spot": "yes"}, "taints": {}}
    assert placed(platform={"spot": own}) == (own["labels"], own["labels"], {})
    azure = {"karpenter.sh/capacity-type": "spot", "kubernetes.azure.com/scalesetpriority": "spot"}
    assert placed(platform={"name": "aks", "spot": {"taints": own["labels"]}}) == (azure, azure, own["labels"])


def call(port: int, host: str = "api.example", **more: Any) -> list[dict[str, Any]] | None:
    """Where a call may go."""
    calls = {"api": {"host": host, "port": port, "protocol": "http", "timeout": "500ms", **more.pop("call", {})}}
    return egress(calls=calls, **more)[-1].get("to")


def test_a_call_to_anywhere_does_not_reach_the_machine_s_credentials() -> None:
    metadata = ["169.254.169.254/32", "168.63.129.16/32"], ["fd00:ec2::254/128", "fd20:ce::254/128"]
    assert call(80) == [
        {"ipBlock": {"cidr": "0.0.0.0/0", "except": metadata[0]}},
        {"ipBlock": {"cidr": "::/0", "except": metadata[1]}},
    ]
    assert call(80, platform={"name": "aks", "metadata": ["fd00::1"]}) == [
        {"ipBlock": {"cidr": "0.0.0.0/0"}},
        {"ipBlock": {"cidr": "::/0", "except": ["fd00::1/128"]}},
    ]


def test_nothing_else_is_kept_from_a_call() -> None:
    """Nobody's metadata is on another port, or in the cluster; and who calls it by its address means it."""
    assert call(5432) is None
    assert call(80, "api.trade.svc.cluster.local") is None
    assert call(80, call={"cidrs": ["10.0.0.0/8"]}) == [{"ipBlock": {"cidr": "10.0.0.0/8"}}]
    v4 = (call(80, "169.254.169.254") or [])[0]
    assert v4 == {"ipBlock": {"cidr": "0.0.0.0/0", "except": ["168.63.129.16/32"]}}


def test_what_cannot_be_is_refused_at_once() -> None:
    platform = {
        "name": "gkee",
        "dns": {"namespace": "Kube", "labels": {"a b": "c d"}, "addresses": ["10.0.0.1/8"], "ports": [0, 53.5]},
        "spot": {"labels": {}},
        "metadata": ["metadata.google.internal"],
    }
    with pytest.raises(Refused) as refused:
        workload(platform=platform)
    assert [str(problem).partition(";")[0] for problem in refused.value.problems] == [
        "web.platform.dns.ports[1]: is the number 53.5, not a whole number",
        "web.platform.name: is 'gkee'",
        "web.platform.dns.ports[0]: is 0",
        "web.platform.dns.labels.a b: is no label key",
        "web.platform.dns.labels.a b: 'c d' is no label value",
        "web.platform.dns.namespace: 'Kube' is no name for a namespace",
        "web.platform.dns.addresses[0]: 10.0.0.1/8 has host bits set",
        "web.platform.spot.labels: has no label, so no node is known as spot",
        "web.platform.metadata[0]: 'metadata.google.internal' does not appear to be an IPv4 or IPv6 network",
    ]


class Cluster:
    """kubectl of a cluster with a node for each label, and a pod of the service on each."""

    def listed(self, plural: str, namespace: str = "") -> list[dict[str, Any]]:
        labels = [{}, *({key: value} for key, value in ALL.items())]
        ready = {"conditions": [{"type": "Ready", "status": "True"}]}
        pod = {"labels": {"app.kubernetes.io/name": "web"}}
        items = {
            "nodes": [{"metadata": {"name": f"n{i}", "labels": each}} for i, each in enumerate(labels)],
            "pods": [{"metadata": pod, "spec": {"nodeName": f"n{i}"}, "status": ready} for i in range(len(labels))],
        }
        return items[plural]


def test_what_is_left_without_spot_is_counted_on_nodes_of_every_platform() -> None:
    (found,) = standing(Cluster(), "shop", ["web"])  # pyright: ignore[reportArgumentType] - all that is asked of one
    assert (found.ready, found.after_spot) == (7, 1)
