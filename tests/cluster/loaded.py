"""The command `flyball`, loaded once for a worker and forked for each run: to load it takes as long as most runs do.

Each is a process of its own, with environment, folder and outputs as they are given. What a fork cannot show, that the
command loads by itself, is seen where it is started (`shop.Shop.start`), and where it is installed.
"""

import atexit
import gc
import json
import os
import socket
import subprocess
import sys
import threading
import traceback
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import NoReturn

from flyball import cli
from flyball.lab import forks

PROJECT = Path(__file__).parents[2]


def run(arguments: Sequence[str], folder: Path, environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Run the command with these arguments, and wait for its end."""
    request = {"arguments": arguments, "folder": str(folder), "environment": dict(environment)}
    return subprocess.CompletedProcess(["flyball", *arguments], *forks.ask(_server(), request))


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
    forks.serve(asked, _become)


def _become(what: int, out: int, err: int) -> NoReturn:
    """Be the command."""
    code = 1
    try:
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
        code = int(end.code or 0)
    except BaseException:  # nobody else says it
        traceback.print_exc()
    finally:
        for end in ((threading, "_shutdown"), (atexit, "_run_exitfuncs")):  # as the end of a process does
            getattr(*end)()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    main()
