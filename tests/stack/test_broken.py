"""Broken stack files: what is said about each, to the letter, and that nothing comes of them.

One file per case in broken/, and beside it the whole message. A new case adds two files and no code.
"""

from pathlib import Path
from typing import Any

import pulumi
import pytest

from flyball.deploy.program import run_program
from flyball.guards.reading.problem import Refused
from flyball.stack.either import read_either
from flyball.stack.file import load

PROJECT = Path(__file__).parents[2]
CASES = sorted((Path(__file__).parent / "broken").glob("*.yaml"))
ONLY_IN_THE_FILE = {
    "secret-in-plain-text",
    "defaults-secret",
    "jobs-secret-in-plain-text",
    "files-secret-in-plain-text",
}
"""A program gets its secrets decrypted, and cannot tell how they were written: the commands read the file first."""


def _loadable(case: Path) -> bool:
    try:
        load(case)
    except Refused:
        return False
    return True


LOADABLE = [case for case in CASES if case.stem not in ONLY_IN_THE_FILE and _loadable(case)]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_says_all_that_is_wrong(case: Path) -> None:
    with pytest.raises(Refused) as refused:
        read_either(load(case))
    assert str(refused.value) + "\n" == case.with_suffix(".txt").read_text(encoding="utf-8")


def test_every_message_has_its_case() -> None:
    messages = sorted((Path(__file__).parent / "broken").glob("*.txt"))
    assert [message.stem for message in messages] == [case.stem for case in CASES]


@pytest.mark.parametrize("case", LOADABLE, ids=lambda case: case.stem)
def test_registers_nothing(case: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    created: list[str] = []
    create = pulumi.Resource.__init__

    def noted(self: pulumi.Resource, t: str, *args: Any, **kwargs: Any) -> None:
        created.append(t)
        create(self, t, *args, **kwargs)

    monkeypatch.setattr(pulumi.Resource, "__init__", noted)
    with pytest.raises(pulumi.RunError, match=r"^the stack is refused, and nothing was created:\n"):
        run_program(PROJECT, "broken", load(case))
    assert set(created) == {"pulumi:pulumi:Stack"}


def test_the_program_says_the_same() -> None:
    case = CASES[0].with_stem("several-at-once")
    with pytest.raises(pulumi.RunError) as refused:
        run_program(PROJECT, "broken", load(case))
    message = case.with_suffix(".txt").read_text(encoding="utf-8").rstrip("\n")
    assert str(refused.value) == f"the stack is refused, and nothing was created:\n{message}"
