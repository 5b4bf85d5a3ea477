"""Free ports on the loopback interface."""

import random
import socket
import threading

RANGE = range(10_000, 32_768)
"""Above the ports of common services, below those that Linux gives to outgoing connections (32768 and up)."""

_GIVEN: set[int] = set()
_ONE_AT_A_TIME = threading.Lock()


def free(count: int) -> list[int]:
    """`count` different ports on which nothing listens.

    At random: a start that was killed may leave a kwokctl behind that is about to listen on the ports it was given,
    and the next start must not be given the same. Nor does one process get a port twice: who was given it before may
    be about to listen there.
    """
    candidates = iter(random.sample(RANGE, len(RANGE)))
    found: list[int] = []
    with _ONE_AT_A_TIME:
        while len(found) < count:
            port = next(candidates)
            if port not in _GIVEN and _is_free(port):
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
