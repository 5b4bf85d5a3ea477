from pathlib import Path

import pytest

from flyball import paths


def test_the_cache_folder_follows_xdg(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))

    assert paths.cache_dir() == tmp_path / "cache" / "flyball"
    assert paths.bin_dir() == tmp_path / "cache" / "flyball" / "bin"
    assert paths.kubeconfig("shop") == tmp_path / "cache" / "flyball" / "clusters" / "shop" / "kubeconfig.yaml"


@pytest.mark.parametrize("value", [None, "", "relative/folder"])
def test_without_an_absolute_xdg_folder_it_is_in_the_home_folder(
    value: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    if value is None:
        monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    else:
        monkeypatch.setenv("XDG_CACHE_HOME", value)

    assert paths.cache_dir() == tmp_path / ".cache" / "flyball"


def test_links_are_resolved_so_that_one_folder_has_one_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "link"))

    assert paths.cache_dir() == tmp_path / "real" / "flyball"
