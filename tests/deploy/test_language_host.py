"""The host for programs in Python, asked by the protocol of the engine."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import grpc
import pytest
from google.protobuf import empty_pb2, struct_pb2
from pulumi.runtime.proto import language_pb2, language_pb2_grpc

from flyball.deploy import language_host

pytestmark = pytest.mark.integration

HOST = [sys.executable, language_host.__file__]


@contextmanager
def host(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], language_pb2_grpc.LanguageRuntimeStub]]:
    """The host as the engine starts it."""
    pipe = subprocess.PIPE
    with subprocess.Popen([*HOST, *arguments], stdout=pipe, stderr=pipe, text=True) as process:
        try:
            assert process.stdout
            with grpc.insecure_channel(f"127.0.0.1:{process.stdout.readline().strip()}") as channel:
                yield process, language_pb2_grpc.LanguageRuntimeStub(channel)
        finally:
            process.kill()


def information(folder: Path, **options: str) -> language_pb2.ProgramInfo:
    values = struct_pb2.Struct()
    values.update(options)
    where = str(folder)
    return language_pb2.ProgramInfo(root_directory=where, program_directory=where, entry_point=".", options=values)


def plugin(folder: Path, text: str) -> Path:
    (folder / "__main__.py").write_text(text)
    return folder


def outputs(responses: Iterator[language_pb2.RunPluginResponse]) -> dict[str, list[bytes | int]]:
    found: dict[str, list[bytes | int]] = {}
    for response in responses:
        name = response.WhichOneof("output")
        found.setdefault(str(name), []).append(getattr(response, str(name)))
    return found


def test_it_says_what_it_is() -> None:
    with host() as (_, stub):
        assert stub.Handshake(language_pb2.LanguageHandshakeRequest()) == language_pb2.LanguageHandshakeResponse()
        assert stub.GetPluginInfo(empty_pb2.Empty()).version == "3.272.0"
        assert stub.About(language_pb2.AboutRequest()).executable == sys.executable
        assert list(stub.InstallDependencies(language_pb2.InstallDependenciesRequest())) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_is_ended_by_a_signal_and_is_silent(number: signal.Signals) -> None:
    with host() as (process, stub):
        stub.Handshake(language_pb2.LanguageHandshakeRequest())
        process.send_signal(number)
        assert process.communicate(timeout=120) == ("", "")
        assert process.returncode == 0


def test_it_goes_with_the_engine_that_started_it(tmp_path: Path) -> None:
    """An engine that is killed says nothing to its hosts."""
    command = "import subprocess, sys; p = subprocess.Popen(sys.argv[1:]); print(p.pid, flush=True); input()"
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", command, *HOST], stdin=pipe, stdout=pipe, text=True) as starter:
        assert starter.stdout
        pid, port = int(starter.stdout.readline()), starter.stdout.readline()
        assert int(port)
        starter.kill()
        starter.communicate(timeout=120)  # until nobody has its output open
    deadline = time.monotonic() + 120
    while Path(f"/proc/{pid}").exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not Path(f"/proc/{pid}").exists()


def test_a_package_runs_with_its_arguments_and_environment(tmp_path: Path) -> None:
    text = (
        "import os, sys\n"
        "print(4711)\n"
        "print(sys.argv[1:], os.environ['LEVEL'], os.getcwd(), file=sys.stderr)\n"
        "sys.exit(3)\n"
    )
    folder = plugin(tmp_path, text)
    request = language_pb2.RunPluginRequest(
        pwd=str(folder), args=["127.0.0.1:1", "--x=1"], env=["LEVEL=a=b"], info=information(folder)
    )
    with host() as (_, stub):
        assert outputs(stub.RunPlugin(request)) == {
            "stdout": [b"4711\n"],
            "stderr": [f"['127.0.0.1:1', '--x=1'] a=b {folder}\n".encode()],
            "exitcode": [3],
        }


def test_a_package_that_is_no_longer_wanted_ends(tmp_path: Path) -> None:
    folder = plugin(tmp_path, "import os, time\nprint(os.getpid(), flush=True)\ntime.sleep(600)\n")
    with host() as (_, stub):
        call = stub.RunPlugin(language_pb2.RunPluginRequest(pwd=str(folder), info=information(folder)))
        pid = int(next(call).stdout)
        call.cancel()
        deadline = time.monotonic() + 120
        while Path(f"/proc/{pid}").exists() and time.monotonic() < deadline:
            time.sleep(0.1)
        assert not Path(f"/proc/{pid}").exists()


def test_the_projects_own_interpreter_runs_it(tmp_path: Path) -> None:
    folder = plugin(tmp_path, "print('nobody comes here')")
    python = tmp_path / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text('#!/bin/sh\necho "$0 $*"\n')
    python.chmod(0o755)
    request = language_pb2.RunPluginRequest(pwd=str(folder), args=["a"], info=information(folder, virtualenv=".venv"))
    with host() as (_, stub):
        assert outputs(stub.RunPlugin(request))["stdout"] == [f"{python} {folder} a\n".encode()]


def test_an_interpreter_without_pulumi_is_an_error_and_no_riddle(tmp_path: Path) -> None:
    folder = plugin(tmp_path, "")
    python = tmp_path / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text("#!/bin/sh\nexit 1\n")
    python.chmod(0o755)
    request = language_pb2.RunRequest(pwd=str(folder), info=information(folder, virtualenv=".venv"))
    with host() as (_, stub):
        assert stub.Run(request).error == f"{python} cannot run programs of Pulumi"
