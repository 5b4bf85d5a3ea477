"""`Platform`: everything of an account that services run on, with one provider handed to all of it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import pulumi
import pulumi_aws as aws

from flyball import wellknown
from flyball.aws import place, watches
from flyball.aws.alarms import Alarms
from flyball.aws.cluster import Cluster
from flyball.aws.fleet.component import Fleet, Surroundings
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

    What follows the clock is as it should be `now`. The provider refuses credentials of any account but the platform's,
    and puts the platform's tags on everything.
    """

    network: Network
    cluster: Cluster
    base: BaseNodes
    fleets: Mapping[str, Fleet]
    exports: Mapping[str, pulumi.Input[Any]]
    """What other stacks and people need of it."""

    def __init__(
        self, name: str, platform: guard.Platform, now: datetime, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        provider = aws.Provider(
            name,
            region=platform.region,  # pyright: ignore[reportArgumentType] - a text, for all that the SDK lists
            allowed_account_ids=[platform.account],
            default_tags={"tags": place.tags(platform)},
            # Set by people who freeze a group, and taken away by them alone.
            ignore_tags={"keys": [wellknown.FREEZE_TAG]},
        )
        handed = pulumi.ResourceOptions(providers=[provider])
        super().__init__("flyball:aws:Platform", name, {}, pulumi.ResourceOptions.merge(opts, handed))
        child = pulumi.ResourceOptions(parent=self)
        secrets = key(platform, child)
        self.network = Network("network", platform, secrets.arn, child)
        self.cluster = Cluster("cluster", platform, self.network, secrets.arn, child)
        self.base = BaseNodes("base", platform, self.network, self.cluster, child)
        topic = self._topic(platform, child)
        if platform.pool:
            interruptions = Interruptions("interruptions", platform, child)
            Karpenter("karpenter", platform, self.cluster, interruptions, child)
            if topic:
                watches.interruptions("interruptions", platform.pool, interruptions, topic, child)
        if topic:
            for zone, gateway in self.network.gateways.items():
                watches.ways_out(f"nat-{zone}", gateway, topic, child)
        if not platform.network.vpc:
            LogArchive("archive", platform, self.network.vpc, child)
        if platform.spend:
            Spend("spend", platform.spend, child)
        self.fleets = self._fleets(platform, topic, now, child)
        self.exports = {
            "vpc": self.network.vpc,
            "zones": list(platform.zones),
            "cluster": self.cluster.cluster.name,
            "kubeconfig": self.cluster.kubeconfig,
            "fleets": {name: {"address": fleet.address, "group": fleet.group} for name, fleet in self.fleets.items()},
        }
        self.register_outputs(dict(self.exports))

    def _topic(self, platform: guard.Platform, child: pulumi.ResourceOptions) -> pulumi.Output[str] | None:
        """What alarms go to; none where nobody would hear of them, or nothing alarms."""
        if not platform.spend or not (self.network.gateways or platform.pool or platform.fleets):
            return None
        return Alarms("alarms", platform, platform.spend.notify, child).arn

    def _fleets(
        self, platform: guard.Platform, topic: pulumi.Output[str] | None, now: datetime, child: pulumi.ResourceOptions
    ) -> dict[str, Fleet]:
        if not topic:
            return {}  # fleets without anybody who hears of them are refused
        network = self.network
        around = Surroundings(platform, network.vpc, network.private, network.public, topic, network)
        return {name: Fleet(fleet, around, now, child) for name, fleet in platform.fleets.items()}
