"""What Karpenter may do in the cluster: what its controllers read and write, and no more.

From the reads and writes of Karpenter 1.14; the drills of pools run the real one with these rights and no others.
"""

from flyball.kubernetes.objects import Manifest
from flyball.kubernetes.pools import names
from flyball.kubernetes.roles import bound, rule
from flyball.wellknown import MANAGED_BY, MANAGED_BY_LABEL

_READ = ("get", "list", "watch")
_LABELS = {MANAGED_BY_LABEL: MANAGED_BY}


def manifests() -> list[Manifest]:
    """The service account, its role in the cluster, and those for its own leases and the nodes'."""
    namespace = {"namespace": names.NAMESPACE}
    account = {"name": names.ACCOUNT, **namespace, "labels": _LABELS}
    leases = "coordination.k8s.io"
    own = [
        rule(leases, ["leases"], ["get", "watch", "create"]),
        {**rule(leases, ["leases"], ["patch", "update"]), "resourceNames": [names.LEASE]},
    ]
    dns = [{**rule("", ["services"], ["get"]), "resourceNames": ["kube-dns"]}]
    of_nodes = [rule(leases, ["leases"], [*_READ, "delete"])]
    return [
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": account},
        *_bound("Cluster", names.ACCOUNT, _cluster(), {}),
        *_bound("", names.ACCOUNT, [*own, *dns], namespace),
        *_bound("", f"{names.ACCOUNT}-leases", of_nodes, {"namespace": "kube-node-lease"}),
    ]


def _cluster() -> list[Manifest]:
    pools = ["nodepools", "nodepools/status", "nodeclaims", "nodeclaims/status", "nodeoverlays", "nodeoverlays/status"]
    around = ["pods", "nodes", "persistentvolumes", "persistentvolumeclaims", "replicationcontrollers", "namespaces"]
    claims = ["nodeclaims", "nodeclaims/status", "nodeclaims/finalizers"]
    return [
        rule(names.GROUP, pools, _READ),
        rule(names.GROUP, claims, ["create", "delete", "update", "patch"]),
        rule(names.GROUP, ["nodepools", "nodepools/status", "nodeoverlays/status"], ["update", "patch"]),
        rule(names.AWS_GROUP, ["ec2nodeclasses"], _READ),
        rule(names.AWS_GROUP, ["ec2nodeclasses", "ec2nodeclasses/status"], ["patch", "update"]),
        rule("autoscaling.x-k8s.io", ["capacitybuffers", "capacitybuffers/status"], [*_READ, "patch", "update"]),
        rule("", [*around, "podtemplates"], _READ),
        rule("storage.k8s.io", ["storageclasses", "csinodes", "volumeattachments"], _READ),
        rule("apps", ["daemonsets", "deployments", "replicasets", "statefulsets"], _READ),
        rule("policy", ["poddisruptionbudgets"], _READ),
        rule("apiextensions.k8s.io", ["customresourcedefinitions"], ["list", "watch"]),
        rule("", ["events"], ["create", "patch"]),
        rule("", ["nodes"], ["patch", "update", "delete"]),
        rule("", ["pods/eviction"], ["create"]),
        rule("", ["pods"], ["delete"]),
    ]


def _bound(scope: str, name: str, rules: list[Manifest], where: Manifest) -> list[Manifest]:
    """A role, and Karpenter's account in it."""
    subject = {"kind": "ServiceAccount", "name": names.ACCOUNT, "namespace": names.NAMESPACE}
    return bound(scope, name, rules, subject, where)
