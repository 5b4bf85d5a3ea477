"""What a process reads of clusters by path: by one `kubectl proxy` for each, where each answer would cost a kubectl.

A kubectl takes 60 ms of processor time to start, and asks for the user's token anew: on EKS by a program of its own,
which takes a second. The proxy listens on a socket in a folder that only its user may enter, and only reads.
"""

import atexit
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from selectors import EVENT_READ, DefaultSelector

START_SECONDS = 30.0
"""How long it may take until it listens [s]; what it takes longer for is asked without it."""
_OPTIONS = ("--append-server-path", "--reject-methods=POST,PUT,PATCH,DELETE")
_LONGEST = 100
"""Bytes of a socket's path: Linux takes 107, macOS 103."""
_UNTIL_WE_END = 'folder=$1; shift; "$@" 2>/dev/null & exec >/dev/null; read -r _; kill $!; rm -rf "$folder"'
"""The proxy goes when our end of this shell's standard input is closed, which it is however we end, killed too."""
_Key = tuple[str, ...]
_running: dict[_Key, "_Proxy | None"] = {}
"""By command and kubeconfig; None: it could not be started, and is not tried again."""
_turn = threading.Lock()


@dataclass(frozen=True)
class Answer:
    """Of an API server, or of a proxy that does not reach it."""

    status: int
    text: str

    @property
    def is_ok(self) -> bool:
        return self.status == HTTPStatus.OK

    def is_of_none(self, name: str) -> bool:
        """Whether there is no object of that name; where its kind is not known, the server names none."""
        if self.status != HTTPStatus.NOT_FOUND:
            return False
        with suppress(ValueError):
            said = json.loads(self.text)
            return isinstance(said, dict) and said.get("details", {}).get("name") == name
        return False


def answer(command: Sequence[str], environment: Mapping[str, str], path: str, timeout: float) -> Answer | None:
    """What the API server answers to a path; None where there can be no proxy.

    `command` is kubectl with the options that say which cluster. Raises `TimeoutError` after `timeout` [s].
    """
    key = (*command, environment.get("KUBECONFIG", ""))
    with _turn:
        if key not in _running:
            _running[key] = _started(command, environment)
        proxy = _running[key]
    if proxy is None:
        return None
    try:
        return proxy.get(path, timeout)
    except TimeoutError:
        raise
    except (OSError, http.client.HTTPException):  # such as when its cluster was removed, and it with that
        with _turn:
            if _running.get(key) is proxy:
                del _running[key]
        proxy.end()
        return None


@dataclass(frozen=True)
class _Proxy:
    folder: Path
    shell: "subprocess.Popen[bytes]"

    def get(self, path: str, timeout: float) -> Answer:
        connection = _Connection(self.folder / "api", timeout)
        try:
            connection.request("GET", path)
            response = connection.getresponse()
            return Answer(response.status, response.read().decode())
        finally:
            connection.close()

    def end(self) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.shell.pid, signal.SIGTERM)  # not by its standard input: who was forked off may hold it open
        self.shell.wait()
        self.let_go()
        shutil.rmtree(self.folder, ignore_errors=True)

    def let_go(self) -> None:
        assert self.shell.stdin
        assert self.shell.stdout
        with suppress(OSError):
            self.shell.stdin.close()
        self.shell.stdout.close()


class _Connection(http.client.HTTPConnection):
    """To a socket of this machine."""

    def __init__(self, path: Path, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self.path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self.path))


def _started(command: Sequence[str], environment: Mapping[str, str]) -> _Proxy | None:
    folder = Path(tempfile.mkdtemp(prefix="flyball-api-"))
    if len(os.fsencode(folder / "api")) > _LONGEST:
        folder.rmdir()
        return None
    proxy = [*command, "proxy", f"--unix-socket={folder / 'api'}", *_OPTIONS]
    shell = subprocess.Popen(
        ["/bin/sh", "-c", _UNTIL_WE_END, "sh", str(folder), *proxy],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        # A Ctrl-C is for us: what we still ask while we end is answered. And so both have a group.
        start_new_session=True,
    )
    started = _Proxy(folder, shell)
    if not _listens(shell):
        started.end()
        return None
    return started


def _listens(shell: "subprocess.Popen[bytes]") -> bool:
    assert shell.stdout
    with DefaultSelector() as selector:
        selector.register(shell.stdout, EVENT_READ)
        return bool(selector.select(START_SECONDS)) and shell.stdout.readline().startswith(b"Starting to serve")


@atexit.register
def end_all() -> None:
    """End those that this process started."""
    for proxy in filter(None, _running.values()):
        proxy.end()
    _running.clear()


def _in_fork() -> None:
    """Who was forked off starts its own, and holds none of ours open; somebody may have had the turn."""
    global _turn
    _turn = threading.Lock()
    for proxy in filter(None, _running.values()):
        proxy.let_go()
    _running.clear()


os.register_at_fork(after_in_child=_in_fork)
