"""An HTTP server on the loopback interface that does as it is told, and remembers what it was asked."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from flyball.lab.loopback import served


class Backend:
    """Answers with `status` after `seconds`; a `status` of 0 closes the connection without a word."""

    def __init__(self) -> None:
        self.status, self.seconds = 200, 0.0
        self.requests: list[tuple[str, str, dict[str, str]]] = []
        self.port = 0

    @property
    def seen(self) -> int:
        return len(self.requests)

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        handler.rfile.read(int(handler.headers.get("Content-Length", 0)))
        headers = {key.lower(): value for key, value in handler.headers.items()}
        self.requests.append((handler.command, handler.path, headers))
        status, seconds = self.status, self.seconds
        time.sleep(seconds)
        handler.close_connection = status == 0
        if status:
            handler.send_response(status)
            handler.send_header("Content-Length", "2")
            handler.end_headers()
            handler.wfile.write(b"ok")


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: object, client_address: object) -> None:
        """Whoever gave up waiting is no error here."""


@contextmanager
def backend() -> Iterator[Backend]:
    """A backend on a port that the system chose."""
    state = Backend()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            state.answer(self)

        do_POST = do_PUT = do_GET  # noqa: N815 - the names that http.server looks for

        def log_message(self, format: str, *args: object) -> None:
            """Nothing: the tests look at what is remembered."""

    with served(_Server(("127.0.0.1", 0), Handler)) as server:
        state.port = server.server_address[1]
        yield state
