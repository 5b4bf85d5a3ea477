"""Which run of Ansible this is, and for whom."""

import getpass
import multiprocessing
import os
import platform
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ansible.plugins.lookup import LookupBase

from ansible_collections.flyball.guards.plugins.module_utils import holds

DOCUMENTATION = """
name: run
short_description: Which run of Ansible this is, and for whom
description:
  - Returns a map with C(who), the user and the name of this machine, and C(run), which names this run and no other.
  - With C(over), a list of such names, returns those of runs on this machine that are over, whatever became of them.
options:
  _terms:
    description: None.
  over:
    description: Names of runs.
    type: list
    elements: str
"""


def machine() -> str:
    """This machine since its start, as its processes are numbered here: a container counts its own."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{platform.node()}/{boot}/{os.readlink('/proc/self/ns/pid')}"
    except OSError:
        return platform.node()


def this_run() -> str:
    """Tasks are templated in children of the process that was started."""
    parent = multiprocessing.parent_process()
    process = parent.pid if parent and parent.pid else os.getpid()
    return f"{machine()} {process} {holds.started(process)}".strip()


def over(runs: Iterable[str]) -> list[str]:
    """Those of this machine whose process is gone. What other machines run cannot be known here."""
    found: list[str] = []
    for run in runs:
        where, *process = run.split(" ")
        numbered = where == machine() and len(process) == 2 and process[0].isdecimal()
        if numbered and holds.started(int(process[0])) != process[1]:
            found.append(run)
    return found


class LookupModule(LookupBase):
    """The lookup, as `flyball.guards.run`."""

    def run(self, terms: list[str], variables: Mapping[str, Any] | None = None, **kwargs: Any) -> Any:
        self.set_options(var_options=variables, direct=kwargs)
        if (runs := self.get_option("over")) is not None:
            return [over(runs)]
        try:
            user = os.environ.get("SUDO_USER") or getpass.getuser()
        except (KeyError, OSError):
            user = str(os.getuid())
        return [{"who": f"{user}@{platform.node()}", "run": this_run()}]
