from pathlib import Path

import pytest
from tests.vanishing import vanish

from flyball.drills.logs.lab import on_disk
from flyball.guards.clean_up.retention import MI


def test_what_a_collector_removes_meanwhile_takes_no_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert on_disk(tmp_path / "none") == 0
    for name in ("queue/stays", "queue/gone", "gone"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"x" * MI)
    (tmp_path / "gone folder").mkdir()
    vanish(monkeypatch, *(tmp_path / name for name in ("queue/gone", "gone", "gone folder")))
    assert on_disk(tmp_path) == MI
