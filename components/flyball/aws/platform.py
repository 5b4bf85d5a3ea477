"""`Platform`: everything of an account that services run on, with one provider handed to all of it."""

from collections.abc import Mapping
from typing import Any

import pulumi
import pulumi_aws as aws

from flyball.aws import place
from flyball.aws.cluster import Cluster
from flyball.aws.interruptions import Interruptions
from flyball.aws.karpenter import Karpenter
from flyball.aws.key import key
from flyball.aws.log_archive import LogArchive
from flyball.aws.network import Network
from flyball.aws.nodes import BaseNodes
from flyball.aws.spend import Spend
from flyball.guards.aws import platform as guard


class Platform(pulumi.ComponentResource):
    """The network, and what lies in it.

    The provider refuses credentials of any account but the platform's, and puts the platform's tags on everything.
    """

    network: Network
    cluster: Cluster
    base: BaseNodes
    exports: Mapping[str, pulumi.Input[Any]]
    """What other stacks and people need of it."""

    def __init__(self, name: str, platform: guard.Platform, opts: pulumi.ResourceOptions | None = None) -> None:
        provider = aws.Provider(
            name,
            region=platform.region,  # pyright: ignore[reportArgumentType] - a text, for all that the SDK lists
            allowed_account_ids=[platform.account],
            default_tags={"tags": place.tags(platform)},
        )
        handed = pulumi.ResourceOptions(providers=[provider])
        super().__init__("flyball:aws:Platform", name, {}, pulumi.ResourceOptions.merge(opts, handed))
        child = pulumi.ResourceOptions(parent=self)
        secrets = key(platform, child)
        self.network = Network("network", platform, secrets.arn, child)
        self.cluster = Cluster("cluster", platform, self.network, secrets.arn, child)
        self.base = BaseNodes("base", platform, self.network, self.cluster, child)
        if platform.pool:
            interruptions = Interruptions("interruptions", platform, child)
            Karpenter("karpenter", platform, self.cluster, interruptions, child)
        if not platform.network.vpc:
            LogArchive("archive", platform, self.network.vpc, child)
        if platform.spend:
            Spend("spend", platform.spend, child)
        self.exports = {
            "vpc": self.network.vpc,
            "zones": list(platform.zones),
            "cluster": self.cluster.cluster.name,
            "kubeconfig": self.cluster.kubeconfig,
        }
        self.register_outputs(dict(self.exports))
