"""What is called an ARN is one, of the kind that its name says, and an id is one of its kind."""

import re
from collections.abc import Iterator
from typing import Any

from flyball.deploy.registered import Registered

_IDS = {
    "vpcId": "vpc-",
    "subnetId": "subnet-",
    "subnetIds": "subnet-",
    "subnets": "subnet-",
    "vpcZoneIdentifiers": "subnet-",
    "securityGroupId": "sg-",
    "securityGroupIds": "sg-",
    "securityGroups": "sg-",
    "vpcSecurityGroupIds": "sg-",
    "routeTableId": "rtb-",
    "routeTableIds": "rtb-",
    "gatewayId": "igw-",
    "natGatewayId": "nat-",
    "allocationId": "eipalloc-",
    "launchTemplateId": "lt-",
}
_KINDS = {
    "roleArn": r"arn:aws:iam::\d{12}:role/.+",
    "nodeRoleArn": r"arn:aws:iam::\d{12}:role/.+",
    "iamRoleArn": r"arn:aws:iam::\d{12}:role/.+",
    "principalArn": r"arn:aws:iam::\d{12}:(role|user)/.+",
    "policyArn": r"arn:aws:(iam::(aws|\d{12}):policy/|eks::aws:cluster-access-policy/).+",
    "keyArn": r"arn:aws:kms:.+:key/.+",
    "kmsKeyId": r"arn:aws:kms:.+:key/.+",
    "kmsMasterKeyId": r"arn:aws:kms:.+:key/.+",
    "logDestination": r"arn:aws:(logs:.+:log-group:.+|s3:::.+)",
    "topicArn": r"arn:aws:sns:.+",
    "targetGroupArn": r"arn:aws:elasticloadbalancing:.+:targetgroup/.+",
    "targetGroupArns": r"arn:aws:elasticloadbalancing:.+:targetgroup/.+",
    "loadBalancerArn": r"arn:aws:elasticloadbalancing:.+:loadbalancer/.+",
    "alarmActions": r"arn:aws:(sns|autoscaling):.+",
    "okActions": r"arn:aws:sns:.+",
    "role": r"(?!arn:)[\w+=,.@-]+",
}
"""Roles are given by name where only that is taken."""


def problems(resource: Registered) -> Iterator[str]:
    """Values that are not what the name of their input says."""
    for path, key, value in values(resource.inputs, resource.name):
        prefix, kind = _IDS.get(key), _KINDS.get(key)
        if prefix and not re.fullmatch(rf"{prefix}[0-9a-f]{{8,17}}", value):
            yield f"{path}: {value!r} is no {prefix}…"
        elif kind and not re.fullmatch(kind, value):
            yield f"{path}: {value!r} is of another kind"
        elif not kind and re.search(r"Arns?$", key) and not value.startswith("arn:"):
            yield f"{path}: {value!r} is no ARN"


def values(inner: Any, path: str, key: str = "") -> Iterator[tuple[str, str, str]]:
    """Each text with its path and the name of the input that it is in."""
    if isinstance(inner, dict):
        for name, value in inner.items():
            yield from values(value, f"{path}.{name}", name)
    elif isinstance(inner, list):
        for i, value in enumerate(inner):
            yield from values(value, f"{path}[{i}]", key)
    elif isinstance(inner, str):
        yield path, key, inner
