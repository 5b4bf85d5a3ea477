"""Runs the collection's playbooks against the hosts of a lab."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flyball.lab.hosts.errors import HostsError
from flyball.lab.hosts.lab import Lab

COLLECTION = "flyball.guards"
_RECAP = re.compile(r"^(?P<host>[\w.-]+)\s+: (?P<counts>ok=.*)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Played:
    """What became of a playbook: its exit code, what it said, and what it counted for each host."""

    code: int
    output: str
    counts: Mapping[str, Mapping[str, int]]

    def total(self, what: str) -> int:
        """The sum over all hosts of `ok`, `changed`, `unreachable`, `failed`, `skipped`, `rescued` or `ignored`."""
        return sum(counts[what] for counts in self.counts.values())

    def succeeded(self) -> "Played":
        """Itself. Raises `HostsError` with what it said where it did not succeed."""
        if self.code:
            raise HostsError(f"the playbook ended with {self.code}:\n{self.output}")
        return self


@dataclass(frozen=True)
class Ansible:
    """Playbooks against `lab`; `groups` names the hosts of each group, `variables` are those of each group or host."""

    lab: Lab
    groups: Mapping[str, Sequence[str]]
    variables: Mapping[str, Mapping[str, Any]]

    def play(self, playbook: str | Path, *options: str, seconds: float = 1200, **extra: Any) -> Played:
        """Run one of the collection's playbooks, or one at a path. Never raises for a playbook that fails.

        `seconds` is for one that hangs; the whole site takes a minute or two, on a busy machine several times of that.
        """
        name = f"{COLLECTION}.{playbook}" if isinstance(playbook, str) else str(playbook)
        command = [*self._command(), name, *options]
        if extra:
            command += ["--extra-vars", json.dumps(extra)]
        done = subprocess.run(
            self.lab.network.command(*command),
            env=self.environment(),
            capture_output=True,
            text=True,
            timeout=seconds,
            stdin=subprocess.DEVNULL,
        )
        return Played(done.returncode, done.stdout + done.stderr, recap(done.stdout))

    def apply(self, hosts: str, *roles: str, check: bool = False, options: Sequence[str] = ()) -> Played:
        """Apply roles of the collection to some of the hosts, as a playbook of one's own would."""
        names = [{"role": f"{COLLECTION}.{role}"} for role in roles]
        playbook = self.lab.folder / f"apply-{'-'.join(roles)}.json"
        playbook.write_text(json.dumps([{"hosts": hosts, "gather_facts": False, "roles": names}]))
        return self.play(playbook, *options, *(("--check", "--diff") if check else ()))

    def _command(self) -> list[str]:
        path = Path(sys.executable).with_name("ansible-playbook")
        if not path.exists():
            raise HostsError(f"{path.name} is not in {path.parent}: pip install 'flyball[vms]'")
        return [sys.executable, "-m", "flyball.lab.hosts.playbook", "--inventory", str(self._inventory())]

    def environment(self) -> dict[str, str]:
        """Without the user's own settings of Ansible, so that a run depends on nothing but the lab."""
        own = {key: value for key, value in os.environ.items() if not key.startswith("ANSIBLE_")}
        home = self.lab.folder / "ansible"
        empty = home / "ansible.cfg"
        home.mkdir(exist_ok=True)
        empty.touch()
        return {
            **own,
            "ANSIBLE_CONFIG": str(empty),
            "ANSIBLE_HOME": str(home),
            "ANSIBLE_LOCAL_TEMP": str(home / "tmp"),
            "ANSIBLE_SSH_CONTROL_PATH_DIR": str(self.lab.connections),
            "ANSIBLE_PIPELINING": "1",
            "ANSIBLE_FORKS": "10",
            "ANSIBLE_NOCOLOR": "1",
            "ANSIBLE_DEPRECATION_WARNINGS": "0",
            "ANSIBLE_RETRY_FILES_ENABLED": "0",
            "LC_ALL": "C.UTF-8",
        }

    def _inventory(self) -> Path:
        lab = self.lab
        options = f"-o UserKnownHostsFile={lab.known_hosts} -o StrictHostKeyChecking=yes"
        reach = {
            "ansible_user": "root",
            "ansible_python_interpreter": "/usr/bin/python3",  # or each run looks for it on each host
            "ansible_ssh_private_key_file": str(lab.key),
            "ansible_ssh_common_args": options,
        }
        children = {
            group: {"hosts": {name: {} for name in names}, "vars": dict(self.variables.get(group, {}))}
            for group, names in self.groups.items()
        }
        hosts = {
            name: {"ansible_host": host.address, **self.variables.get(name, {})} for name, host in lab.hosts.items()
        }
        content = {"all": {"vars": {**reach, **self.variables.get("all", {})}, "hosts": hosts, "children": children}}
        path = lab.folder / "inventory.json"
        path.write_text(json.dumps(content))
        return path


def recap(output: str) -> dict[str, dict[str, int]]:
    """The counts at the end of what ansible-playbook prints, by host."""
    found: dict[str, dict[str, int]] = {}
    for match in _RECAP.finditer(output):
        pairs = (pair.partition("=") for pair in match["counts"].split())
        found[match["host"]] = {key: int(value) for key, _, value in pairs}
    return found
