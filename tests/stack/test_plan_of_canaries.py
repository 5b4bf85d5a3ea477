"""What a plan says of the steps of a new version, and the limits that it may grow within."""

from typing import Any

import pytest

from flyball.guards.governor.steps import Step
from flyball.guards.workload.limits import limits_of
from flyball.stack.plan import plan
from flyball.stack.read import read

ROUTED = {"way": {"gateway": "front", "namespace": "edge"}}
EXPOSED = {"expose": {"host": "shop.example.com"}}
SPOT = {"spot": {}}


def config(by: str | None = "route", **more: Any) -> dict[str, Any]:
    """A service of a floor of 14 and a ceiling of 21, of which one may be lost."""
    said = {"steps": [25, 50], "abort": {"errors": "2%"}, "prometheus": "http://localhost:9090"}
    canary = {"rollout": {"canary": {**said, "by": by}}} if by else {}
    one = {"image": "example.org/web:1.0", "port": 8080, "load": {"peak": 1000, "replica": 100}}
    outer = {"environment": "dev", "owner": "shop", "namespace": "shop", "cluster": "local", "zones": ["a", "b"]}
    return {**outer, "platform": ROUTED, "services": {"web": {**one, **EXPOSED, **canary, **more}}}


@pytest.mark.parametrize(
    ("by", "said"),
    [
        ("replicas", "4 beside 14 (22.2 %), 14 beside 14 (50.0 %)"),
        # Of 13 that carry the peak a quarter is 4 and half 7, and one more each.
        ("route", "5 beside 14 (25.0 % of what comes from outside), 8 beside 14 (50.0 % of what comes from outside)"),
    ],
)
def test_says_how_many_come_and_what_they_get(by: str, said: str) -> None:
    [row] = plan(config(by)).rows
    assert row.canary == f"{said}, 5m each, until more than 2 % of 150 requests or more fail"


@pytest.mark.parametrize(("by", "most"), [("replicas", 21), ("route", 11)])
def test_a_new_version_may_become_as_large_as_its_last_step_beside_the_ceiling(by: str, most: int) -> None:
    limits = limits_of(read(config(by)).services["web"])["web-canary"]
    assert (limits.floor, limits.ceiling) == (0, most)
    assert (limits.steps.up, limits.steps.down) == (Step(most, 100), Step(most, 100))


@pytest.mark.parametrize(
    ("before", "refused"), [(config(None, **SPOT), True), (config(None), False), (config(), False)]
)
def test_a_part_on_spot_goes_before_the_share_is_one_of_a_route(before: dict[str, Any], refused: bool) -> None:
    said = (
        "services.web.rollout.canary.by: is route, and so far the service has a part on spot, to which calls would no"
        " longer lead; leave by out until spot is gone, and bring the stack up; then say it"
    )
    assert [str(problem) for problem in plan(config(), before).findings] == [said] * refused
    assert plan(config("replicas"), before).findings == ()
