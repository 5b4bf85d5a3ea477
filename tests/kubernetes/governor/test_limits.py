"""Limits as people and policies read them."""

import re

import pytest

from flyball.guards.governor.steps import Behavior, Rate, Step, WriterSteps
from flyball.guards.workload.limits import Limits
from flyball.kubernetes.governor.limits import NAMED, STATEFUL, config_map, describe, number

TEXT = (
    "floor 3 | ceiling 40 | down 1 or 20 % every 60 s | up 4 or 100 % | budget 1"
    " | autoscaler down 1 or 10 % in 60 s after 300 s, up 2 or 50 % in 60 s"
)


def test_the_defaults_are_those_of_the_rules() -> None:
    assert describe(Limits(floor=3, ceiling=40, budget=1)) == TEXT


def test_every_number_has_its_place() -> None:
    limits = Limits(
        floor=11,
        ceiling=12,
        budget=13,
        steps=WriterSteps(up=Step(pods=24, percent=25), down=Step(pods=22, percent=23)),
        behavior=Behavior(up=Rate(14, 15, 16), down=Rate(17, 18, 19), calm=20),
    )
    words = describe(limits).split(" ")
    found = {
        which: int(words[int(number(which).removeprefix("int(variables.limits[").removesuffix("])"))])
        for which in _PLACED
    }
    assert found == _PLACED


_PLACED = {
    "floor": 11,
    "ceiling": 12,
    "budget": 13,
    "up_pods": 24,
    "up_percent": 25,
    "down_pods": 22,
    "down_percent": 23,
    "pause": 19,
    "calm": 20,
    "auto_up_pods": 14,
    "auto_up_percent": 15,
    "auto_up_period": 16,
    "auto_down_pods": 17,
    "auto_down_percent": 18,
    "auto_down_period": 19,
}


def test_a_config_map_is_sorted_and_named() -> None:
    limits = Limits(floor=3, ceiling=40, budget=1)
    found = config_map("shop", {"web": limits, "cart": limits})
    assert found["metadata"] == {
        "name": "flyball-limits",
        "namespace": "shop",
        "labels": {"app.kubernetes.io/managed-by": "flyball"},
    }
    head = "# Deployment or StatefulSet: what may become of its replicas"
    assert found["data"] == {"limits": f"{head}\ncart: {TEXT}\nweb: {TEXT}\n"}


@pytest.mark.parametrize(
    ("floor", "ceiling", "budget", "said"),
    [
        (4, 3, 0, "floor 4 must be between 0 and the ceiling, 3"),
        (-1, 3, 0, "floor -1 must be between 0 and the ceiling, 3"),
        (1, 3, -1, "budget -1 must not be negative"),
    ],
)
def test_limits_that_nobody_could_obey_are_refused(floor: int, ceiling: int, budget: int, said: str) -> None:
    with pytest.raises(ValueError, match=re.escape(said)):
        Limits(floor=floor, ceiling=ceiling, budget=budget)


def test_a_step_narrower_than_the_autoscaler_s_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^at 2 replicas one write may change less than the autoscaler's behavior"):
        Limits(floor=1, ceiling=40, budget=0, behavior=Behavior(down=Rate(pods=1, percent=60)))


def test_names_that_only_their_own_pods_may_have_are_listed() -> None:
    plain, named = (Limits(floor=3, ceiling=40, budget=1, named=named) for named in (False, True))
    found = config_map("shop", {"web": named, "cart": named, "db": plain})
    assert found["data"][NAMED] == "cart\nweb\n"
    assert STATEFUL not in found["data"]
    assert NAMED not in config_map("shop", {"db": plain})["data"]


def test_caches_are_listed_as_stateful_too() -> None:
    web, cache = (Limits(floor=2, ceiling=2, budget=1, named=True, stateful=stateful) for stateful in (False, True))
    found = config_map("shop", {"web": web, "sessions": cache})["data"]
    assert (found[NAMED], found[STATEFUL]) == ("sessions\nweb\n", "sessions\n")
