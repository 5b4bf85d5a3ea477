"""Takes and gives back what only one may have: a host out of service, or the changing of its group."""

DOCUMENTATION = """
module: hold
short_description: Holds a host out of service, or the group that it is one of
description:
  - Makes an entry with an owner in a file of the host, or takes it away again. Where somebody else holds it nothing
    changes, and RV(others) says who does.
  - Entries outlive reboots. While a host is held out of service nginx answers 503 to balancers.
options:
  group:
    description: The group that is held, to change its hosts; without it the host is held out of service.
    type: str
    default: ""
  state:
    description: Whether it is to be held, or given back.
    type: str
    choices: [held, free]
    default: held
  program:
    description: What holds it.
    type: str
    required: true
  run:
    description: Which run of it.
    type: str
    required: true
  who:
    description: For whom.
    type: str
    default: ""
  why:
    description: Why.
    type: str
    default: ""
  over_programs:
    description: Programs whose entries are put aside.
    type: list
    elements: str
    default: []
  over_runs:
    description: Runs whose entries are put aside; those that are known to be over.
    type: list
    elements: str
    default: []
  all:
    description: Put everybody's entry aside, or give everybody's back; by a person's decision.
    type: bool
    default: false
attributes:
  check_mode:
    description: Changes nothing.
    support: full
author: flyball contributors
"""

EXAMPLES = """
- name: Take the host out of service
  flyball.guards.hold:
    program: roll.yml
    run: ctl1 4711
    who: ops@ctl1
    why: shop=2
"""

RETURN = """
others:
  description: Who is in the way, each in words.
  returned: success
  type: list
  elements: str
aside:
  description: Whose entries were put aside, or given back, each in words.
  returned: success
  type: list
  elements: str
"""

from pathlib import Path  # noqa: E402
from typing import Any  # noqa: E402

from ansible.module_utils.basic import AnsibleModule  # noqa: E402

from ansible_collections.flyball.guards.plugins.module_utils import holds  # noqa: E402


def change(path: Path, wanted: dict[str, Any]) -> tuple[list[holds.Holder], list[holds.Holder]]:
    """Who is in the way, and whose entries are gone."""
    mine = holds.Holder(wanted["program"], wanted["who"], wanted["why"], wanted["run"])

    def over(other: holds.Holder) -> bool:
        return bool(wanted["all"] or other.program in wanted["over_programs"] or other.run in wanted["over_runs"])

    if wanted["state"] == "held":
        return holds.hold(path, mine, over)
    return [], holds.free(path, lambda it: over(it) or (it.program, it.run) == (mine.program, mine.run))


def main() -> None:
    words = {"type": "list", "elements": "str", "default": []}
    module = AnsibleModule(
        argument_spec={
            "group": {"type": "str", "default": ""},
            "state": {"type": "str", "choices": ["held", "free"], "default": "held"},
            "program": {"type": "str", "required": True},
            "run": {"type": "str", "required": True},
            "who": {"type": "str", "default": ""},
            "why": {"type": "str", "default": ""},
            "over_programs": words,
            "over_runs": words,
            "all": {"type": "bool", "default": False},
        },
        supports_check_mode=True,
    )
    wanted = module.params
    path = holds.group_lock(wanted["group"]) if wanted["group"] else holds.DRAIN
    before = holds.holders(path)
    others, aside = ([], []) if module.check_mode else change(path, wanted)
    module.exit_json(
        changed=holds.holders(path) != before, others=[str(it) for it in others], aside=[str(it) for it in aside]
    )


if __name__ == "__main__":
    main()
