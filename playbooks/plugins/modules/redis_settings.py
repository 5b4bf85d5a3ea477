"""Makes a running Redis what its configuration says, while it keeps what is in it."""

DOCUMENTATION = """
module: redis_settings
short_description: Sets what differs between a running Redis and its configuration
description:
  - Compares each line of a configuration with what Redis runs with, and sets what differs, with its keys kept.
  - Names what only a start can change.
  - Its password is changed in the same way. It may have the new one already, or still that of C(password_file).
options:
  config:
    description: The configuration, as it is in its file. What it includes is not followed.
    type: str
    required: true
  password:
    description: The password that it is to ask for, empty for none.
    type: str
    default: ""
  password_file:
    description: A file with the password that it asked for before, as C(requirepass "password").
    type: path
    required: true
  unit:
    description: Its unit.
    type: str
    default: redis-server.service
attributes:
  check_mode:
    description: Tells what would be set, and sets nothing.
    support: full
author: flyball contributors
"""

EXAMPLES = """
- name: Set what differs
  flyball.guards.redis_settings:
    config: "{{ lookup('ansible.builtin.template', 'redis.conf.j2') }}"
    password: "{{ redis_password }}"
    password_file: /etc/redis/password.conf
"""

RETURN = """
settings:
  description: The names of what was set.
  returned: success
  type: list
  elements: str
start:
  description: What only a start can change, each with what it is now.
  returned: success
  type: list
  elements: str
held:
  description: How many keys it holds.
  returned: success
  type: int
"""

import re  # noqa: E402
import shlex  # noqa: E402
from pathlib import Path  # noqa: E402

from ansible.module_utils.basic import AnsibleModule  # noqa: E402

from ansible_collections.flyball.guards.plugins.module_utils import units  # noqa: E402

LIMITS = "client-output-buffer-limit"
"""Read back for all kinds of clients, whichever of them were set."""
PLACES = ("bind", "port")
"""What says where it listens."""


class Refused(Exception):
    """Redis did not do what it was told, and what it said."""


class Redis:
    """A Redis that runs, by redis-cli: passwords go through its environment and input, where no list shows them."""

    def __init__(self, module: AnsibleModule, place: units.Socket, password: str) -> None:
        self.module = module
        self.command = ["redis-cli", "-e", "-h", place.address, "-p", str(place.port)]
        self.environment: dict[str, str] = {}
        self.use(password)

    def use(self, password: str) -> None:
        """Give this password from now on."""
        self.password = password
        self.environment = {"REDISCLI_AUTH": password} if password else {}

    def ask(self, *words: str, last: str | None = None) -> str:
        """What it answers; `last` is a word that nobody else is to read. Raises `Refused`."""
        command = [*self.command, *(("-x", *words) if last else words), *(("",) if last == "" else ())]
        code, out, err = self.module.run_command(command, environ_update=self.environment, data=last, binary_data=True)
        if code or re.match(r"(NOAUTH|WRONGPASS) ", out):
            raise Refused((err + out).strip() or f"exit code {code}")
        return str(out)

    def settings(self) -> dict[str, str]:
        """What it runs with, by name."""
        lines = self.ask("CONFIG", "GET", "*").split("\n")
        return dict(zip(lines[::2], lines[1::2], strict=False))

    def keys(self) -> int:
        """How many there are in all of its databases."""
        return sum(int(found) for found in re.findall(r"^db\d+:keys=(\d+)", self.ask("INFO", "keyspace"), re.MULTILINE))


def parse(config: str) -> dict[str, str]:
    """The lines of a configuration by their first words, without what is included."""
    lines = [shlex.split(line) for line in config.splitlines() if line.strip() and not line.startswith("#")]
    return {name.lower(): " ".join(values) for name, *values in lines if name.lower() != "include"}


def differs(name: str, wanted: str, runs: str) -> bool:
    """Whether a setting is not what it should be."""
    return wanted not in runs if name == LIMITS else wanted != runs


def connect(module: AnsibleModule, places: list[units.Socket], passwords: list[str]) -> Redis:
    """The Redis that listens there, with whichever of the passwords it takes. Fails where it takes none."""
    said = ""
    for password in dict.fromkeys(passwords):
        for place in sorted(places, key=lambda one: not one.address.startswith("127.")):
            try:
                found = Redis(module, place, password)
                found.ask("PING")
                return found
            except Refused as refused:
                said = str(refused)
    module.fail_json(msg=f"Redis cannot be asked: {said or 'it listens nowhere'}")
    raise AssertionError("not reached")


def before(file: str) -> str:
    """The password in a file, empty where there is none."""
    try:
        found = re.search(r'^requirepass "(.*)"$', Path(file).read_text(), re.MULTILINE)
    except OSError:
        return ""
    return found[1] if found else ""


def stale(module: AnsibleModule, unit: str, process: str) -> list[str]:
    """What its process has not, of that which its unit would give it now."""
    wanted = units.show(module.run_command, unit, "OOMScoreAdjust")["OOMScoreAdjust"]
    runs = (units.PROC / process / "oom_score_adj").read_text().strip()
    return [f"OOMScoreAdjust is {runs}"] if runs != wanted else []


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "config": {"type": "str", "required": True},
            "password": {"type": "str", "default": "", "no_log": True},
            "password_file": {"type": "path", "required": True, "no_log": False},
            "unit": {"type": "str", "default": "redis-server.service"},
        },
        supports_check_mode=True,
    )
    unit, password = module.params["unit"], module.params["password"]
    process = units.show(module.run_command, unit, "MainPID")["MainPID"]
    if process in ("", "0"):
        module.exit_json(changed=False, settings=[], start=[], held=0)
    places = units.listening([int(process)])
    redis = connect(module, places, [password, before(module.params["password_file"]), ""])
    runs, changed, start = redis.settings(), [], stale(module, unit, process)
    wanted = {**parse(module.params["config"]), "requirepass": password}
    for name, value in wanted.items():
        if differs(name, value, runs.get(name, "")):
            try:
                if not module.check_mode:
                    redis.ask("CONFIG", "SET", name, last=value)
                    redis.use(password if name == "requirepass" else redis.password)
                    if name in PLACES:  # it may not be where it was asked any more
                        redis = connect(module, units.listening([int(process)]), [redis.password])
                changed.append(name)
            except Refused:
                start.append(f"{name} is {runs.get(name, 'unknown')}")
    module.exit_json(changed=bool(changed), settings=changed, start=start, held=redis.keys())


if __name__ == "__main__":
    main()
