"""What every daemon on a host keeps to: it listens only where it was asked to, and its size has limits."""

import ipaddress
import re

from flyball.guards.fail_fast.rules import LISTENS_EVERYWHERE
from flyball.guards.reading.problem import Path
from flyball.guards.reading.reader import Reader
from flyball.guards.reading.rules import INVALID_ADDRESS, OUT_OF_RANGE
from flyball.guards.reading.units import Bytes, Milliseconds, show_duration, show_size

HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")
FILE = re.compile(r"/[A-Za-z0-9._/@+-]+")
"""A name or IPv4 address, and an absolute path, as they may stand in the configuration of any daemon."""
_TARGET = re.compile(r"([A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?|\[[0-9A-Fa-f:]+\]):([0-9]{1,5})")


def address(reader: Reader, key: str | Path, text: str) -> None:
    """Refuse a text that is no address, and one that is every address of the host."""
    try:
        parsed = ipaddress.ip_address(text)
    except ValueError:
        reader.problem(key, INVALID_ADDRESS, f"{text!r} is no address", "give one of the host's own addresses")
        return
    if parsed.is_unspecified:
        reader.problem(key, LISTENS_EVERYWHERE, f"{text} is every address of the host", "name those that clients use")


def addresses(reader: Reader, key: str, daemon: str) -> tuple[str, ...]:
    """A list of addresses of the host. An empty one would be all of them, which nobody asked for."""
    found = tuple(reader.words(key))
    if not found and isinstance(reader.values.get(key), list):
        reader.problem(
            key,
            LISTENS_EVERYWHERE,
            f"is empty: {daemon} would listen on every address",
            "name addresses, such as 127.0.0.1",
        )
    for i, text in enumerate(found):
        address(reader, (key, i), text)
    return found


def is_loopback(text: str) -> bool:
    """Whether an address lets in nobody but the host itself; what is no address does not."""
    try:
        return ipaddress.ip_address(text).is_loopback
    except ValueError:
        return False


def join(host: str, port: int) -> str:
    """`192.0.2.1` and 9100 -> `192.0.2.1:9100`; an IPv6 address gets its brackets."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def is_target(text: str) -> bool:
    """Whether a text names a place to reach, as host:port."""
    match = _TARGET.fullmatch(text)
    return match is not None and 0 < int(match[3]) < 65536


def targets(reader: Reader, key: str) -> tuple[str, ...]:
    """A list of places to reach."""
    found = tuple(reader.words(key))
    for i, text in enumerate(found):
        if not is_target(text):
            reader.problem((key, i), INVALID_ADDRESS, f"{text!r} is no target", "give host:port")
    return found


def size(reader: Reader, key: str, default: Bytes, least: Bytes, most: Bytes) -> Bytes:
    """A size within limits."""
    found = reader.size(key, default)
    if not least <= found <= most:
        limits = f"from {show_size(least)} to {show_size(most)}"
        reader.problem(key, OUT_OF_RANGE, f"is {show_size(found)}", f"allowed is {limits}")
        return default
    return found


def seconds(reader: Reader, key: str, default: Milliseconds, least: Milliseconds, most: Milliseconds) -> Milliseconds:
    """A duration of whole seconds, within limits: Prometheus knows no parts of a unit."""
    found = reader.duration(key, default)
    if not least <= found <= most or found % 1000:
        limits = f"whole seconds from {show_duration(least)} to {show_duration(most)}"
        reader.problem(key, OUT_OF_RANGE, f"is {show_duration(found)}", f"allowed are {limits}")
        return default
    return found
