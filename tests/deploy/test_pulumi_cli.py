"""How the Pulumi CLI is called, held against a stand-in that writes down what it was called with."""

import gc
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from pulumi.runtime import rpc

from flyball.deploy import pulumi_cli, wire
from flyball.deploy.engine import Engine
from flyball.deploy.program import run_program
from flyball.deploy.pulumi_cli import PulumiError
from flyball.deploy.registered import Registered
from flyball.lab import processes
from flyball.stack.file import alone

STAND_IN = """import json, os, sys
log = os.environ["STAND_IN_LOG"]
names = ["PULUMI_BACKEND_URL", "PULUMI_CONFIG_PASSPHRASE", "FLYBALL_CONTEXT", "PULUMI_PARALLEL"]
names.append("PULUMI_DIY_BACKEND_DISABLE_CHECKPOINT_BACKUPS")
kept = {k: os.environ.get(k) for k in names}
with open(log, "a") as out:
    out.write(json.dumps([sys.argv[1:], kept]) + "\\n")
if os.path.exists(os.environ.get("STAND_IN_LOCK", "")):
    sys.exit("error: could not create stack: the stack is currently locked by 1 lock(s)")
if sys.argv[1:3] == ["stack", "init"]:
    open(f"Pulumi.{sys.argv[-1]}.yaml", "w").write("encryptionsalt: new")
    if os.environ.get("STAND_IN_EXISTS"):
        sys.exit("error: stack 'prod' already exists")
if sys.argv[1:3] == ["stack", "export"]:
    print("{}")
if "--config-file" in sys.argv:
    open(sys.argv[sys.argv.index("--config-file") + 1], "a").write("encryptionsalt: new")
sys.exit(int(os.environ.get("STAND_IN_CODE", "0")) if sys.argv[1] != "stack" else 0)
"""
ROOT = Path(__file__).parents[2]
NAME, CONFIG = "Pulumi.prod.yaml", "config: {}\n"
PARALLEL, BACKUPS = "PULUMI_PARALLEL", "PULUMI_DIY_BACKEND_DISABLE_CHECKPOINT_BACKUPS"
PROGRAM = ["--client=127.0.0.1:PORT", "--exec-kind=auto.inline"]
INIT = ["stack", "init", "--no-select", "--non-interactive", "--stack", "prod"]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with a stack file, and the stand-in on PATH."""
    program = tmp_path / "bin" / "pulumi"
    program.parent.mkdir()
    program.write_text(f"#!{sys.executable} -IS\n{STAND_IN}")
    program.chmod(0o755)
    (tmp_path / "project" / "stacks").mkdir(parents=True)
    (tmp_path / "project" / "stacks" / "Pulumi.prod.yaml").write_text(CONFIG)
    monkeypatch.setenv("PATH", str(program.parent), prepend=":")
    monkeypatch.setenv("STAND_IN_LOG", str(tmp_path / "log"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PULUMI_HOME", str(tmp_path / "home"))
    for name in ("PULUMI_BACKEND_URL", "PULUMI_ACCESS_TOKEN", "PULUMI_CONFIG_PASSPHRASE", "FLYBALL_CONTEXT", PARALLEL):
        monkeypatch.delenv(name, raising=False)
    return tmp_path / "project"


def engine(project: Path) -> Engine:
    return Engine(project.parent / "bin" / "pulumi", None)


def calls(project: Path) -> list[list[str]]:
    """What the stand-in was called with; the port at which the program waits is any."""
    lines = (project.parent / "log").read_text().splitlines()
    return [
        [re.sub(r"(?<=^--client=127\.0\.0\.1:)\d+$", "PORT", word) for word in json.loads(line)[0]] for line in lines
    ]


def environment(project: Path) -> dict[str, str | None]:
    return json.loads((project.parent / "log").read_text().splitlines()[-1])[1]


def where(project: Path) -> list[str]:
    """The stack, the copy of its file that the CLI gets, and the program that it does not have to start."""
    return ["--stack", "prod", "--config-file", str(project.parent / "cache" / "flyball" / "settings" / NAME), *PROGRAM]


def test_up_creates_the_stack_and_runs_without_questions(project: Path) -> None:
    pulumi_cli.up(engine(project), project, "prod", project / "stacks" / NAME, None, preview=False)
    assert calls(project) == [INIT, ["up", "--yes", "--skip-preview", *where(project), "--non-interactive"]]


def test_state_goes_to_the_cache_where_nobody_is_logged_in(project: Path) -> None:
    pulumi_cli.up(engine(project), project, "prod", project / "stacks" / NAME, "mine", preview=True)
    assert environment(project) == {
        "PULUMI_BACKEND_URL": (project.parent / "cache" / "flyball" / "state").as_uri() + "?metadata=skip",
        "PULUMI_CONFIG_PASSPHRASE": "",
        "FLYBALL_CONTEXT": "mine",
        PARALLEL: "64",
        BACKUPS: None,
    }
    assert calls(project) == [INIT, ["preview", "--diff", *where(project), "--non-interactive"]]


def test_the_users_login_is_kept_and_their_file_is_the_clis(project: Path, tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "credentials.json").write_text('{"current": "https://api.example.com"}')
    file = project / "stacks" / NAME
    pulumi_cli.up(engine(project), project, "prod", file, None, preview=False)
    assert environment(project) == {
        "PULUMI_BACKEND_URL": None,
        "PULUMI_CONFIG_PASSPHRASE": None,
        "FLYBALL_CONTEXT": None,
        PARALLEL: "64",
        BACKUPS: None,
    }
    assert calls(project)[-1][-5:] == ["--config-file", str(file), *PROGRAM, "--non-interactive"]


def test_how_much_is_done_at_once_may_be_said(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PARALLEL, "7")
    pulumi_cli.up(engine(project), project, "prod", project / "stacks" / NAME, None, preview=False)
    assert environment(project)[PARALLEL] == "7"


@pytest.mark.parametrize("what", ["up", "preview", "destroy", "forget"])
def test_the_stack_file_stays_as_it_was_written(what: str, project: Path) -> None:
    file = project / "stacks" / NAME
    if what == "destroy":
        pulumi_cli.destroy(engine(project), project, "prod", file, None)
    elif what == "forget":
        pulumi_cli.forget(engine(project), project, "prod")
    else:
        pulumi_cli.up(engine(project), project, "prod", file, None, preview=what == "preview")
    assert calls(project)
    assert file.read_text() == CONFIG
    assert [path for path in project.rglob("*") if path.is_file()] == [file]


def test_the_program_is_given_its_context_and_place_and_they_end_with_it(
    project: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("FLYBALL_CONTEXT", "before")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("STAND_IN_CODE", "1")
    with pytest.raises(PulumiError):
        pulumi_cli.up(engine(project), project, "prod", project / "stacks" / NAME, "mine", preview=False)
    assert environment(project)["FLYBALL_CONTEXT"] == "mine"
    assert os.environ["FLYBALL_CONTEXT"] == "before"
    assert Path.cwd() == tmp_path


def test_the_program_runs_for_the_engine_as_quickly_as_without(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def way() -> tuple[str, bool]:
        return rpc.serialize_property.__module__, gc.isenabled()

    ways: list[tuple[str, bool]] = []
    monkeypatch.setattr(pulumi_cli, "_run", lambda *_: ways.append(way()))
    before = way()
    pulumi_cli.up(engine(project), project, "prod", project / "stacks" / NAME, None, preview=False)
    assert (ways, way()) == ([(wire.__name__, False)], before)


BESIDE = """config:
  flyball:environment: test
  flyball:owner: shop
  flyball:namespace: shop
  flyball:cluster: east
  flyball:platform: east
  flyball:services:
    web:
      image: registry.example/web:1.0.0
      port: 8080
      load: {peak: 30, replica: 20}
      survive: zone
      callers: []
      files: {site: {path: /etc/site, beside: {a.conf: a.conf}}}
