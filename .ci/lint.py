"""Format, lints, imports and types, beside the tests of `make check` and `make test`; alone they are `make lint`."""

import subprocess
import sys
import tomllib
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from tests.running import imports, passed

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
SETTINGS = ("pyproject.toml", "pyrightconfig.json", "typings")
"""What pyright goes by in every file."""


@pytest.mark.long
@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.xdist_group(name=f"lint-{name}")) for name in COMMANDS]
)
def test_nothing_is_found(name: str, unless_passed: Callable[..., None]) -> None:
    program, *options = COMMANDS[name]

    def check(files: Sequence[Path] = ()) -> None:
        done = subprocess.run(
            [BIN / program, *options, *files], cwd=ROOT, capture_output=True, text=True, stdin=subprocess.DEVNULL
        )
        assert done.returncode == 0, done.stdout + done.stderr

    def check_changed() -> str:
        return passed.once_each(COMMANDS[name], what_each_reads, [ROOT / path for path in SETTINGS], check)

    if name in READS:
        run = check_changed if name == "types" else check
        unless_passed(COMMANDS[name], [ROOT / path for path in READS[name]], run, only=PYTHON)
    else:
        check()


def what_each_reads() -> dict[Path, set[Path]]:
    """Of each file whose types are checked those that it imports, and so on; what they import else is installed."""
    pyright = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["pyright"]
    below = [file for name in pyright["include"] for file in passed.files(ROOT / name)]
    roots = [ROOT, ROOT / "components", *(ROOT / name for name in pyright["extraPaths"])]
    # Which is a link below `components` to there.
    collection = {"ansible_collections.flyball.guards": "playbooks"}
    return imports.closures([file for file in below if file.suffix in (".py", ".pyi")], roots, collection)
