"""Brings a stack up and down by Pulumi's engine; its state in the cache folder unless the user is logged in elsewhere.

The program runs in this process, and the CLI asks it for the resources: it needs no host for programs in Python then.
"""

import json
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from flyball import paths
from flyball.deploy import language_host, state_file
from flyball.deploy.engine import Engine
from flyball.deploy.identity import Named
from flyball.deploy.program import inside, quickly
from flyball.errors import FlyballError
from flyball.lab import processes
from flyball.stack.build import CONTEXT_VARIABLE
from flyball.stack.configuration import FOLDER_VARIABLE
from flyball.stack.schema import PROJECT

PARALLEL = 64
"""Operations at once. By the CLI's own 4 for each processor, 100 Deployments that settle for 10 s wait for each other
on two processors for two minutes; and what is under way is written into each checkpoint, so it is not all of them."""
_REMOVE = ("stack", "rm", "--yes", "--preserve-config")


class PulumiError(FlyballError):
    """The Pulumi CLI failed; it has said why on the terminal."""


def environment(engine: Engine) -> dict[str, str]:
    """For the CLI: the user's own, with a file backend and an empty passphrase where nothing else is chosen.

    The empty passphrase protects nothing, and need not: it is used for state in the user's own cache folder, and only
    where neither a passphrase nor a login says otherwise.
    """
    env = engine.environment()
    env.setdefault("PULUMI_PARALLEL", str(PARALLEL))
    if not _logged_in(env):
        state = paths.cache_dir() / "state"
        state.mkdir(parents=True, exist_ok=True)
        # Of each checkpoint, two for each resource, the CLI would write a sum into a file beside it, which nobody
        # reads: it took a tenth of its time.
        env["PULUMI_BACKEND_URL"] = f"{state.as_uri()}?metadata=skip"
        if not {"PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE"} & env.keys():
            env["PULUMI_CONFIG_PASSPHRASE"] = ""
    return env


def _logged_in(env: dict[str, str]) -> bool:
    if env.get("PULUMI_BACKEND_URL") or env.get("PULUMI_ACCESS_TOKEN"):
        return True
    credentials = Path(env.get("PULUMI_HOME") or Path.home() / ".pulumi") / "credentials.json"
    try:
        return bool(json.loads(credentials.read_text(encoding="utf-8")).get("current"))
    except (OSError, ValueError, AttributeError):
        return False


def up(
    engine: Engine,
    project: Path,
    stack: str,
    file: Path,
    context: str | None,
    *,
    preview: bool,
    leave: Sequence[str] = (),
) -> None:
    """`pulumi up` or `pulumi preview`, with its own progress on the terminal. Raises `PulumiError`.

    Resources whose URNs match a pattern of `leave` stay as they are.
    """
    released = _release(engine, stack)
    _create(engine, stack)
    where = _where(stack, file)
    with _program(project, file, context) as program:
        if preview:
            _run(engine, project, ["preview", "--diff", *where, *program])
            return
        if released:
            # What it was about to create is in the cluster or not; the state does not know, and would warn for ever.
            _run(engine, project, ["refresh", "--yes", "--skip-preview", "--clear-pending-creates", *where, *program])
        left = [f"--exclude={pattern}" for pattern in leave]
        # Each creation has a name of its own for the server: what the killed one has written is another's.
        taken_over = {"PULUMI_K8S_ENABLE_PATCH_FORCE": "true"} if released else {}
        _run(engine, project, ["up", "--yes", "--skip-preview", *left, *where, *program], taken_over)


def destroy(engine: Engine, project: Path, stack: str, file: Path, context: str | None) -> None:
    """`pulumi destroy`, and the stack itself, but never its file. Raises `PulumiError`."""
    _release(engine, stack)
    _create(engine, stack)
    where = _where(stack, file)
    with _program(project, file, context) as program:
        _run(engine, project, ["destroy", "--yes", "--skip-preview", *where, *program])
    _run(engine, project, [*_REMOVE, "--stack", stack])


def made(engine: Engine, project: Path, stack: str, *, whole: bool = False) -> set[Named]:
    """What the state says that the stack has made in its cluster, or was about to, unless it is to be made as a
    `whole`; empty where there is no state."""
    state = state_file.folder(environment(engine))
    resources = state_file.plain(state, stack) if state else None
    if resources is None:  # the CLI says it too, and reads all there are
        resources = _exported(engine, project, stack, whole=whole)
    found: set[Named] = set()
    for resource in resources:
        inputs = resource.get("inputs") or {}
        if resource["type"].startswith("kubernetes:") and "kind" in inputs:
            found.add((inputs["kind"], inputs["metadata"].get("namespace", ""), inputs["metadata"]["name"]))
    return found


