"""Policies of everything that is captured, and what the rules say of bad ones."""

import json
from dataclasses import replace
from typing import Any

import pytest
from tests.aws.capture import cases, of_case
from tests.aws.validators import iam, rights

ALLOW = {"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": "arn:aws:s3:::web/*"}
TRUST = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ec2.amazonaws.com"}}


@pytest.mark.parametrize("case", cases())
def test_nobody_may_do_everything(case: str) -> None:
    assert [problem for resource in of_case(case) for problem in iam.problems(resource)] == []


@pytest.mark.parametrize("case", cases())
def test_actions_resources_and_conditions_exist_and_go_together(case: str) -> None:
    assert [problem for resource in of_case(case) for problem in rights.problems(resource)] == []


def test_no_exemption_is_in_vain() -> None:
    everything = [resource for case in cases() for resource in of_case(case)]
    used = {rights.exemption(one, issue, about) for one in everything for _, issue, about in rights.said(one)}
    assert used == set(rights.EXEMPT)


def _said(kind: str, key: str, statement: dict[str, Any]) -> list[str]:
    resource = next(r for r in of_case("prod-platform") if r.type.endswith(kind))
    text = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    return [problem.partition(": ")[2] for problem in iam.problems(replace(resource, inputs={key: text}))]


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({}, None),
        ({"Action": "*"}, "allows *"),
        ({"Action": "s3:*"}, "allows s3:*"),
        ({"Resource": "*"}, "allows s3:GetObject on everything"),
        ({"Resource": "*", "Action": "ec2:DescribeInstances"}, None),
        ({"NotAction": "s3:PutObject"}, "says what it does not allow, and so allows everything else"),
        ({"Principal": "*"}, "is open to everybody"),
        ({"Action": "iam:PassRole", "Resource": "arn:aws:iam::1:role/a"}, "passes roles to any service"),
    ],
)
def test_rights(changed: dict[str, Any], says: str | None) -> None:
    assert _said(":RolePolicy", "policy", {**ALLOW, **changed}) == ([says] if says else [])


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({}, None),
        ({"Principal": {"AWS": "*"}}, "is taken by {'AWS': '*'}, which is no service"),
        ({"Principal": {"Service": "ec2.example.com"}}, "is taken by ec2.example.com, which is no service of AWS"),
        ({"Action": "s3:GetObject"}, "lets do more than take the role"),
        ({"Resource": "*"}, "names a resource, and a trust policy has none"),
    ],
)
def test_trust(changed: dict[str, Any], says: str | None) -> None:
    assert _said(":Role", "assumeRolePolicy", {**TRUST, **changed}) == ([says] if says else [])
