"""Format, lints, imports and types, beside the tests of `make check` and `make test`; alone they are `make lint`."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent
COMMANDS = {
    "format": ["ruff", "format", "--check", "."],
    "ruff": ["ruff", "check", "."],
    "imports": ["lint-imports", "--no-logo"],
    "types": ["pyright", "--warnings"],
}


@pytest.mark.long
@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.xdist_group(name=f"lint-{name}")) for name in COMMANDS]
)
def test_nothing_is_found(name: str) -> None:
    program, *options = COMMANDS[name]
    done = subprocess.run([BIN / program, *options], cwd=ROOT, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    assert done.returncode == 0, done.stdout + done.stderr
