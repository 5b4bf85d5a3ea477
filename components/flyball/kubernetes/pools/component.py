"""`Karpenter`: what buys the spot nodes of a platform on AWS, and the pool that says which."""

from collections.abc import Mapping, Sequence

import pulumi

from flyball import wellknown
from flyball.guards.aws import names as aws
from flyball.guards.aws import node_config
from flyball.guards.aws.platform import Platform as Base
from flyball.guards.aws.pools import Pool
from flyball.guards.workload.platform import Platform
from flyball.kubernetes.objects import Manifest
from flyball.kubernetes.pools import controller, names, rights
from flyball.kubernetes.pools.pool import ClassOf, Machine, node_class, node_pool
from flyball.kubernetes.registered import registered


class Karpenter(pulumi.ComponentResource):
    """The controller and the pools of a platform, once in a cluster that has Karpenter's kinds (chart karpenter-crd).

    Pools are made after the controller and go before it, which ends their machines. They come after the Governor that
    has their limits, and to remove them again takes the right to override.
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

        def made(manifest: Manifest, first: Sequence[pulumi.Resource]) -> pulumi.Resource:
            own = f"{name}-{manifest['kind'].lower()}-{manifest['metadata']['name']}"
            return registered(own, manifest, pulumi.ResourceOptions(parent=self, depends_on=[*first]), labels)

        allowed = [made(manifest, after) for manifest in rights.manifests()]
        ready = [*after, *allowed]
        runs = [made(manifest, ready) for manifest in controller.manifests(base, platform, labels)]
        ready += runs
        for pool, found in pools.items():
            machines = made(node_class(pool, machine(base, pool), labels), ready)
            of = ClassOf(names.AWS_GROUP, names.NODE_CLASS_KIND, pool)
            made(node_pool(pool, found, of, base.zones, labels), [*ready, machines])
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
