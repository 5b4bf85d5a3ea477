"""Figures for Prometheus to scrape, on a port of the loopback interface."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, suppress
from http.server import BaseHTTPRequestHandler

from flyball.lab.loopback import Silent, serving


def served(by_path: Mapping[str, Callable[[], str]]) -> AbstractContextManager[int]:
    """Answer scrapes meanwhile, each path by what its function says; gives the port."""
    return serving(_handler(by_path))


def _handler(by_path: Mapping[str, Callable[[], str]]) -> type[BaseHTTPRequestHandler]:
    class Handler(Silent, BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = by_path[self.path.strip("/")]().encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            with suppress(ConnectionError):  # who asked did not wait for the answer
                self.wfile.write(body)

    return Handler
