"""Ansible's programs for all tests of playbooks that run them: to load them takes as long as many short runs."""

from contextlib import ExitStack

import pytest
from tests.playbooks.programs import Programs, programs


@pytest.fixture(scope="session")
def ansible_programs(at_group_end: ExitStack) -> Programs:
    return at_group_end.enter_context(programs())


@pytest.fixture(scope="session")
def ansible_inventories(at_group_end: ExitStack) -> Programs:
    """With the collection's inventories alone."""
    return at_group_end.enter_context(
        programs(
            ANSIBLE_INVENTORY_ENABLED="flyball.guards.aws_fleets,flyball.guards.pulumi_stack",
            ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED="1",
        )
    )
