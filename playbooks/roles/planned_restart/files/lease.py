"""A lease in Redis: held by one host of a group at a time, and over after its time whatever becomes of its holder.

https://redis.io/docs/latest/develop/clients/patterns/distributed-locks/: SET NX PX with a token of one's own, and a
script that deletes only what has this token. One Redis may lose a lease (restarted, failed over, evicted): whoever
holds one must not rely on it alone.
"""

import secrets
import socket
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

RELEASE = "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end return 0"
LONGEST_REPLY = 2**16


def ask(address: str, port: int, seconds: float, *words: str, password: str = "") -> str | int | None:
    """One command to Redis and its reply. Raises OSError where there is none, and where it is an error."""
    with socket.create_connection((address, port), seconds) as connection, connection.makefile("rb") as replies:
        if password:
            _send(connection, "AUTH", password)
            _reply(replies, "AUTH")
        _send(connection, *words)
        return _reply(replies, words[0])


def _send(connection: socket.socket, *words: str) -> None:
    encoded = [word.encode() for word in words]
    connection.sendall(b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(it), it) for it in encoded))


def _reply(replies: BinaryIO, command: str) -> str | int | None:
    line = replies.readline(LONGEST_REPLY)
    kind, rest = line[:1], line[1:].strip().decode(errors="replace")
    if kind == b"+" and rest:
        return rest
    if kind == b":" and rest.lstrip("-").isdigit():
        return int(rest)
    if kind == b"$" and rest.lstrip("-").isdigit():
        size = min(int(rest), LONGEST_REPLY)
        return None if size < 0 else replies.read(size).decode(errors="replace")
    raise OSError(f"{command}: {rest or 'no reply'}")


@dataclass
class Lease:
    """The lease `key`, for `ttl` seconds. Each of its methods raises OSError where Redis does not answer.

    What Redis asks for is in `password_file`, in which nothing is where it asks for nothing.
    """

    address: str
    port: int
    key: str
    ttl: float
    seconds: float
    owner: str
    password_file: str = ""
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
        password = Path(self.password_file).read_text().strip() if self.password_file else ""
        return ask(self.address, self.port, self.seconds, *words, password=password)
