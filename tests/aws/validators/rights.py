"""What parliament says of policies, with the auditors of its community: actions, resources and conditions that fit.

Who may take a role is a policy without a resource, which it takes for malformed: `iam` looks at those. What `iam`
refuses is not looked at here: a policy that allows everything has thousands of actions, and takes a minute.
"""

from collections.abc import Iterator
from functools import cache
from importlib import import_module
from typing import Any

from tests.aws.validators import iam
from tests.aws.validators.wiring import values

from flyball.deploy.registered import Registered

_OWN_KEY = "in a key's own policy * is that key, and whoever administers the account must be able to manage it"
_CONTEXT = "an encryption context is text whose names the service chooses; where there is none, nothing is allowed"
_APART = "what a launch takes and what it makes are in statements of their own, with conditions of their own"
EXEMPT: dict[tuple[str, str, str], str] = {
    ("aws:kms/key:Key", "PERMISSIONS_MANAGEMENT_ACTIONS", "kms:"): _OWN_KEY,
    ("aws:kms/key:Key", "RESOURCE_STAR", "kms:"): _OWN_KEY,
    ("aws:kms/key:Key", "MISMATCHED_TYPE", ""): _CONTEXT,
    ("aws:kms/key:Key", "UNKNOWN_CONDITION_FOR_ACTION", "kms:Describe"): _CONTEXT,
    ("karpenter", "PERMISSIONS_MANAGEMENT_ACTIONS", "iam:passrole"): "one role, and to EC2 alone",
    ("karpenter", "PRIVILEGE_ESCALATION", "iam:passrole"): "the role that it passes is that of its nodes",
    ("karpenter", "PRIVILEGE_ESCALATION", "ec2:runinstances"): "the role that it passes is that of its nodes",
    ("karpenter", "RESOURCE_MISMATCH", "ec2:CreateFleet"): _APART,
    ("karpenter", "RESOURCE_MISMATCH", "ec2:RunInstances"): _APART,
    ("karpenter", "RESOURCE_MISMATCH", "ssm:GetParameter"): "AWS's public parameters are in no account",
}
"""Reasons by type or name of a resource, what is said, and how the action begins that it is said of."""


def problems(resource: Registered) -> Iterator[str]:
    """What is said of the policies of a resource, and is not exempt."""
    for path, issue, about in said(resource):
        if not exemption(resource, issue, about):
            yield f"{path}: {issue} {about}"


def exemption(resource: Registered, issue: str, about: str) -> tuple[str, str, str] | None:
    """By which key of `EXEMPT` nothing is to be said."""
    keys = ((of, issue, begin) for of, kind, begin in EXEMPT if kind == issue and of in (resource.type, resource.name))
    return next((key for key in keys if about.startswith(key[2])), None)


def said(resource: Registered) -> Iterator[tuple[str, str, str]]:
    """Where, what, and of which action; empty where it is of none."""
    if any(iam.problems(resource)):
        return
    for path, key, text in values(resource.inputs, resource.name):
        if key == iam.RIGHTS and text.startswith("{"):
            yield from ((path, issue, about) for issue, about in _said(text))


@cache
def _said(text: str) -> tuple[tuple[str, str], ...]:
    parliament: Any = import_module("parliament")  # without types of its own, and long to load
    found = parliament.analyze_policy_string(text, include_community_auditors=True).findings
    return tuple((finding.issue, about) for finding in found for about in _about(finding))


def _about(finding: Any) -> list[str]:
    """The actions that a finding names, each in the shape of its own kind."""
    detail, actions = finding.detail, finding.location.get("actions", ())
    if isinstance(detail, dict):
        actions = detail.get("actions", actions)
    elif isinstance(detail, list):
        actions = [each["action"] if isinstance(each, dict) else str(each) for each in detail]
    elif " for action " in str(detail):
        actions = [str(detail).rpartition(" ")[2]]
    return sorted(set(actions)) or [""]
