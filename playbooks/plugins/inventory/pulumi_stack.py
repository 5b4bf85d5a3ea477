"""Hosts from the outputs of a Pulumi stack."""

import json
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleParserError
from ansible.plugins.inventory import BaseInventoryPlugin

from ansible_collections.flyball.guards.plugins.plugin_utils.asking import add, answer
from flyball.guards.reading.problem import Refused
from flyball.guards.roles.pulumi_stack import hosts_of

DOCUMENTATION = """
name: pulumi_stack
short_description: Hosts from the outputs of a Pulumi stack
description:
  - Reads one output of a stack, a map from the name of each host to its address, its groups and its variables.
  - Asks the Pulumi CLI, or reads a file that C(pulumi stack export) wrote.
options:
  plugin:
    description: The name of this plugin.
    required: true
    choices: [flyball.guards.pulumi_stack]
  stack:
    description: The stack to ask the Pulumi CLI for; needed without O(state_file).
    type: str
  project:
    description: The folder of the Pulumi program.
    type: path
    default: .
  state_file:
    description: A file written by C(pulumi stack export), read instead of asking the CLI.
    type: path
  output:
    description: The output that holds the hosts.
    type: str
    default: hosts
"""
EXAMPLES = """
plugin: flyball.guards.pulumi_stack
stack: prod
# and in the Pulumi program:
# pulumi.export("hosts", {"app1": {"address": instance.private_ip, "groups": ["web"], "vars": {"zone": "a"}}})
"""


class InventoryModule(BaseInventoryPlugin):
    """The plugin; `ansible-inventory -i prod.pulumi_stack.yml --graph` shows what it finds."""

    NAME = "flyball.guards.pulumi_stack"

    def verify_file(self, path: str) -> bool:
        return super().verify_file(path) and path.endswith(("pulumi_stack.yml", "pulumi_stack.yaml"))

    def parse(self, inventory: Any, loader: Any, path: str, cache: bool = True) -> None:
        super().parse(inventory, loader, path, cache)
        self._read_config_data(path)
        output = self.get_option("output")
        try:
            hosts = hosts_of(self._outputs(), output)
        except Refused as refused:
            raise AnsibleParserError(f"{path}: {refused}") from refused
        for host in hosts:
            add(inventory, host)

    def _outputs(self) -> Any:
        """All outputs of the stack, as JSON has them."""
        file, stack = self.get_option("state_file"), self.get_option("stack")
        if file:
            try:
                return _stack_outputs(json.loads(Path(file).read_text()))
            except (OSError, ValueError, RecursionError) as error:
                raise AnsibleParserError(f"{file}: {error}") from error
        if not stack:
            raise AnsibleParserError("give stack, or state_file")
        command = ["pulumi", "stack", "output", "--json", "--non-interactive", "--stack", stack]
        return answer(command, "pulumi is not on PATH; give state_file instead", self.get_option("project"))


def _stack_outputs(state: Any) -> Any:
    """The outputs in an exported state. Raises ValueError where it is none."""
    deployment = state.get("deployment") if isinstance(state, dict) else None
    resources = (deployment.get("resources") or []) if isinstance(deployment, dict) else None
    if not isinstance(resources, list):
        raise ValueError("is no state that `pulumi stack export` wrote")
    stack = next((r for r in resources if isinstance(r, dict) and r.get("type") == "pulumi:pulumi:Stack"), {})
    return stack.get("outputs", {})
