"""What all resources of a platform have in common: their tags, and the policies that they are given."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pulumi
import pulumi_aws as aws

from flyball import wellknown
from flyball.guards.aws import names
from flyball.guards.aws.platform import Platform

Policy = Mapping[str, Any]


def tags(platform: Platform) -> dict[str, str]:
    """On everything that takes tags, by the provider; where its defaults do not reach, given once more."""
    return {
        wellknown.MANAGED_BY_LABEL: wellknown.MANAGED_BY,
        wellknown.ENVIRONMENT_LABEL: platform.name,
        wellknown.OWNER_LABEL: platform.owner,
        wellknown.STACK_ANNOTATION: pulumi.get_stack(),
    }


def discovery(platform: Platform) -> dict[str, str]:
    """Tag by which nodes find what is theirs."""
    return {names.DISCOVERY: platform.name}


def document(*statements: Policy) -> str:
    """A policy as text, always the same for the same statements."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)}, sort_keys=True)


def trusting(*services: str, actions: Sequence[str] = ("sts:AssumeRole",), account: str = "") -> str:
    """Who may take a role: services of AWS, on behalf of the account alone where that is given."""
    condition = {"Condition": {"StringEquals": {"aws:SourceAccount": account}}} if account else {}
    return document({"Effect": "Allow", "Principal": {"Service": list(services)}, "Action": list(actions), **condition})


def only_tls(service: str, resource: str | list[str]) -> Policy:
    """Nobody does anything with it over a connection that others can read."""
    return {
        "Sid": "OnlyTls",
        "Effect": "Deny",
        "Principal": "*",
        "Action": f"{service}:*",
        "Resource": resource,
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }


def after(opts: pulumi.ResourceOptions, first: Sequence[pulumi.Resource]) -> pulumi.ResourceOptions:
    """The same options, of what comes after others that it does not name."""
    return pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=list(first)))


POD_IDENTITY = ("sts:AssumeRole", "sts:TagSession")
"""What EKS does with a pod's role (https://docs.aws.amazon.com/eks/latest/userguide/pod-id-role.html)."""


def pod_role(name: str, platform: Platform, opts: pulumi.ResourceOptions) -> aws.iam.Role:
    """A role for pods of the account's clusters, who takes it is said by an association."""
    trust = trusting("pods.eks.amazonaws.com", actions=POD_IDENTITY, account=platform.account)
    return aws.iam.Role(name, assume_role_policy=trust, opts=opts)
