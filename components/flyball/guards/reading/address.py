"""Hosts, ports and URLs as people write them: one answer to what is a host, for every role, hop and stack.

A name is one of RFC 1123, section 2.1: labels of letters, digits and inner dashes, each of at most 63 characters, all
together of at most 253. One whose last label has only digits is a misspelt IPv4 address (`10.0.0.300`): no top level
domain has (RFC 3696, section 2). Addresses are IPv4 and IPv6 without a zone, since `fe80::1%eth0` means something else
on each host. With a port, an IPv6 address stands in brackets (RFC 3986, section 3.2.2).
"""

import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass

from flyball.guards.reading.problem import Path
from flyball.guards.reading.reader import Reader
from flyball.guards.reading.rules import INVALID_ADDRESS

_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_NAME = re.compile(rf"(?!.{{254}})(?:{_LABEL}\.)*(?![0-9]+\Z){_LABEL}")
_PORT = re.compile(r"[1-9][0-9]{0,4}")
_PATH = re.compile(r"/[A-Za-z0-9._~:/?@!$&'()*+,;=%-]*")
"""And query: the characters of RFC 3986, without those of a fragment."""
LAST_PORT = 65_535
_MAILBOX = re.compile(r"[^@\s,<>]+")


@dataclass(frozen=True, slots=True)
class Target:
    """A place to reach."""

    host: str
    port: int

    def __str__(self) -> str:
        return join(self.host, self.port)


@dataclass(frozen=True, slots=True)
class Url:
    """`port` is None where it is the scheme's own; `path` has the query too, and is empty or begins with a slash."""

    scheme: str
    host: str
    port: int | None
    path: str


def is_name(text: str) -> bool:
    """Whether a text is the name of a host."""
    return _NAME.fullmatch(text) is not None


def is_address(text: str) -> bool:
    """Whether a text is an address, and no name that has to be resolved."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return "%" not in text


def is_host(text: str) -> bool:
    """Whether a text is the name or the address of a host."""
    return is_name(text) or is_address(text)


def is_email(text: str) -> bool:
    """Whether a text is an address of e-mail: a mailbox at a host's name."""
    mailbox, _, host = text.rpartition("@")
    return _MAILBOX.fullmatch(mailbox) is not None and is_name(host)


def is_loopback(text: str) -> bool:
    """Whether an address lets in nobody but the host itself; what is no address does not."""
    return is_address(text) and ipaddress.ip_address(text).is_loopback


def in_cluster(host: str) -> bool:
    """Whether a name is that of a Service of Kubernetes, whole or as pods shorten it."""
    return f"{host}.".endswith(".svc.") or ".svc." in host


def join(host: str, port: int) -> str:
    """`192.0.2.1` and 9100 -> `192.0.2.1:9100`; an IPv6 address gets its brackets."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def target(text: str) -> Target | None:
    """Host and port of `host:port` or `[address]:port`; None where it is neither."""
    host, colon, port = text.rpartition(":")
    found = _host(host)
    if not colon or found is None or not _PORT.fullmatch(port) or int(port) > LAST_PORT:
        return None
    return Target(found, int(port))


def url(text: str) -> Url | None:
    """The parts of a URL of HTTP, without a user and without a fragment; None where it is none."""
    scheme, _, rest = text.partition("://")
    authority, path = re.match(r"([^/?#]*)(.*)\Z", rest, re.DOTALL).groups()  # pyright: ignore[reportOptionalMemberAccess]
    if scheme not in ("http", "https") or (path and not _PATH.fullmatch(path)):
        return None
    if (host := _host(authority)) is not None:
        return Url(scheme, host, None, path)
    place = target(authority)
    return place and Url(scheme, place.host, place.port, path)


def server(text: str) -> Url | None:
    """The parts of a URL to which a path may be added: of one without a query; None where it is none."""
    found = url(text)
    return None if found is None or "?" in found.path else found


def has_user(text: str) -> bool:
    """Whether a URL holds a user, and perhaps a password, which no message may repeat."""
    return "@" in re.split(r"[/?#]", text.partition("://")[2], maxsplit=1)[0]


def _host(text: str) -> str | None:
    """The host as it stands before a port."""
    if text.startswith("[") and text.endswith("]"):
        inner = text[1:-1]
        return inner if ":" in inner and is_address(inner) else None
    return text if ":" not in text and is_host(text) else None


def check_host(reader: Reader, key: str | Path, text: str) -> None:
    """Note a text that is no host."""
    if not is_host(text):
        reader.problem(
            key, INVALID_ADDRESS, f"is {text!r}", "give the name or address of a host, without scheme, port or path"
        )


def check_target(reader: Reader, key: str | Path, text: str) -> None:
    """Note a text that is no place to reach."""
    if target(text) is None:
        reader.problem(key, INVALID_ADDRESS, f"is {text!r}", "give host:port, an IPv6 address in brackets")


def each(reader: Reader, key: str, check: Callable[[Reader, str | Path, str], None]) -> tuple[str, ...]:
    """A list of text, each held against `check`."""
    found = tuple(reader.words(key))
    for i, text in enumerate(found):
        check(reader, (key, i), text)
    return found


def network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    """An address range; an address alone is the range that holds nothing else. Raises ValueError for what is none."""
    if "%" in text:
        raise ValueError(f"{text!r} has a zone, which means something else on each host")
    return ipaddress.ip_network(text)


def ranges(reader: Reader, key: str, hint: str = "as 169.254.20.10, fd00:ec2::254 or 10.1.0.0/16") -> tuple[str, ...]:
    """A list of address ranges, each once and in its shortest form; an address alone is a range, too."""
    found: list[str] = []
    for i, text in enumerate(reader.words(key)):
        try:
            found.append(str(network(text)))
        except ValueError as error:
            reader.problem((key, i), INVALID_ADDRESS, str(error), hint)
    return tuple(dict.fromkeys(found))


def hosts(reader: Reader, key: str) -> tuple[str, ...]:
    """A list of hosts."""
    return each(reader, key, check_host)


def targets(reader: Reader, key: str) -> tuple[str, ...]:
    """A list of places to reach."""
    return each(reader, key, check_target)
