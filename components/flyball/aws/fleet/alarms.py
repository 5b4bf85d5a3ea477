"""What moves a fleet, and what people hear of it: CloudWatch's alarms, and the failures that it tells of as events."""

import json
from typing import Any

import pulumi
import pulumi_aws as aws

from flyball.aws import watches
from flyball.aws.fleet.balancer import Front
from flyball.aws.fleet.group import Group
from flyball.aws.watches import MINUTE
from flyball.guards.aws.fleet_steps import LARGEST
from flyball.guards.aws.fleets import Fleet
from flyball.guards.governor.envelope import PAGE_FOR_SECONDS, WARN_FOR_SECONDS
from flyball.guards.reading.units import ceil_div, show_count

UP_MINUTES, DOWN_MINUTES = 2, LARGEST.calm // MINUTE
"""Of a load that lasts, before the fleet moves."""
FAILURES = ("EC2 Auto Scaling Instance Refresh Failed", "EC2 Instance Launch Unsuccessful")
"""https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-event-reference.html"""
UNREACHED, UNREACHED_MINUTES = 1, 3
"""Percent of the requests, and for how long: one instance that goes away leaves a few connections behind."""


def register(fleet: Fleet, topic: pulumi.Input[str], made: Group, front: Front, opts: pulumi.ResourceOptions) -> None:
    """Two alarms that move the group; five, and its failures, that the topic gets."""
    load = {"LoadBalancer": front.balancer.arn_suffix, "TargetGroup": front.targets.arn_suffix}
    for name, policy, comparison, threshold, minutes in (
        ("high", made.up, "GreaterThanThreshold", fleet.thresholds.high, UP_MINUTES),
        ("low", made.down, "LessThanThreshold", fleet.thresholds.low, DOWN_MINUTES),
    ):
        aws.cloudwatch.MetricAlarm(
            f"{fleet.name}-{name}",
            alarm_description=f"{fleet.name}: requests a minute for each instance",
            **watches.of("AWS/ApplicationELB", "RequestCountPerTarget", load, "Sum"),
            evaluation_periods=minutes,
            comparison_operator=comparison,
            threshold=float(threshold),
            # Nobody measures: then nothing moves, in neither direction.
            treat_missing_data="notBreaching",
            alarm_actions=[policy.arn],
            opts=opts,
        )
    of_group = {"AutoScalingGroupName": made.group.name}
    _size(fleet, "near-cap", fleet.envelope.warn, WARN_FOR_SECONDS, of_group, topic, opts)
    _size(fleet, "at-cap", fleet.ceiling, PAGE_FOR_SECONDS, of_group, topic, opts)
    _below_floor(fleet, of_group, topic, opts)
    _connections(fleet, front, topic, opts)
    rule = aws.cloudwatch.EventRule(
        f"{fleet.name}-failures",
        description=f"{fleet.name}: what failed to start or to be replaced",
        event_pattern=made.group.name.apply(_pattern),
        opts=opts,
    )
    aws.cloudwatch.EventTarget(f"{fleet.name}-failures", rule=rule.name, arn=topic, opts=opts)


def _pattern(group: str) -> str:
    detail = {"AutoScalingGroupName": [group]}
    return json.dumps({"source": ["aws.autoscaling"], "detail-type": list(FAILURES), "detail": detail}, sort_keys=True)


def _size(
    fleet: Fleet,
    name: str,
    size: int,
    seconds: int,
    dimensions: dict[str, Any],
    topic: pulumi.Input[str],
    opts: pulumi.ResourceOptions,
) -> None:
    aws.cloudwatch.MetricAlarm(
        f"{fleet.name}-{name}",
        alarm_description=f"{fleet.name}: {size} of at most {show_count(fleet.ceiling, 'instance')}",
        **watches.of("AWS/AutoScaling", "GroupInServiceInstances", dimensions, "Maximum"),
        evaluation_periods=seconds // MINUTE,
        **watches.beyond(size, topic, reached=True, missing="missing"),
        opts=opts,
    )


def _below_floor(
    fleet: Fleet, dimensions: dict[str, Any], topic: pulumi.Input[str], opts: pulumi.ResourceOptions
) -> None:
    """Against the group's own minimum, which the schedule moves."""
    sizes = {"serving": "GroupInServiceInstances", "floor": "GroupMinSize"}
    called = "missing", "below the floor"
    aws.cloudwatch.MetricAlarm(
        f"{fleet.name}-below-floor",
        alarm_description=f"{fleet.name}: fewer in service than the floor, for longer than one takes to start",
        metric_queries=watches.reckoned("floor - serving", "AWS/AutoScaling", sizes, dimensions, "Minimum", called),
        evaluation_periods=ceil_div(fleet.boot + fleet.warmup, MINUTE),
        **watches.beyond(0, topic, missing="breaching"),
        opts=opts,
    )


def _connections(fleet: Fleet, front: Front, topic: pulumi.Input[str], opts: pulumi.ResourceOptions) -> None:
    """Those that the balancer refused, at its limit, and those that it could not make to an instance
    (https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html)."""
    own, namespace = {"LoadBalancer": front.balancer.arn_suffix}, "AWS/ApplicationELB"
    aws.cloudwatch.MetricAlarm(
        f"{fleet.name}-rejected",
        alarm_description=f"{fleet.name}: connections that the balancer refused, since it had as many as it may",
        **watches.of(namespace, "RejectedConnectionCount", own, "Sum"),
        evaluation_periods=1,
        **watches.beyond(0, topic),
        opts=opts,
    )
    metrics = {"failed": "TargetConnectionErrorCount", "requests": "RequestCount"}
    aws.cloudwatch.MetricAlarm(
        f"{fleet.name}-unreached",
        alarm_description=f"{fleet.name}: percent of the requests for which no instance took a connection",
        metric_queries=watches.reckoned("100 * failed / requests", namespace, metrics, own),
        evaluation_periods=UNREACHED_MINUTES,
        **watches.beyond(UNREACHED, topic),
        opts=opts,
    )
