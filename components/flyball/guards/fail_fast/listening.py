"""Lesson 2 for every daemon on a host: it listens only where it was asked to, so that nobody calls who was not."""

import ipaddress

from flyball.guards.fail_fast.rules import LISTENS_EVERYWHERE
from flyball.guards.reading import address
from flyball.guards.reading.problem import Path
from flyball.guards.reading.reader import Reader
from flyball.guards.reading.rules import INVALID_ADDRESS


def check_listen(reader: Reader, key: str | Path, text: str) -> None:
    """Note a text that is no address to listen on, and one that is every address of the host."""
    if not address.is_address(text):
        reader.problem(key, INVALID_ADDRESS, f"{text!r} is no address", "give one of the host's own addresses")
    elif ipaddress.ip_address(text).is_unspecified:
        reader.problem(key, LISTENS_EVERYWHERE, f"{text} is every address of the host", "name those that clients use")


def listens(reader: Reader, key: str, daemon: str) -> tuple[str, ...]:
    """A list of addresses of the host. An empty one would be all of them, which nobody asked for."""
    found = address.each(reader, key, check_listen)
    if not found and isinstance(reader.values.get(key), list):
        reader.problem(
            key,
            LISTENS_EVERYWHERE,
            f"is empty: {daemon} would listen on every address",
            "name addresses, such as 127.0.0.1",
        )
    return found
