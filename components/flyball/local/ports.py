"""Free ports on the loopback interface."""

import random
import socket

RANGE = range(10_000, 32_768)
"""Above the ports of common services, below those that Linux gives to outgoing connections (32768 and up)."""


def free(count: int) -> list[int]:
    """`count` different ports on which nothing listens.

    At random: a start that was killed may leave a kwokctl behind that is about to listen on the ports it was given,
    and the next start must not be given the same.
    """
    candidates = iter(random.sample(RANGE, len(RANGE)))
    found: list[int] = []
    while len(found) < count:
        port = next(candidates)
        if _is_free(port):
            found.append(port)
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
