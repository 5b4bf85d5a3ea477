"""What hosts get of Ansible's modules is kept as long as it is made of the same, and not for ever."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from flyball.lab.hosts.modules import KEPT_DAYS, kept


@pytest.fixture
def plugins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for name in ("modules", "module_utils"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "one.py").write_text("one = 1\n")
    return tmp_path


def test_as_long_as_nothing_changes(plugins: Path) -> None:
    folder = kept(plugins, "2.19.0")
    assert folder.is_dir()
    assert kept(plugins, "2.19.0") == folder


@pytest.mark.parametrize("changed", ["modules/one.py", "module_utils/one.py", "modules/two.py"])
def test_another_for_other_modules(changed: str, plugins: Path) -> None:
    folder = kept(plugins, "2.19.0")
    (plugins / changed).write_text("two = 2\n")
    assert kept(plugins, "2.19.0") != folder


def test_another_for_another_version(plugins: Path) -> None:
    assert kept(plugins, "2.19.0") != kept(plugins, "2.19.1")


def test_what_nobody_has_used_for_days_goes_when_another_comes(plugins: Path) -> None:
    old, used = kept(plugins, "1"), kept(plugins, "2")
    long_ago = time.time() - KEPT_DAYS * 86_400 - 1
    for folder in (old, used):
        os.utime(folder, (long_ago, long_ago))
    kept(plugins, "2")
    kept(plugins, "3")
    assert not old.exists()
    assert used.exists()


def test_playbooks_begin_with_the_rules_loaded_and_the_plugins_left_to_ansible() -> None:
    program = (
        "import sys; from flyball.lab.hosts import playbook; print(playbook.load())\n"
        "print('flyball.proxy.role' in sys.modules, [n for n in sys.modules if n.startswith('ansible_collections')])"
    )
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    place, loaded = said.splitlines()
    assert Path(place, "modules", "files.py").is_file()
    assert loaded == "True []"
