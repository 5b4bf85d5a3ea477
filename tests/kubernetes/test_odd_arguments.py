"""Odd arguments of the components in a program, Outputs and other objects of Python among them: taken, or refused
before anything is registered."""

import functools
import math
import random
from collections.abc import Callable
from typing import Any

import pulumi
import pytest
from tests.kubernetes.programs import registered
from tests.stack.places import LEAST, Way, hold, ways

from flyball.deploy.registered import Registered
from flyball.guards.reading.problem import Problem, Refused
from flyball.kubernetes import Cache, Job, LogPipeline, Services, Workload
from flyball.kubernetes.args import CacheArgs, JobArgs, LogPipelineArgs, ServicesArgs, WorkloadArgs

COMPONENTS: list[tuple[type[pulumi.ComponentResource], Any, dict[str, Any]]] = [
    (Workload, WorkloadArgs, {**LEAST["ServiceArgs"], "callers": []}),
    (Services, ServicesArgs, {"namespace": "shop", "services": {"web": LEAST["ServiceArgs"]}}),
    (Cache, CacheArgs, {**LEAST["CacheArgs"], "callers": []}),
    (Job, JobArgs, LEAST["JobArgs"]),
    (LogPipeline, LogPipelineArgs, {"to": LEAST["LogTargetArgs"]}),
]
PLAIN: list[Any] = [
    *(None, True, -1, 0, 1.5, math.nan, math.inf, 10**30, "", " ", "\0", "a\nb", "\ud800", "x" * 300, "1s", "64Mi"),
    *([], [[]], [None], {}, {"": 1}, {1: 2}, {"a": None}, b"x", {1, 2}, ("a",), object(), len, 1j),
]
LATE: list[Callable[[], Any]] = [
    lambda: pulumi.Output.from_input("a"),
    lambda: pulumi.Output.secret("a"),
    lambda: pulumi.Output.from_input(5),
    lambda: pulumi.Output.from_input({"a": "b"}),
    lambda: pulumi.Output.from_input(["a"]),
    lambda: pulumi.Output.from_input(None),
]
EACH = 40


def outcome(component: Any, given: Callable[[], Any], *, preview: bool) -> tuple[list[Registered], list[Problem]]:
    """What a component registers, and what it refuses."""
    refused: list[Problem] = []

    def program() -> None:
        try:
            component("web", given())
        except Refused as error:
            refused.extend(error.problems)

    return registered(program, preview=preview), refused


def _given(args: Any, least: dict[str, Any], way: Way, value: Any) -> dict[str, Any]:
    """Outputs are made in the program that they are of."""
    return {**least, **hold(args, way, value() if value in LATE else value)}


@pytest.mark.parametrize(("component", "args", "least"), COMPONENTS, ids=lambda value: getattr(value, "__name__", ""))
def test_odd_arguments_are_taken_or_refused(component: Any, args: Any, least: dict[str, Any]) -> None:
    words = random.Random(component.__name__)
    found = [way for way, _ in ways(args, ()) if way]
    for _ in range(EACH):
        way = words.choice(found)
        value = words.choice(PLAIN) if words.random() < 0.6 else words.choice(LATE)
        given = functools.partial(_given, args, least, way, value)
        made, refused = outcome(component, given, preview=words.random() < 0.3)
        assert bool(made) != bool(refused), (way, value)
        assert all(str(problem).encode() and problem.message for problem in refused)
