"""The SDK's types, ids and ARNs of the right kind, and what calls take, over everything that is captured."""

from dataclasses import replace
from functools import cache

import pytest
from tests.aws.capture import cases, of_case
from tests.aws.validators import calls, hints, own, wiring

from flyball.deploy.registered import Registered


@cache
def resources() -> dict[str, Registered]:
    return {
        f"{case} {resource.type} {resource.name}": resource
        for case in cases()
        for resource in of_case(case)
        if resource.type.startswith("aws:")
    }


@pytest.mark.parametrize("case", cases())
def test_inputs_are_of_the_types_that_the_sdk_says(case: str) -> None:
    assert [problem for name, r in resources().items() if name.startswith(case) for problem in hints.problems(r)] == []


@pytest.mark.parametrize("case", cases())
def test_ids_and_arns_are_of_the_kind_that_their_input_says(case: str) -> None:
    assert [problem for name, r in resources().items() if name.startswith(case) for problem in wiring.problems(r)] == []


@pytest.mark.parametrize("case", cases())
def test_our_own_rules_hold(case: str) -> None:
    assert [problem for name, r in resources().items() if name.startswith(case) for problem in own.problems(r)] == []


@pytest.mark.parametrize("case", cases())
def test_the_calls_that_make_it_would_be_taken(case: str) -> None:
    assert [problem for name, r in resources().items() if name.startswith(case) for problem in calls.problems(r)] == []


def test_no_call_is_of_what_nobody_registers() -> None:
    assert set(calls.CALLS) - {r.type for r in resources().values()} == set()


def _of(kind: str) -> Registered:
    return next(r for name, r in resources().items() if name.startswith("prod-platform ") and r.type.endswith(kind))


@pytest.mark.parametrize(
    ("kind", "inputs", "says"),
    [
        (":NodeGroup", {"instanceType": "m7i.large"}, "base.instanceType: is not known"),
        (":NodeGroup", {"scalingConfig": {"minSize": 3, "maxSize": 3}}, "base.scalingConfig.desiredSize: is missing"),
        (":NodeGroup", {"instanceTypes": "m7i.large"}, "base.instanceTypes: 'm7i.large' is no"),
        (":LaunchTemplate", {"metadataOptions": {"httpToken": "required"}}, "httpToken: is not known"),
        (":LaunchTemplate", {"updateDefaultVersion": "yes"}, "'yes' is no bool"),
        (":Vpc", {"enableDnsSupport": 1}, "1 is no bool"),
    ],
)
def test_what_the_sdk_itself_lets_pass(kind: str, inputs: dict[str, object], says: str) -> None:
    resource = _of(kind)
    (problem,) = hints.problems(replace(resource, inputs={**resource.inputs, **inputs}))
    assert says in problem


@pytest.mark.parametrize(
    ("kind", "inputs"),
    [
        (":Cluster", {"roleArn": "cluster-5635e8d"}),
        (":Cluster", {"roleArn": "arn:aws:iam::123456789012:policy/cluster"}),
        (":NodeGroup", {"subnetIds": ["vpc-0a1b2c3d4e5f60718"]}),
        (":RolePolicy", {"role": "arn:aws:iam::123456789012:role/flows"}),
        (":LogGroup", {"kmsKeyId": "alias/aws/logs"}),
        (":RouteTable", {"routes": [{"cidrBlock": "0.0.0.0/0", "natGatewayId": "igw-0a1b2c3d4e5f60718"}]}),
    ],
)
def test_wires_that_lead_elsewhere(kind: str, inputs: dict[str, object]) -> None:
    resource = _of(kind)
    assert len([*wiring.problems(replace(resource, inputs={**resource.inputs, **inputs}))]) == 1
