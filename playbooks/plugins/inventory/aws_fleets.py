"""Hosts from the fleets of an environment on AWS."""

import json
import subprocess
from typing import Any

from ansible.errors import AnsibleParserError
from ansible.plugins.inventory import BaseInventoryPlugin

from flyball.guards.reading.problem import Refused
from flyball.guards.roles.aws_fleets import filters, hosts_of

DOCUMENTATION = """
name: aws_fleets
short_description: Hosts from the fleets of an environment on AWS
description:
  - Asks EC2, by the AWS command line, for the instances that run of an environment's fleets, each time anew.
  - A host is called as its instance, is reached at its private address, and is in a group named as its fleet.
options:
  plugin:
    description: The name of this plugin.
    required: true
    choices: [flyball.guards.aws_fleets]
  environment:
    description: The environment of the platform.
    type: str
    required: true
  region:
    description: The platform's region.
    type: str
    required: true
"""
EXAMPLES = """
plugin: flyball.guards.aws_fleets
environment: prod
region: eu-central-1
"""
_SECONDS = 60


class InventoryModule(BaseInventoryPlugin):
    """The plugin; `ansible-inventory -i prod.aws_fleets.yml --graph` shows what it finds."""

    NAME = "flyball.guards.aws_fleets"

    def verify_file(self, path: str) -> bool:
        return super().verify_file(path) and path.endswith(("aws_fleets.yml", "aws_fleets.yaml"))

    def parse(self, inventory: Any, loader: Any, path: str, cache: bool = True) -> None:
        super().parse(inventory, loader, path, cache)
        self._read_config_data(path)
        command = ["aws", "ec2", "describe-instances", "--output", "json", "--region", self.get_option("region")]
        try:
            hosts = hosts_of(_answer([*command, "--filters", *filters(self.get_option("environment"))]))
        except Refused as refused:
            raise AnsibleParserError(f"{path}: {refused}") from refused
        for host in hosts:
            inventory.add_host(host.name)
            inventory.set_variable(host.name, "ansible_host", host.address)
            for group in host.groups:
                inventory.add_group(group)
                inventory.add_child(group, host.name)
            inventory.set_variable(host.name, "flyball_region", self.get_option("region"))
            for name, value in host.variables.items():
                inventory.set_variable(host.name, name, value)


def _answer(command: list[str]) -> Any:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=_SECONDS)
        return json.loads(done.stdout)
    except FileNotFoundError as error:
        raise AnsibleParserError("aws is not on PATH; install the AWS command line") from error
    except subprocess.SubprocessError as error:
        raise AnsibleParserError(f"{' '.join(command)}: {getattr(error, 'stderr', '') or error}") from error
    except (ValueError, RecursionError) as error:
        raise AnsibleParserError(f"{' '.join(command)}: {error}") from error
