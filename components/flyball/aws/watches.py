"""What people hear of a platform beside its fleets: ways out that are full, and machines that EC2 takes back.

The arguments that alarms have in common are here too; those of fleets are made of the same ones.
"""

from collections.abc import Mapping
from typing import Any

import pulumi
import pulumi_aws as aws

from flyball.aws.interruptions import NOTICE, Interruptions
from flyball.guards.aws.pools import Pool

Topic = pulumi.Input[str]
MINUTE, HOUR = 60, 3600
MINUTES, OF_THEM = 5, 3
"""A way out is looked at for five minutes, of which three must be bad: one burst is over before anybody looks."""
DROPPED = 0.01
"""Percent of the packets from either side, beyond which it may be the gateway's own trouble
(https://docs.aws.amazon.com/vpc/latest/userguide/metrics-dimensions-nat-gateway.html)."""


def ways_out(name: str, gateway: aws.ec2.NatGateway, topic: Topic, opts: pulumi.ResourceOptions) -> None:
    """Two alarms on a NAT gateway: connections that it had no port for, and packets that it dropped."""
    own = {"NatGatewayId": gateway.id}
    aws.cloudwatch.MetricAlarm(
        f"{name}-ports",
        alarm_description="connections for which the NAT gateway had no port: 55,000 go to one destination at a time",
        **of("AWS/NATGateway", "ErrorPortAllocation", own, "Sum"),
        evaluation_periods=MINUTES,
        datapoints_to_alarm=OF_THEM,
        **beyond(0, topic),
        opts=opts,
    )
    share = "100 * dropped / (inside + outside)"
    packets = {"dropped": "PacketsDropCount", "inside": "PacketsInFromSource", "outside": "PacketsInFromDestination"}
    aws.cloudwatch.MetricAlarm(
        f"{name}-dropped",
        alarm_description="percent of the packets that the NAT gateway has dropped",
        metric_queries=reckoned(share, "AWS/NATGateway", packets, own),
        evaluation_periods=MINUTES,
        datapoints_to_alarm=MINUTES,
        **beyond(DROPPED, topic),
        opts=opts,
    )


def interruptions(name: str, pool: Pool, made: Interruptions, topic: Topic, opts: pulumi.ResourceOptions) -> None:
    """Three alarms: more notices than a pool can shrug off, notices that nobody reads, and those that went nowhere.

    Of the first EventBridge counts all of the account's region, whoever's the machines are.
    """
    aws.cloudwatch.MetricAlarm(
        f"{name}-rate",
        alarm_description=f"notices that EC2 takes spot instances back, in an hour; {pool.proven} nodes are proven",
        **of("AWS/Events", "Invocations", {"RuleName": made.rules["spot"].name}, "Sum", HOUR),
        evaluation_periods=1,
        **beyond(pool.interruptions, topic),
        opts=opts,
    )
    aws.cloudwatch.MetricAlarm(
        f"{name}-unread",
        alarm_description="seconds for which a notice has waited: Karpenter does not read its queue",
        **of("AWS/SQS", "ApproximateAgeOfOldestMessage", {"QueueName": made.queue.name}, "Maximum"),
        evaluation_periods=1,
        **beyond(NOTICE, topic),
        opts=opts,
    )
    aws.cloudwatch.MetricAlarm(
        f"{name}-dead",
        alarm_description="notices that could not be delivered, or that Karpenter has not understood",
        **of("AWS/SQS", "ApproximateNumberOfMessagesVisible", {"QueueName": made.dead.name}, "Maximum"),
        evaluation_periods=1,
        **beyond(0, topic),
        opts=opts,
    )


def of(namespace: str, metric: str, dimensions: Any, statistic: str, period: int = MINUTE) -> dict[str, Any]:
    """Arguments of an alarm: what is looked at, each `period` [s]."""
    return {
        "namespace": namespace,
        "metric_name": metric,
        "dimensions": dimensions,
        "statistic": statistic,
        "period": period,
    }


def reckoned(
    expression: str,
    namespace: str,
    metrics: Mapping[str, str],
    dimensions: Any,
    statistic: str = "Sum",
    called: tuple[str, str] = ("share", "percent"),
) -> list[Any]:
    """Arguments of an alarm on an expression of metrics, which it has by their ids, of a minute each; the expression's
    own id and label are what it is `called`."""
    found = [
        {
            "id": key,
            "metric": {
                "namespace": namespace,
                "metric_name": metric,
                "dimensions": dimensions,
                "stat": statistic,
                "period": MINUTE,
            },
        }
        for key, metric in metrics.items()
    ]
    own, label = called
    return [*found, {"id": own, "expression": expression, "label": label, "return_data": True}]


def beyond(threshold: float, topic: Topic, *, reached: bool = False, missing: str = "notBreaching") -> dict[str, Any]:
    """Arguments of an alarm: what is too much, with `reached` already the threshold itself, and who hears of it and of
    its end. What nobody counts is none, unless `missing` says otherwise."""
    return {
        "comparison_operator": "GreaterThanOrEqualToThreshold" if reached else "GreaterThanThreshold",
        "threshold": threshold,
        "treat_missing_data": missing,
        "alarm_actions": [topic],
        "ok_actions": [topic],
    }
