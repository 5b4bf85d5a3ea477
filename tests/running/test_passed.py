"""A checker that passed is not asked again while nothing of what it reads changes; one that failed always is."""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
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


def each(tree: Path, reads: Mapping[str, Iterable[str]]) -> tuple[list[str] | None, str]:
    """The files that one more look asks it of, by name; and what is said of it."""
    names: list[list[str]] = []

    def read() -> dict[Path, set[Path]]:
        return {tree / name: {tree / other for other in others} for name, others in reads.items()}

    def run(files: Sequence[Path]) -> None:
        names.append([file.name for file in files])

    said = passed.once_each(["checker"], read, [tree / "b.yaml"], run)
    return (names[0] if names else None), said


def test_of_files_those_are_asked_for_that_changed_or_read_what_did(tree: Path) -> None:
    for name in ("a.py", "b.py", "c.py"):
        (tree / name).write_text("")
    reads = {"a.py": ("a.py", "b.py"), "b.py": ("b.py",), "c.py": ("c.py",)}
    assert each(tree, reads) == ([], "")  # which is of all
    (tree / "b.py").write_text("b = 1")
    (file,) = passed.folder().iterdir()
    said = "checker was asked of 2 files: 1 others, and what they import, are as they passed; `rm %s` has it run on all"
    assert each(tree, reads) == (["a.py", "b.py"], said % file)
    assert each(tree, {**reads, "c.py": ("b.py", "c.py")})[0] == ["c.py"]
    assert each(tree, {name: reads[name] for name in ("a.py", "b.py")})[0] is None
    (tree / "b.yaml").write_text("b: 2\n")
    assert each(tree, reads) == ([], "")


def test_of_files_none_is_kept_where_something_was_found(tree: Path) -> None:
    def run(files: Sequence[Path]) -> None:
        raise AssertionError("something was found")

    file = tree / "below/a.py"
    with pytest.raises(AssertionError):
        passed.once_each(["checker"], lambda: {file: {file}}, [], run)
    assert not passed.folder().exists()


@pytest.mark.parametrize("meanwhile", [lambda file: file.write_text("a = 2\n"), lambda file: file.unlink()])
def test_of_files_none_is_kept_where_one_changes_meanwhile(tree: Path, meanwhile: Callable[[Path], object]) -> None:
    file = tree / "below/a.py"
    assert passed.once_each(["checker"], lambda: {file: {file}}, [], lambda _: meanwhile(file)) == ""
    assert not passed.folder().exists()


def test_in_ci_all_files_are_asked_for_each_time(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reads = {"b.yaml": ("b.yaml",), "below/a.py": ("below/a.py",)}
    assert each(tree, reads) == ([], "")
    (tree / "below/a.py").write_text("a = 2\n")
    monkeypatch.setenv("CI", "true")
    assert each(tree, reads) == ([], "")
    monkeypatch.delenv("CI")
    assert each(tree, reads)[0] == ["a.py"]


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
