import os
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from flyball import paths
from flyball.lab.cluster import toolchain
from flyball.lab.cluster.toolchain import TOOLS, GoMissingError, ToolchainError

GO_MOD = """module flyball/tools/{name}

go 1.26.0

require (
	example.org/other v1.0.0 // indirect
	k8s.io/kubernetes v1.36.3 // indirect
)
"""


class Go:
    """Stands in for the Go command: answers its version, and "builds" by writing a file."""

    def __init__(self) -> None:
        self.version = "go1.26.8"
        self.fails = ""
        self.builds: list[tuple[Path, list[str], dict[str, str]]] = []

    def __call__(self, command: list[str], **arguments: Any) -> subprocess.CompletedProcess[str]:
        if command == ["go", "env", "GOVERSION"]:
            return subprocess.CompletedProcess(command, 0, f"{self.version}\n", "")
        self.builds.append((arguments["cwd"], command, arguments["env"]))
        if self.fails:
            arguments["stdout"].write(f"compiling\n{self.fails}\n")
            return subprocess.CompletedProcess(command, 1)
        Path(command[command.index("-o") + 1]).write_text("program")
        return subprocess.CompletedProcess(command, 0)


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that looks like a checkout, as the working directory, and an empty cache beside it."""
    for name in {tool.module for tool in TOOLS.values()}:
        module = tmp_path / "checkout" / "tools" / name
        module.mkdir(parents=True)
        (module / "go.mod").write_text(GO_MOD.format(name=name))
        (module / "go.sum").write_text("sums\n")
    monkeypatch.chdir(tmp_path / "checkout" / "tools" / "etcd")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "checkout"


@pytest.fixture
def go(monkeypatch: pytest.MonkeyPatch) -> Go:
    go = Go()
    monkeypatch.setattr(toolchain.subprocess, "run", go)
    monkeypatch.setattr(toolchain.shutil, "which", lambda name: f"/bin/{name}")
    return go


def test_what_is_missing_is_built_with_progress_and_the_second_run_builds_nothing(
    checkout: Path, go: Go, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    monkeypatch.setattr(toolchain.time, "monotonic", iter([0, 70, 100, 129]).__next__)

    programs = toolchain.ensure(["etcd", "kubectl"], said.append)

    assert [path.name for path in programs.values()] == ["etcd", "kubectl"]
    assert all(path.read_text() == "program" for path in programs.values())
    assert list(paths.logs_dir().iterdir()) == []
    assert said == [
        "building etcd (1 of 2)",
        "built etcd (1 of 2) in 70 s",
        "building kubectl (2 of 2)",
        "built kubectl (2 of 2) in 29 s",
    ]
    said.clear()
    assert toolchain.ensure(["kubectl", "etcd"], said.append) == programs
    assert said == []
    assert len(go.builds) == 2


def test_the_build_is_static_reproducible_and_stamped_with_the_pinned_version(
    checkout: Path, go: Go, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "environ", {**os.environ, "GOOS": "plan9", "GOFLAGS": "-race", "GOWORK": "/x/go.work"})

    path = toolchain.ensure(["kube-apiserver"], print)["kube-apiserver"]

    ((folder, command, environment),) = go.builds
    assert folder == checkout / "tools" / "controlplane"
    stamps = " ".join(
        f"-X {package}.gitVersion=v1.36.3 -X {package}.gitMajor=1 -X {package}.gitMinor=36"
        for package in ("k8s.io/component-base/version", "k8s.io/client-go/pkg/version")
    )
    assert command == [
        *("go", "build", "-trimpath", "-buildvcs=false", "-ldflags", f"-s -w {stamps}"),
        *("-o", str(path.parent / ".kube-apiserver.partial"), "k8s.io/kubernetes/cmd/kube-apiserver"),
    ]
    changed = {name: environment.get(name) for name in ("CGO_ENABLED", "GOFLAGS", "GOOS", "GOTOOLCHAIN", "GOWORK")}
    assert changed == {
        "CGO_ENABLED": "0",
        "GOFLAGS": "-mod=readonly",
        "GOOS": None,
        "GOTOOLCHAIN": "local",
        "GOWORK": "off",
    }


@pytest.mark.parametrize("file", ["go.mod", "go.sum"])
def test_new_pins_build_anew(file: str, checkout: Path, go: Go) -> None:
    before = toolchain.ensure(["etcd", "kwok"], print)
    with (checkout / "tools" / "etcd" / file).open("a") as pins:
        pins.write("// another\n")

    after = toolchain.ensure(["etcd", "kwok"], print)

    assert after["etcd"] != before["etcd"]
    assert after["kwok"] == before["kwok"]
    assert [command[-1] for _, command, _ in go.builds] == [
        "go.etcd.io/etcd/server/v3",
        "sigs.k8s.io/kwok/cmd/kwok",
        "go.etcd.io/etcd/server/v3",
    ]


def test_programs_of_one_module_have_keys_of_their_own(checkout: Path) -> None:
    tools = checkout / "tools"

    assert len({toolchain.cached_path(tool, tools).parent for tool in TOOLS.values()}) == len(TOOLS) == 13


def test_a_program_of_our_own_has_a_new_key_when_its_source_changes(checkout: Path) -> None:
    tools, adapter = checkout / "tools", checkout / "tools" / "keda" / "adapter"
    before = toolchain.cached_path(TOOLS["keda-adapter"], tools), toolchain.cached_path(TOOLS["etcd"], tools)

    adapter.mkdir()
    (adapter / "main.go").write_text("package main")

    assert toolchain.cached_path(TOOLS["keda-adapter"], tools) != before[0]
    assert toolchain.cached_path(TOOLS["etcd"], tools) == before[1]


def test_a_failed_build_is_an_error_that_names_the_log_and_leaves_no_program(checkout: Path, go: Go) -> None:
    go.fails = "x.go:1: no such module"

    with pytest.raises(ToolchainError) as failure:
        toolchain.ensure(["etcd"], print)

    log = paths.logs_dir() / "build-etcd.log"
    assert str(failure.value) == f"building etcd failed: x.go:1: no such module; see {log}"
    assert log.read_text() == "compiling\nx.go:1: no such module\n"
    assert list(paths.bin_dir().glob("*/etcd")) == []


def test_without_go_the_error_says_which_one_is_needed(checkout: Path, go: Go, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(toolchain.shutil, "which", lambda name: None)

    with pytest.raises(GoMissingError, match=r"^go is not on PATH: flyball builds .* with Go 1\.26\.0 or newer"):
        toolchain.ensure(["etcd"], print)


@pytest.mark.parametrize("version", ["go1.25.9", "go1.9", "go1.26rc1", ""])
def test_an_old_go_is_refused(version: str, checkout: Path, go: Go) -> None:
    go.version = version

    with pytest.raises(GoMissingError, match=r"^go on PATH is .*: flyball builds .* with Go 1\.26\.0 or newer"):
        toolchain.ensure(["etcd"], print)
    assert go.builds == []


@pytest.mark.parametrize("version", ["go1.26.0", "go1.27", "go2.0", "go1.26.8 X:nodwarf5"])
def test_a_new_go_is_welcome(version: str, checkout: Path, go: Go) -> None:
    go.version = version

    assert list(toolchain.ensure(["etcd"], print)) == ["etcd"]


def test_built_programs_need_no_go(checkout: Path, go: Go) -> None:
    programs = toolchain.ensure(["etcd"], print)
    go.version = ""

    assert toolchain.ensure(["etcd"], print) == programs


def test_programs_of_other_pins_go_when_they_were_unused_for_long(checkout: Path, go: Go) -> None:
    old = toolchain.ensure(["etcd"], print)["etcd"]
    fresh = toolchain.ensure(["kwok"], print)["kwok"]
    long_ago = time.time() - (toolchain.UNUSED_DAYS + 1) * 86_400
    os.utime(old.parent, (long_ago, long_ago))

    toolchain.ensure(["kwokctl"], print)

    assert not old.parent.exists()
    assert fresh.is_file()


def test_use_keeps_a_program(checkout: Path, go: Go) -> None:
    old = toolchain.ensure(["etcd"], print)["etcd"]
    long_ago = time.time() - (toolchain.UNUSED_DAYS + 1) * 86_400
    os.utime(old.parent, (long_ago, long_ago))

    toolchain.ensure(["etcd"], print)
    toolchain.ensure(["kwok"], print)

    assert old.is_file()


def test_outside_a_checkout_the_one_that_holds_the_package_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    assert toolchain.tools_dir() == Path(toolchain.__file__).resolve().parents[4] / "tools"


def test_without_any_checkout_the_error_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(toolchain, "__file__", str(tmp_path / "site-packages" / "toolchain.py"))

    with pytest.raises(
        ToolchainError, match=r"no checkout of flyball around .*use a cluster of your own with --context"
    ):
        toolchain.tools_dir()


def test_a_program_that_is_not_pinned_is_an_error(checkout: Path) -> None:
    with pytest.raises(ToolchainError, match=r"etcd/go\.mod does not require k8s\.io/kubernetes/v2$"):
        toolchain.pinned_version(checkout / "tools" / "etcd", "k8s.io/kubernetes/v2")
