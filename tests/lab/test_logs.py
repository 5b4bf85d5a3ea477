"""Logs of what is ended stay only where a folder is named for them."""

from pathlib import Path

import pytest

from flyball.lab import logs


@pytest.fixture
def log(tmp_path: Path) -> Path:
    file = tmp_path / "etcd.log"
    file.write_text("said")
    return file


def test_without_a_folder_nothing_is_kept(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(logs.VARIABLE, raising=False)
    assert logs.kept() is None
    logs.keep("shop", [log])
    assert list(log.parent.iterdir()) == [log]


def test_each_of_the_same_name_has_a_folder_of_its_own(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(logs.VARIABLE, str(log.parent / "kept"))
    logs.keep("shop", [log, log.with_name("missing.log")])
    log.write_text("said again")
    logs.keep("shop", [log])
    logs.keep("nothing", [])
    found = {str(path.relative_to(log.parent / "kept")): path.read_text() for path in log.parent.glob("kept/*/*")}
    assert found == {"shop/etcd.log": "said", "shop-2/etcd.log": "said again"}
