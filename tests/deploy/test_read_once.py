"""Each service is read and sized once, whatever a command makes of it."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from tests.stack.test_shop import DEMO

from flyball.deploy import up as local
from flyball.guards.workload import resolve, spec
from flyball.stack.plan import plan
from flyball.stack.target import Target, find

ROOT = Path(__file__).parents[2]


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> dict[str, Counter[str]]:
    """How often each service is read, and how often sized."""
    found: dict[str, Counter[str]] = {"read": Counter(), "sized": Counter()}
    read, size = spec.read, resolve.size

    def noted_read(r: Any, name: str, *rest: Any) -> Any:
        found["read"][name] += 1
        return read(r, name, *rest)

    def noted_size(one: Any, *rest: Any) -> Any:
        found["sized"][one.name] += 1
        return size(one, *rest)

    monkeypatch.setattr(spec, "read", noted_read)
    monkeypatch.setattr(resolve, "size", noted_size)
    return found


ONCE = {"read": dict.fromkeys(DEMO, 1), "sized": dict.fromkeys(DEMO, 1)}


def target(stack: str) -> Target:
    return find(stack, ROOT)


@pytest.mark.parametrize("stack", ["local", "dev", "prod"])
def test_in_plan(stack: str, counted: dict[str, Counter[str]]) -> None:
    assert len(plan(target(stack).config).rows) == len(DEMO)
    assert counted == ONCE


def test_in_render(counted: dict[str, Counter[str]]) -> None:
    assert local.render(target("prod")).objects
    assert counted == ONCE


class Stopped(Exception):
    """Before a cluster is asked for anything."""


@pytest.mark.parametrize("engine", [False, True])
def test_in_up(engine: bool, counted: dict[str, Counter[str]], monkeypatch: pytest.MonkeyPatch) -> None:
    """Up to the cluster; what stands there is then shown from what was resolved (`Outcome.services`)."""

    def stop(*_: Any) -> Any:
        raise Stopped

    monkeypatch.setattr(local, "cluster", stop)
    monkeypatch.setattr(local.proxies, "check", lambda *_: None)
    monkeypatch.setattr(local.engines, "find", lambda: object() if engine else None)
    with pytest.raises(Stopped):
        local.up(target("dev"), print, lambda *_: None)
    assert counted == ONCE
