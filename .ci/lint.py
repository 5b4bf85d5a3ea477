"""Format, lints, imports and types, beside the tests of `make check` and `make test`; alone they are `make lint`."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent
PYTHON = (".cfg", ".importlinter", ".json", ".py", ".pyi", ".toml", ".typed")
COMMANDS = {
    "format": ["ruff", "format", "--check", "."],
    "ruff": ["ruff", "check", "."],
    "imports": ["lint-imports", "--no-logo"],
    "types": ["pyright", "--warnings"],
}
READS = {
    "imports": (".importlinter", "components", "pyproject.toml", "setup.cfg"),
    "types": (
        *(".ci", "__main__.py", "components", "playbooks"),
        *("pyproject.toml", "pyrightconfig.json", "tests", "tools", "typings"),
    ),
}
"""What those read that take seconds of a processor, pyright half a minute: of it files in Python and their settings."""


@pytest.mark.long
@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.xdist_group(name=f"lint-{name}")) for name in COMMANDS]
)
def test_nothing_is_found(name: str, unless_passed: Callable[..., None]) -> None:
    program, *options = COMMANDS[name]

    def check() -> None:
        done = subprocess.run(
            [BIN / program, *options], cwd=ROOT, capture_output=True, text=True, stdin=subprocess.DEVNULL
        )
        assert done.returncode == 0, done.stdout + done.stderr

    if name in READS:
        unless_passed(COMMANDS[name], [ROOT / path for path in READS[name]], check, only=PYTHON)
    else:
        check()
