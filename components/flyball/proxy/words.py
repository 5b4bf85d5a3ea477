"""How values are written into HAProxy's configuration, so that none of them can leave its place.

Names, hosts and paths are held against patterns where they come in (`inputs`); free text is quoted here
(https://docs.haproxy.org/2.6/configuration.html#2.2).
"""

from collections.abc import Iterable

from flyball.guards.reading.units import Milliseconds

_PLAIN = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 {}[]():,.;-_/+=<>!?@*&|~^")


def text(value: str) -> str:
    """Free text as one word: in weak quotes, and all that is not harmless as `\\xHH`."""
    encoded = value.encode("utf-8", errors="replace")
    return '"' + "".join(chr(byte) if byte in _PLAIN else f"\\x{byte:02x}" for byte in encoded) + '"'


def time(milliseconds: Milliseconds) -> str:
    """A duration with its unit; never none, which HAProxy would take for no limit at all."""
    return f"{max(1, milliseconds)}ms"


def section(head: str, lines: Iterable[str]) -> str:
    """A section with its lines indented."""
    return "\n".join([head, *(f"    {line}" for line in lines)]) + "\n"
