from pathlib import Path

import pytest
from tests.vanishing import vanish

from flyball.lab.hosts import cgroups


def test_a_group_is_ended_while_its_host_removes_groups_within(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a killed host leaves at work goes on for a moment: systemd removes the group of each service that ends."""
    monkeypatch.setattr(cgroups, "HIERARCHIES", (tmp_path,))
    top = tmp_path / "flyball-shop-app1"
    for name in ("gone.service", "stays.service"):
        (top / "system.slice" / name).mkdir(parents=True)
    vanish(monkeypatch, top / "system.slice" / "gone.service")
    cgroups.end(top.name)
    assert list(tmp_path.iterdir()) == []
