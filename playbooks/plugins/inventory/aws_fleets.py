"""Hosts from the fleets of an environment on AWS."""

from typing import Any

from ansible.errors import AnsibleParserError
from ansible.plugins.inventory import BaseInventoryPlugin

from ansible_collections.flyball.guards.plugins.plugin_utils.asking import add, answer
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
_MISSING = "aws is not on PATH; install the AWS command line"


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
            hosts = hosts_of(answer([*command, "--filters", *filters(self.get_option("environment"))], _MISSING))
        except Refused as refused:
            raise AnsibleParserError(f"{path}: {refused}") from refused
        for host in hosts:
            add(inventory, host)
            inventory.set_variable(host.name, "flyball_region", self.get_option("region"))
