"""Which engine is used, and what is beside the one that was built."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from flyball import paths
from flyball.deploy import engine, language_host
from flyball.deploy.engine import Engine
from flyball.lab.cluster import toolchain


@pytest.fixture
def nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine without an engine."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.delenv(engine.VARIABLE, raising=False)
    (tmp_path / "bin").mkdir()
    return tmp_path


def built(names: tuple[str, ...] = engine.PROGRAMS) -> list[Path]:
    """What a build leaves behind."""
    programs = [toolchain.cached_path(toolchain.TOOLS[name], toolchain.tools_dir()) for name in names]
    for program in programs:
        program.parent.mkdir(parents=True, exist_ok=True)
        program.write_text(f"#!/bin/sh\necho this is {program.name}\n")
        program.chmod(0o755)
    return programs


def on_path(folder: Path) -> Path:
    program = folder / "bin" / "pulumi"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    return program


def test_the_one_on_path_comes_first(nothing: Path) -> None:
    built()
    program = on_path(nothing)

    found = engine.find()

    assert found == Engine(program, None)
    assert found is not None
    assert str(found) == f"the Pulumi CLI on PATH, {program}"
    assert found.environment() == dict(os.environ)


def test_then_the_one_that_was_built_which_brings_all_it_needs(nothing: Path) -> None:
    built()

    found = engine.find()

    assert found is not None
    assert found.folder is not None
    assert str(found) == f"the Pulumi CLI that was built, {found.folder / 'pulumi'}"
    names = {"pulumi", "pulumi-resource-kubernetes", "pulumi-language-python", "pulumi-language-yaml"}
    assert {path.name for path in found.folder.iterdir()} == names
    assert found.folder.parent == paths.cache_dir() / "engine"
    output = subprocess.run([found.pulumi], capture_output=True, text=True, check=True, env={"PATH": "/bin:/usr/bin"})
    assert output.stdout == "this is pulumi\n"
    changed = {name: value for name, value in found.environment().items() if os.environ.get(name) != value}
    assert changed == {
        "PATH": f"{found.folder}{os.pathsep}{nothing / 'bin'}",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
    }
    assert engine.find() == found
    assert list((paths.cache_dir() / "engine").iterdir()) == [found.folder]


def test_its_host_runs_by_the_interpreter_that_found_it(nothing: Path) -> None:
    built()
    found = engine.find()

    assert found is not None
    host = found.pulumi.with_name("pulumi-language-python").read_text()
    assert host == f"#!/bin/sh\nexec '{sys.executable}' '{language_host.__file__}' \"$@\"\n"


@pytest.mark.parametrize("names", [(), ("pulumi",), engine.PROGRAMS[1:]])
def test_half_an_engine_is_none(names: tuple[str, ...], nothing: Path) -> None:
    built(names)

    assert engine.find() is None


def test_people_may_do_without(nothing: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    built()
    on_path(nothing)
    monkeypatch.setenv(engine.VARIABLE, "off")

    assert engine.find() is None


def test_what_is_built_is_not_built_again(nothing: Path) -> None:
    built()
    said: list[str] = []

    assert engine.build(said.append) == engine.find()
    assert said == []
