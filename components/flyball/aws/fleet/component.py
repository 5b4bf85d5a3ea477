"""`Fleet`: an Auto Scaling group whose size, steps, schedule and way out follow from the rules."""

from dataclasses import dataclass
from datetime import datetime

import pulumi

from flyball import wellknown
from flyball.aws import place
from flyball.aws.fleet import alarms, balancer, group, template
from flyball.guards.aws.fleets import Fleet as Spec
from flyball.guards.aws.platform import Platform


@dataclass(frozen=True)
class Surroundings:
    """Where a fleet is, and who hears of it: its subnets, and the topic that its alarms go to.

    `public` are the subnets of a load balancer that the internet reaches.
    """

    platform: Platform
    vpc: pulumi.Input[str]
    private: list[pulumi.Output[str]]
    public: list[pulumi.Output[str]]
    topic: pulumi.Input[str]
    network: pulumi.Resource

    def tags(self, fleet: str) -> dict[str, str]:
        """Of all that is the fleet's; given where the provider's defaults do not reach: group, instances, volumes."""
        return {**place.tags(self.platform), wellknown.FLEET_TAG: fleet}


class Fleet(pulumi.ComponentResource):
    """VMs that configure themselves and serve then, as many as the hour needs, and leave in an orderly way.

    `now` decides which minimum the schedule has set by then: an `up` in the middle of the day puts no night back.
    """

    address: pulumi.Output[str]
    """DNS name of the load balancer."""
    group: pulumi.Output[str]
    """Name of the Auto Scaling group."""

    def __init__(
        self, fleet: Spec, around: Surroundings, now: datetime, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("flyball:aws:Fleet", fleet.name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        front = balancer.register(fleet, around, child)
        launch = template.register(fleet, around, front.instances, child)
        made = group.register(fleet, around, launch, front, now, child)
        alarms.register(fleet, around.topic, made, front, child)
        self.address, self.group = front.balancer.dns_name, made.group.name
        self.register_outputs({"address": self.address, "group": self.group})
