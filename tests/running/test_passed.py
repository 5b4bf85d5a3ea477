"""A checker that passed is not asked again while nothing of what it reads changes; one that failed always is."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.running import passed


class Checker:
    """Passes, or does not, and counts how often it was asked."""

    def __init__(self) -> None:
        self.asked, self.finds = 0, False
        self.meanwhile: Callable[[], object] = lambda: None

    def __call__(self) -> None:
        self.asked += 1
        self.meanwhile()
        assert not self.finds


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Some files, with a cache folder of their own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("CI", raising=False)
    folder = tmp_path / "tree"
    (folder / "below").mkdir(parents=True)
    (folder / "below/a.py").write_text("a = 1\n")
    (folder / "b.yaml").write_text("b: 1\n")
    (folder / "link").symlink_to("below")
    return folder


def asked(checker: Checker, tree: Path, *command: str, **more: passed.Ends) -> int:
    """How often one more look asks it."""
    before = checker.asked
    passed.once(["checker", *command], [tree, tree / "none"], checker, **more)
    return checker.asked - before


def test_what_passed_is_kept_and_that_is_said_with_how_to_run_it_anew(tree: Path) -> None:
    checker = Checker()
    assert passed.once(["checker", "--strict"], [tree], checker) == ""
    said = passed.once(["checker", "--strict"], [tree], checker)
    (file,) = passed.folder().iterdir()
    assert checker.asked == 1
    assert said.startswith("checker was not asked again: it passed at 2")
    assert said.endswith(f", and what it reads is the same; `rm {file}` has it run anew")
    file.unlink()
    assert passed.once(["checker", "--strict"], [tree], checker) == ""
    assert checker.asked == 2


def test_what_failed_runs_each_time(tree: Path) -> None:
    checker = Checker()
    checker.finds = True
    for _ in range(2):
        with pytest.raises(AssertionError):
            asked(checker, tree)
    assert (checker.asked, passed.folder().exists()) == (2, False)


CHANGES: dict[str, Callable[[Path], object]] = {
    "a content": lambda tree: (tree / "below/a.py").write_text("a = 2\n"),
    "a content of the same date": lambda tree: (
        (tree / "b.yaml").write_text("b: 2\n"),
        os.utime(tree / "b.yaml", (0, 0)),
    ),
    "a file more": lambda tree: (tree / "below/c.py").touch(),
    "a file less": lambda tree: (tree / "b.yaml").unlink(),
    "a name": lambda tree: (tree / "b.yaml").rename(tree / "c.yaml"),
    "a mode": lambda tree: (tree / "b.yaml").chmod(0o755),
    "a link": lambda tree: ((tree / "link").unlink(), (tree / "link").symlink_to("b.yaml")),
    "what was not there": lambda tree: (tree / "none").touch(),
}


@pytest.mark.parametrize("change", CHANGES)
def test_whatever_changes_has_it_run_anew(tree: Path, change: str) -> None:
    checker = Checker()
    assert (asked(checker, tree), asked(checker, tree)) == (1, 0)
    CHANGES[change](tree)
    assert (asked(checker, tree), asked(checker, tree)) == (1, 0)


def test_so_do_another_option_package_and_setting(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    checker = Checker()
    assert (asked(checker, tree), asked(checker, tree)) == (1, 0)
    assert asked(checker, tree, "--strict") == 1
    monkeypatch.setenv("ANSIBLE_CONFIG", "other.cfg")
    assert asked(checker, tree) == 1
    monkeypatch.setattr(passed, "_packages", lambda: ["another"])
    assert asked(checker, tree) == 1


def test_what_is_not_read_may_change_but_for_its_name(tree: Path) -> None:
    checker = Checker()
    assert asked(checker, tree, only=(".py",)) == 1
    (tree / "b.yaml").write_text("b: 2\n")
    assert asked(checker, tree, only=(".py",)) == 0
    (tree / "b.yaml").rename(tree / "c.yaml")
    assert asked(checker, tree, only=(".py",)) == 1


def test_what_changes_while_it_runs_is_not_kept(tree: Path) -> None:
    checker = Checker()
    checker.meanwhile = lambda: (tree / "b.yaml").write_text("b: 2\n")
    assert (asked(checker, tree), passed.folder().exists()) == (1, False)


def test_in_ci_it_always_runs_and_keeps_nothing(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    checker = Checker()
    asked(checker, tree)
    monkeypatch.setenv("CI", "true")
    assert (asked(checker, tree), asked(checker, tree)) == (1, 1)
    assert len([*passed.folder().iterdir()]) == 1


def test_those_that_were_of_use_last_are_kept(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passed, "MOST", 2)
    checker = Checker()
    for text in ("first", "second", "first", "third"):
        (tree / "b.yaml").write_text(text)
        asked(checker, tree)
    kept = []
    for text in ("first", "third", "second"):
        (tree / "b.yaml").write_text(text)
        kept.append(asked(checker, tree))
    assert kept == [0, 0, 1]
