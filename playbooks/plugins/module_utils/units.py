"""What a unit of systemd runs, and where its processes listen: read from the kernel, not from its configuration."""

import os
import socket
import struct
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

Run = Callable[[list[str]], tuple[int, str, str]]
"""`AnsibleModule.run_command`: exit code, output and errors of a command."""
LISTEN = "0A"
"""The state in proc_net_tcp(5)."""
PROC = Path("/proc")


@dataclass(frozen=True)
class Socket:
    """A TCP socket that listens."""

    address: str
    port: int
    inode: str

    @property
    def place(self) -> str:
        return f"[{self.address}]:{self.port}" if ":" in self.address else f"{self.address}:{self.port}"

    def is_at(self, place: str) -> bool:
        """Whether it is what was asked for: `192.0.2.1:80`, `[::1]:80`, or `80` and `:80` for any address."""
        host, _, port = place.rpartition(":")
        host = host.strip("[]")
        if str(self.port) != port:
            return False
        return not host or _number(host) == _number(self.address)


def _number(address: str) -> tuple[int, bytes]:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    return family, socket.inet_pton(family, address)


def show(run: Run, unit: str, *names: str) -> dict[str, str]:
    """Properties of a unit, empty where systemd does not know it."""
    code, out, _ = run(["systemctl", "show", *(f"--property={name}" for name in names), unit])
    found = dict(line.split("=", 1) for line in out.splitlines() if "=" in line) if code == 0 else {}
    return {name: found.get(name, "") for name in names}


def family(first: int) -> list[int]:
    """A process and all that descend from it."""
    parents: dict[int, int] = {}
    for entry in PROC.iterdir():
        if entry.name.isdigit():
            try:
                # The name, in brackets, may hold anything.
                parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except (OSError, IndexError, ValueError):
                continue  # it has ended meanwhile
    found = [first]
    for process in found:
        found += [child for child, parent in parents.items() if parent == process]
    return found


def sockets() -> list[Socket]:
    """All TCP sockets of this network namespace that listen."""
    found: list[Socket] = []
    for table in ("tcp", "tcp6"):
        try:
            _, *lines = (PROC / "net" / table).read_text().splitlines()
        except OSError:
            continue  # a kernel without IPv6
        for fields in map(str.split, lines):
            if fields[3] == LISTEN:
                address, _, port = fields[1].partition(":")
                found.append(Socket(_address(address), int(port, 16), fields[9]))
    return found


def _address(words: str) -> str:
    """As the kernel writes it: words of 32 bits, each in the machine's own order."""
    packed = b"".join(struct.pack("=I", int(words[i : i + 8], 16)) for i in range(0, len(words), 8))
    return socket.inet_ntop(socket.AF_INET if len(packed) == 4 else socket.AF_INET6, packed)


def inodes(process: int) -> set[str]:
    """The sockets that a process has open."""
    found: set[str] = set()
    try:
        for entry in os.scandir(PROC / str(process) / "fd"):
            name = os.readlink(entry.path)
            if name.startswith("socket:["):
                found.add(name[len("socket:[") : -1])
    except OSError:
        pass  # it has ended meanwhile
    return found


def listening(processes: Iterable[int]) -> list[Socket]:
    """Where these processes listen."""
    own: set[str] = set().union(*(inodes(process) for process in processes))
    return [one for one in sockets() if one.inode in own]


def holder(place: str) -> str:
    """Who listens at a place: the name and number of a process; empty where nobody does."""
    taken = {one.inode for one in sockets() if one.is_at(place) or one.is_at(place.rpartition(":")[2])}
    for entry in PROC.iterdir() if taken else ():
        if entry.name.isdigit() and taken & inodes(int(entry.name)):
            try:
                return f"{(entry / 'comm').read_text().strip()} (process {entry.name})"
            except OSError:
                continue
    return ""
