"""Names of systemd units, and which of them nothing here may stop."""

import re

from flyball.guards.interruptions.rules import UNIT_PEOPLE_NEED
from flyball.guards.reading.problem import Path
from flyball.guards.reading.reader import Reader
from flyball.guards.reading.rules import INVALID_NAME

_UNIT = re.compile(r"[A-Za-z0-9@:._-]+\.(service|timer|socket|path)")
KEPT = ("ssh.service", "sshd.service", "systemd-journald.service", "dbus.service", "systemd-logind.service")
"""Stopped, these would lock people out."""


def check_unit(word: str, reader: Reader, key: str | Path) -> None:
    """Note a word that is no unit, and one that people need to get in."""
    if not _UNIT.fullmatch(word):
        reader.problem(
            key, INVALID_NAME, f"{word!r} is not the name of a unit, with .service, .timer, .socket or .path"
        )
    elif word in KEPT:
        reader.problem(key, UNIT_PEOPLE_NEED, f"{word} is how people reach the host", "leave it out")
