"""Pulumi's engine: the CLI on PATH, else the one that flyball built from pinned modules."""

import hashlib
import os
import shutil
import stat
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from flyball import paths
from flyball.deploy import language_host
from flyball.lab.cluster import toolchain

PROGRAMS = ("pulumi", "pulumi-resource-kubernetes", "pulumi-language-yaml")
VARIABLE = "FLYBALL_ENGINE"
"""Environment variable; where it is `off`, there is no engine, and kubectl applies what the program comes to."""


@dataclass(frozen=True, slots=True)
class Engine:
    """A Pulumi CLI, and the folder to put before PATH for it; None where it is on PATH with all that it needs."""

    pulumi: Path
    folder: Path | None

    def __str__(self) -> str:
        return (
            f"the Pulumi CLI that was built, {self.pulumi}" if self.folder else f"the Pulumi CLI on PATH, {self.pulumi}"
        )

    def environment(self) -> dict[str, str]:
        """The user's, for the CLI. The one that was built brings all it needs, and asks nobody outside for more."""
        env = dict(os.environ)
        if self.folder:
            env["PATH"] = os.pathsep.join([str(self.folder), env.get("PATH", os.defpath)])
            env["PULUMI_SKIP_UPDATE_CHECK"] = "true"
            env["PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION"] = "true"
        return env


def find() -> Engine | None:
    """The engine to use, if there is one; nothing is built."""
    if os.environ.get(VARIABLE) == "off":
        return None
    if found := shutil.which("pulumi"):
        return Engine(Path(found), None)
    tools = toolchain.tools_dir()
    programs = {name: toolchain.cached_path(toolchain.TOOLS[name], tools) for name in PROGRAMS}
    return None if toolchain.missing(programs) else _assembled(programs)


def build(report: Callable[[str], None]) -> Engine:
    """The engine out of pinned modules; built if need be. Raises `ToolchainError`."""
    return _assembled(toolchain.ensure(PROGRAMS, report))


def _assembled(programs: dict[str, Path]) -> Engine:
    """One folder with all of it: the programs, and a host for programs in Python that runs by this interpreter."""
    host = f"#!/bin/sh\nexec '{sys.executable}' '{language_host.__file__}' \"$@\"\n"
    text = "\n".join([host, *map(str, programs.values())])
    folder = paths.cache_dir() / "engine" / hashlib.sha256(text.encode()).hexdigest()[:16]
    if not folder.is_dir():
        folder.parent.mkdir(parents=True, exist_ok=True)
        partial = folder.with_name(f".{folder.name}.{os.getpid()}")
        partial.mkdir()
        for name, program in programs.items():
            (partial / name).symlink_to(program)
        script = partial / "pulumi-language-python"
        script.write_text(host)
        script.chmod(script.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)
        try:
            partial.rename(folder)
        except OSError:  # another run was quicker
            shutil.rmtree(partial)
    return Engine(folder / "pulumi", folder)
