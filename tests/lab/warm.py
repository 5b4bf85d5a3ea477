"""A warm Python on this machine, as hosts of a lab have one: see `flyball.lab.hosts.warm_python`."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from flyball.lab.hosts import warm_python

_SERVES = """
import os, sys
from flyball.lab.hosts import warm_python
warm_python.ARCHIVE = sys.argv[1]
os.dup2(int(sys.argv[2]), 3)
warm_python.main()
"""
_BEGINS = f"""#!{sys.executable} -IS
import os, sys
if sys.argv[1:]:  # no program on the standard input
    os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
sys.path.insert(0, {str(Path(warm_python.__file__).parent)!r})
import warm_python
warm_python.SOCKET = {{!r}}
warm_python.hand_over()
print("was not handed over")
"""


@dataclass(frozen=True)
class Warm:
    process: "subprocess.Popen[bytes]"
    begins: Path
    """A Python that hands over to it the program on its standard input."""


def beginning(folder: Path, asks: Path) -> Path:
    """A Python that hands over to who listens on a socket."""
    program = folder / "python"
    program.write_text(_BEGINS.format(str(asks)))
    program.chmod(0o700)
    return program


@contextmanager
def warm(folder: Path) -> Iterator[Warm]:
    """One that runs meanwhile, with what it needs in a folder of its own."""
    asks = folder / "socket"
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listens:
        listens.bind(str(asks))
        listens.listen()
        command = [sys.executable, "-c", _SERVES, str(folder / "kept.zip"), str(listens.fileno())]
        process = subprocess.Popen(command, pass_fds=[listens.fileno()])
        try:
            yield Warm(process, beginning(folder, asks))
        finally:
            process.terminate()
            process.wait()
