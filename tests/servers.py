"""Servers of the tests' own."""

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedIOBase
from typing import TypeVar

Server = TypeVar("Server", bound=socketserver.TCPServer)


@contextmanager
def served(server: Server) -> Iterator[Server]:
    """The server while it answers."""
    with server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def command(asked: BufferedIOBase) -> list[bytes]:
    """The words of the next command that Redis is sent (https://redis.io/docs/latest/develop/reference/protocol-spec);
    none at the end."""
    first = asked.readline()
    return [asked.read(int(asked.readline()[1:]) + 2)[:-2] for _ in range(int(first[1:]))] if first else []
