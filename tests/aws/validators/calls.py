"""Captured inputs as the calls that make them, held against botocore's models: what cfn-lint's schemas leave out.

botocore itself checks types and least values alone; its models have more (required members, words, patterns, lengths).
"""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any

import botocore.session
from botocore import xform_name

from flyball.deploy.registered import Registered
from flyball.deploy.stand_ins import ACCOUNT

Inputs = Mapping[str, Any]
Call = tuple[str, str, Callable[[Inputs], dict[str, Any]]]
_SESSION = botocore.session.get_session()
_NUMBERS = {"integer": int, "long": int, "float": float, "double": float}


def _notification(given: Inputs) -> dict[str, Any]:
    addresses = given.get("subscriberEmailAddresses", [])
    said = {key: value for key, value in given.items() if key != "subscriberEmailAddresses"}
    return {
        "Notification": said,
        "Subscribers": [{"SubscriptionType": "EMAIL", "Address": address} for address in addresses],
    }


def _budget(given: Inputs) -> dict[str, Any]:
    limit = {"Amount": given.get("limitAmount"), "Unit": given.get("limitUnit")}
    budget = {"BudgetName": "spend", "BudgetLimit": limit, **_only(given, "budgetType", "timeUnit")}
    notifications = [_notification(each) for each in given.get("notifications", [])]
    return {"AccountId": ACCOUNT, "Budget": budget, "NotificationsWithSubscribers": notifications}


def _target(given: Inputs) -> dict[str, Any]:
    target = {"Id": "target", **{key: value for key, value in given.items() if key != "rule"}}
    return {"Rule": given.get("rule"), "Targets": [target]}


def _template(given: Inputs) -> dict[str, Any]:
    beside = ("description", "name", "tags", "updateDefaultVersion")
    data = {key: value for key, value in given.items() if key not in beside}
    disks = [{**each, "ebs": _typed(each.get("ebs"))} for each in data.pop("blockDeviceMappings", [])]
    groups = {"SecurityGroupIds": data.pop("vpcSecurityGroupIds")} if "vpcSecurityGroupIds" in data else {}
    tags = [
        {**each, "tags": [{"Key": key, "Value": value} for key, value in each["tags"].items()]}
        for each in data.pop("tagSpecifications", [])
    ]
    found = {**data, "blockDeviceMappings": disks, "tagSpecifications": tags, **groups}
    return {"LaunchTemplateName": "base", "LaunchTemplateData": found}


def _typed(given: Any) -> Any:
    """As the provider hands it on: it has true and false of a disk as words."""
    words = {"true": True, "false": False}
    return {key: words.get(value, value) if isinstance(value, str) else value for key, value in (given or {}).items()}


def _only(given: Inputs, *names: str) -> dict[str, Any]:
    return {name: given[name] for name in names if name in given}


def _renamed(**names: str) -> Callable[[Inputs], dict[str, Any]]:
    """By the input's name: that of the member, where its word is another."""
    return lambda given: {names.get(key, key): value for key, value in given.items()}


def _as_one(name: str, *, of: tuple[str, ...]) -> Callable[[Inputs], dict[str, Any]]:
    """All inputs but `of` lie in one member."""
    return lambda given: {**_only(given, *of), name: {key: each for key, each in given.items() if key not in of}}


CALLS: Mapping[str, tuple[Call, ...]] = {
    "aws:budgets/budget:Budget": (("budgets", "CreateBudget", _budget),),
    "aws:cloudwatch/eventTarget:EventTarget": (("events", "PutTargets", _target),),
    "aws:ec2/tag:Tag": (
        (
            "ec2",
            "CreateTags",
            lambda given: {"Resources": [given["resourceId"]], "Tags": [_only(given, "key", "value")]},
        ),
    ),
    "aws:ec2/subnetCidrReservation:SubnetCidrReservation": (
        ("ec2", "CreateSubnetCidrReservation", _renamed(cidrBlock="Cidr")),
    ),
    "aws:eks/accessPolicyAssociation:AccessPolicyAssociation": (("eks", "AssociateAccessPolicy", dict),),
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": (("iam", "AttachRolePolicy", _renamed(role="RoleName")),),
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": (
        ("s3", "PutBucketLifecycleConfiguration", _as_one("LifecycleConfiguration", of=("bucket",))),
    ),
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": (
        (
            "s3",
            "PutBucketOwnershipControls",
            lambda given: {"Bucket": given.get("bucket"), "OwnershipControls": {"Rules": [given.get("rule")]}},
        ),
    ),
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": (
        ("s3", "PutPublicAccessBlock", _as_one("PublicAccessBlockConfiguration", of=("bucket",))),
    ),
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": (
        ("s3", "PutBucketEncryption", _as_one("ServerSideEncryptionConfiguration", of=("bucket",))),
    ),
    "aws:s3/bucketVersioning:BucketVersioning": (("s3", "PutBucketVersioning", dict),),
    "aws:sqs/redriveAllowPolicy:RedriveAllowPolicy": (
        (
            "sqs",
            "SetQueueAttributes",
            lambda given: {
                "QueueUrl": given["queueUrl"],
                "Attributes": {"RedriveAllowPolicy": given["redriveAllowPolicy"]},
            },
        ),
    ),
    "aws:ec2/launchTemplate:LaunchTemplate": (("ec2", "CreateLaunchTemplate", _template),),
    # Of these cfn-lint sees the rest.
    "aws:autoscaling/group:Group": (
        (
            "autoscaling",
            "StartInstanceRefresh",
            lambda given: {"AutoScalingGroupName": "group", **(given.get("instanceRefresh") or {})},
        ),
        (
            "autoscaling",
            "EnableMetricsCollection",
            lambda given: {
                "AutoScalingGroupName": "group",
                "Metrics": given.get("enabledMetrics"),
                "Granularity": given.get("metricsGranularity"),
            },
        ),
    ),
    "aws:eks/cluster:Cluster": (
        (
            "eks",
            "CreateCluster",
            lambda given: {
                **_only(given, "name", "version", "roleArn"),
                "resourcesVpcConfig": _only(given.get("vpcConfig", {}), "subnetIds"),
                "logging": {"clusterLogging": [{"types": given.get("enabledClusterLogTypes"), "enabled": True}]},
            },
        ),
    ),
}
"""By type: service, operation, and its parameters, whose inner names are the inputs' own."""


