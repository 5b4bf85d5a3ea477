"""Alarms: what they look at exists, by the pages of its service, and whoever they call is somebody."""

from collections.abc import Iterator
from typing import Any

import pytest
from tests.aws.capture import capture, cases, changed, of_case, shown

from flyball.alerts import hosts
from flyball.guards.alerting import hosts as limits
from flyball.guards.reading.reader import Reader
from flyball.stack.file import load

SERVICES: dict[str, tuple[str, dict[str, tuple[frozenset[str], ...]]]] = {
    "AWS/ApplicationELB": (
        "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html",
        {
            "RejectedConnectionCount": (frozenset({"LoadBalancer"}),),
            "RequestCount": (frozenset({"LoadBalancer"}), frozenset({"LoadBalancer", "TargetGroup"})),
            "RequestCountPerTarget": (frozenset({"TargetGroup"}), frozenset({"LoadBalancer", "TargetGroup"})),
            "TargetConnectionErrorCount": (frozenset({"LoadBalancer"}), frozenset({"LoadBalancer", "TargetGroup"})),
        },
    ),
    "AWS/AutoScaling": (
        "https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-metrics.html",
        dict.fromkeys(("GroupInServiceInstances", "GroupMinSize"), (frozenset({"AutoScalingGroupName"}),)),
    ),
    "AWS/Events": (
        "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-monitoring.html",
        {"Invocations": (frozenset(), frozenset({"RuleName"}))},
    ),
    "AWS/NATGateway": (
        "https://docs.aws.amazon.com/vpc/latest/userguide/metrics-dimensions-nat-gateway.html",
        dict.fromkeys(
            ("ErrorPortAllocation", "PacketsDropCount", "PacketsInFromSource", "PacketsInFromDestination"),
            (frozenset({"NatGatewayId"}),),
        ),
    ),
    "AWS/SQS": (
        "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/"
        "sqs-available-cloudwatch-metrics.html",
        dict.fromkeys(
            ("ApproximateAgeOfOldestMessage", "ApproximateNumberOfMessagesVisible"), (frozenset({"QueueName"}),)
        ),
    ),
}
"""By namespace: the page, and of each metric that is looked at the sets of dimensions that it is counted by."""
KEYS = {
    "NatGatewayId": ("aws:ec2/natGateway:NatGateway", "nat-"),
    "LoadBalancer": ("aws:lb/loadBalancer:LoadBalancer", "app/"),
    "TargetGroup": ("aws:lb/targetGroup:TargetGroup", "targetgroup/"),
}
"""What a dimension's value begins with, where its service has ids of its own."""


def alarms(case: str) -> dict[str, dict[str, Any]]:
    return {name: each for name, each in shown(of_case(case)).items() if ":MetricAlarm " in name}


def looked_at(inputs: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, str]]]:
    """Namespace, metric and dimensions of all that an alarm looks at."""
    queries = [query["metric"] for query in inputs.get("metricQueries", ()) if "metric" in query]
    for each in queries or [inputs]:
        yield each["namespace"], each["metricName"], each["dimensions"]


@pytest.mark.parametrize("case", ["fleets", "priced"])
def test_what_they_look_at_is_what_its_service_counts(case: str) -> None:
    found = [(name, *each) for name, alarm in alarms(case).items() for each in looked_at(alarm["inputs"])]
    assert found
    for name, namespace, metric, dimensions in found:
        assert frozenset(dimensions) in SERVICES[namespace][1][metric], name
        for key, value in dimensions.items():
            assert value.startswith(KEYS.get(key, ("", ""))[1]), name


def test_of_what_is_known_nothing_is_left_over() -> None:
    found = {each[:2] for case in cases() for alarm in alarms(case).values() for each in looked_at(alarm["inputs"])}
    assert found == {(namespace, metric) for namespace, (_, metrics) in SERVICES.items() for metric in metrics}


@pytest.mark.parametrize("case", cases())
def test_each_calls_somebody_or_moves_a_fleet(case: str) -> None:
    everything = shown(of_case(case))
    topics = [name for name in everything if ":Topic " in name]
    for name, alarm in alarms(case).items():
        [action] = alarm["inputs"]["alarmActions"]
        if ":scalingPolicy:" in action:
            continue
        assert action.startswith("arn:aws:sns:"), name
        assert topics == ["aws:sns/topic:Topic alarms"], name
        assert topics[0] in alarm["after"], name
    mails = [each["inputs"] for name, each in everything.items() if ":TopicSubscription " in name]
    assert bool(mails) == bool(topics)
    assert all((mail["protocol"], "@" in mail["endpoint"]) == ("email", True) for mail in mails)


def test_the_topic_is_there_for_what_alarms_and_for_nothing_else() -> None:
    """A platform in a network of others, without spot nodes and fleets, has nothing that would alarm."""
    config = load(cases()["given-network"])
    prices = {"m7i.xlarge": 1, "m6i.xlarge": 1, "m7a.xlarge": 1}
    spend = {"budget": 10, "prices": prices, "notify": ["oncall@example.com"]}
    found = shown(capture(changed(config, "aws.spend", spend)))
    assert "aws:budgets/budget:Budget spend" in found
    assert not [name for name in found if "alarm" in name.lower()]


@pytest.mark.parametrize(("proven", "notices"), [(1, 1), (9, 1), (10, 2), (30, 6)])
def test_notices_that_nobody_hears_of_grow_with_the_pool(proven: int, notices: int) -> None:
    config = changed(load(cases()["priced"]), "aws.nodes.spot.proven", proven)
    found = shown(capture(config))["aws:cloudwatch/metricAlarm:MetricAlarm interruptions-rate"]["inputs"]
    assert found["threshold"] == notices


def test_a_fleet_near_its_cap_and_at_it_is_told_of_as_a_group_of_hosts_is() -> None:
    """By Prometheus for hosts of an inventory, by CloudWatch for those of a fleet, which may be the same."""
    config = load(cases()["fleets"])
    fleets = config["aws"]["fleets"]
    assert fleets
    everything = alarms("fleets")
    for name, fleet in fleets.items():
        reader = Reader({"sizes": [{"group": name, "proven": fleet["proven"]}]}, (), problems := [])
        groups = hosts.rules(limits.sizes(reader, "sizes", fleets))
        assert problems == []
        rules = {rule.name: rule for group in groups.values() for rule in group if rule.subject == "size"}
        for rule, alarm in (("GroupNearCap", "near-cap"), ("GroupAtCap", "at-cap")):
            found = everything[f"aws:cloudwatch/metricAlarm:MetricAlarm {name}-{alarm}"]["inputs"]
            assert found["period"] * found["evaluationPeriods"] == rules[rule].seconds
            assert found["comparisonOperator"] == "GreaterThanOrEqualToThreshold"
            assert rules[rule].expr.endswith(f" >= {found['threshold']:g}")
