"""Passwords in variables: long enough for what answers a guess within microseconds, and never repeated in a message."""

import re

from flyball.guards.reading.rules import INVALID_TEXT
from flyball.guards.reading.units import show_count
from flyball.guards.roles.variables import Variables

LEAST, MOST = 16, 128
"""Characters. Redis takes some 100,000 guesses a second of one client, so short ones are found
(https://redis.io/docs/latest/operate/oss_and_stack/management/security/#authentication)."""
_ALLOWED = re.compile(r"[!#-&(-\[\]-~]*")
"""ASCII that can be seen, without what ends or changes a text in quotes."""


def read(reader: Variables, key: str) -> str:
    """A password, empty where none is given; its length and what it is made of are all that is said of it."""
    password = reader.text(key)
    if password:
        wrong = ""
        if not LEAST <= len(password) <= MOST:
            wrong = f"has {show_count(len(password), 'character')}"
        elif not _ALLOWED.fullmatch(password):
            wrong = "holds a space, a quote, a \\ or what is not in ASCII"
        if wrong:
            hint = f"give {LEAST} to {MOST} letters, digits and signs, without spaces, quotes and \\"
            reader.problem(key, INVALID_TEXT, wrong, hint)
    return password
