"""Free ports on the loopback interface."""

import random
import socket
import sys
import threading

RANGE = range(10_000, 32_768)
"""Above the ports of common services, below those that Linux gives to outgoing connections (32768 and up)."""

_GIVEN: set[int] = set()
_ONE_AT_A_TIME = threading.Lock()
_HELD: dict[int, socket.socket] = {}
"""Ports given by this process on which nobody was seen to listen yet; their sockets tell other processes."""


def free(count: int) -> list[int]:
    """`count` different ports on which nothing listens, and which no other process that runs was given.

    At random: a start that was killed may leave a kwokctl behind that is about to listen on the ports it was given,
    and the next start must not be given the same. Nor does one process get a port twice: who was given it before may
    be about to listen there.
    """
    candidates = iter(random.sample(RANGE, len(RANGE)))
    found: list[int] = []
    with _ONE_AT_A_TIME:
        for port in [port for port in _HELD if not _is_free(port)]:
            _HELD.pop(port).close()
        while len(found) < count:
            port = next(candidates)
            if port not in _GIVEN and _hold(port) and _is_free(port):
                found.append(port)
                _GIVEN.add(port)
    return found


def is_served(port: int) -> bool:
    """Whether something accepts connections there."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def _hold(port: int) -> bool:
    """Whether this process is the only one that may give the port away, until it ends or somebody listens there.

    By a name in Linux's abstract namespace (unix(7)): of one process at a time, and gone with it.
    """
    if sys.platform != "linux":
        return True
    name = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        name.bind(f"\0flyball-port-{port}")
    except OSError:
        name.close()
        return False
    _HELD[port] = name
    return True
