"""The Auto Scaling group of a fleet, and what moves its size: hooks, schedule, policies."""

from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pulumi
import pulumi_aws as aws

from flyball import wellknown
from flyball.aws.fleet import boot
from flyball.aws.fleet.balancer import Front
from flyball.guards.aws.fleet_refresh import FULL, MOST
from flyball.guards.aws.fleet_schedule import UNCHANGED
from flyball.guards.aws.fleet_steps import Thresholds, Up
from flyball.guards.aws.fleets import Fleet

if TYPE_CHECKING:
    from flyball.aws.fleet.component import Surroundings

METRICS: Any = ("GroupDesiredCapacity", "GroupInServiceInstances", "GroupMaxSize", "GroupMinSize")
IGNORED = ("desiredCapacity", "suspendedProcesses")
"""What autoscaling and people decide, and no `up` undoes: how many run, and what a freeze holds."""


@dataclass(frozen=True)
class Group:
    """The group, and its policies up and down."""

    group: aws.autoscaling.Group
    up: aws.autoscaling.Policy
    down: aws.autoscaling.Policy


def register(
    fleet: Fleet,
    around: "Surroundings",
    template: aws.ec2.LaunchTemplate,
    front: Front,
    now: datetime,
    opts: pulumi.ResourceOptions,
) -> Group:
    """The group with its minimum as the schedule has it `now`."""
    tags = {"Name": fleet.name, **around.tags(fleet.name)}
    # Of the group alone: what asks looks there, and another way of changing them replaces no instance.
    changes = wellknown.CHANGES_REFRESH if fleet.refresh else wellknown.CHANGES_ROLL
    own = pulumi.ResourceOptions(ignore_changes=list(IGNORED), depends_on=[around.network, *front.ready])
    group = aws.autoscaling.Group(
        fleet.name,
        min_size=fleet.minimum(now),
        max_size=fleet.ceiling,
        vpc_zone_identifiers=around.private,
        mixed_instances_policy=_mixed(fleet, template),
        capacity_rebalance=fleet.split is not None,
        target_group_arns=[front.targets.arn],
        health_check_type="ELB",
        health_check_grace_period=fleet.warmup,
        default_instance_warmup=fleet.warmup,
        default_cooldown=fleet.steps.down.cooldown,
        max_instance_lifetime=fleet.lifetime // 1000,
        # Whatever replaces an instance, be it unhealthy, old or of an earlier version, has the new one first.
        instance_maintenance_policy={"min_healthy_percentage": FULL, "max_healthy_percentage": MOST},
        instance_refresh=_refresh(fleet),
        # The first instances wait for these too; those beside the group come too late for them.
        initial_lifecycle_hooks=[hook for _, hook in _hooks(fleet)],
        wait_for_capacity_timeout=f"{fleet.boot + 2 * fleet.warmup}s",
        enabled_metrics=list(METRICS),
        metrics_granularity="1Minute",
        tags=[
            *({"key": key, "value": value, "propagate_at_launch": True} for key, value in tags.items()),
            {"key": wellknown.CHANGES_TAG, "value": changes, "propagate_at_launch": False},
        ],
        opts=pulumi.ResourceOptions.merge(opts, own),
    )
    for name, hook in _hooks(fleet):
        aws.autoscaling.LifecycleHook(f"{fleet.name}-{name}", autoscaling_group_name=group.name, **hook, opts=opts)
    for i, action in enumerate(fleet.actions.actions):
        aws.autoscaling.Schedule(
            f"{fleet.name}-{i}",
            scheduled_action_name=f"{i}-to-{action.minimum}",
            autoscaling_group_name=group.name,
            recurrence=action.recurrence,
            time_zone=fleet.actions.timezone,
            min_size=action.minimum,
            max_size=UNCHANGED,
            desired_capacity=UNCHANGED,
            opts=opts,
        )
    return Group(group, _up(fleet, group, opts), _down(fleet, group, opts))


