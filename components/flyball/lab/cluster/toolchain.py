"""Programs of the control plane, of Pulumi's engine and the checkers, built once from pinned Go modules.

A built program lies in the cache folder under a key made of its module's pins, sources and build flags: new pins build
anew, and a second run builds nothing. What is missing of a module is built at once, so that nothing is compiled twice.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from flyball import paths
from flyball.lab import unused
from flyball.lab.cluster import edits
from flyball.lab.cluster.edits import EDITED
from flyball.lab.cluster.errors import ToolchainError
from flyball.lab.cluster.programs import (
    COMPILER_FLAGS,
    EMBEDDED,
    TAGS,
    TOOLS,
    Tool,
    cached_path,
    linker_flags,
    of_wheel,
    pinned_version,
    tools_dir,
)
from flyball.lab.locks import exclusive

__all__ = [
    "TOOLS",
    "GoMissingError",
    "ToolchainError",
    "cached_path",
    "check_go",
    "ensure",
    "missing",
    "pinned_version",
    "source",
    "tools_dir",
]

UNUSED_DAYS = 30
"""Programs built from other pins are removed when nothing asked for them this long [days]."""
PROGRESS_SECONDS = 20.0
"""How often a build says how far it is [s]."""

Report = Callable[[str], None]


class GoMissingError(ToolchainError):
    """There is no Go on PATH, or one older than the pins ask for."""


def ensure(names: Iterable[str], report: Report) -> dict[str, Path]:
    """The programs `names` of `TOOLS`, by name; what the cache lacks is built, and `report` gets lines about it.

    Raises `ToolchainError` without Go or with one older than the pins ask for, or when a build fails. Two runs at once
    build each module once: the second waits for the first.
    """
    tools = tools_dir()
    wanted = {name: cached_path(TOOLS[name], tools) for name in names}
    _use(wanted)
    for tool in (TOOLS[name] for name in missing(wanted)):
        if brought := of_wheel(tool, tools):
            _copy(brought, wanted[tool.name])
    modules = list(dict.fromkeys(TOOLS[name].module for name in missing(wanted)))
    for number, module in enumerate(modules, 1):
        with exclusive(
            paths.bin_dir() / f"{module}.lock", lambda: report("waiting for another run that builds programs")
        ):
            if todo := [TOOLS[name] for name in missing(wanted) if TOOLS[name].module == module]:
                later = [name for name in missing(wanted) if TOOLS[name].module in modules[number:]]
                _build(module, todo, tools, later, report)
                _remove_unused()
    return wanted


def missing(wanted: dict[str, Path]) -> list[str]:
    """Those of the programs that still have to be built."""
    return [name for name, path in wanted.items() if not path.is_file()]


def _use(wanted: dict[str, Path]) -> None:
    """Note that somebody asked for these programs."""
    for path in wanted.values():
        if path.is_file():
            os.utime(path.parent)


def _copy(program: Path, to: Path) -> None:
    """Into the cache: the environment that it came with may go."""
    to.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=".partial-", dir=to.parent) as partial:
        Path(shutil.copy(program, partial)).rename(to)


def source(module: Path, dependency: str) -> Path:
    """Folder with the source of a dependency that the ``go.mod`` in the folder `module` pins.

    The Go command fetches it if it is not there (after a clean-up). Raises `ToolchainError` if it cannot.
    """
    check_go(module)
    result = _go("mod", "download", "-json", dependency, module=module)
    if result.returncode:
        raise ToolchainError(f"cannot fetch the source of {dependency}: {result.stderr.strip()}")
    return Path(json.loads(result.stdout)["Dir"])


def go_environment() -> dict[str, str]:
    """The user's environment without what would change a build: target platform, workspace, flags, another Go."""
    kept = {k: v for k, v in os.environ.items() if k not in ("GOOS", "GOARCH")}
    return kept | {"CGO_ENABLED": "0", "GOFLAGS": "-mod=readonly", "GOWORK": "off", "GOTOOLCHAIN": "local"}


def check_go(module: Path) -> None:
    """Raise `GoMissingError` unless the ``go`` on PATH is as new as the ``go.mod`` in the folder `module` asks for."""
    required = re.search(r"^go (\S+)$", (module / "go.mod").read_text(), re.MULTILINE)
    if not required:
        raise ToolchainError(f"{module / 'go.mod'} has no go line")
    advice = f"flyball builds what it needs with Go {required[1]} or newer (https://go.dev/dl)"
    if not shutil.which("go"):
        raise GoMissingError(f"go is not on PATH: {advice}")
    result = _go("env", "GOVERSION")
    found = result.stdout.strip().removeprefix("go")
    if _numbers(found) < _numbers(required[1]):
        raise GoMissingError(f"go on PATH is {found or 'broken: ' + result.stderr.strip()}: {advice}")


