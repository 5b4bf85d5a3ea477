"""Servers of our own on this machine, for as long as somebody asks them."""

import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TypeVar

Server = TypeVar("Server", bound=socketserver.BaseServer)


class Silent:
    """Of a handler that answers, and says nothing of it."""

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@contextmanager
def serving(handler: type[BaseHTTPRequestHandler], tls: ssl.SSLContext | None = None) -> Iterator[int]:
    """Answer on a free port of the loopback interface meanwhile, which it gives."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    if tls:
        # Hands are shaken by the thread of each connection, with its first read: whoever is slow delays nobody else.
        server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    with served(server):
        yield server.server_port


@contextmanager
def served(server: Server) -> Iterator[Server]:
    """The server while it answers, on a thread of its own."""
    with server:
        # To be ended it waits for its next look at whether it is to end: half a second where nobody says otherwise.
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