"""


def test_what_lies_beside_a_stack_file_is_found_wherever_that_lies(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The program is the project's and runs in its folder, with what the CLI has read of the file alone."""
    file = tmp_path / "elsewhere" / NAME
    file.parent.mkdir()
    file.write_text(BESIDE)
    file.with_name("a.conf").write_text("what it serves")
    shutil.copy(ROOT / "stacks" / "Pulumi.dev-platform.yaml", file.with_name("Pulumi.east.yaml"))
    registered: list[Registered] = []
    monkeypatch.setattr(pulumi_cli, "_run", lambda *_: registered.extend(run_program(ROOT, "prod", alone(file))))
    monkeypatch.chdir(file.parent)
    pulumi_cli.up(engine(project), ROOT, "prod", Path(NAME), None, preview=False)
    given = [{"a.conf": "what it serves"}]
    assert [r.inputs["data"] for r in registered if r.inputs.get("data") in given] == given
    assert "FLYBALL_STACKS" not in os.environ


def test_a_stack_that_exists_is_used(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STAND_IN_EXISTS", "1")
    pulumi_cli.destroy(engine(project), project, "prod", project / "stacks" / NAME, None)
    assert calls(project) == [
        INIT,
        ["destroy", "--yes", "--skip-preview", *where(project), "--non-interactive"],
        ["stack", "rm", "--yes", "--preserve-config", "--stack", "prod", "--non-interactive"],
    ]


@pytest.mark.parametrize(("name", "asked"), [("prod.json", False), ("prod.json.gz", False), ("prod.json.bak", True)])
def test_a_stack_whose_file_is_there_is_not_created(name: str, asked: bool, project: Path, tmp_path: Path) -> None:
    file = tmp_path / "cache" / "flyball" / "state" / ".pulumi" / "stacks" / "flyball" / name
    file.parent.mkdir(parents=True)
    file.write_text("{}")
    pulumi_cli.up(engine(project), project, "prod", project / "stacks" / NAME, None, preview=False)
    assert (INIT in calls(project)) == asked


def test_what_a_stack_has_made_is_read_in_its_file_where_that_is_plain(project: Path, tmp_path: Path) -> None:
    file = tmp_path / "cache" / "flyball" / "state" / ".pulumi" / "stacks" / "flyball" / "prod.json"
    file.parent.mkdir(parents=True)
    made = [
        {"type": "pulumi:pulumi:Stack"},
        {"type": "kubernetes:core/v1:Namespace", "inputs": {"kind": "Namespace", "metadata": {"name": "shop"}}},
        {
            "type": "kubernetes:core/v1:ConfigMap",
            "inputs": {"kind": "ConfigMap", "metadata": {"name": "a", "namespace": "shop"}},
        },
        {"type": "kubernetes:helm.sh/v3:Release", "inputs": {"name": "a"}},
    ]
    latest = {"manifest": {}, "resources": made}
    file.write_text(json.dumps({"version": 3, "checkpoint": {"latest": latest}}))
    found = {("Namespace", "", "shop"), ("ConfigMap", "shop", "a")}
    assert pulumi_cli.made(engine(project), project, "prod") == found
    assert not (tmp_path / "log").exists()

    pending = {"pending_operations": [{"type": "creating", "resource": made[2]}]}
    file.write_text(json.dumps({"version": 3, "checkpoint": {"latest": {**latest, **pending}}}))
    assert pulumi_cli.made(engine(project), project, "prod") == set()
    assert calls(project) == [["stack", "export", "--stack", "prod", "--non-interactive"]]


def test_a_failure_is_an_error(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STAND_IN_CODE", "255")
    with pytest.raises(PulumiError, match=r"^pulumi up failed$"):
        pulumi_cli.up(engine(project), project, "prod", project / "stacks" / NAME, None, preview=False)


def test_a_stack_whose_cluster_is_gone_is_forgotten_with_its_settings_kept(project: Path) -> None:
    pulumi_cli.forget(engine(project), project, "local")
    assert calls(project) == [
        ["stack", "rm", "--yes", "--preserve-config", "--force", "--stack", "local", "--non-interactive"]
    ]


@pytest.fixture
def lock(project: Path, tmp_path: Path) -> Callable[..., Path]:
    """Writes the lock that an update leaves in a state of files."""
    folder = tmp_path / "cache" / "flyball" / "state" / ".pulumi" / "locks" / "organization" / "flyball" / "prod"

    def write(pid: int, host: str | None = None, name: str = "a") -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{name}.json"
        path.write_text(json.dumps({"pid": pid, "username": "me", "hostname": host or socket.gethostname()}))
        return path

    return write


def gone() -> int:
    """The id of a process that has ended."""
    process = subprocess.Popen(["true"])
    process.wait()
    return process.pid


def test_what_a_killed_update_left_behind_is_cleaned(project: Path, lock: Callable[..., Path]) -> None:
    left = lock(gone())
    pulumi_cli.up(engine(project), project, "prod", project / "stacks" / NAME, None, preview=False)
    rest = [*where(project), "--non-interactive"]
    assert not left.exists()
    assert calls(project) == [
        INIT,
        ["refresh", "--yes", "--skip-preview", "--clear-pending-creates", *rest],
        ["up", "--yes", "--skip-preview", *rest],
    ]


@pytest.mark.parametrize("what", ["preview", "destroy", "forget"])
def test_and_before_anything_else_is_done(
    what: str, project: Path, lock: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before the stack is created, too: a process may be killed while it does that, and the engine then has no stack
    whose update could be cancelled."""
    left = lock(os.getpid())  # which runs something else
    monkeypatch.setenv("STAND_IN_LOCK", str(left))
    file = project / "stacks" / NAME
    if what == "preview":
        pulumi_cli.up(engine(project), project, "prod", file, None, preview=True)
    elif what == "destroy":
        pulumi_cli.destroy(engine(project), project, "prod", file, None)
    else:
        pulumi_cli.forget(engine(project), project, "prod")
    assert not left.exists()
    assert not [call for call in calls(project) if call[0] == "refresh"]


def test_an_update_at_work_is_left_alone(project: Path, tmp_path: Path, lock: Callable[..., Path]) -> None:
    program = tmp_path / "at-work" / "pulumi"
    program.parent.mkdir()
    shutil.copy(shutil.which("sleep") or "", program)
    with subprocess.Popen([program, "60"]) as other:
        try:
            while not (processes.command(other.pid) or "").startswith(str(program)):
                time.sleep(0.01)  # its command line comes a moment after the process
            locks = [lock(gone()), lock(other.pid, name="b")]
            pulumi_cli.forget(engine(project), project, "prod")
            assert all(each.exists() for each in locks)
        finally:
            other.kill()


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"pid": "x", "hostname": 1}'])
def test_a_lock_that_says_nothing_is_left_alone(text: str, project: Path, lock: Callable[..., Path]) -> None:
    left = lock(gone())
    left.write_text(text)
    pulumi_cli.forget(engine(project), project, "prod")
    assert left.read_text() == text


def test_a_lock_from_another_machine_is_left_alone(project: Path, lock: Callable[..., Path]) -> None:
    left = lock(gone(), host="elsewhere")
    pulumi_cli.forget(engine(project), project, "prod")
    assert left.exists()
