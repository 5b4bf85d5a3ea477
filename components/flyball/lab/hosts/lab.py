"""A lab: some hosts and their network, made for one purpose and gone with it, also after a crash."""

import fcntl
import shutil
import subprocess
import uuid
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from flyball import paths
from flyball.lab.hosts import base, cgroups
from flyball.lab.hosts.host import Host
from flyball.lab.hosts.network import Network
from flyball.lab.hosts.player import Player
from flyball.lab.locks import exclusive

_WATCHERS = Path("/proc/sys/fs/inotify/max_user_instances")
_MOST_WATCHERS = 1024
"""Of root on this machine, all hosts of all labs together: systemd and its kin take seven for each host. The kernel's
128 let 18 hosts run at a time, and the next does not come up, without a word."""


@dataclass
class Lab:
    """Hosts by name, in `folder`, on one network."""

    folder: Path
    network: Network
    base: base.Base
    is_warm: bool = True
    hosts: dict[str, Host] = field(default_factory=dict[str, Host])
    player: Player = field(init=False)

    def __post_init__(self) -> None:
        self.player = Player(self.network.command(), self.folder, self.connections)

    def __getitem__(self, name: str) -> Host:
        return self.hosts[name]

    @property
    def key(self) -> Path:
        """The private key that logs in to every host."""
        return self.folder / "key"

    @property
    def known_hosts(self) -> Path:
        return self.folder / "known_hosts"

    @property
    def connections(self) -> Path:
        """Where Ansible keeps its connections; short, since a socket's path has at most 107 letters."""
        return Path(f"/tmp/{self.network.namespace}")

    def add(self, *names: str, disks: Mapping[str, str] | None = None) -> list[Host]:
        """Make hosts, switch them on and wait until all are up."""
        public = self.key.with_suffix(".pub").read_text()
        made: list[Host] = []
        for name in names:
            number = len(self.hosts) + 1
            address = self.network.address(number)
            host = Host(name, address, self.folder / name, self.base.root, self.network, disks or {})
            host.prepare(public, self.is_warm)
            self.network.attach(name, number)
            self.hosts[name] = host
            made.append(host)
            host.start()
        for host in made:
            host.wait_up()
        with self.known_hosts.open("a") as file:
            file.writelines(f"{host.address} {self.base.host_key}\n" for host in made)
        return made

    def popen(self, *command: str) -> subprocess.Popen[str]:
        """Start a command where every host can be reached."""
        pipe = subprocess.PIPE
        return subprocess.Popen(self.network.command(*command), stdout=pipe, stderr=subprocess.STDOUT, text=True)


@contextmanager
def lab(report: base.Report, suite: str = base.SUITES[0], *, ipv6: bool = False, is_warm: bool = True) -> Iterator[Lab]:
    """An empty lab for hosts of a suite of Debian, removed with all its hosts at the end; of `ipv6` alone, if wanted.

    Where it `is_warm`, hosts run tasks in a Python that has loaded what tasks need; else each starts as on any host.
    Removes what labs of dead processes left, first. Raises `HostsError` where this machine cannot run hosts.
    """
    root = base.ensure(report, suite)
    remove_leftovers(report)
    _allow_watchers()
    name = uuid.uuid4().hex[:6]
    folder = _labs() / name
    with ExitStack() as at_end:
        with _clean_up(report):  # or who removes leftovers may come between the lock's making and its holding
            folder.mkdir(parents=True)
            lock = at_end.enter_context((folder / "lock").open("w"))
            fcntl.flock(lock, fcntl.LOCK_EX)
        made = Lab(folder, Network(name, ipv6), root, is_warm)
        try:
            subprocess.run(
                ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "lab", "-f", str(made.key)], check=True
            )
            made.network.create()
            yield made
        finally:
            made.player.close()
            end_connections(made.connections)
            for host in made.hosts.values():
                host.remove()
            made.network.remove()
            shutil.rmtree(folder, ignore_errors=True)


def _allow_watchers() -> None:
    if int(_WATCHERS.read_text()) < _MOST_WATCHERS:
        _WATCHERS.write_text(f"{_MOST_WATCHERS}\n")


def remove_leftovers(report: base.Report) -> None:
    """Remove the hosts, networks and folders of labs whose process is gone: nobody holds their lock any more."""
    with _clean_up(report):
        for folder in _labs().iterdir() if _labs().exists() else ():
            with _unless_held(folder / "lock") as lock:
                if lock is None:
                    continue
                report(f"removing what the lab {folder.name} left behind")
                network = Network(folder.name)
                for group in cgroups.named(f"{network.namespace}-"):
                    cgroups.end(group)
                network.remove()
                end_connections(Path(f"/tmp/{network.namespace}"))
                shutil.rmtree(folder, ignore_errors=True)


def end_connections(folder: Path) -> None:
    """End the connections whose sockets lie in a folder, and remove it."""
    for socket in folder.glob("*"):
        subprocess.run(["ssh", "-O", "exit", "-o", f"ControlPath={socket}", "host"], capture_output=True)
    shutil.rmtree(folder, ignore_errors=True)


def _clean_up(report: base.Report) -> AbstractContextManager[None]:
    """One process at a time makes a lab's folder, or removes those that nobody holds."""
    return exclusive(paths.hosts_dir() / "labs.lock", lambda: report("waiting for another process that removes labs"))


@contextmanager
def _unless_held(path: Path) -> Iterator[IO[str] | None]:
    """The lock file, locked; None while another process holds it, or where it is gone."""
    try:
        # A folder without a lock file is one that is being made at this moment, or removed.
        file = path.open("r+")
    except (FileNotFoundError, NotADirectoryError):
        yield None
        return
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield None
            return
        yield file


def _labs() -> Path:
    return paths.hosts_dir() / "labs"