def problems(resource: Registered) -> Iterator[str]:
    """What the API would not take, of types that have a call here."""
    for service, operation, parameters in CALLS.get(resource.type, ()):
        shape = _operation(service, operation).input_shape
        given = {key: value for key, value in parameters(resource.inputs).items() if value is not None}
        yield from (f"{resource.name}: {operation}{problem}" for problem in _walk(shape, given, ""))


def made(client: Any, resource: Registered) -> None:
    """Make it by the client of its service, by all calls that it has here."""
    for _, operation, parameters in CALLS[resource.type]:
        shape = _operation(client.meta.service_model.service_name, operation).input_shape
        getattr(client, xform_name(operation))(**_fitted(shape, parameters(resource.inputs)))


def _fitted(shape: Any, value: Any) -> Any:
    """With the API's own names."""
    if shape.type_name == "structure":
        names = _names(shape)
        found = {names[_word(key)]: each for key, each in value.items() if each is not None}
        return {name: _fitted(shape.members[name], each) for name, each in found.items()}
    if shape.type_name == "list":
        return [_fitted(shape.member, each) for each in (value if isinstance(value, list) else [value])]
    return value


@cache
def _operation(service: str, name: str) -> Any:
    return _SESSION.get_service_model(service).operation_model(name)


def _walk(shape: Any, value: Any, path: str) -> Iterator[str]:
    if shape.type_name == "structure":
        yield from _structure(shape, value, path)
    elif shape.type_name == "list":
        items = value if isinstance(value, list) else [value]
        yield from _range(shape, len(items), path)
        for i, item in enumerate(items):
            yield from _walk(shape.member, item, f"{path}[{i}]")
    elif shape.type_name == "map":
        for key, item in value.items():
            yield from (*_walk(shape.key, key, f"{path}.{key}"), *_walk(shape.value, item, f"{path}.{key}"))
    else:
        yield from _plain(shape, value, path)


def _structure(shape: Any, value: Any, path: str) -> Iterator[str]:
    if not isinstance(value, Mapping):
        yield f"{path}: {value!r} is no map"
        return
    known = _names(shape)
    found = {key: known.get(_word(key)) for key in value}
    for key, name in found.items():
        if name is None:
            yield f"{path}.{key}: is not known"
        elif value[key] is not None:
            yield from _walk(shape.members[name], value[key], f"{path}.{name}")
    given = {name for key, name in found.items() if value[key] is not None}
    yield from (f"{path}.{name}: is missing" for name in shape.required_members if name not in given)


def _names(shape: Any) -> dict[str, str]:
    return {_word(name): name for name in shape.members}


def _word(name: str) -> str:
    """By which an input and a member are the same: whatever its letters are, one or several."""
    return name.lower().removesuffix("s")


def _plain(shape: Any, value: Any, path: str) -> Iterator[str]:
    if shape.type_name == "boolean":
        if not isinstance(value, bool):
            yield f"{path}: {value!r} is neither true nor false"
    elif shape.type_name in _NUMBERS:
        try:
            number = _NUMBERS[shape.type_name](value)
        except (TypeError, ValueError):
            yield f"{path}: {value!r} is no number"
            return
        yield from _range(shape, number, path)
    elif shape.type_name == "string":
        if not isinstance(value, str):
            yield f"{path}: {value!r} is no text"
            return
        if shape.enum and value not in shape.enum:
            yield f"{path}: {value!r} is none of {', '.join(shape.enum)}"
        yield from _range(shape, len(value), path)
        if (form := _form(shape.metadata.get("pattern", ""))) and not form.fullmatch(value):
            yield f"{path}: {value!r} is not of the form {form.pattern}"


@cache
def _form(pattern: str) -> re.Pattern[str] | None:
    """None where there is none, and for the few that are written for another engine."""
    try:
        return re.compile(pattern) if pattern else None
    except re.error:
        return None


def _range(shape: Any, size: float, path: str) -> Iterator[str]:
    least, most = shape.metadata.get("min", float("-inf")), shape.metadata.get("max", float("inf"))
    if not least <= size <= most:
        yield f"{path}: {size} is not from {least} to {most}"
