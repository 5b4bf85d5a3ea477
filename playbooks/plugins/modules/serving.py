"""Whether a service does what it is there for: it runs, and its own processes listen where it was told to."""

DOCUMENTATION = """
module: serving
short_description: Waits until a unit's own processes listen where they should
description:
  - Looks for the listening sockets of a unit's processes in the kernel. A port that answers is not enough, since it may
    be another program that does.
  - Fails where the unit does not run, or does not listen at every place, within the time, and says who does instead.
  - Where another program has a place of a unit that runs, it fails after ten seconds. A daemon that was told to listen
    there has tried by then, and does not try again.
  - On a check it looks once, and never fails, because what it waits for was not done.
options:
  unit:
    description: The unit, as C(nginx.service).
    type: str
    required: true
  listens:
    description: Where it must listen, as C(192.0.2.1:80), C([::1]:80), or C(80) for whatever address. Empty where it
      need only run.
    type: list
    elements: str
    default: []
  seconds:
    description: How long it may take until it does.
    type: int
    default: 0
  files:
    description: Files that it reads only when it starts. Where one is younger than its start it is C(stale).
    type: list
    elements: path
    default: []
attributes:
  check_mode:
    description: Looks, and does not fail.
    support: full
author: flyball contributors
"""

EXAMPLES = """
- name: See that nginx serves
  flyball.guards.serving:
    unit: nginx.service
    listens: ["80"]
    seconds: 30
"""

RETURN = """
serves:
  description: Whether it runs, and listens at all places.
  returned: always
  type: bool
lacks:
  description: What is wrong, empty where nothing is.
  returned: always
  type: str
stale:
  description: Whether one of C(files) is younger than its start.
  returned: always
  type: bool
"""

import os  # noqa: E402
import time  # noqa: E402
from collections.abc import Callable, Sequence  # noqa: E402

from ansible.module_utils.basic import AnsibleModule  # noqa: E402

from ansible_collections.flyball.guards.plugins.module_utils import units  # noqa: E402

BETWEEN = 0.2
"""Seconds between two looks."""
TAKEN = 10
"""So many seconds a place is waited for that another program has: nginx tries for 2.5, HAProxy once."""


def lacks(run: units.Run, unit: str, places: Sequence[str]) -> tuple[str, bool]:
    """What is wrong with a unit at this moment, empty where nothing is; and whether another one has a place of its."""
    shown = units.show(run, unit, "ActiveState", "SubState", "MainPID")
    if shown["ActiveState"] != "active":
        taken = "".join(f"; on {place} {holder} listens" for place in places if (holder := units.holder(place)))
        return f"{unit} does not run: {shown['ActiveState'] or 'unknown'} ({shown['SubState']}){taken}", False
    own = units.listening(units.family(int(shown["MainPID"]))) if shown["MainPID"].strip("0") else []
    holders = {place: units.holder(place) for place in places if not any(one.is_at(place) for one in own)}
    missing = ", ".join(f"{place}, where {holder or 'nobody'} does" for place, holder in holders.items())
    return f"{unit} does not listen on {missing}" if holders else "", any(holders.values())


def wait(
    run: units.Run,
    unit: str,
    places: Sequence[str],
    seconds: float,
    now: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], object] = time.sleep,
) -> str:
    """What is wrong with a unit after at most so many seconds; empty as soon as nothing is."""
    given_up, free = now() + seconds, now()
    while True:
        wrong, is_taken = lacks(run, unit, places)
        if not is_taken:
            free = now()
        if not wrong or now() >= min(given_up, free + TAKEN):
            return wrong
        sleep(BETWEEN)


def is_stale(run: units.Run, unit: str, files: Sequence[str]) -> bool:
    """Whether a file has come to be after the unit started."""
    shown = units.show(run, unit, "ExecMainStartTimestampMonotonic")["ExecMainStartTimestampMonotonic"]
    ago = time.monotonic() - int(shown or 0) / 1e6
    started = time.time() - ago
    return any(os.path.exists(file) and os.stat(file).st_ctime > started for file in files)


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "unit": {"type": "str", "required": True},
            "listens": {"type": "list", "elements": "str", "default": []},
            "seconds": {"type": "int", "default": 0},
            "files": {"type": "list", "elements": "path", "default": []},
        },
        supports_check_mode=True,
    )
    unit, places = module.params["unit"], module.params["listens"]
    wrong = wait(module.run_command, unit, places, 0 if module.check_mode else module.params["seconds"])
    stale = is_stale(module.run_command, unit, module.params["files"])
    found = {"serves": not wrong, "lacks": wrong, "stale": stale}
    if wrong and not module.check_mode:
        module.fail_json(msg=wrong, **found)
    module.exit_json(changed=False, **found)


if __name__ == "__main__":
    main()
