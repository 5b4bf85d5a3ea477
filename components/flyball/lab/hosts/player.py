"""Who plays playbooks where every host of a lab can be reached: see `playbook`, a process of its own."""

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from flyball.lab import forks
from flyball.lab.hosts.errors import HostsError

# By default it asks a thousand times a second whether a task has ended, and each process of a task whether it has died:
# a twentieth of a processor for each playbook that waits.
SETTINGS = "[defaults]\ninternal_poll_interval = 0.02\n"


@dataclass
class Player:
    """It is started by the first playbook, and plays as many at once as it is asked to."""

    before: Sequence[str]
    """What goes before its command, so that it runs where the hosts are."""
    folder: Path
    """For what Ansible keeps, and what it says where it does not start."""
    connections: Path
    """Where Ansible keeps its connections."""
    _process: subprocess.Popen[bytes] | None = None
    _asks: socket.socket | None = None
    _starting: threading.Lock = field(default_factory=threading.Lock)

    def play(self, arguments: Sequence[str], seconds: float) -> tuple[int, str, str]:
        """Run ansible-playbook with these arguments: its exit code, and what it said to both outputs.

        Raises `subprocess.TimeoutExpired` where it takes longer than `seconds`, and `HostsError` where there is none.
        """
        try:
            return forks.ask(self._started(), list(arguments), seconds)
        except ConnectionError as error:
            raise HostsError(f"what plays playbooks has ended:\n{self._log.read_text(errors='replace')}") from error

    def close(self) -> None:
        """End it. What it plays goes on."""
        if self._asks and self._process:
            self._asks.close()
            self._process.wait()
            self._asks = self._process = None

    def environment(self) -> dict[str, str]:
        """Without the user's own settings of Ansible, so that a run depends on nothing but the lab."""
        own = {key: value for key, value in os.environ.items() if not key.startswith("ANSIBLE_")}
        home = self.folder / "ansible"
        settings = home / "ansible.cfg"
        home.mkdir(exist_ok=True)
        settings.write_text(SETTINGS)
        return {
            **own,
            "ANSIBLE_CONFIG": str(settings),
            "ANSIBLE_HOME": str(home),
            "ANSIBLE_LOCAL_TEMP": str(home / "tmp"),
            # Its own have -C before them: the hosts are on this machine, and what goes to them is text that was packed.
            "ANSIBLE_SSH_ARGS": "-o ControlMaster=auto -o ControlPersist=60s",
            "ANSIBLE_SSH_CONTROL_PATH_DIR": str(self.connections),
            "ANSIBLE_PIPELINING": "1",
            "ANSIBLE_FORKS": "10",
            "ANSIBLE_NOCOLOR": "1",
            "ANSIBLE_DEPRECATION_WARNINGS": "0",
            "ANSIBLE_RETRY_FILES_ENABLED": "0",
            "LC_ALL": "C.UTF-8",
        }

    @property
    def _log(self) -> Path:
        return self.folder / "ansible.log"

    def _started(self) -> socket.socket:
        with self._starting:
            if self._asks is None:
                path = Path(sys.executable).with_name("ansible-playbook")
                if not path.exists():
                    raise HostsError(f"{path.name} is not in {path.parent}: pip install 'flyball[vms]'")
                self._asks, asked = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
                with asked, self._log.open("wb") as log:
                    self._process = subprocess.Popen(
                        [*self.before, sys.executable, "-m", "flyball.lab.hosts.playbook"],
                        env=self.environment(),
                        stdin=asked.fileno(),
                        stdout=log,
                        stderr=log,
                    )
            return self._asks
