"""A program that is loaded once and forked for each run: who asks for one, and the process that forks.

A request is a message over a socket with files: what is asked, both outputs, and where the run's process id is told,
and at the end its exit code, each on a line.
"""

import json
import os
import select
import selectors
import signal
import socket
import subprocess
import tempfile
from collections.abc import Callable
from contextlib import suppress
from typing import IO, Any, NoReturn

_FILES = 4


def ask(server: socket.socket, request: Any, seconds: float | None = None) -> tuple[int, str, str]:
    """Have it run for a request: its exit code, and what it said to both outputs.

    A run that nobody waits for any more is ended. Raises `subprocess.TimeoutExpired` where it takes longer than
    `seconds`, and `ConnectionError` where there is nobody to ask.
    """
    with (
        tempfile.TemporaryFile("w+") as what,
        tempfile.TemporaryFile("w+") as out,
        tempfile.TemporaryFile("w+") as err,
    ):
        json.dump(request, what)
        what.seek(0)
        told, tells = os.pipe()
        with open(told) as told_file:
            try:
                socket.send_fds(server, [b"?"], [what.fileno(), out.fileno(), err.fileno(), tells])
            finally:
                os.close(tells)
            code = _code(told_file, request, seconds)
        return code, _said(out), _said(err)


def _code(told: IO[str], request: Any, seconds: float | None) -> int:
    process = _line(told)
    try:
        if not select.select([told], [], [], seconds)[0]:
            raise subprocess.TimeoutExpired(request, seconds or 0)
    except BaseException:
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
        raise
    return _line(told)


def _line(told: IO[str]) -> int:
    if not (line := told.readline()):
        raise ConnectionError("whoever forks has ended")
    return int(line)


def _said(file: IO[str]) -> str:
    file.seek(0)
    return file.read()


def serve(asked: socket.socket, become: Callable[[int, int, int], NoReturn]) -> None:
    """Fork for each request, until nobody is left to ask; the fork becomes the run, with the first three files."""
    running = selectors.DefaultSelector()
    running.register(asked, selectors.EVENT_READ)
    while True:
        for key, _ in running.select():
            if key.fileobj is not asked:
                running.unregister(key.fd)
                process, tells = key.data
                _tell(tells, os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]))
                os.close(tells)
                os.close(key.fd)
                continue
            _, files, _, _ = socket.recv_fds(asked, 1, _FILES)
            if not files:
                return
            what, out, err, tells = files
            process = os.fork()
            if process == 0:
                become(what, out, err)
            _tell(tells, process)
            running.register(os.pidfd_open(process), selectors.EVENT_READ, (process, tells))
            for file in (what, out, err):
                os.close(file)


def _tell(tells: int, number: int) -> None:
    with suppress(BrokenPipeError):  # who asked has given up
        os.write(tells, f"{number}\n".encode())
