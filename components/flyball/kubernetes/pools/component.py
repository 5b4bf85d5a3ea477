"""`Karpenter`: what buys the spot nodes of a platform on AWS, and the pool that says which."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import pulumi
import pulumi_kubernetes as k8s

from flyball import wellknown
from flyball.guards.aws import names as aws
from flyball.guards.aws import node_config
from flyball.guards.aws.platform import Platform as Base
from flyball.guards.aws.pools import Pool
from flyball.guards.workload.platform import Platform
from flyball.kubernetes.objects import Manifest, properties
from flyball.kubernetes.pools import controller, names, rights
from flyball.kubernetes.pools.pool import ClassOf, Machine, node_class, node_pool

_rbac = k8s.rbac.v1
_CLASSES: Final[dict[str, type[pulumi.CustomResource]]] = {
    "ClusterRole": _rbac.ClusterRole,
    "ClusterRoleBinding": _rbac.ClusterRoleBinding,
    "Role": _rbac.Role,
    "RoleBinding": _rbac.RoleBinding,
    "ServiceAccount": k8s.core.v1.ServiceAccount,
    "PodDisruptionBudget": k8s.policy.v1.PodDisruptionBudget,
    "Deployment": k8s.apps.v1.Deployment,
}


class Karpenter(pulumi.ComponentResource):
    """The controller and the pools of a platform, once in a cluster that has Karpenter's kinds (chart karpenter-crd).

    Pools are made after the controller and go before it, which ends their machines. They come
    after the Governor that has their limits, and to remove them again takes the right to override.
    """

    def __init__(
        self,
        name: str,
        base: Base,
        pools: Mapping[str, Pool],
        platform: Platform,
        labels: Mapping[str, str],
        after: Sequence[pulumi.Resource] = (),
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Of a platform and pools that were read already; `labels` go on every object, and each waits for `after`."""
        super().__init__("flyball:index:Karpenter", name, {}, opts)
        child = pulumi.ResourceOptions(parent=self, depends_on=[*after])
        allowed = [_registered(name, manifest, labels, child) for manifest in rights.manifests()]
        then = pulumi.ResourceOptions(parent=self, depends_on=[*after, *allowed])
        runs = [_registered(name, manifest, labels, then) for manifest in controller.manifests(base, platform, labels)]
        for pool, found in pools.items():
            first = [*after, *allowed, *runs]
            last = pulumi.ResourceOptions(parent=self, depends_on=first)
            machines = _custom(name, node_class(pool, machine(base, pool), labels), last)
            last = pulumi.ResourceOptions(parent=self, depends_on=[*first, machines])
            of = ClassOf(names.AWS_GROUP, names.NODE_CLASS_KIND, pool)
            _custom(name, node_pool(pool, found, of, base.zones, labels), last)
        self.register_outputs({})


def machine(base: Base, pool: str) -> Machine:
    """As a base node but for what it costs: the same image, disk, and limits of logs, images and shutdown."""
    fields = node_config.fields()
    return Machine(
        ami=base.cluster.ami,
        profile=aws.profile(base.name),
        discovery={aws.DISCOVERY: base.name},
        user_data=node_config.user_data(fields),
        kubelet=fields,
        disk=base.base.disk,
        tags={
            "Name": f"{base.name}-{pool}",
            wellknown.MANAGED_BY_LABEL: wellknown.MANAGED_BY,
            wellknown.ENVIRONMENT_LABEL: base.name,
            wellknown.OWNER_LABEL: base.owner,
        },
    )


def _registered(
    name: str, manifest: Manifest, labels: Mapping[str, str], opts: pulumi.ResourceOptions
) -> pulumi.CustomResource:
    kind, metadata = manifest["kind"], manifest["metadata"]
    fields = {key: value for key, value in manifest.items() if key not in ("apiVersion", "kind")}
    fields["metadata"] = {**metadata, "labels": {**metadata["labels"], **labels}}
    return _CLASSES[kind](f"{name}-{kind.lower()}-{metadata['name']}", **properties(fields), opts=opts)


def _custom(name: str, manifest: Manifest, opts: pulumi.ResourceOptions) -> pulumi.CustomResource:
    given: Any = properties(manifest)
    own = f"{name}-{manifest['kind'].lower()}-{manifest['metadata']['name']}"
    return k8s.apiextensions.CustomResource(own, **given, opts=opts)
