"""A lab: some hosts and their network, made for one purpose and gone with it, also after a crash."""

import fcntl
import shutil
import subprocess
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
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
        below = [self.base.root]
        made = [
            Host(name, self.network.address(number), self.folder / name, below, self.network, disks or {})
            for number, name in enumerate(names, len(self.hosts) + 1)
        ]
        for host in made:
            host.prepare(self._public_key, self.is_warm)
        self._switch_on(made)
        return made

    def add_like(self, others: Iterable[Host]) -> None:
        """Make hosts like all those of another lab, for `lab_like`, and wait until they are up."""
        made = [
            Host(other.name, other.address, self.folder / other.name, other.layers, self.network, other.disks)
            for other in others
        ]
        for host in made:
            host.prepare_like(self._public_key)
        self._switch_on(made)

    def shut_down(self) -> None:
        """Switch all its hosts off in good order, all at once; nobody who plays playbooks stays behind."""
        self._end_players()
        with ThreadPoolExecutor(max(len(self.hosts), 1)) as pool:
            list(pool.map(Host.shut_down, self.hosts.values()))

    def close(self) -> None:
        """Remove its hosts, its network and its folder."""
        self._end_players()
        for host in self.hosts.values():
            host.remove()
        self.network.remove()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _end_players(self) -> None:
        self.player.close()
        end_connections(self.connections)

    @property
    def _public_key(self) -> str:
        return self.key.with_suffix(".pub").read_text()

    def _switch_on(self, made: Sequence[Host]) -> None:
        for host in made:
            self.hosts[host.name] = host
            self.network.attach(host.name, len(self.hosts))
            host.start()
        for host in made:
            host.wait_up()
        with self.known_hosts.open("a") as file:
            file.writelines(f"{host.address} {self.base.host_key}\n" for host in made)

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
    with _made(report, base.ensure(report, suite), ipv6, is_warm) as made:
        yield made


@contextmanager
def lab_like(other: Lab, report: base.Report) -> Iterator[Lab]:
    """A lab whose hosts are as those of another one, which were shut down, with their names and addresses.

    What is changed here is not seen there, so that any number of labs may begin with hosts that were set up once. The
    other lab has to last as long.
    """
    with _made(report, other.base, other.network.ipv6, other.is_warm) as made:
        made.add_like(other.hosts.values())
        yield made


@contextmanager
def _made(report: base.Report, root: base.Base, ipv6: bool, is_warm: bool) -> Iterator[Lab]:
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
            made.close()


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
