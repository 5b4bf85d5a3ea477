"""The variables of a role, for the rules to hold against its declarations."""

from collections.abc import Mapping
from typing import Any

from ansible.errors import AnsibleLookupError
from ansible.module_utils.common.parameters import DEFAULT_TYPE_VALIDATORS
from ansible.plugins.lookup import LookupBase

from flyball.guards.roles.collection import PLAYBOOKS, ROLES
from flyball.guards.roles.variables import Variable

DOCUMENTATION = """
name: variables
short_description: The variables of a role or playbook of this collection, those with a wrong name too
description:
  - Returns a map of every variable of the host that begins with the role's name, whether the role declares it or not,
    and of those that it shares with others. What roles set for themselves has two underscores there, and is left out.
  - Text is taken as the type that the role declares, as C(-e redis_max_clients=900) gives it, by Ansible's own rules.
  - A variable that the role does not declare has its name as its value, since nothing is known of what it holds.
options:
  _terms:
    description: The names of roles, or of playbooks.
    required: true
"""


class LookupModule(LookupBase):
    """The lookup, as `flyball.guards.variables`."""

    def run(self, terms: list[str], variables: Mapping[str, Any] | None = None, **kwargs: Any) -> Any:
        return [self._of(term, variables or {}) for term in terms]

    def _of(self, name: str, variables: Mapping[str, Any]) -> dict[str, object]:
        declared = {**ROLES, **PLAYBOOKS}
        if name not in declared:
            raise AnsibleLookupError(f"{name} is no role of flyball.guards; known are {', '.join(declared)}")
        role = declared[name]
        known = {variable.name: variable for variable in role.declared}
        templar: Any = self._templar
        found = templar.template({name: variables[name] for name in role.own(variables) if name in known})
        taken = {name: _taken(value, known[name]) for name, value in found.items()}
        return {**taken, **{name: name for name in role.own(variables) if name not in known}}


def _taken(value: object, variable: Variable) -> object:
    """Text as the variable's type where it is one in other words, and as it is for the rules to refuse where not."""
    kind = variable.types[0]
    if not isinstance(value, str) or kind == "str":
        return value
    try:
        return DEFAULT_TYPE_VALIDATORS[kind](value)
    except (TypeError, ValueError):
        return value
