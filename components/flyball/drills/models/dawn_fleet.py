"""A fleet's night ends while the morning begins, on a model: what a schedule of sizes does, and one of peaks."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flyball.drills.cluster.recording import ClusterRecording
from flyball.drills.measure import Event, Load, Sample
from flyball.drills.models.auto_scaling import Group, Inputs, made_from
from flyball.drills.models.drill import ModelDrill
from flyball.drills.result import Figures
from flyball.guards.reading.units import ceil_div

ZONE = "Europe/Berlin"
BEGIN = datetime(2026, 11, 26, 21, 30, tzinfo=ZoneInfo(ZONE))
SECONDS = 34_200
"""Until seven in the morning."""
DAY, NIGHT, REPLICA, ZONES = 880, 180, 150, 3
BOOT = 300
"""Seconds that an instance takes until it serves."""
EVENING, LATE = 900, 2700
"""From a quarter to ten on people go, for three quarters of an hour: half of it within the night's window."""
MORNING, EARLY = 30_300, 900
"""From five to six on people come, for a quarter of an hour."""
LOSS = 31_800
"""At twenty past six a zone is gone."""
FLEET: Mapping[str, Any] = {
    "image": "ami-0a1b2c3d4e5f60718",
    "types": ["m7i.large", "m6i.large", "m5.large"],
    "load": {"peak": 900, "replica": REPLICA},
    "survive": "zone",
    "schedule": {"timezone": ZONE, "windows": [{"start": "0 22 * * *", "end": "0 6 * * *", "peak": 200}]},
    "proven": 12,
    "certificate": "arn:aws:acm:eu-central-1:123456789012:certificate/0a1b2c3d-4e5f-4071-8293-a4b5c6d7e8f9",
    "playbook": "s3://shop-artifacts/web.tar.gz",
    "health": "/healthz",
}
PLATFORM: Mapping[str, Any] = {
    "environment": "drill",
    "owner": "drill",
    "aws": {
        "account": "123456789012",
        "region": "eu-central-1",
        "network": {"cidr": "10.0.0.0/16"},
        "cluster": {
            "version": "1.36",
            "ami": "al2023@v20261101",
            "admins": ["arn:aws:iam::123456789012:role/platform"],
            "addons": {
                "vpc-cni": "v1.21.1-eksbuild.1",
                "kube-proxy": "v1.36.0-eksbuild.1",
                "coredns": "v1.13.1-eksbuild.1",
                "eks-pod-identity-agent": "v1.3.10-eksbuild.1",
            },
        },
        "nodes": {"base": {"types": FLEET["types"], "size": {"cpu": 2, "memory": "8Gi"}}},
        "fleets": {"web": FLEET},
        "spend": {
            "budget": 1000,
            "prices": dict.fromkeys([*FLEET["types"], "nat"], 1),
            "notify": ["oncall@example.com"],
        },
    },
}
BY_DAY, BY_NIGHT, MOST = 6, 2, 18
"""What is written into a schedule by hand: the load divided by what an instance can do."""
_GROUP, _POLICY = "aws:autoscaling/group:Group", "aws:autoscaling/policy:Policy"
_ALARM, _SCHEDULE = "aws:cloudwatch/metricAlarm:MetricAlarm", "aws:autoscaling/schedule:Schedule"


def captured() -> list[tuple[str, str, Inputs]]:
    """What a program with this fleet registers, at the time at which the model begins."""
    from flyball.deploy.program import run
    from flyball.deploy.stand_ins import StandIns
    from flyball.stack.build import build
    from flyball.stack.platform import read_platform

    platform = read_platform(PLATFORM)
    registered = run(lambda: build(platform, BEGIN), "flyball", "drill", cloud=StandIns())
    return [(each.type, each.name, each.inputs) for each in registered]


