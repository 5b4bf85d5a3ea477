"""What Karpenter may do in the cluster: what its controllers read and write, and no more.

From the reads and writes of Karpenter 1.14; the drills of pools run the real one with these rights and no others.
"""

from collections.abc import Sequence

from flyball.kubernetes.objects import Manifest
from flyball.kubernetes.pools import names
from flyball.wellknown import MANAGED_BY, MANAGED_BY_LABEL

_API = "rbac.authorization.k8s.io/v1"
_READ = ("get", "list", "watch")
_LABELS = {MANAGED_BY_LABEL: MANAGED_BY}


def manifests() -> list[Manifest]:
    """The service account, its role in the cluster, and those for its own leases and the nodes'."""
    namespace = {"namespace": names.NAMESPACE}
    account = {"name": names.ACCOUNT, **namespace, "labels": _LABELS}
    leases = "coordination.k8s.io"
    own = [
        _rule(leases, ["leases"], ["get", "watch", "create"]),
        {**_rule(leases, ["leases"], ["patch", "update"]), "resourceNames": [names.LEASE]},
    ]
    dns = [{**_rule("", ["services"], ["get"]), "resourceNames": ["kube-dns"]}]
    of_nodes = [_rule(leases, ["leases"], [*_READ, "delete"])]
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
        _rule(names.GROUP, pools, _READ),
        _rule(names.GROUP, claims, ["create", "delete", "update", "patch"]),
        _rule(names.GROUP, ["nodepools", "nodepools/status", "nodeoverlays/status"], ["update", "patch"]),
        _rule(names.AWS_GROUP, ["ec2nodeclasses"], _READ),
        _rule(names.AWS_GROUP, ["ec2nodeclasses", "ec2nodeclasses/status"], ["patch", "update"]),
        _rule("autoscaling.x-k8s.io", ["capacitybuffers", "capacitybuffers/status"], [*_READ, "patch", "update"]),
        _rule("", [*around, "podtemplates"], _READ),
        _rule("storage.k8s.io", ["storageclasses", "csinodes", "volumeattachments"], _READ),
        _rule("apps", ["daemonsets", "deployments", "replicasets", "statefulsets"], _READ),
        _rule("policy", ["poddisruptionbudgets"], _READ),
        _rule("apiextensions.k8s.io", ["customresourcedefinitions"], ["list", "watch"]),
        _rule("", ["events"], ["create", "patch"]),
        _rule("", ["nodes"], ["patch", "update", "delete"]),
        _rule("", ["pods/eviction"], ["create"]),
        _rule("", ["pods"], ["delete"]),
    ]


def _rule(group: str, kinds: Sequence[str], verbs: Sequence[str]) -> Manifest:
    return {"apiGroups": [group], "resources": list(kinds), "verbs": list(verbs)}


def _bound(scope: str, name: str, rules: list[Manifest], where: Manifest) -> list[Manifest]:
    """A role, and Karpenter's account in it."""
    metadata = {"name": name, **where, "labels": _LABELS}
    subject = {"kind": "ServiceAccount", "name": names.ACCOUNT, "namespace": names.NAMESPACE}
    return [
        {"apiVersion": _API, "kind": f"{scope}Role", "metadata": metadata, "rules": rules},
        {
            "apiVersion": _API,
            "kind": f"{scope}RoleBinding",
            "metadata": metadata,
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": f"{scope}Role", "name": name},
            "subjects": [subject],
        },
    ]
