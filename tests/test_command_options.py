"""Odd values of every option of every command: said in a message, with exit code 1 or click's own 2, never a traceback.

The commands and their options come from click, so that a new one is tried as soon as it is one.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from flyball.cli import main
from flyball.drills import run as drills

ROOT = Path(__file__).parents[1]
NEEDED = {"stack": "local", "output": "out", "reason": "moving the queue", "url": "http://127.0.0.1:1"}
"""What a command is given beside the option that is tried."""
MANIFEST = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: "web:1", ports: [{containerPort: 80}]}]}
"""
PLACES = ("missing", "folder", "file", "below-a-file", "loop", "long", "latin")
NUMBERS = ("nan", "inf", "-inf", "-1", "0", "1e400", "x", "")
WRITABLE = {"report": ("missing", "folder"), "json_file": ("missing", "file", "latin")}
LATER = ("does not run on this machine", "Connection refused")
"""Said where the path was good enough, and what is asked next is not there."""
BRINGS = ("up", "down", "engine")
"""They would build, begin or end a cluster: only what is read before that is tried."""


def options(kind: type[click.ParamType]) -> Iterator[tuple[str, click.Option]]:
    """Every option whose value is of a kind, with the name of its command."""
    for name, command in main.commands.items():
        for each in command.params:
            if isinstance(each, click.Option) and isinstance(each.type, kind) and name not in BRINGS:
                yield name, each


def place(kind: str, folder: Path) -> Path:
    """A path of a kind, in a folder of its own."""
    (folder / "folder").mkdir()
    (folder / "file").write_text("a file")
    (folder / "latin").write_bytes(b"caf\xe9: x\n")
    (folder / "loop").symlink_to("loop")
    return {"below-a-file": folder / "file" / "x", "long": folder / ("a" * 300)}.get(kind, folder / kind)


def given(name: str, option: click.Option, value: str, folder: Path) -> list[str]:
    """The command with all that it needs, and this value."""
    arguments = [name, option.opts[-1], value]
    if name == "adopt" and option.name != "path":
        (folder / "manifests.yaml").write_text(MANIFEST)
        arguments += ["-f", str(folder / "manifests.yaml")]
    for other in main.commands[name].params:
        needed = NEEDED.get(other.name or "")
        if (
            other is not option
            and needed
            and isinstance(other, click.Option)
            and (other.required or other.name == "url")
        ):
            arguments += [other.opts[-1], str(folder / needed) if other.name == "output" else needed]
    return ["-C", str(ROOT), *arguments]


def run(arguments: list[str]) -> Result:
    result = CliRunner().invoke(main, arguments)
    assert result.exception is None or isinstance(result.exception, SystemExit), (arguments, result.exc_info)
    assert result.exit_code in (0, 1, 2)
    return result


def ids(value: Any) -> str | None:
    return value.opts[-1] if isinstance(value, click.Option) else None


@pytest.mark.parametrize(("name", "option"), list(options(click.Path)), ids=ids)
def test_a_path(name: str, option: click.Option, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drills, "run", lambda *_: pytest.fail("began, and could not have written what came of it"))
    for kind in PLACES:
        folder = tmp_path / kind
        folder.mkdir()
        path = place(kind, folder)
        if name == "drill" and kind in WRITABLE[option.name or ""]:
            continue  # the drills would begin
        result = run(given(name, option, str(path), folder))
        if result.exit_code and not any(other in result.output for other in LATER):
            shown = result.output.replace("\n", "")
            assert option.opts[-1] in shown or path.name in shown or str(path) in shown, (kind, result.output)


@pytest.mark.parametrize("words", [("render", "-o"), ("alerts", "-o"), ("drill", "--json")], ids=" ".join)
def test_where_not_even_root_can_make_a_file(words: tuple[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Who asks for the right only is told that root has it."""
    monkeypatch.setattr(drills, "run", lambda *_: pytest.fail("began, and could not have written what came of it"))
    result = run(["-C", str(ROOT), words[0], *(("-s", "dev") if words[0] != "drill" else ()), words[1], "/proc/x"])
    assert result.exit_code == 1
    assert f"{words[1].replace('-o', '--output')}: /proc/x cannot be written: " in result.output
    assert "; name another place" in result.output


@pytest.mark.parametrize(("name", "option"), list(options(click.types.FloatParamType)), ids=ids)
def test_a_number(name: str, option: click.Option, tmp_path: Path) -> None:
    for value in NUMBERS:
        extra = ["frontend", "--load", "http://127.0.0.1:1"] if option.name == "most" else []
        result = run([*given(name, option, value, tmp_path), *extra])
        assert result.exit_code
        assert option.opts[-1] in result.output, (value, result.output)


@pytest.mark.parametrize(
    "name", [name for name in main.commands if any(p.name == "stack" for p in main.commands[name].params)]
)
def test_a_stack(name: str, tmp_path: Path) -> None:
    """By its name, and by the path of its file."""
    option = next(each for each in main.commands[name].params if each.name == "stack")
    assert isinstance(option, click.Option)
    assert "did you mean 'local'?" in run(given(name, option, "lokal", tmp_path)).output
    for kind in PLACES:
        folder = tmp_path / kind
        folder.mkdir()
        path = place(kind, folder)
        file = path.with_name(f"{path.name}.yaml")
        if kind != "long" and (path.exists() or path.is_symlink()):
            path.rename(file)
        result = run(given(name, option, str(file), folder))
        assert result.exit_code == 1, kind
        assert file.name[:60] in result.output.replace("\n", ""), (kind, result.output)


@pytest.mark.parametrize(
    ("arguments", "meant"),
    [
        (["drill", "spott"], "spot"),
        (["rules", "calls-in-a-circl"], "calls-in-a-circle"),
        (["measure", "-s", "local", "--prometheus", "http://127.0.0.1:1", "frontent"], "frontend"),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_a_name_that_is_nearly_one(arguments: list[str], meant: str) -> None:
    result = run(["-C", str(ROOT), *arguments])
    assert result.exit_code == 1
    assert f"did you mean {meant!r}?" in result.output
