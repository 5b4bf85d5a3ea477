"""A warm Python for hosts, by which the tasks of a lab's playbooks cost a tenth: see `warm_python`."""

import shutil
from pathlib import Path

from flyball.lab.hosts import compiled, warm_python

_PROGRAM = Path(warm_python.__file__)
_NAME = "warm-python"
_UNITS = "etc/systemd/system"
_SOCKET_UNIT = f"""[Socket]
ListenSequentialPacket={warm_python.SOCKET}
SocketMode=0600
"""
_SERVICE_UNIT = f"""[Service]
ExecStart=/usr/bin/python3 -E /{compiled.PACKAGES}/{_PROGRAM.name}
# What a task leaves running goes on when this ends.
KillMode=process
"""


def give(files: Path) -> None:
    """Let a host with these files have one, for root's programs that come on the standard input."""
    packages = compiled.folder(files, compiled.PACKAGES)
    shutil.copyfile(_PROGRAM, packages / _PROGRAM.name)
    begins = f'import sys; sys.orig_argv[1:] or __import__("{_PROGRAM.stem}").hand_over()\n'
    (packages / f"{_PROGRAM.stem}.pth").write_text(begins)
    units = compiled.folder(files, _UNITS)
    (units / f"{_NAME}.socket").write_text(_SOCKET_UNIT)
    (units / f"{_NAME}.service").write_text(_SERVICE_UNIT)
    wanted = compiled.folder(files, f"{_UNITS}/sockets.target.wants")
    (wanted / f"{_NAME}.socket").symlink_to(f"/{_UNITS}/{_NAME}.socket")
