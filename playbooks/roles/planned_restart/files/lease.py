"""A lease in Redis: held by one host of a group at a time, and over after its time whatever becomes of its holder.

https://redis.io/docs/latest/develop/clients/patterns/distributed-locks/: SET NX PX with a token of one's own, and a
script that deletes only what has this token. One Redis may lose a lease (restarted, failed over, evicted): whoever
holds one must not rely on it alone.
"""

import secrets
import socket
from dataclasses import dataclass, field

RELEASE = "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end return 0"
LONGEST_REPLY = 2**16


def ask(address: str, port: int, seconds: float, *words: str) -> str | int | None:
    """One command to Redis and its reply. Raises OSError where there is none, and where it is an error."""
    with socket.create_connection((address, port), seconds) as connection:
        encoded = [word.encode() for word in words]
        connection.sendall(b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(it), it) for it in encoded))
        with connection.makefile("rb") as replies:
            line = replies.readline(LONGEST_REPLY)
            kind, rest = line[:1], line[1:].strip().decode(errors="replace")
            if kind == b"+" and rest:
                return rest
            if kind == b":" and rest.lstrip("-").isdigit():
                return int(rest)
            if kind == b"$" and rest.lstrip("-").isdigit():
                size = min(int(rest), LONGEST_REPLY)
                return None if size < 0 else replies.read(size).decode(errors="replace")
    raise OSError(f"{words[0]}: {rest or 'no reply'}")


@dataclass
class Lease:
    """The lease `key`, for `ttl` seconds. Each of its methods raises OSError where Redis does not answer."""

    address: str
    port: int
    key: str
    ttl: float
    seconds: float
    owner: str
    token: str = field(default="")

    def __post_init__(self) -> None:
        self.token = self.token or f"{self.owner} {secrets.token_hex(16)}"

    def take(self) -> str:
        """Take it; the name of who has it where somebody has, else empty."""
        if self._ask("SET", self.key, self.token, "NX", "PX", str(int(self.ttl * 1000))) == "OK":
            return ""
        return (self.holder() or "somebody").split()[0]

    def holder(self) -> str:
        """The token that is in it; empty where there is none."""
        return str(self._ask("GET", self.key) or "")

    def release(self) -> None:
        """Give it back, if it is still our own."""
        self._ask("EVAL", RELEASE, "1", self.key, self.token)

    def _ask(self, *words: str) -> str | int | None:
        return ask(self.address, self.port, self.seconds, *words)
