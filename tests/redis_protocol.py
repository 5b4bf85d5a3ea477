"""What stand-ins for Redis read."""

from io import BufferedIOBase


def command(asked: BufferedIOBase) -> list[bytes]:
    """The words of the next command that Redis is sent (https://redis.io/docs/latest/develop/reference/protocol-spec);
    none at the end."""
    first = asked.readline()
    return [asked.read(int(asked.readline()[1:]) + 2)[:-2] for _ in range(int(first[1:]))] if first else []
