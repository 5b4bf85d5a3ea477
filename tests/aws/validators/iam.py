"""Policies by rules of our own: nobody may do everything, and who may take a role is said apart from what it may do."""

import json
from collections.abc import Iterator
from typing import Any

from tests.aws.validators.wiring import values

from flyball.deploy.registered import Registered

TRUST, RIGHTS = "assumeRolePolicy", "policy"
_TAKING = {"sts:AssumeRole", "sts:TagSession"}
UNNAMED = {
    "autoscaling:Describe",
    "ec2:Describe",
    "logs:DescribeLogGroups",
    "pricing:GetProducts",
    "iam:ListInstanceProfiles",
    "cloudwatch:",
}
"""Beginnings of actions that know no resource
(https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html)."""


def problems(resource: Registered) -> Iterator[str]:
    """What is wrong with the policies of a resource."""
    for path, key, text in values(resource.inputs, resource.name):
        if key not in (TRUST, RIGHTS) or not text.startswith("{"):
            continue
        document = json.loads(text)
        if document.get("Version") != "2012-10-17":
            yield f"{path}: has no version, or an old one"
        for i, statement in enumerate(document["Statement"]):
            check = _trust if key == TRUST else _rights
            yield from (f"{path}[{i}]: {problem}" for problem in check(statement, of_key="kms/key" in resource.type))


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _trust(statement: dict[str, Any], of_key: bool) -> Iterator[str]:
    del of_key
    if "Resource" in statement:
        yield "names a resource, and a trust policy has none"
    if set(_list(statement.get("Action"))) - _TAKING:
        yield "lets do more than take the role"
    principal = statement.get("Principal")
    if not isinstance(principal, dict) or set(principal) != {"Service"}:
        yield f"is taken by {principal}, which is no service"
    elif not all(service.endswith(".amazonaws.com") for service in _list(principal["Service"])):
        yield f"is taken by {principal['Service']}, which is no service of AWS"


def _rights(statement: dict[str, Any], of_key: bool) -> Iterator[str]:
    actions, resources = _list(statement.get("Action")), _list(statement.get("Resource"))
    if statement.get("Effect") == "Deny":
        return
    if "NotAction" in statement or "NotResource" in statement:
        yield "says what it does not allow, and so allows everything else"
    # In a key's own policy "*" is that key, and the account must be able to manage it.
    account = of_key and str(statement.get("Principal", "")).endswith(":root'}")
    for action in actions:
        if (action == "*" or action.endswith(":*")) and not account:
            yield f"allows {action}"
    if "*" in _list(statement.get("Principal")) or statement.get("Principal") == {"AWS": "*"}:
        yield "is open to everybody"
    named = [action for action in actions if not any(action.startswith(begin) for begin in UNNAMED)]
    if "*" in resources and named and not of_key and not statement.get("Condition"):
        yield f"allows {', '.join(named)} on everything"
    if any(action.lower() == "iam:passrole" for action in actions):
        condition = json.dumps(statement.get("Condition", {}))
        if "iam:PassedToService" not in condition:
            yield "passes roles to any service"
        if "*" in resources:
            yield "passes any role"
