"""The component registers what the manifests say."""

from typing import Any

import pytest
from tests.kubernetes.programs import objects, registered

from flyball.guards.governor.steps import Behavior, Rate, Step, WriterSteps
from flyball.guards.reading.problem import Refused
from flyball.guards.workload.limits import Limits, as_arguments
from flyball.kubernetes.governor import balance, policies, rbac
from flyball.kubernetes.governor.component import Governor, GovernorArgs
from flyball.kubernetes.governor.limits import config_map

LIMITS = Limits(floor=3, ceiling=40, budget=1)
BARE: dict[str, Any] = {"floor": 3, "ceiling": 40, "budget": 1}


def test_it_registers_policies_rights_and_limits() -> None:
    found = objects(lambda: Governor("governor", {"limits": {"shop": {"web": as_arguments(LIMITS)}}}))
    expected = [*rbac.manifests(), config_map("shop", {"web": LIMITS}), *policies.manifests(), *balance.manifests()]
    namespace = found.pop("Namespace flyball-system")
    assert namespace["metadata"]["labels"]["flyball.dev/governed"] == "system"
    assert found == {f"{manifest['kind']} {manifest['metadata']['name']}": manifest for manifest in expected}


def test_without_limits_it_is_ready_for_namespaces_to_come() -> None:
    found = objects(lambda: Governor("governor", {}))
    assert len(found) == 1 + len(rbac.manifests()) + len(policies.manifests()) + len(balance.manifests())


def test_where_the_policies_are_anothers_only_limits_are_registered() -> None:
    args: GovernorArgs = {"limits": {"shop": {"web": as_arguments(LIMITS)}}, "policies": False}
    assert objects(lambda: Governor("governor", args)) == {
        "ConfigMap flyball-limits": config_map("shop", {"web": LIMITS})
    }


def refused(limits: Any) -> list[str]:
    """The problems, one line each. Fails if anything was registered in spite of them."""
    caught: list[Refused] = []

    def program() -> None:
        try:
            Governor("governor", {"limits": limits})
        except Refused as error:
            caught.append(error)

    assert registered(program) == []
    return str(caught[0]).splitlines()


def test_limits_come_back_as_they_were_written() -> None:
    slow = Limits(
        floor=2,
        ceiling=9,
        budget=0,
        steps=WriterSteps(up=Step(7, 150), down=Step(2, 30)),
        behavior=Behavior(up=Rate(3, 40, 30), down=Rate(2, 9, 90), calm=600),
    )
    for limits in (LIMITS, slow):
        found = objects(lambda: Governor("governor", {"limits": {"shop": {"web": as_arguments(limits)}}}))  # noqa: B023
        assert found["ConfigMap flyball-limits"] == config_map("shop", {"web": limits})


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        ({"floor": 3, "ceiling": 40}, ["budget: is missing; it is required: a whole number"]),
        ({**BARE, "floor": -1}, ["floor: is -1; allowed is from 0 to 999999999"]),
        ({**BARE, "flor": 1}, ["flor: is not a known key; did you mean 'floor'?"]),
        ("floor 3", ["is text ('floor 3'), not a map; its keys are floor, ceiling, budget, writer, behavior"]),
        ({**BARE, "behavior": {"calm": "5"}}, ["behavior.calm: '5' is not a duration;"]),
        ({**BARE, "ceiling": 2}, ["floor 3 must be between 0 and the ceiling, 2; correct it"]),
        (
            {**BARE, "behavior": {"down": {"percent": 60}}},
            ["behavior.down.percent: 60 percent in one step are more than half of what runs; allowed is up to 50"],
        ),
        (
            {**BARE, "writer": {"down": {"pods": 1, "percent": 5}}},
            ["at 11 replicas one write may change less than the autoscaler's behavior asks for; correct it"],
        ),
    ],
)
def test_limits_that_nobody_could_obey_are_refused(limits: Any, said: list[str]) -> None:
    found = refused({"shop": {"web": limits}})
    assert len(found) == len(said)
    for line, start in zip(found, said, strict=True):
        assert line.removeprefix("governor.limits.shop.web").lstrip(".: ").startswith(start)


def test_names_that_nothing_can_have_are_refused() -> None:
    assert refused({"Shop": {"web": BARE}, "shop": {"a b": BARE}}) == [
        "governor.limits.Shop: 'Shop' is no name for a namespace;"
        " at most 63 lower-case letters, digits and dashes, with a letter or digit at both ends",
        "governor.limits.shop.a b: 'a b' is no name of a workload; give that of a Deployment or StatefulSet",
    ]
