"""One host: its files over the base, its processes, and what befalls it."""

import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from flyball.lab import logs
from flyball.lab.hosts import cgroups, compiled, warm
from flyball.lab.hosts.errors import HostsError
from flyball.lab.hosts.network import Network

_SCRIPT = Path(__file__).with_name("host.sh")
_ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "LC_ALL": "C.UTF-8"}
"""Of commands in a host: nothing of this machine's."""
_LISTENS = re.compile(r"\s*\d+: [0-9A-F]+:0016 \S+ 0A ")
"""On port 22, in a line of /proc/net/tcp (proc(5)), where ports and states are in hexadecimal."""
_UP_SECONDS = 180
"""A host is up in about a second; this is how long a busy machine may take, on which many boot at once."""


@dataclass
class Host:
    """A host of a lab. `disks` are small disks by where they are mounted, with their size (`64m`)."""

    name: str
    address: str
    folder: Path
    below: Sequence[Path]
    """What its files lie over, the uppermost first: the base, or another host's over that."""
    network: Network
    disks: Mapping[str, str] = field(default_factory=dict[str, str])
    _process: subprocess.Popen[bytes] | None = None

    @property
    def files(self) -> Path:
        """The files of the host itself, without those that they lie over."""
        return self.folder / "upper"

    @property
    def layers(self) -> list[Path]:
        """All of them, for a host that is to lie over this one."""
        return [self.files, *self.below]

    @property
    def console(self) -> Path:
        return self.folder / "console.log"

    @property
    def cgroup(self) -> str:
        return self.network.of(self.name)

    def prepare(self, authorized_key: str, is_warm: bool) -> None:
        """Lay out the folder of a host that is new, with the key that may log in as root, and a warm Python or none."""
        self.prepare_like(authorized_key)
        etc = self.files / "etc"
        etc.mkdir(mode=0o755)
        (etc / "hostname").write_text(f"{self.name}\n")
        (etc / "hosts").write_text(f"127.0.0.1 localhost\n{self.address} {self.name}\n")
        compiled.give(self.files)
        if is_warm:
            warm.give(self.files)

    def prepare_like(self, authorized_key: str) -> None:
        """The same for one that is as another was, which had its name and its address."""
        for name in ("upper", "work", "root"):
            (self.folder / name).mkdir(parents=True)
        ssh = self.files / "root/.ssh"
        ssh.mkdir(parents=True)
        self.files.chmod(0o755)
        for folder in (ssh.parent, ssh):
            folder.chmod(0o700)
        (ssh / "authorized_keys").write_text(authorized_key)

    def start(self) -> None:
        """Switch it on, without waiting for it."""
        disks = [f"{path}={size}" for path, size in self.disks.items()]
        with self.console.open("ab") as console:
            self._process = subprocess.Popen(
                [
                    *("unshare", "--mount", "--propagation", "private", "sh", str(_SCRIPT), self.name),
                    *(str(self.folder), ":".join(map(str, self.below))),
                    *(self.network.of(self.name), self.cgroup, *disks),
                ],
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def wait_up(self) -> None:
        """Wait until its sshd listens. Raises `HostsError` with the end of its console where it does not."""
        self._wait(self._listens, "come up")

    def run(self, command: str, *, check: bool = True, seconds: float = 300) -> str:
        """Run a shell command in it as root, by way of its first process: works on a silent host too.

        Returns what it printed. Raises `HostsError` where it failed, unless `check` is false.
        """
        done = subprocess.run(self._enter(command), env=_ENVIRONMENT, capture_output=True, text=True, timeout=seconds)
        if check and done.returncode:
            raise HostsError(f"{self.name}: {command}: exit code {done.returncode}: {done.stderr}{done.stdout}".strip())
        return done.stdout

    def popen(self, command: str) -> subprocess.Popen[str]:
        """Start a shell command in it; for what goes on while other things happen."""
        out = subprocess.PIPE
        return subprocess.Popen(self._enter(command), env=_ENVIRONMENT, stdout=out, stderr=subprocess.STDOUT, text=True)

    def write(self, path: str, text: str, mode: int = 0o644) -> None:
        """Write one of its files, with the folders it needs."""
        command = f"mkdir -p {os.path.dirname(path)} && cat > {path} && chmod {mode:o} {path}"
        subprocess.run(self._enter(command), env=_ENVIRONMENT, input=text, text=True, check=True)

    def copy(self, source: Path, path: str) -> None:
        """Copy a file of this machine into it."""
        with source.open("rb") as file:
            subprocess.run(self._enter(f"cat > {path}"), env=_ENVIRONMENT, stdin=file, check=True)

    def reboot(self) -> None:
        """Reboot it in good order, and wait until it is up again."""
        before = self.first_process()
        self.run("systemctl reboot", check=False)
        self._wait(lambda: self.first_process() not in (None, before), "reboot")
        self.wait_up()

    def shut_down(self) -> None:
        """Switch it off in good order, and wait until it is. `start` switches it on again."""
        if self._process is None:
            raise HostsError(f"{self.name} is not on")
        self.run("systemctl poweroff", check=False)
        self._process.wait(timeout=_UP_SECONDS)

    def power_loss(self) -> None:
        """Take its power: nothing in it gets to do anything more. `start` switches it on again."""
        process = self.first_process()
        if process is None or self._process is None:
            raise HostsError(f"{self.name} is not on")
        os.kill(process, signal.SIGKILL)
        self._process.wait(timeout=120)

    def silence(self) -> None:
        """Let nothing reach it any more, nor anything from it: packets vanish, connections do not end."""
        self.network.link(self.name, "down")

    def unsilence(self) -> None:
        self.network.link(self.name, "up")

    def first_process(self) -> int | None:
        """Its first process, as this machine numbers it; None where it is off."""
        if self._process is None or self._process.poll() is not None:
            return None
        return _first_process(self._process.pid)

    def remove(self) -> None:
        """End it and remove what it leaves, whatever state it is in."""
        cgroups.end(self.cgroup)
        if self._process is not None:
            self._process.wait(timeout=120)
        self._keep_logs()
        compiled.take(self.files)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _keep_logs(self) -> None:
        """Where logs are kept, its console and its journal, as text."""
        if logs.kept() and self.folder.exists():
            journal = self.folder / "journal.log"
            with journal.open("w") as output:
                command = ("journalctl", f"--directory={self.files}/var/log/journal", "--no-pager", "--quiet")
                subprocess.run(command, stdout=output, stderr=subprocess.STDOUT)
            logs.keep(self.network.of(self.name), [self.console, journal])

    def _enter(self, command: str) -> list[str]:
        process = self.first_process()
        if process is None:
            raise HostsError(f"{self.name} is not on")
        # The namespaces don't hold all that a host may not do: the clock, above all, is this machine's own.
        bounds = ("setpriv", "--bounding-set=-sys_time,-sys_module,-sys_rawio,-sys_boot,-syslog")
        return ["nsenter", f"--target={process}", "--all", "--root", "--wd", *bounds, "sh", "-c", command]

    def _listens(self) -> bool:
        """Whether its sshd does. Seen from outside: a command in it takes as much processor as a part of its boot."""
        process = self.first_process()
        try:
            if not Path(f"/proc/{process}/ns/net").samefile(f"/run/netns/{self.network.of(self.name)}"):
                return False  # it is still to enter its network
            tables = [Path(f"/proc/{process}/net/{family}").read_text() for family in ("tcp", "tcp6")]
        except OSError:  # it is off, or goes
            return False
        return any(_LISTENS.match(line) for table in tables for line in table.splitlines())

    def _wait(self, reached: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + _UP_SECONDS
        while not reached():
            if time.monotonic() > deadline or (self._process and self._process.poll() is not None):
                last = "\n".join(self.console.read_text(errors="replace").splitlines()[-15:])
                raise HostsError(f"{self.name} did not {what}:\n{last}")
            time.sleep(0.1)


def _children(process: int) -> list[int]:
    try:
        return [int(child) for child in Path(f"/proc/{process}/task/{process}/children").read_text().split()]
    except (FileNotFoundError, ProcessLookupError):
        return []


def _first_process(wrapper: int) -> int | None:
    """The descendant that is number 1 in the process namespace of the host."""
    for nspawn in _children(wrapper):
        for child in _children(nspawn):
            try:
                status = Path(f"/proc/{child}/status").read_text()
            except (FileNotFoundError, ProcessLookupError):
                continue
            numbers = next(line for line in status.splitlines() if line.startswith("NSpid:")).split()
            if len(numbers) > 2 and numbers[-1] == "1":
                return child
    return None
