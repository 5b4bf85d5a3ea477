"""Answers each query as a Prometheus server would, with a figure that a test sets."""

import json
from contextlib import AbstractContextManager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from flyball.lab.loopback import served


class Prometheus(ThreadingHTTPServer):
    """On a free port of the loopback interface; `figure` is the result, None for a query that finds nothing."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.figure: float | None = None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: Prometheus  # pyright: ignore[reportIncompatibleVariableOverride]

    def do_GET(self) -> None:
        result = [] if self.server.figure is None else [{"metric": {}, "value": [0, str(self.server.figure)]}]
        body = json.dumps({"status": "success", "data": {"resultType": "vector", "result": result}}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing; pytest shows what goes wrong."""


def prometheus() -> AbstractContextManager[Prometheus]:
    return served(Prometheus())