def _mixed(fleet: Fleet, template: aws.ec2.LaunchTemplate) -> Any:
    """On demand what the peak needs, or all; on spot by what is least likely to be taken back, then by price."""
    base = fleet.split.base if fleet.split else 0
    version = template.latest_version if fleet.version is None else fleet.version
    return {
        "instances_distribution": {
            "on_demand_allocation_strategy": "prioritized",
            "on_demand_base_capacity": base,
            "on_demand_percentage_above_base_capacity": 0 if fleet.split else 100,
            "spot_allocation_strategy": "price-capacity-optimized",
        },
        "launch_template": {
            "launch_template_specification": {
                "launch_template_id": template.id,
                # A number: with $Latest no refresh would ever begin.
                "version": pulumi.Output.from_input(version).apply(lambda number: str(int(number))),
            },
            "overrides": [{"instance_type": name} for name in fleet.types],
        },
    }


def _refresh(fleet: Fleet) -> Any:
    if fleet.refresh is None:
        return None
    return {
        "strategy": "Rolling",
        "preferences": {
            "min_healthy_percentage": fleet.refresh.healthy,
            "max_healthy_percentage": fleet.refresh.most,
            "instance_warmup": str(fleet.warmup),
            "checkpoint_percentages": list(fleet.refresh.checkpoints),
            "checkpoint_delay": str(fleet.refresh.wait),
            "skip_matching": True,
        },
    }


def _hooks(fleet: Fleet) -> tuple[tuple[str, Any], ...]:
    """Into service and out of it; who is not ready in time is given up, who does not leave in time goes."""
    return (
        (
            "launch",
            {
                "name": boot.LAUNCH_HOOK,
                "lifecycle_transition": "autoscaling:EC2_INSTANCE_LAUNCHING",
                "heartbeat_timeout": fleet.boot,
                "default_result": "ABANDON",
            },
        ),
        (
            "termination",
            {
                "name": boot.TERMINATION_HOOK,
                "lifecycle_transition": "autoscaling:EC2_INSTANCE_TERMINATING",
                "heartbeat_timeout": fleet.hook,
                "default_result": "CONTINUE",
            },
        ),
    )


def _up(fleet: Fleet, group: aws.autoscaling.Group, opts: pulumi.ResourceOptions) -> aws.autoscaling.Policy:
    return aws.autoscaling.Policy(
        f"{fleet.name}-up",
        autoscaling_group_name=group.name,
        policy_type="StepScaling",
        adjustment_type="PercentChangeInCapacity",
        min_adjustment_magnitude=fleet.steps.up.least,
        estimated_instance_warmup=fleet.warmup,
        metric_aggregation_type="Average",
        step_adjustments=_bands(fleet.steps.up, fleet.thresholds),
        opts=opts,
    )


def _bands(up: Up, thresholds: Thresholds) -> list[Any]:
    """How far beyond the alarm each band begins and ends, in the metric's own unit; the last one has no end."""
    edges = [f"{float(thresholds.high * band.above / 100):g}" for band in up.bands]
    bands: list[Any] = [
        {"scaling_adjustment": band.percent, "metric_interval_lower_bound": low, "metric_interval_upper_bound": high}
        for band, (low, high) in zip(up.bands, pairwise([*edges, ""]), strict=True)
    ]
    del bands[-1]["metric_interval_upper_bound"]
    return bands


def _down(fleet: Fleet, group: aws.autoscaling.Group, opts: pulumi.ResourceOptions) -> aws.autoscaling.Policy:
    return aws.autoscaling.Policy(
        f"{fleet.name}-down",
        autoscaling_group_name=group.name,
        policy_type="SimpleScaling",
        adjustment_type="PercentChangeInCapacity",
        scaling_adjustment=-fleet.steps.down.percent,
        min_adjustment_magnitude=fleet.steps.down.least,
        cooldown=fleet.steps.down.cooldown,
        opts=opts,
    )