def _numbers(version: str) -> tuple[int, ...]:
    """``1.26.8`` in parts; a release candidate such as ``1.26rc1`` counts as older than ``1.26.0``."""
    leading = re.match(r"[\d.]*", version)
    return tuple(int(part) for part in leading[0].split(".") if part) if leading else ()


def _go(*arguments: str, module: Path | None = None) -> subprocess.CompletedProcess[str]:
    command = ["go", *arguments]
    return subprocess.run(command, cwd=module, env=go_environment(), capture_output=True, text=True, check=False)


def _build(module: str, todo: Sequence[Tool], tools: Path, later: Sequence[str], report: Report) -> None:
    """Build the programs of one module by one command, which compiles what they share once."""
    check_go(tools / module)
    label = ", ".join(tool.name for tool in todo)
    report(f"building {label}" + (f"; then {', '.join(later)}" if later else ""))
    started = time.monotonic()
    folder = cached_path(todo[0], tools).parent
    folder.mkdir(parents=True, exist_ok=True)
    paths.logs_dir().mkdir(parents=True, exist_ok=True)
    log = paths.logs_dir() / f"build-{module}.log"
    packages = [tool.package for tool in todo]
    with TemporaryDirectory(prefix=".partial-", dir=folder) as partial, _chosen(module, tools) as chosen:
        flags = ("-trimpath", "-buildvcs=false", f"-gcflags={COMPILER_FLAGS}", *chosen)
        listed = _go("list", "-deps", *chosen, *packages, module=tools / module)
        command = [
            "go",
            "build",
            "-v",
            *flags,
            f"-ldflags={linker_flags(module, tools)}",
            "-o",
            f"{partial}/",
            *packages,
        ]
        progress = _Progress(label, len(listed.stdout.split()), log, report)
        if code := _run(command, tools / module, log, progress):
            lines = log.read_text().strip().splitlines()
            raise ToolchainError(f"building {label} failed: {lines[-1] if lines else code}; see {log}")
        for tool in todo:
            Path(partial, tool.output).rename(folder / tool.name)
    log.unlink()
    report(f"built {label} in {time.monotonic() - started:.0f} s")


@contextmanager
def _chosen(module: str, tools: Path) -> Iterator[tuple[str, ...]]:
    """The flags that choose the files to build: a tag, and others in the place of some, embedded or edited."""
    tags = (f"-tags={TAGS[module]}",) if module in TAGS else ()
    with TemporaryDirectory() as temporary:
        if module in EMBEDDED:
            yield (*tags, _embed(module, tools, Path(temporary)))
        elif module in EDITED:
            yield (*tags, _edit(module, tools, Path(temporary)))
        else:
            yield tags


def _embed(module: str, tools: Path, folder: Path) -> str:
    """Files that a program embeds, out of the dependency that has them."""
    dependency, package, files = EMBEDDED[module]
    there = source(tools / module, dependency) / "cmd" / "pulumi-resource-kubernetes"
    places = {str((tools / module / package / name).resolve()): str(there / name) for name in files}
    overlay = folder / "overlay.json"
    overlay.write_text(json.dumps({"Replace": places}))
    return f"-overlay={overlay}"


def _edit(module: str, tools: Path, folder: Path) -> str:
    """An edited copy of a dependency in its place: what lies in Go's own cache cannot be overlaid."""
    edited, copy = EDITED[module], folder / "edited"
    edits.copy(source(tools / module, edited.dependency), edited, copy)
    for file in ("go.mod", "go.sum"):
        shutil.copyfile(tools / module / file, folder / file)
    with (folder / "go.mod").open("a") as output:
        output.write(f"\nreplace {edited.dependency} => {copy}\n")
    return f"-modfile={folder / 'go.mod'}"


class _Progress:
    """Says from time to time how much of a build is left: the Go command names each package that it compiles."""

    def __init__(self, label: str, packages: int, log: Path, report: Report) -> None:
        self.label, self.packages, self.log, self.report = label, packages, log, report

    def say(self) -> None:
        done = sum(1 for line in self.log.read_text().splitlines() if not line.startswith("#"))
        self.report(
            f"building {self.label}: at most {max(self.packages - done, 0)} of {self.packages} packages are left"
        )


def _run(command: list[str], folder: Path, log: Path, progress: _Progress) -> int:
    with (
        log.open("w") as output,
        subprocess.Popen(
            command,
            cwd=folder,
            env=go_environment(),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        ) as process,
    ):
        try:
            while True:
                try:
                    return process.wait(PROGRESS_SECONDS)
                except subprocess.TimeoutExpired:
                    progress.say()
        except BaseException:
            process.kill()
            raise


def _remove_unused() -> None:
    """Keep the cache bounded: programs of pins that no checkout has asked for lately go."""
    unused.remove(filter(Path.is_dir, paths.bin_dir().iterdir()), UNUSED_DAYS)


if __name__ == "__main__":
    ensure(sys.argv[1:] or TOOLS, print)
