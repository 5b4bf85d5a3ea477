"""The order of a map's keys means nothing: the Pulumi CLI hands them over sorted, whatever stands in the file."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
from tests.kubernetes.programs import Objects, objects

from flyball.stack.build import build
from flyball.stack.file import load, stack_file
from flyball.stack.read import read

PROJECT = Path(__file__).parents[2]


def backwards(keys: Iterable[str]) -> list[str]:
    return list(keys)[::-1]


def ordered(value: Any, order: Callable[[Iterable[str]], list[str]]) -> Any:
    """The value with every map's keys in another order."""
    if isinstance(value, dict):
        return {key: ordered(value[key], order) for key in order(value)}
    return [ordered(item, order) for item in value] if isinstance(value, list) else value


def made(config: dict[str, Any]) -> Objects:
    return objects(lambda: build(read(config)))


@pytest.mark.parametrize("stack", ["local", "dev", "prod"])
def test_a_stack_comes_to_the_same_objects(stack: str) -> None:
    config = load(stack_file(stack, PROJECT))
    as_written = made(config)
    for order in (sorted, backwards):
        assert made(ordered(config, order)) == as_written


def test_volumes_variables_and_calls_too() -> None:
    service: dict[str, Any] = {
        "image": "registry.example/web:1",
        "port": 8080,
        "load": {"peak": 100, "replica": 20},
        "deadline": "9s",
        "scratch": {"tmp": {"path": "/tmp", "size": "10Mi"}, "cache": {"path": "/cache", "size": "20Mi"}},
        "env": {"B": "$(A)", "A": "1"},
        "calls": {"b": {"host": "b.example", "port": 443}, "a": {"host": "a.example", "port": 443}},
    }
    outer = {"environment": "test", "owner": "shop", "namespace": "shop", "cluster": "local"}
    config = {**outer, "services": {"web": service, "api": {**service, "port": 8081}}}
    as_written = made(config)
    for order in (sorted, backwards):
        assert made(ordered(config, order)) == as_written
