"""Runs the collection's playbooks against the hosts of a lab."""

import json
import re
import tempfile
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
        arguments = ["--inventory", str(self._inventory()), name, *options]
        if extra:
            arguments += ["--extra-vars", json.dumps(extra)]
        code, said, complained = self.lab.player.play(arguments, seconds)
        return Played(code, said + complained, recap(said))

    def apply(self, hosts: str, *roles: str, check: bool = False, options: Sequence[str] = ()) -> Played:
        """Apply roles of the collection to some of the hosts, as a playbook of one's own would."""
        names = [{"role": f"{COLLECTION}.{role}"} for role in roles]
        playbook = self.lab.folder / f"apply-{'-'.join(roles)}.json"
        playbook.write_text(json.dumps([{"hosts": hosts, "gather_facts": False, "roles": names}]))
        return self.play(playbook, *options, *(("--check", "--diff") if check else ()))

    def _inventory(self) -> Path:
        """A file of this playbook alone: others may begin while it reads it."""
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
        path = Path(tempfile.mkdtemp(prefix="inventory-", dir=lab.folder)) / "hosts.json"
        path.write_text(json.dumps(content))
        return path


def recap(output: str) -> dict[str, dict[str, int]]:
    """The counts at the end of what ansible-playbook prints, by host."""
    found: dict[str, dict[str, int]] = {}
    for match in _RECAP.finditer(output):
        pairs = (pair.partition("=") for pair in match["counts"].split())
        found[match["host"]] = {key: int(value) for key, _, value in pairs}
    return found
