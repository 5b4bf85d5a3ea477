"""Hosts of fleets on AWS, from what EC2 says of instances: found by their tags whenever somebody asks, kept nowhere."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from flyball import wellknown
from flyball.guards.aws import fleet_freeze
from flyball.guards.reading.problem import Problem, refuse
from flyball.guards.reading.rules import MISSING, WRONG_TYPE
from flyball.guards.roles.pulumi_stack import Host

GROUP_TAG = "aws:autoscaling:groupName"
"""Set by Auto Scaling (https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-tagging.html)."""


UNDER_WAY = ("Pending", "InProgress", "Cancelling", "RollbackInProgress", "Baking")
"""States of an instance refresh that is not over
(https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_InstanceRefresh.html)."""


def filters(environment: str) -> list[str]:
    """By which EC2 is asked for the instances that run of an environment's fleets."""
    return [
        "Name=instance-state-name,Values=running",
        f"Name=tag:{wellknown.ENVIRONMENT_LABEL},Values={environment}",
        f"Name=tag-key,Values={wellknown.FLEET_TAG}",
    ]


def hosts_of(answer: object) -> list[Host]:
    """A host for each instance, in the order of their ids, each in the group of its fleet.

    Raises `Refused` for what is no answer of EC2, and for an instance without an address.
    """
    problems: list[Problem] = []
    hosts = [host for instance in _instances(answer, problems) if (host := _host(instance, problems))]
    refuse(problems)
    return sorted(hosts, key=lambda host: host.name)


def _instances(answer: object, problems: list[Problem]) -> Iterator[Mapping[str, Any]]:
    reservations = answer.get("Reservations") if isinstance(answer, Mapping) else None
    if not isinstance(reservations, list):
        problems.append(Problem((), WRONG_TYPE, "is no answer of EC2", "ask with `aws ec2 describe-instances`"))
        return
    for reservation in reservations:
        yield from reservation.get("Instances", [])


def _host(instance: Mapping[str, Any], problems: list[Problem]) -> Host | None:
    name, address = instance.get("InstanceId", ""), instance.get("PrivateIpAddress", "")
    tags = {tag["Key"]: tag["Value"] for tag in instance.get("Tags", [])}
    fleet = tags.get(wellknown.FLEET_TAG, "")
    for what, value in (("InstanceId", name), ("PrivateIpAddress", address), (wellknown.FLEET_TAG, fleet)):
        if not value:
            problems.append(Problem((name or "instance", what), MISSING, "is missing", "ask again in a minute"))
            return None
    variables = {
        "flyball_fleet": fleet,
        "flyball_fleet_group": tags.get(GROUP_TAG, ""),
        "flyball_zone": instance.get("Placement", {}).get("AvailabilityZone", ""),
    }
    return Host(name, address, (re.sub(r"[^A-Za-z0-9_]", "_", fleet),), variables)


def check_changing(groups: object, refreshes: object, program: str) -> Iterator[str]:
    """Who else changes the instances of a fleet, from what Auto Scaling says of its group and of its refreshes.

    A fleet is changed in one of two ways. Where its instances are replaced, whatever a playbook brings is lost with the
    next of them; where playbooks change them, no `up` replaces any.
    """
    override = f"or give {program}_override with the reason"
    found = groups.get("AutoScalingGroups") if isinstance(groups, Mapping) else None
    if not found:
        yield f"Auto Scaling says nothing of the group that the hosts are of; ask again in a minute, {override}"
        return
    name, tags = found[0]["AutoScalingGroupName"], {tag["Key"]: tag["Value"] for tag in found[0].get("Tags", ())}
    runs = refreshes.get("InstanceRefreshes", ()) if isinstance(refreshes, Mapping) else ()
    for run in runs:
        if run["Status"] in UNDER_WAY:
            since = f" since {run['StartTime']}" if run.get("StartTime") else ""
            stop = f"`aws autoscaling cancel-instance-refresh --auto-scaling-group-name {name}`"
            yield (
                f"{name}: its instances are being replaced by a refresh ({run['Status']}{since}); wait until that is"
                f" over, or stop it with {stop}, {override}"
            )
    if text := tags.get(wellknown.FREEZE_TAG):
        freeze = fleet_freeze.read(text)
        yield f"{name}: is frozen by {freeze.by} ({freeze.why}); wait for its end (`flyball unfreeze`), {override}"
    if program == "roll" and tags.get(wellknown.CHANGES_TAG) == wellknown.CHANGES_REFRESH:
        yield (
            f"{name}: changes reach its instances by replacing them, without what is rolled out; say changes: roll in"
            f" the platform's file and bring that up first, {override}"
        )