def by_hand() -> list[tuple[str, str, Inputs]]:
    """The same group as it is commonly written: sizes by the hour, one more or one less by the load."""

    def policy(step: int) -> Inputs:
        return {"policyType": "SimpleScaling", "adjustmentType": "ChangeInCapacity", "scalingAdjustment": step}

    def alarm(comparison: str, share: float, name: str) -> Inputs:
        return {
            "comparisonOperator": comparison,
            "threshold": share * REPLICA * 60,
            "evaluationPeriods": 2,
            "alarmActions": [f"arn:aws:autoscaling:eu-central-1:123456789012:scalingPolicy:1:policyName/{name}"],
        }

    def schedule(hour: int, size: int) -> Inputs:
        sizes = {"minSize": size, "maxSize": MOST, "desiredCapacity": size}
        return {"recurrence": f"0 {hour} * * *", "timeZone": ZONE, **sizes}

    return [
        (_GROUP, "web", {"minSize": BY_DAY, "maxSize": MOST, "desiredCapacity": BY_DAY}),
        (_POLICY, "up", policy(1)),
        (_POLICY, "down", policy(-1)),
        (_ALARM, "high", alarm("GreaterThanThreshold", 0.9, "up")),
        (_ALARM, "low", alarm("LessThanThreshold", 0.3, "down")),
        (_SCHEDULE, "night", schedule(22, BY_NIGHT)),
        (_SCHEDULE, "day", schedule(6, BY_DAY)),
    ]


def script(guard: bool) -> tuple[Figures, ClusterRecording]:
    """Evening, night, morning, and a zone that is lost in it."""
    group = made_from(captured() if guard else by_hand(), BEGIN, SECONDS, BOOT)
    load = Load(DAY)
    samples = [Sample(0, group.serving(0), group.there(0))]
    events = [Event(EVENING, "people go"), Event(1800, "the night window begins")]
    drop = 0
    for now in range(SECONDS):
        if now == EVENING:
            load.ramp(now, LATE, NIGHT)
        if now == MORNING:
            load.ramp(now, EARLY, DAY)
            events.append(Event(now, "people come"))
        if now == LOSS:
            lost = ceil_div(group.serving(now), ZONES)
            group.lose(lost, now)
            events.append(Event(now, f"a zone is lost, with {lost} instances"))
        before = group.there(now)
        group.second(now, load.at(now))
        drop = max(drop, before - group.there(now)) if now != LOSS else drop
        if group.serving(now) != samples[-1].ready:
            samples.append(Sample(now, group.serving(now), group.there(now)))
    events.append(Event(30_600, "the night window ends"))
    ordered = sorted(events, key=lambda event: event.at)
    recording = ClusterRecording(samples, ordered, load, REPLICA, SECONDS, unit="instances")
    return {**recording.figures(), **_sizes(group, drop)}, recording


def _sizes(group: Group, drop: int) -> Figures:
    sizes = [size for _, size, _ in group.told]
    return {"smallest_size": min(sizes), "largest_size": max(sizes), "largest_drop_at_once": drop}


DRILL = ModelDrill(
    name="dawn-fleet",
    title="A fleet's night ends while the morning begins, and a zone is lost (a model)",
    story=f"On a model of an Auto Scaling group: {DAY} requests/s by day, {NIGHT} at night. People go later than the "
    f"schedule has it, and come as its window ends; an instance takes {BOOT // 60} minutes to start. In the morning a "
    "zone is lost.",
    with_guard="A schedule of peaks: actions set the minimum alone, the way down is in steps, and a ramp ends before "
    "the morning begins, with a zone to spare.",
    without_guard=f"A schedule of sizes by hand, {BY_NIGHT} at night and {BY_DAY} by day, desired size and all; one "
    "more or one less by the load.",
    script=script,
    held=lambda figures: figures["requests_not_served"] == 0,
    summary=lambda figures: (
        f"{figures['requests_not_served']:,} of {figures['requests']:,} requests not served, by a "
        f"model; {figures['smallest_size']} to {figures['largest_size']} instances"
    ),
)
