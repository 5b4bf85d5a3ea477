"""A stand-in for the metadata of an EC2 instance, for tests and drills: the protocol of IMDSv2, on loopback only.

A program of its own, standard library only, since it runs on hosts of a lab: `ec2_metadata.py FOLDER PORT`. What it
says lies in a folder: what is in `PATHS` is answered as it is there, and with 404 where it is not;
`fault` holds what goes wrong: `500`, `401` for every token, `garbage`, `hang`, `trickle`.
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-instance-metadata-service.html
"""

import http.server
import secrets
import sys
import time
from pathlib import Path

PATHS = {
    "/latest/meta-data/spot/instance-action": "instance-action",
    "/latest/meta-data/events/recommendations/rebalance": "rebalance",
    "/latest/meta-data/autoscaling/target-lifecycle-state": "target-lifecycle-state",
    "/latest/meta-data/instance-id": "instance-id",
}
LONGEST_TTL = 21_600
"""Seconds of a token, as IMDSv2 allows."""
TRICKLE_SECONDS = 0.05


class Metadata(http.server.ThreadingHTTPServer):
    """Serves what lies in `folder`, until it is shut down. `tokens` are those given, with the time they lapse."""

    daemon_threads = True

    def __init__(self, folder: Path, port: int) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.folder = folder
        self.tokens: dict[str, float] = {}
        self.requests: list[str] = []

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def content(self, name: str) -> str | None:
        try:
            return (self.folder / name).read_text()
        except FileNotFoundError:
            return None


class _Handler(http.server.BaseHTTPRequestHandler):
    server: Metadata  # pyright: ignore[reportIncompatibleVariableOverride]
    protocol_version = "HTTP/1.1"

    def do_PUT(self) -> None:
        """A token, for as many seconds as are asked for; never to what came through a proxy."""
        self.server.requests.append("PUT")
        if self._faulty():
            return
        ttl = self.headers.get("X-aws-ec2-metadata-token-ttl-seconds", "")
        if "X-Forwarded-For" in self.headers:
            self._answer(403)
        elif self.path != "/latest/api/token":
            self._answer(404)
        elif not ttl.isdigit() or not 1 <= int(ttl) <= LONGEST_TTL:
            self._answer(400)
        else:
            token = secrets.token_urlsafe(40)
            self.server.tokens[token] = time.monotonic() + int(ttl)
            self._answer(200, token)

    def do_GET(self) -> None:
        self.server.requests.append("GET")
        if self._faulty():
            return
        token = self.headers.get("X-aws-ec2-metadata-token", "")
        lapses = self.server.tokens.get(token, 0.0)
        found = self.server.content(PATHS[self.path]) if self.path in PATHS else None
        if time.monotonic() >= lapses or self.server.content("fault") == "401":
            self._answer(401)
        elif found is None:
            self._answer(404)
        else:
            self._answer(200, found)

    def _faulty(self) -> bool:
        """Whether the answer was one that no metadata server should give, or none."""
        match self.server.content("fault"):
            case "500":
                self._answer(500)
            case "garbage":
                self.wfile.write(b"\x00\xff not a line of HTTP\n\n")
                self.close_connection = True
            case "hang":
                while self.server.content("fault") == "hang":
                    time.sleep(TRICKLE_SECONDS)
                self.close_connection = True
            case "trickle":
                self._trickle()
            case _:
                return False
        return True

    def _trickle(self) -> None:
        """A byte at a time, for ever: no timeout between two bytes sees anything wrong with it."""
        self.close_connection = True
        try:
            self.wfile.write(b"HTTP/1.1 200 OK\r\nX: ")
            while self.server.content("fault") == "trickle":
                self.wfile.write(b"x")
                time.sleep(TRICKLE_SECONDS)
        except OSError:
            return

    def _answer(self, status: int, text: str = "") -> None:
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: what was asked is in `requests`."""


if __name__ == "__main__":
    Metadata(Path(sys.argv[1]), int(sys.argv[2])).serve_forever()
