"""What the inventories share: they ask a command line for its answer, and hand on the hosts in it."""

import json
import subprocess
from typing import Any

from ansible.errors import AnsibleParserError

from flyball.guards.roles.pulumi_stack import Host

_SECONDS = 60


def answer(command: list[str], missing: str, folder: str | None = None) -> Any:
    """What a command, run in a folder, says in JSON.

    Raises `AnsibleParserError`: with `missing` where its program is not there, else with the command and what is wrong.
    """
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True, timeout=_SECONDS)
        return json.loads(done.stdout)
    except FileNotFoundError as error:
        raise AnsibleParserError(missing) from error
    except subprocess.SubprocessError as error:
        raise AnsibleParserError(f"{' '.join(command)}: {getattr(error, 'stderr', '') or error}") from error
    except (ValueError, RecursionError) as error:
        raise AnsibleParserError(f"{' '.join(command)}: {error}") from error


def add(inventory: Any, host: Host) -> None:
    """The host, in its groups, with its address and variables."""
    inventory.add_host(host.name)
    inventory.set_variable(host.name, "ansible_host", host.address)
    for group in host.groups:
        inventory.add_group(group)
        inventory.add_child(group, host.name)
    for name, value in host.variables.items():
        inventory.set_variable(host.name, name, value)
