"""The command `flyball`, loaded once for a worker and forked for each run: to load it takes as long as most runs do.

Each is a process of its own, with environment, folder and outputs as they are given. What a fork cannot show, that the
command loads by itself, is seen where it is started (`shop.Shop.start`), and where it is installed.
"""

import atexit
import gc
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import traceback
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NoReturn

from flyball import cli

PROJECT = Path(__file__).parents[2]
_FILES = 4
"""That come with a request: what is asked, both outputs, and where to tell how it ended."""


def run(arguments: Sequence[str], folder: Path, environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Run the command with these arguments, and wait for its end."""
    told, tells = os.pipe()
    with (
        open(told) as told_file,
        tempfile.TemporaryFile("w+") as what,
        tempfile.TemporaryFile("w+") as out,
        tempfile.TemporaryFile("w+") as err,
    ):
        json.dump({"arguments": arguments, "folder": str(folder), "environment": dict(environment)}, what)
        what.seek(0)
        try:
            socket.send_fds(_server(), [b"?"], [what.fileno(), out.fileno(), err.fileno(), tells])
        finally:
            os.close(tells)
        process = told_file.readline()
        try:
            code = told_file.read()  # nothing where it was killed
        except BaseException:  # as where people end the tests: it would go on
            os.kill(int(process), signal.SIGKILL)
            raise
        for output in (out, err):
            output.seek(0)
        ended = int(code) if code else -signal.SIGKILL
        return subprocess.CompletedProcess(["flyball", *arguments], ended, out.read(), err.read())


@cache
def _server() -> socket.socket:
    """Started by the first run; it ends with this process."""
    asks, asked = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with asked:
        command = [sys.executable, "-m", __name__]
        process = subprocess.Popen(command, cwd=PROJECT, stdin=asked.fileno(), stdout=subprocess.DEVNULL)

    def end() -> None:
        asks.close()
        process.wait()

    atexit.register(end)
    return asks


def main() -> None:
    """Fork for each request that comes over the socket that is the standard input, until nobody is left to ask."""
    from flyball import show  # noqa: F401  # pyright: ignore[reportUnusedImport] - loaded for the forks
    from flyball.deploy import up
    from flyball.stack import target

    up.render(target.find("local", PROJECT))  # what the SDK loads when a program needs it, and knows of its types then
    assert threading.active_count() == 1, threading.enumerate()
    asked = socket.socket(fileno=os.dup(0))
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    gc.collect()
    gc.freeze()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # each tells by itself how it ended
    while True:
        _, files, _, _ = socket.recv_fds(asked, 1, _FILES)
        if not files:
            return
        if os.fork() == 0:
            asked.close()
            _become(*files)
        for file in files:
            os.close(file)


def _become(what: int, out: int, err: int, tells: int) -> NoReturn:
    """Be the command, and tell its process id, and at the end its exit code."""
    code: Any = 1
    os.write(tells, f"{os.getpid()}\n".encode())
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        with open(what) as file:
            asked = json.load(file)
        os.dup2(out, 1)
        os.dup2(err, 2)
        os.environ.clear()
        os.environ.update(asked["environment"])
        os.chdir(asked["folder"])
        sys.argv = ["flyball", *asked["arguments"]]
        cli.main(asked["arguments"], prog_name="flyball")
    except SystemExit as end:
        code = end.code or 0
    except BaseException:  # nobody else says it
        traceback.print_exc()
    finally:
        for end in ((threading, "_shutdown"), (atexit, "_run_exitfuncs")):  # as the end of a process does
            getattr(*end)()
        sys.stdout.flush()
        sys.stderr.flush()
        os.write(tells, str(code).encode())
        os._exit(0)


if __name__ == "__main__":
    main()
