"""An application as most are written: a bounded pool of workers, each busy with one request until it is answered.

`PORT --workers 24`, with the addresses of its dependencies in the environment (`PAYMENT_URL`, `ORDERS_ADDR`). It reads
one request from each connection, answers it and closes; what no worker is free for waits in line. A line on standard
output for each 50 ms: the moment (`time.time()`), busy workers and connections that wait. When standard input ends, so
does the process.

It answers 200 for what could be done, 503 where a dependency was refused at once, 502 where it failed.
"""

import argparse
import http.client
import itertools
import os
import queue
import socket
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from flyball.drills.traffic.programs import database
from flyball.proxy.deadline import HEADER as DEADLINE

SAMPLE = 0.05
"""Seconds between two looks at the pool."""
_BACKLOG = 4096
_LARGEST_HEAD = 65_536
Headers = dict[str, str]


@dataclass
class Application:
    """`own` is the work of `/own` itself in seconds, `timeout` that of its clients, None as in most by default."""

    port: int
    workers: int
    own: float = 0.0
    timeout: float | None = None
    retries: int = 0
    degrade: bool = False
    """Whether a dependency that fails is left out of an answer, instead of failing it."""
    fails: int = 0
    """Of how many requests to `/own` one is answered with 500; 0: none. Lines on standard input change it."""
    waiting: "queue.SimpleQueue[socket.socket]" = field(default_factory=queue.SimpleQueue)
    busy: int = 0
    _own: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))
    _count: threading.Lock = field(default_factory=threading.Lock)
    _pools: dict[str, database.Pool] = field(default_factory=dict[str, database.Pool])

    def run(self) -> None:
        """Serve until standard input ends."""
        for serve in (*[self._work] * self.workers, self._accept, self._sample):
            threading.Thread(target=serve, daemon=True).start()
        for line in sys.stdin:
            self.fails = int(line)
        os._exit(0)  # workers may hang for ever

    def _accept(self) -> None:
        with socket.create_server(("127.0.0.1", self.port), backlog=_BACKLOG) as listener:
            while True:
                self.waiting.put(listener.accept()[0])

    def _sample(self) -> None:
        while True:
            print(f"{time.time():.3f} {self.busy} {self.waiting.qsize()}", flush=True)
            time.sleep(SAMPLE)

    def _work(self) -> None:
        while True:
            with self.waiting.get() as connection:
                self._change(1)
                # A client that has gone away costs only its own answer.
                with suppress(OSError):
                    path, headers = _read(connection)
                    if path:
                        status = self._answer(path, headers)
                        body = f"{status}\n"
                        head = f"HTTP/1.1 {status} -\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
                        connection.sendall((head + body).encode())
                self._change(-1)

    def _change(self, by: int) -> None:
        with self._count:
            self.busy += by

    def _answer(self, path: str, headers: Headers) -> int:
        """`/own` works itself; `/http/NAME/…` and `/database/NAME` ask that dependency, for what follows its name."""
        _, kind, *rest = path.split("/")
        if kind == "http":
            status = self._tried(lambda: self._http(rest[0], "/" + "/".join(rest[1:]), headers))
            return 200 if self.degrade else status
        if kind == "database":
            return self._database(rest[0])
        time.sleep(self.own)
        return 500 if self.fails and next(self._own) % self.fails == 0 else 200

    def _tried(self, ask: Callable[[], int]) -> int:
        """Ask again, at once, as long as it fails."""
        for _ in range(self.retries):
            if (status := ask()) == 200:
                return status
        return ask()

    def _http(self, name: str, path: str, headers: Headers) -> int:
        url = urlsplit(os.environ[f"{name.upper()}_URL"])
        passed_on = {key: value for key, value in headers.items() if key.lower() == DEADLINE.lower()}
        connection = http.client.HTTPConnection(url.hostname or "", url.port, timeout=self.timeout)
        try:
            connection.request("GET", path, headers=passed_on)
            response = connection.getresponse()
            response.read()
        except (OSError, http.client.HTTPException):
            return 502
        finally:
            connection.close()
        return response.status if response.status in (200, 503) else 502

    def _database(self, name: str) -> int:
        with self._count:
            pool = self._pools.setdefault(name, database.Pool(os.environ[f"{name.upper()}_ADDR"], self.timeout))
        try:
            pool.query()
        except OSError:
            return 502
        return 200


def _read(connection: socket.socket) -> tuple[str, Headers]:
    """Path and headers of a request, its body read; both empty where it broke off."""
    head, end = b"", b"\r\n\r\n"
    while end not in head:
        part = connection.recv(4096)
        if not part or len(head) > _LARGEST_HEAD:
            return "", {}
        head += part
    head, _, body = head.partition(end)
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {key: value.strip() for key, value in (line.split(":", 1) for line in lines if ":" in line)}
    missing = int(headers.get("Content-Length", headers.get("content-length", 0))) - len(body)
    while missing > 0:
        if not (part := connection.recv(missing)):
            return "", {}
        missing -= len(part)
    return first.split(" ")[1], headers


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("port", type=int)
    parser.add_argument("--workers", type=int, required=True)
    parser.add_argument("--own", type=float, default=0.0)
    parser.add_argument("--timeout", type=float)
    parser.add_argument("--retries", type=int, default=0)
    parser.add_argument("--degrade", action="store_true")
    Application(**vars(parser.parse_args())).run()


if __name__ == "__main__":
    main()
