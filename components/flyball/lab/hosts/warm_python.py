"""A Python on a host of a lab that has loaded what tasks of Ansible need, and forks for each of them.

Each task starts Python anew, and has it import sixty modules out of the zip file that it brings: a third of a second of
the processor, and what it is there for takes a twentieth of that. Here a Python that is to run a program on its
standard input, as a task is brought, hands it over to one that has run before. What that one has loaded it lends only
to a program whose zip file holds the same, byte by byte.

This file stands alone in a host's Python. `hand_over` is called as each Python begins, and so imports only what it
needs then; `main` is the service, which systemd starts for the first that asks.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    import socket
    from collections.abc import Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType
    from typing import Any

SOCKET = "/run/warm-python.socket"
ARCHIVE = "/run/warm-python.zip"
"""The zip file of the first task, which is loaded for all that come."""
PACKAGE = "ansible"
ENTRY = f"{PACKAGE}.module_utils._internal._ansiballz._loader"
"""Imports all that every task does."""
_STANDARD = ("atexit", "base64", "resource", "runpy", "shutil", "tempfile", "threading", "traceback", "zipfile")
"""What a task imports before that, and who runs it."""
_LONGEST = 1 << 17
"""Bytes of an environment and a folder's name: what a program may be given at most (execve(2))."""
_SUM = 7
"""Where zipimport has the checksum of a file of an archive."""


def hand_over() -> None:
    """Have the program on the standard input run by a Python that is warm, and end as it ends.

    Returns where there is none, or this one may not ask it.
    """
    import _socket

    asks = _socket.socket(_socket.AF_UNIX, _socket.SOCK_SEQPACKET)
    try:
        asks.connect(SOCKET)
        mask = os.umask(0)
        os.umask(mask)
        environment = (b"%s=%s" % (key, value) for key, value in os.environb.items())
        files = b"".join(number.to_bytes(4, sys.byteorder) for number in range(3))
        what = b"\0".join((os.getcwdb(), b"%d" % mask, *environment))
        asks.sendmsg([what], [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, files)])
    except OSError:
        asks.close()
        return
    # Nothing comes from one that was killed.
    os._exit(int(asks.recv(16) or 1))


def main() -> None:
    """Fork for each that asks."""
    import gc
    import importlib
    import signal
    import socket

    asked = socket.socket(fileno=3)
    for name in _STANDARD:
        importlib.import_module(name)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for those that are forked
    loaded: Loaded | None = None
    while True:
        connection, _ = asked.accept()
        if loaded is None and os.path.exists(ARCHIVE):
            loaded = Loaded(ARCHIVE)
            # What is there by now stays: else each copy of this process would look through it, and so copy it.
            gc.collect()
            gc.freeze()
        if os.fork() == 0:
            asked.close()
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            sys.meta_path.insert(0, loaded or Keeping())
            _become(connection)
        connection.close()


def _become(connection: socket.socket) -> None:
    """Be who asks, run its program, and tell how it ended."""
    import socket

    code = 1
    try:
        what, files, _, _ = socket.recv_fds(connection, _LONGEST, 3)
        for number, file in enumerate(files):
            os.dup2(file, number)
            os.close(file)
        folder, mask, *environment = what.split(b"\0")
        os.chdir(folder)
        os.umask(int(mask))
        os.environb.clear()
        for key, _, value in (entry.partition(b"=") for entry in environment):
            os.environb[key] = value
        code = run(sys.stdin.buffer.read())
    finally:
        connection.send(b"%d" % code)
        os._exit(0)


def run(source: bytes) -> int:
    """Run a program as Python does that has it on its standard input: its exit code."""
    import atexit
    import threading
    import traceback
    import types

    main_module = types.ModuleType("__main__")
    sys.modules["__main__"] = main_module
    sys.argv = [""]
    sys.path.insert(0, "")
    code = 0
    try:
        exec(compile(source, "<stdin>", "exec", dont_inherit=True), main_module.__dict__)
    except SystemExit as end:
        if isinstance(end.code, str):
            print(end.code, file=sys.stderr)
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        traceback.print_exc()
        code = 1
    getattr(threading, "_shutdown")()  # noqa: B009
    getattr(atexit, "_run_exitfuncs")()  # noqa: B009
    sys.stdout.flush()
    sys.stderr.flush()
    return code


class Keeping:
    """Keeps the zip file of a task, as it imports from it."""

    def find_spec(self, name: str, path: Sequence[str] | None = None, target: object = None) -> None:
        if name == PACKAGE:
            import shutil

            sys.meta_path.remove(self)
            part = f"{ARCHIVE}.{os.getpid()}"
            shutil.copyfile(sys.path[0], part)
            os.replace(part, ARCHIVE)


class Loaded:
    """What was imported from an archive, for one program that imports the same from one of its own."""

    def __init__(self, archive: str) -> None:
        import importlib

        sys.path.insert(0, archive)
        importlib.import_module(ENTRY)
        sys.path.remove(archive)
        own = [name for name in sys.modules if name.partition(".")[0] == PACKAGE]
        self.modules: dict[str, ModuleType] = {name: sys.modules.pop(name) for name in own}
        self.archive = archive
        files = _files(archive)
        origins = [str(module.__spec__.origin) for module in self.modules.values() if module.__spec__]
        inside = [origin[len(archive) + 1 :] for origin in origins if origin.startswith(f"{archive}/")]
        self.sums = {file: files[file][_SUM] for file in inside}

    def find_spec(self, name: str, path: Sequence[str] | None = None, target: object = None) -> ModuleSpec | None:
        """The package itself, with all below it, where the first archive on the path has the same."""
        if name != PACKAGE:
            return None
        from importlib.machinery import ModuleSpec

        sys.meta_path.remove(self)  # it is lent once
        archive = sys.path[0]
        files = _files(archive)
        if any(file not in files or files[file][_SUM] != known for file, known in self.sums.items()):
            return None
        # Itself it is put there by who asks for it; were it there by now, it would be loaded where it was before.
        sys.modules.update((below, module) for below, module in self.modules.items() if below != name)
        for module in self.modules.values():
            if hasattr(module, "__path__"):
                module.__path__ = [place.replace(self.archive, archive, 1) for place in module.__path__]
        loader: Any = self
        return ModuleSpec(name, loader, is_package=True)

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return self.modules[spec.name]

    def exec_module(self, module: ModuleType) -> None:
        """It has been."""


def _files(archive: str) -> dict[str, tuple[object, ...]]:
    import zipimport

    return getattr(zipimport.zipimporter(archive), "_files")  # noqa: B009


if __name__ == "__main__":
    main()
