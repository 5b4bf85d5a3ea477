"""What a pod's own resolver may be told: options of resolv.conf(5), as glibc knows them.

It passes over what it does not know, and takes another number than it is given where that is too large, both in silence
(https://man7.org/linux/man-pages/man5/resolv.conf.5.html).
"""

from collections.abc import Iterator

from flyball.guards.reading.problem import Path, Problem
from flyball.guards.reading.rules import DOES_NOT_APPLY, INVALID_TEXT, MISSING, OUT_OF_RANGE, UNKNOWN_KEY
from flyball.guards.reading.strict import nearest

NUMBERS = {"ndots": range(16), "timeout": range(1, 31), "attempts": range(1, 6)}
"""With a number: of dots, of seconds, of times that each server is asked. Of no attempt nobody would be asked."""
SWITCHES = (
    "debug",
    "edns0",
    "inet6",
    "ip6-bytestring",
    "ip6-dotint",
    "no-aaaa",
    "no-check-names",
    "no-ip6-dotint",
    "no-reload",
    "no-tld-query",
    "rotate",
    "single-request",
    "single-request-reopen",
    "trust-ad",
    "use-vc",
)
"""Without a value; some only old releases know, which an image may have."""


def check(name: str, value: str, path: Path) -> Iterator[Problem]:
    """Refuse an option at `path` that no resolver knows, or not with such a value."""
    if name in SWITCHES:
        if value:
            yield Problem(path, DOES_NOT_APPLY, f"has the value {value!r}, and takes none", f'write {name}: ""')
        return
    if name not in NUMBERS:
        hint = nearest(name, (*NUMBERS, *SWITCHES))
        yield Problem(path, UNKNOWN_KEY, "is no option of resolv.conf", hint)
        return
    allowed = NUMBERS[name]
    limits = f'from "{allowed[0]}" to "{allowed[-1]}"'
    if not value:
        yield Problem(path, MISSING, "has no value", f"allowed is {limits}")
    elif not (value.isascii() and value.isdigit()):
        yield Problem(path, INVALID_TEXT, f"is {value!r}, not a whole number", f"allowed is {limits}")
    elif len(value) > len(str(allowed[-1])) or int(value) not in allowed:
        yield Problem(path, OUT_OF_RANGE, f"is {value!r}", f"allowed is {limits}")
