from pathlib import Path

import pytest
from click.testing import CliRunner

from flyball import paths
from flyball.cli import main


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


@pytest.mark.parametrize("arguments", [["up", "-s", "local"], ["down", "-s", "local"], ["engine"]])
def test_where_nothing_can_be_kept_another_folder_is_asked_for(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))

    found = CliRunner().invoke(main, arguments)

    assert found.exit_code == 1
    path, _, said = found.stderr.splitlines()[-1].partition(": ")
    assert Path(path).is_relative_to(tmp_path / "file")
    assert said == "Not a directory; name a folder for what flyball builds and runs as XDG_CACHE_HOME"
