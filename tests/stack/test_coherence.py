"""Objects of one stack fit each other: of every stack and example here, and of stacks put together at random."""

import copy
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from tests.examples import so_many
from tests.stack.coherence import incoherent
from tests.stack.generated import stack

from flyball.deploy import up as local
from flyball.guards.reading.problem import Refused
from flyball.stack.read import read
from flyball.stack.target import Target, find

ROOT = Path(__file__).parents[2]
FILES = [
    *(ROOT / "stacks" / f"Pulumi.{name}.yaml" for name in ("local", "dev", "prod")),
    *sorted((ROOT / "examples").glob("*.yaml")),
    *sorted((ROOT / "tests/kubernetes/stacks").glob("*.yaml")),
]
WANTED = so_many(16)
"""Stacks of those at random, so many of which keep all rules."""


@cache
def objects_of(file: Path) -> list[dict[str, Any]]:
    return [dict(each.manifest) for each in local.render(find(str(file), ROOT)).objects]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_of_a_stack(file: Path) -> None:
    assert incoherent(objects_of(file)) == []


def test_of_stacks_at_random() -> None:
    """Those that `plan` refuses come to nothing; the others render, and fit."""
    accepted = seed = 0
    while accepted < WANTED:
        config, seed = stack(seed), seed + 1
        try:
            found = read(config)
        except Refused:
            continue
        accepted += 1
        objects = local.render(Target(ROOT, "odd", ROOT / "odd.yaml", config), found).objects
        assert incoherent(each.manifest for each in objects) == [], seed - 1
    assert seed < 4 * WANTED


def _of(objects: list[dict[str, Any]], kind: str, name: str = "frontend") -> dict[str, Any]:
    return next(each for each in objects if each["kind"] == kind and each["metadata"]["name"] == name)


def _pod(objects: list[dict[str, Any]]) -> dict[str, Any]:
    return _of(objects, "Deployment")["spec"]["template"]["spec"]


BREAKS: list[tuple[str, Callable[[list[dict[str, Any]]], object]]] = [
    ("is there twice", lambda objects: objects.append(copy.deepcopy(objects[0]))),
    ("has a name of 64 letters", lambda objects: objects[0]["metadata"].update(name="a" * 64)),
    ("has no valid name", lambda objects: objects[0]["metadata"].update(name="A")),
    ("has the label a=b c", lambda objects: objects[0]["metadata"]["labels"].update({"a": "b c"})),
    ("has the annotation a b", lambda objects: objects[0]["metadata"]["annotations"].update({"a b": ""})),
    ("does not select its own pods", lambda o: _of(o, "Deployment")["spec"]["selector"]["matchLabels"].update(a="b")),
    ("twice among its containers", lambda o: _pod(o)["containers"].append(_pod(o)["containers"][0])),
    ("twice among its variables", lambda o: _pod(o)["containers"][0]["env"].append(_pod(o)["containers"][0]["env"][0])),
    ("which is no volume", lambda o: _pod(o)["volumes"].pop()),
    ("which nobody mounts", lambda o: _pod(o)["volumes"].append({"name": "idle"})),
    ("which there is not", lambda o: _pod(o).update(serviceAccountName="nobody")),
    ("may use less cpu", lambda o: _pod(o)["containers"][0]["resources"]["requests"].update(cpu="9")),
    ("leads to no pod", lambda o: _of(o, "Service")["spec"]["selector"].update(a="b")),
    ("where nothing listens", lambda o: _of(o, "Service")["spec"]["ports"][0].update(targetPort=1)),
    ("is of no pod", lambda o: _of(o, "PodDisruptionBudget")["spec"]["selector"]["matchLabels"].update(a="b")),
    ("lets 99 of", lambda o: _of(o, "PodDisruptionBudget")["spec"].update(maxUnavailable=99)),
    ("is of no policy", lambda o: o.remove(_of(o, "NetworkPolicy"))),
    ("may not call", lambda o: _of(o, "NetworkPolicy")["spec"]["egress"].clear()),
    ("does not let", lambda o: _of(o, "NetworkPolicy", "cartservice")["spec"]["ingress"].clear()),
    ("replicas between", lambda o: _of(o, "Deployment")["spec"].update(replicas=1)),
]


@pytest.mark.parametrize(("says", "spoil"), BREAKS, ids=[says for says, _ in BREAKS])
def test_a_check_sees_what_it_is_there_for(says: str, spoil: Callable[[list[dict[str, Any]]], object]) -> None:
    objects = copy.deepcopy(objects_of(ROOT / "stacks/Pulumi.prod.yaml"))
    spoil(objects)
    assert any(says in each for each in incoherent(objects)), incoherent(objects)
