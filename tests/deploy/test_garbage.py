"""What a render leaves: in a command it stays, in a process that renders again and again it goes."""

import gc
from pathlib import Path

import pytest

from flyball.deploy.up import render
from flyball.stack.target import find

ROOT = Path(__file__).parents[2]


def test_it_goes_where_somebody_has_said_before_what_stays() -> None:
    """As here, where the tests that were collected stay: one render after another would add to that."""
    before = gc.get_freeze_count()
    assert before > 0
    assert render(find("dev", ROOT)).objects
    assert gc.get_freeze_count() <= before


def test_it_stays_where_nobody_has(monkeypatch: pytest.MonkeyPatch) -> None:
    frozen: list[bool] = []
    monkeypatch.setattr(gc, "get_freeze_count", lambda: 0)
    monkeypatch.setattr(gc, "freeze", lambda: frozen.append(gc.isenabled()))
    assert render(find("dev", ROOT)).objects
    assert frozen == [False]
