"""The module `flyball.guards.files`, on files of this machine."""

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest
from ansible.module_utils.testing import patch_module_args

from ansible_collections.flyball.guards.plugins.modules import files


def run(capsys: pytest.CaptureFixture[str], check: bool = False, **arguments: Any) -> dict[str, Any]:
    """What the module answers."""
    given = {**arguments, "_ansible_check_mode": check, "_ansible_diff": True}
    with patch_module_args(given), pytest.raises(SystemExit):
        files.main()
    answer: dict[str, Any] = json.loads(capsys.readouterr().out)
    return answer


def mode(path: Path) -> str:
    return f"{path.stat().st_mode & 0o7777:04o}"


def test_files_and_the_folders_on_their_way(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one, two = tmp_path / "a/b/one", tmp_path / "a/two"
    wanted: list[dict[str, Any]] = [
        {"dest": str(one), "content": "1\n"},
        {"dest": str(two), "content": "ü\n", "mode": "0750"},
    ]
    before = os.umask(0o077)
    try:
        answer = run(capsys, files=wanted)
    finally:
        os.umask(before)
    assert (answer["changed"], answer["paths"]) == (True, [str(one.parent.parent), str(one.parent), str(one), str(two)])
    assert (one.read_text(), mode(one), two.read_text(), mode(two)) == ("1\n", "0644", "ü\n", "0750")
    assert (mode(one.parent), mode(one.parent.parent)) == ("0755", "0755")
    again = run(capsys, files=wanted)
    assert (again["changed"], again["paths"], again["diff"]) == (False, [], [])


def test_only_what_differs_is_replaced(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    same, other, loose = tmp_path / "same", tmp_path / "other", tmp_path / "loose"
    for file in (same, other, loose):
        file.write_text("old\n")
        file.chmod(0o644)
    loose.chmod(0o666)
    kept = same.stat().st_ino
    answer = run(
        capsys,
        files=[
            {"dest": str(same), "content": "old\n"},
            {"dest": str(other), "content": "new\n"},
            {"dest": str(loose), "content": "old\n"},
        ],
    )
    assert answer["paths"] == [str(other), str(loose)]
    assert answer["diff"] == [
        {"before_header": str(other), "after_header": str(other), "before": "old\n", "after": "new\n"}
    ]
    assert (same.stat().st_ino, other.read_text(), mode(loose)) == (kept, "new\n", "0644")


def test_one_refused_file_and_none_changes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good, bad, worse = tmp_path / "good", tmp_path / "bad", tmp_path / "worse"
    check = f"{sys.executable} -c 'import sys; sys.exit(open(sys.argv[1]).read() or 0)' %s"
    answer = run(
        capsys,
        files=[
            {"dest": str(good), "content": "", "validate": check},
            {"dest": str(bad), "content": "line 1 is wrong", "validate": check},
            {"dest": str(worse), "content": "line 2 is wrong", "validate": check},
        ],
    )
    assert answer["failed"] is True
    assert answer["msg"] == (
        f"{bad}: failed to validate (exit code 1): line 1 is wrong\n"
        f"{worse}: failed to validate (exit code 1): line 2 is wrong"
    )
    assert list(tmp_path.iterdir()) == []


def test_a_check_changes_nothing_and_shows_all(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    there, new = tmp_path / "there", tmp_path / "folder/new"
    there.write_text("old\n")
    there.chmod(0o644)
    answer = run(
        capsys,
        check=True,
        folders=[{"path": str(tmp_path / "more"), "mode": "0700"}],
        files=[
            {"dest": str(there), "content": "now\n", "validate": "/no/such/program %s"},
            {"dest": str(new), "content": "x\n", "owner": "not-there-yet"},
        ],
    )
    assert answer["paths"] == [str(tmp_path / "more"), str(there), str(new.parent), str(new)]
    assert [(change["before"], change["after"]) for change in answer["diff"]] == [("old\n", "now\n"), ("", "x\n")]
    assert there.read_text() == "old\n"
    assert list(tmp_path.iterdir()) == [there]


def test_a_link_gives_way_to_the_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    elsewhere, link = tmp_path / "elsewhere", tmp_path / "link"
    elsewhere.write_text("same\n")
    link.symlink_to(elsewhere)
    answer = run(capsys, files=[{"dest": str(link), "content": "same\n"}])
    assert (answer["paths"], link.is_symlink(), link.read_text()) == ([str(link)], False, "same\n")
    assert elsewhere.read_text() == "same\n"


def test_folders_have_the_mode_that_is_asked_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "spool"
    answer = run(capsys, folders=[{"path": str(folder), "mode": "0700"}])
    assert (answer["paths"], mode(folder)) == ([str(folder)], "0700")
    folder.chmod(0o777)
    assert run(capsys, folders=[{"path": str(folder), "mode": "0700"}])["paths"] == [str(folder)]
    assert mode(folder) == "0700"


def test_bytes_that_are_no_text_are_replaced(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"\xff\xfe\n")
    assert run(capsys, files=[{"dest": str(file), "content": "text\n"}])["paths"] == [str(file)]
    assert file.read_text() == "text\n"


@pytest.mark.parametrize(
    ("file", "said"),
    [
        ({"content": "x"}, "missing required arguments: dest found in files"),
        ({"dest": "{folder}", "content": "x"}, "{folder}: Is a directory"),
        (
            {"dest": "{folder}/new", "content": "x", "validate": "true"},
            "{folder}/new: validate must contain %s, which stands for the new file: true",
        ),
    ],
)
def test_what_cannot_be_written_is_said(
    file: dict[str, str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wanted = {key: value.replace("{folder}", str(tmp_path)) for key, value in file.items()}
    answer = run(capsys, files=[wanted])
    assert (answer["failed"], answer["msg"]) == (True, said.replace("{folder}", str(tmp_path)))
    assert list(tmp_path.iterdir()) == []
