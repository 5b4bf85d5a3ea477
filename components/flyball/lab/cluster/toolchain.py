"""Programs of the control plane and the checkers, built once from the Go modules that ``tools/`` pins.

A built program lies in the cache folder under a key made of its module's pins and sources, its package and its build
flags: new pins build anew, and a second run builds nothing.
"""

import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from flyball import paths
from flyball.errors import FlyballError
from flyball.lab.locks import exclusive

UNUSED_DAYS = 30
"""Programs built from other pins are removed when nothing asked for them this long [days]."""


class ToolchainError(FlyballError):
    """A program could not be built; the message says what to do, and names the log file where there is one."""


class GoMissingError(ToolchainError):
    """There is no Go on PATH, or one older than the pins ask for."""


@dataclass(frozen=True)
class Tool:
    """One program and how it is built."""

    name: str
    module: str
    """Folder under ``tools/`` whose ``go.mod`` and ``go.sum`` pin it."""
    package: str
    """Go package to build; one of the module's own begins with ``./``."""
    versioned_by: str = ""
    """Go module whose pinned version is stamped into `stamps`; empty: nothing is stamped."""
    stamps: tuple[str, ...] = ()
    """Go packages with the variables ``gitVersion``, ``gitMajor`` and ``gitMinor``."""

    def version(self, tools: Path) -> str:
        """The pinned version of `versioned_by`, such as ``v1.36.3``."""
        return pinned_version(tools / self.module, self.versioned_by)

    def linker_flags(self, tools: Path) -> str:
        """Flags for the Go linker: no symbol table, and the version that the source leaves to its release build."""
        flags = ["-s", "-w"]
        if self.stamps:
            version = self.version(tools)
            major, minor, _ = version.removeprefix("v").split(".", 2)
            for package in self.stamps:
                flags += [f"-X {package}.gitVersion={version}", f"-X {package}.gitMajor={major}"]
                flags += [f"-X {package}.gitMinor={minor}"]
        return " ".join(flags)


def _kubernetes(name: str) -> Tool:
    stamps = ("k8s.io/component-base/version", "k8s.io/client-go/pkg/version")
    return Tool(name, "controlplane", f"k8s.io/kubernetes/cmd/{name}", "k8s.io/kubernetes", stamps)


TOOLS: dict[str, Tool] = {
    tool.name: tool
    for tool in (
        Tool("etcd", "etcd", "go.etcd.io/etcd/server/v3"),
        Tool("kwok", "kwok", "sigs.k8s.io/kwok/cmd/kwok"),
        Tool("kwokctl", "kwok", "sigs.k8s.io/kwok/cmd/kwokctl"),
        _kubernetes("kube-apiserver"),
        _kubernetes("kube-controller-manager"),
        _kubernetes("kube-scheduler"),
        _kubernetes("kubectl"),
        Tool("keda-operator", "keda", "github.com/kedacore/keda/v2/cmd/operator"),
        Tool("keda-adapter", "keda", "./adapter"),
        Tool("metrics-server", "metrics-server", "sigs.k8s.io/metrics-server/cmd/metrics-server"),
        Tool("kube-score", "checkers", "github.com/zegl/kube-score/cmd/kube-score"),
        Tool("kubeconform", "checkers", "github.com/yannh/kubeconform/cmd/kubeconform"),
        Tool("vegeta", "vegeta", "github.com/tsenart/vegeta/v12"),
    )
}


def ensure(names: Iterable[str], report: Callable[[str], None]) -> dict[str, Path]:
    """The programs `names` of `TOOLS`, by name; what the cache lacks is built, one line to `report` before and after.

    Raises `ToolchainError` outside a checkout, without Go or with one older than the pins ask for, or when a build
    fails. Two runs at once build each program once: the second waits for the first.
    """
    tools = tools_dir()
    wanted = {name: cached_path(TOOLS[name], tools) for name in names}
    if missing(wanted):
        with exclusive(paths.bin_dir() / "lock", lambda: report("waiting for another run that builds programs")):
            todo = missing(wanted)
            for number, name in enumerate(todo, 1):
                _build(TOOLS[name], wanted[name], tools, f"{name} ({number} of {len(todo)})", report)
            _remove_unused(set(wanted.values()))
    for path in wanted.values():
        os.utime(path.parent)
    return wanted


def missing(wanted: dict[str, Path]) -> list[str]:
    """Those of the programs that still have to be built."""
    return [name for name, path in wanted.items() if not path.is_file()]


def tools_dir() -> Path:
    """The folder ``tools/`` of the checkout around the working directory, else of the one that holds this package.

    Raises `ToolchainError` when neither is a checkout of flyball.
    """
    for start in (Path.cwd(), Path(__file__).resolve()):
        for folder in (start, *start.parents):
            go_mod = folder / "tools" / "controlplane" / "go.mod"
            if go_mod.is_file() and go_mod.read_text().startswith("module flyball/"):
                return folder / "tools"
    raise ToolchainError(
        f"no checkout of flyball around {Path.cwd()}: the control plane is built from the modules pinned in its "
        "tools/ folder; run inside a checkout, or use a cluster of your own with --context"
    )


