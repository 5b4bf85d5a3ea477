"""Rights that the Governor asks for, and groups that hold them."""

from flyball.alerts import operator
from flyball.kubernetes import roles
from flyball.kubernetes.governor import names
from flyball.kubernetes.governor.freeze import POLICY
from flyball.kubernetes.governor.policy import Manifest
from flyball.kubernetes.pools.names import ENVELOPES, GROUP
from flyball.kubernetes.roles import rule


def manifests() -> list[Manifest]:
    """A role and a group for each right: to override, to change limits, to freeze, to bring stacks up.

    Who may freeze may write Karpenter's pools, as far as the policies of pools let everybody: their budgets are what a
    freeze sets. A pipeline needs the last one: ``kubectl create clusterrolebinding ci --clusterrole=flyball-deploy
    --serviceaccount=NAMESPACE:NAME``. It does not bring the Governor's own policies, which an administrator does.
    The identity provider puts people into the groups, or a cluster administrator takes one on for a single command:
    ``kubectl --as=NAME --as-group=flyball:override``. Rights to everything do not include them, on purpose.
    """
    rules = {
        names.OVERRIDE_GROUP: [rule(names.GROUP, [names.RESOURCE], [names.OVERRIDE])],
        names.GOVERN_GROUP: [rule(names.GROUP, [names.RESOURCE], [names.GOVERN])],
        names.DEPLOY_GROUP: [rule(names.GROUP, [names.RESOURCE], [names.GOVERN]), *_deployment()],
    }
    cluster = [manifest for group, held in rules.items() for manifest in _role("Cluster", group, held, {})]
    freeze = [
        # A resource name cannot limit a creation: the name is not known to RBAC then.
        rule("", ["configmaps"], ["create"]),
        {**rule("", ["configmaps"], ["get", "update", "patch", "delete"]), "resourceNames": [names.FREEZE]},
    ]
    # Before one is set it is looked at whether anything holds to it, and at the pools whose budgets it sets.
    bindings = ["validatingadmissionpolicybindings"]
    looks = [{**rule("admissionregistration.k8s.io", bindings, ["get"]), "resourceNames": [POLICY]}]
    freeze.append({**rule("", ["configmaps"], ["get"]), "resourceNames": [ENVELOPES]})
    return [
        *cluster,
        *_role("Cluster", names.FREEZE_GROUP, [*looks, rule(GROUP, ["nodepools"], ["get", "patch"])], {}),
        *_role("", names.FREEZE_GROUP, freeze, {"namespace": names.SYSTEM_NAMESPACE}),
    ]


def _deployment() -> list[Manifest]:
    """What a stack consists of, and what tells whether it stands."""
    kinds = {
        "": ["namespaces", "serviceaccounts", "configmaps", "secrets", "services"],
        "apps": ["deployments", "statefulsets", "daemonsets"],
        "batch": ["jobs", "cronjobs"],
        "autoscaling": ["horizontalpodautoscalers"],
        "policy": ["poddisruptionbudgets"],
        "networking.k8s.io": ["networkpolicies", "ingresses"],
        "gateway.networking.k8s.io": ["httproutes"],
        "scheduling.k8s.io": ["priorityclasses"],
        "keda.sh": ["scaledobjects"],
        operator.GROUP: list(operator.CRDS),
        names.GROUP: ["stacks"],
        "apiextensions.k8s.io": ["customresourcedefinitions"],
    }
    looks = {
        "": ["pods", "nodes"],
        "apps": ["replicasets"],
        "admissionregistration.k8s.io": ["validatingadmissionpolicybindings"],
        "storage.k8s.io": ["storageclasses"],
        "snapshot.storage.k8s.io": ["volumesnapshotclasses"],
    }
    write = ["get", "list", "watch", "create", "update", "patch", "delete"]
    return [
        *(rule(group, of_group, write) for group, of_group in kinds.items()),
        *(rule(group, of_group, write[:3]) for group, of_group in looks.items()),
        # Claims of members are made by their controller, and grow.
        rule("", ["persistentvolumeclaims"], [*write[:3], "patch"]),
    ]


def _role(scope: str, group: str, rules: list[Manifest], where: Manifest) -> list[Manifest]:
    """For a group of people or programs."""
    subject = {"kind": "Group", "apiGroup": roles.GROUP, "name": group}
    return roles.bound(scope, group.replace(":", "-"), rules, subject, where)
