"""Runs programs in Python for Pulumi's engine by the SDK's own server: here, or as `pulumi-language-python`.

As a program it stands beside the engine that was built, for `pulumi up` typed by hand and for packages of components;
the vendor's CLI has one of its own. It needs nothing but the SDK: a project's interpreter runs it too.
"""

import os
import queue
import runpy
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import IO, Any

_PARENT = os.getppid()  # before imports that take a second, in which it may go

import grpc  # noqa: E402
from pulumi.automation._server import LanguageServer  # noqa: E402
from pulumi.runtime._grpc_settings import _GRPC_CHANNEL_OPTIONS  # noqa: E402
from pulumi.runtime.proto import language_pb2, language_pb2_grpc, plugin_pb2  # noqa: E402

RUN = "--run"
PARENT_SECONDS = 1.0
"""How often the host looks whether the engine that started it is still there [s]."""


class Runner(LanguageServer):
    """Runs one program in this process."""

    def Handshake(self, request: Any, context: Any) -> Any:  # noqa: N802 - the protocol's name
        return language_pb2.LanguageHandshakeResponse()


class Host(language_pb2_grpc.LanguageRuntimeServicer):
    """Runs each program in a process of its own, by the interpreter of its project."""

    def Handshake(self, request: Any, context: Any) -> Any:  # noqa: N802
        return language_pb2.LanguageHandshakeResponse()

    def GetPluginInfo(self, request: Any, context: Any) -> Any:  # noqa: N802
        return plugin_pb2.PluginInfo(version=version("pulumi"))

    def GetRequiredPlugins(self, request: Any, context: Any) -> Any:  # noqa: N802
        return language_pb2.GetRequiredPluginsResponse()

    def GetRequiredPackages(self, request: Any, context: Any) -> Any:  # noqa: N802
        return language_pb2.GetRequiredPackagesResponse()

    def InstallDependencies(self, request: Any, context: Any) -> Iterator[Any]:  # noqa: N802
        """What a program needs is in its environment, or people put it there."""
        return iter(())

    def About(self, request: Any, context: Any) -> Any:  # noqa: N802
        return language_pb2.AboutResponse(executable=sys.executable, version=sys.version.partition(" ")[0])

    def Run(self, request: Any, context: Any) -> Any:  # noqa: N802
        """By a host that knows one program only: what a preview imported is not there in the update after it."""
        place = Path(request.info.program_directory or request.pwd, request.info.entry_point or request.program)
        command = [_interpreter(request.info), __file__, RUN, str(place)]
        with subprocess.Popen(command, cwd=request.pwd or None, stdout=subprocess.PIPE) as process:
            try:
                assert process.stdout
                port = process.stdout.readline().decode().strip()
                if not port:
                    return language_pb2.RunResponse(error=f"{command[0]} cannot run programs of Pulumi", bail=True)
                threading.Thread(target=_pass_on, args=(process.stdout,), daemon=True).start()
                with grpc.insecure_channel(f"127.0.0.1:{port}", options=_GRPC_CHANNEL_OPTIONS) as channel:
                    return language_pb2_grpc.LanguageRuntimeStub(channel).Run(request)
            finally:
                process.terminate()

    def RunPlugin(self, request: Any, context: Any) -> Iterator[Any]:  # noqa: N802
        """A package of components, and what it prints: its port comes first."""
        place = str(Path(request.info.program_directory or request.program, request.info.entry_point or "."))
        environment = os.environ | dict(setting.split("=", 1) for setting in request.env)
        command = [_interpreter(request.info), place, *request.args]
        pipe = subprocess.PIPE
        with subprocess.Popen(command, cwd=request.pwd, env=environment, stdout=pipe, stderr=pipe) as process:
            context.add_callback(process.terminate)
            yield from _output(process)
            yield language_pb2.RunPluginResponse(exitcode=process.wait())


def _output(process: subprocess.Popen[bytes]) -> Iterator[Any]:
    """Both streams of a process, as they come, until both end."""
    responses: queue.SimpleQueue[Any] = queue.SimpleQueue()

    def read(stream: IO[bytes], response: Callable[[bytes], Any]) -> None:
        for line in stream:
            responses.put(response(line))
        responses.put(None)

    assert process.stdout
    assert process.stderr
    out = process.stdout, lambda line: language_pb2.RunPluginResponse(stdout=line)
    err = process.stderr, lambda line: language_pb2.RunPluginResponse(stderr=line)
    for arguments in (out, err):
        threading.Thread(target=read, args=arguments, daemon=True).start()
    ended = 0
    while ended < 2:
        if (response := responses.get()) is None:
            ended += 1
        else:
            yield response


def _pass_on(stream: IO[bytes]) -> None:
    for line in stream:
        sys.stdout.buffer.write(line)
        sys.stdout.flush()


def _interpreter(info: Any) -> str:
    """That of the project's virtual environment, where it names one that is there; else the one that runs this."""
    options = dict(info.options)
    environment = Path(info.root_directory, str(options.get("virtualenv", "")), "bin", "python")
    return str(environment) if "virtualenv" in options and environment.is_file() else sys.executable


@contextmanager
def serving(servicer: Any) -> Iterator[int]:
    """Answer the engine on loopback; gives the port."""
    server = grpc.server(ThreadPoolExecutor(max_workers=8), options=_GRPC_CHANNEL_OPTIONS)
    language_pb2_grpc.add_LanguageRuntimeServicer_to_server(servicer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield port
    finally:
        server.stop(0)


def program(place: Path) -> Callable[[], None]:
    """The program in a folder, by its ``__main__.py``, or in a file."""

    def run() -> None:
        runpy.run_path(str(place), run_name="__main__")

    return run


def main(arguments: list[str]) -> None:
    """Serve until the engine ends this process, or is gone itself."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: os._exit(0))
    servicer = Runner(program(Path(arguments[1]))) if arguments[:1] == [RUN] else Host()
    if isinstance(servicer, Runner):
        sys.path.insert(0, arguments[1])
    with serving(servicer) as port:
        print(port, flush=True)
        while os.getppid() == _PARENT:
            time.sleep(PARENT_SECONDS)


if __name__ == "__main__":
    sys.path.pop(0)  # this file's folder, whose modules are not the program's
    main(sys.argv[1:])