def pinned_version(module: Path, dependency: str) -> str:
    """The version of `dependency` that the ``go.mod`` in the folder `module` requires."""
    found = re.search(rf"^\s*{re.escape(dependency)} (v\S+)", (module / "go.mod").read_text(), re.MULTILINE)
    if not found:
        raise ToolchainError(f"{module / 'go.mod'} does not require {dependency}")
    return found[1]


def source(module: Path, dependency: str) -> Path:
    """Folder with the source of a dependency that the ``go.mod`` in the folder `module` pins.

    The Go command fetches it if it is not there (after a clean-up). Raises `ToolchainError` if it cannot.
    """
    check_go(module)
    result = subprocess.run(
        ["go", "mod", "download", "-json", dependency],
        cwd=module,
        env=go_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode:
        raise ToolchainError(f"cannot fetch the source of {dependency}: {result.stderr.strip()}")
    return Path(json.loads(result.stdout)["Dir"])


def cached_path(tool: Tool, tools: Path) -> Path:
    """Where the program lies once it is built."""
    key, module = hashlib.sha256(), tools / tool.module
    for part in (
        (module / "go.mod").read_bytes(),
        (module / "go.sum").read_bytes(),
        *(source.read_bytes() for source in sorted(module.rglob("*.go"))),
        tool.package.encode(),
        tool.linker_flags(tools).encode(),
        f"{sys.platform}/{platform.machine()}".encode(),
    ):
        key.update(hashlib.sha256(part).digest())
    return paths.bin_dir() / f"{tool.name}-{key.hexdigest()[:16]}" / tool.name


def go_environment() -> dict[str, str]:
    """The user's environment without what would change a build: target platform, workspace, flags, another Go."""
    kept = {k: v for k, v in os.environ.items() if k not in ("GOOS", "GOARCH")}
    return kept | {"CGO_ENABLED": "0", "GOFLAGS": "-mod=readonly", "GOWORK": "off", "GOTOOLCHAIN": "local"}


def check_go(module: Path) -> None:
    """Raise `GoMissingError` unless the ``go`` on PATH is as new as the ``go.mod`` in the folder `module` asks for."""
    required = re.search(r"^go (\S+)$", (module / "go.mod").read_text(), re.MULTILINE)
    if not required:
        raise ToolchainError(f"{module / 'go.mod'} has no go line")
    advice = f"flyball builds its control plane with Go {required[1]} or newer (https://go.dev/dl)"
    if not shutil.which("go"):
        raise GoMissingError(f"go is not on PATH: {advice}")
    result = subprocess.run(
        ["go", "env", "GOVERSION"], env=go_environment(), capture_output=True, text=True, check=False
    )
    found = result.stdout.strip().removeprefix("go")
    if _numbers(found) < _numbers(required[1]):
        raise GoMissingError(f"go on PATH is {found or 'broken: ' + result.stderr.strip()}: {advice}")


def _numbers(version: str) -> tuple[int, ...]:
    """``1.26.8`` in parts; a release candidate such as ``1.26rc1`` counts as older than ``1.26.0``."""
    leading = re.match(r"[\d.]*", version)
    return tuple(int(part) for part in leading[0].split(".") if part) if leading else ()


def _build(tool: Tool, path: Path, tools: Path, label: str, report: Callable[[str], None]) -> None:
    check_go(tools / tool.module)
    report(f"building {label}")
    started = time.monotonic()
    path.parent.mkdir(parents=True, exist_ok=True)
    paths.logs_dir().mkdir(parents=True, exist_ok=True)
    log = paths.logs_dir() / f"build-{tool.name}.log"
    partial = path.with_name(f".{tool.name}.partial")
    command = ["go", "build", "-trimpath", "-buildvcs=false", "-ldflags", tool.linker_flags(tools)]
    with log.open("w") as output:
        result = subprocess.run(
            [*command, "-o", str(partial), tool.package],
            cwd=tools / tool.module,
            env=go_environment(),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
        )
    if result.returncode:
        lines = log.read_text().strip().splitlines()
        raise ToolchainError(f"building {tool.name} failed: {lines[-1] if lines else result}; see {log}")
    partial.rename(path)
    log.unlink()
    report(f"built {label} in {time.monotonic() - started:.0f} s")


def _remove_unused(wanted: set[Path]) -> None:
    """Keep the cache bounded: programs of pins that no checkout has asked for lately go."""
    oldest = time.time() - UNUSED_DAYS * 86_400
    for folder in paths.bin_dir().iterdir():
        if folder.is_dir() and folder.stat().st_mtime < oldest and not wanted & set(folder.iterdir()):
            shutil.rmtree(folder)