def _exported(engine: Engine, project: Path, stack: str, *, whole: bool) -> list[dict[str, Any]]:
    command = [str(engine.pulumi), "stack", "export", "--stack", stack, "--non-interactive"]
    done = subprocess.run(
        command, cwd=project, env=environment(engine), capture_output=True, text=True, check=False, encoding="utf-8"
    )
    if done.returncode:
        return []
    state = json.loads(done.stdout).get("deployment") or {}
    pending = [operation["resource"] for operation in state.get("pending_operations") or ()]
    return [*(state.get("resources") or ()), *([] if whole else pending)]


def forget(engine: Engine, project: Path, stack: str) -> None:
    """Drop the state of a stack whose cluster is gone with all that was in it; nothing where there is none."""
    _release(engine, stack)
    command = [str(engine.pulumi), *_REMOVE, "--force", "--stack", stack, "--non-interactive"]
    subprocess.run(command, cwd=project, env=environment(engine), capture_output=True, check=False)


def _release(engine: Engine, stack: str) -> bool:
    """Take the stack back from an update that was killed, which leaves its lock behind; whether there was one.

    Only where the state is in files, whose locks name a process of this machine: any other may still be at work.
    Not by `pulumi cancel`, which needs a stack: the update may have been killed while it created it.
    """
    state = state_file.folder(environment(engine))
    locks = state_file.locks(state, stack) if state else []
    if not locks or not all(map(_left_behind, locks)):
        return False
    for lock in locks:
        lock.unlink(missing_ok=True)
    return True


def _left_behind(lock: Path) -> bool:
    """Whether the process that holds a lock is gone; its id may be another program's by now."""
    try:
        holder = json.loads(lock.read_text(encoding="utf-8"))
        if holder["hostname"] != socket.gethostname():
            return False
        command = processes.command(int(holder["pid"])) or ""
    except (OSError, ValueError, KeyError, TypeError):
        return False
    return Path(command.partition(" ")[0]).name != "pulumi"


def _create(engine: Engine, stack: str) -> None:
    """Create the stack if need be, without making it the user's current one.

    From a project of this moment: the CLI writes a stack's file anew when it creates the stack, and it would be the
    user's. It makes a key of the passphrase before it looks whether there is one, a quarter of a second of work: where
    the state is in files, that is seen.
    """
    state = state_file.folder(environment(engine))
    if state and state_file.files(state, stack):
        return
    command = [str(engine.pulumi), "stack", "init", "--no-select", "--non-interactive", "--stack", stack]
    with TemporaryDirectory() as folder:
        Path(folder, "Pulumi.yaml").write_text(f"name: {PROJECT}\nruntime: python\n", encoding="utf-8")
        env = environment(engine)
        done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)
    if done.returncode and "already exists" not in done.stderr:
        raise PulumiError(f"pulumi stack init failed: {done.stderr.strip()}")


def _where(stack: str, file: Path) -> list[str]:
    """Which stack, by which file: a copy where the state is ours.

    The CLI keeps the salt of its passphrase in the file, and for that writes all of it anew: anchors spelled out,
    numbers as text. Who has chosen a state expects that, others do not.
    """
    if not _logged_in(dict(os.environ)):
        copy = paths.cache_dir() / "settings" / f"Pulumi.{stack}.yaml"
        copy.parent.mkdir(parents=True, exist_ok=True)
        file = Path(shutil.copyfile(file, copy))
    return ["--stack", stack, "--config-file", str(file.resolve())]


@contextmanager
def _program(project: Path, file: Path, context: str | None) -> Iterator[list[str]]:
    """Holds the project's program ready; gives the flags by which the CLI finds it, as the Automation API has them."""
    with (
        telling(file, context),
        inside(project),
        quickly(),
        language_host.serving(language_host.Runner(language_host.program(project / "__main__.py"))) as port,
    ):
        yield [f"--client=127.0.0.1:{port}", "--exec-kind=auto.inline"]


@contextmanager
def telling(file: Path, context: str | None) -> Iterator[None]:
    """Within it the environment tells the program what the CLI does not; afterwards it has what it had before."""
    variables = {FOLDER_VARIABLE: str(file.resolve().parent)} | ({CONTEXT_VARIABLE: context} if context else {})
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _run(engine: Engine, project: Path, arguments: list[str], more: Mapping[str, str] | None = None) -> None:
    command = [str(engine.pulumi), *arguments, "--non-interactive"]
    env = {**environment(engine), **(more or {})}
    if subprocess.run(command, cwd=project, env=env, check=False).returncode:
        raise PulumiError(f"pulumi {arguments[0]} failed")
