"""Who takes the logs, as a process: counts numbers of lines, and not posts.

`PORT`: takes what OTLP's exporter posts as JSON. GET /figures says what has come so far; GET /be?status=503&delay=0.5
has it answer so from then on, and wait so long before it does. On standard output each record that does not begin as
a line does.
"""

import argparse
import gzip
import json
import re
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from flyball.drills.logs.programs.writer import SECRET

_NUMBER = re.compile(r"id=([0-9]{9}) ")
"""How each line begins, in whole: a number of fewer digits would be that of another line."""


class Taken:
    """What has come."""

    def __init__(self) -> None:
        self.times: Counter[int] = Counter()
        self.last = -1
        self.posts = self.secrets = self.without_pod = self.torn = 0
        self.status, self.delay = 200, 0.0
        self.lock = threading.Lock()

    def take(self, body: bytes) -> None:
        for resource in json.loads(body)["resourceLogs"]:
            names = {each["key"] for each in resource["resource"].get("attributes", [])}
            for scope in resource["scopeLogs"]:
                for record in scope["logRecords"]:
                    text = record["body"]["stringValue"]
                    found = _NUMBER.match(text)
                    if found is None:
                        self.torn += 1
                        print(repr(text), flush=True)
                    self.secrets += SECRET in text
                    self.without_pod += "k8s.pod.name" not in names
                    if found:
                        self.times[int(found[1])] += 1
                        self.last = max(self.last, int(found[1]))
        self.posts += 1

    def figures(self) -> dict[str, Any]:
        return {
            "distinct": len(self.times),
            "twice": self.times.total() - len(self.times),
            "last": self.last,
            "posts": self.posts,
            "secrets": self.secrets,
            "without_pod": self.without_pod,
            "torn": self.torn,
        }


def handler(taken: Taken) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            time.sleep(taken.delay)
            with taken.lock:
                status = taken.status
                if status == 200:
                    taken.take(gzip.decompress(body) if self.headers["Content-Encoding"] == "gzip" else body)
            self._answer(status, {})

        def do_GET(self) -> None:
            asked = urlsplit(self.path)
            with taken.lock:
                for key, values in parse_qs(asked.query).items():
                    setattr(taken, key, type(getattr(taken, key))(values[0]))
                found = taken.figures()
            self._answer(200, found)

        def _answer(self, status: int, content: Any) -> None:
            text = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, format: str, *args: Any) -> None:
            return

    return Handler


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("port", type=int)
    given = parser.parse_args()
    ThreadingHTTPServer(("127.0.0.1", given.port), handler(Taken())).serve_forever()


if __name__ == "__main__":
    main()
