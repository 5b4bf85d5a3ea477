"""Which project a command is about, and what there is where none is around."""

import errno
import os
from pathlib import Path

import pytest

from flyball import paths
from flyball.guards.reading.problem import Refused
from flyball.stack.target import find

ROOT = Path(__file__).parents[2]


def test_the_project_around_the_working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    (tmp_path / "Pulumi.yaml").write_text("name: flyball\nruntime: python\n")
    (tmp_path / "stacks").mkdir()
    (tmp_path / "stacks" / "Pulumi.local.yaml").write_text("config: {flyball:cluster: mine}\n")
    monkeypatch.chdir(inner)

    target = find("local")

    assert (target.project, target.is_example, target.is_local) == (tmp_path, False, False)


def test_without_a_project_there_is_the_local_example(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    target = find("local")

    assert (target.project, target.name, target.is_example, target.is_local) == (ROOT, "local", True, True)
    assert target.file == ROOT / "stacks" / "Pulumi.local.yaml"


@pytest.mark.parametrize("stack", ["prod", "dev", "mine"])
def test_and_no_other_by_name(stack: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stack of the same name may stand somewhere, and would be brought up or down as what it is not."""
    monkeypatch.chdir(tmp_path)

    with pytest.raises(Refused) as refused:
        find(stack)

    assert str(refused.value) == (
        f"there is no Pulumi.yaml in {tmp_path} or above it; run inside a project, or give -C;"
        " without one there is the example 'local'"
    )


def test_a_stack_file_of_ones_own_needs_no_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "Pulumi.mine.yaml").write_text("config: {flyball:cluster: mine}\n")

    target = find("Pulumi.mine.yaml")

    assert (target.project, target.name, target.is_example) == (ROOT, "mine", True)
    assert target.config == {"cluster": "mine"}


@pytest.mark.parametrize("context", ["", " prod", "two\nlines", "nul\0"])
def test_what_can_be_no_context_is_refused(context: str) -> None:
    with pytest.raises(Refused) as refused:
        find("local", ROOT, context)

    assert str(refused.value) == (
        f"--context: {context!r} is no context;"
        " give the name of a kubeconfig context, on one line; `kubectl config get-contexts` lists them"
    )


@pytest.mark.parametrize("context", ["prod", "arn:aws:eks:eu-central-1:123456789012:cluster/prod", "me@my cluster"])
def test_a_context_may_be_called_anything(context: str) -> None:
    assert find("local", ROOT, context).context == context


@pytest.mark.parametrize("stack", ["local", "Pulumi.mine.yaml"])
def test_a_folder_that_was_given_has_to_be_a_project(stack: str, tmp_path: Path) -> None:
    (tmp_path / "Pulumi.mine.yaml").write_text("config: {flyball:cluster: mine}\n")

    with pytest.raises(Refused) as refused:
        find(stack, tmp_path)

    assert str(refused.value) == f"there is no Pulumi.yaml in {tmp_path} or above it; run inside a project, or give -C"


def test_what_is_shipped_lies_at_the_top_of_a_checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert paths.shipped("tools") == ROOT / "tools"
    inside = tmp_path / "flyball" / "shipped" / "tools"
    inside.mkdir(parents=True)
    monkeypatch.setattr(paths, "__file__", str(tmp_path / "flyball" / "paths.py"))
    assert paths.shipped("tools") == inside


def test_a_folder_that_may_not_be_read_is_not_one_without_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stat(path: Path, *, follow_symlinks: bool = True) -> os.stat_result:
        if path.parent == Path("locked"):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        return os.stat(path, follow_symlinks=follow_symlinks)

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Path, "stat", stat)

    with pytest.raises(Refused) as refused:
        find("locked/Pulumi.mine.yaml")

    assert str(refused.value) == (
        "locked/Pulumi.mine.yaml: cannot be read: Permission denied; let who runs flyball read the folder"
    )
