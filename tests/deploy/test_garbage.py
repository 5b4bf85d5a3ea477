"""What a render leaves: in a command it stays, in a process that renders again and again it goes."""

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest

from flyball.deploy import up
from flyball.deploy.up import render
from flyball.stack.target import find

ROOT = Path(__file__).parents[2]


@pytest.fixture
def frozen(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[bool]]:
    """Whether Python's collector was on, each time that all there is was told to stay."""
    found: list[bool] = []
    monkeypatch.setattr(gc, "freeze", lambda: found.append(gc.isenabled()))
    up.stays.cache_clear()
    yield found
    up.stays.cache_clear()


def test_it_stays_once_in_a_process(frozen: list[bool]) -> None:
    """Of a command that is all; of what renders again and again, as these tests do, one after another would add up."""
    for _ in range(3):
        assert render(find("dev", ROOT)).objects
    assert frozen == [False]


def test_nobody_counts_what_stays(frozen: list[bool], monkeypatch: pytest.MonkeyPatch) -> None:
    """Python does so one by one: of the millions that the tests leave, at each of their renders."""
    monkeypatch.setattr(gc, "get_freeze_count", lambda: pytest.fail("was counted"))
    assert render(find("dev", ROOT)).objects
    assert frozen == [False]
