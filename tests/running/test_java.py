"""Where Java is missing, or too old for Spring Boot, what needs it is left out with the reason."""

from pathlib import Path

import pytest
from tests.conftest import why_not_java


@pytest.fixture
def on_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder that is all of PATH."""
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def install(folder: Path, **says: str) -> None:
    for name, line in says.items():
        (folder / name).write_text(f"#!/bin/sh\necho '{line}' >&2\n")
        (folder / name).chmod(0o755)


def test_nothing_there(on_path: Path) -> None:
    del on_path
    assert why_not_java() == "they need java and mvn on PATH (Debian: apt-get install maven)"


@pytest.mark.parametrize(
    ("says", "reason"),
    [
        ('openjdk version "17.0.15" 2025-04-15', None),
        ('openjdk version "21" 2023-09-19', None),
        ('openjdk version "11.0.2" 2019-01-15', "they need Java 17 or newer, and that on PATH is 11"),
        ('java version "1.8.0_412"', "they need Java 17 or newer, and that on PATH is 8"),
        (
            "no runtime",
            "they need Java 17 or newer, and that on PATH does not say which it is: 'no runtime'",
        ),
    ],
)
def test_a_version(says: str, reason: str | None, on_path: Path) -> None:
    install(on_path, java=says, mvn="")
    assert why_not_java() == reason
