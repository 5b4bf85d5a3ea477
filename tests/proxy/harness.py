"""A real HAProxy of these tests, and a client of it.

The program is `haproxy` on PATH, or what the variable HAPROXY names: with it the tests hold on another version.
"""

import http.client
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from flyball.guards.fail_fast import inbound as inbounds
from flyball.guards.reading.problem import Problem, refuse
from flyball.guards.reading.reader import Reader
from flyball.proxy import Address, InboundHop, Proxy, Server, proxy_config

HAPROXY = os.environ.get("HAPROXY", "haproxy")


def version() -> tuple[int, ...]:
    """Of that program: (2, 6)."""
    said = subprocess.run([HAPROXY, "-v"], capture_output=True, text=True, check=True).stdout
    return tuple(map(int, said.split()[2].split(".")[:2]))


class Answer(NamedTuple):
    status: int
    body: bytes
    seconds: float
    headers: dict[str, str]


def ask(port: int, method: str = "GET", path: str = "/", body: bytes | None = None, **headers: str) -> Answer:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    begin = time.monotonic()
    try:
        named = {key.replace("_", "-"): value for key, value in headers.items()}
        connection.request(method, path, body=body, headers=named)
        answer = connection.getresponse()
        found = {key.lower(): value for key, value in answer.headers.items()}
        return Answer(answer.status, answer.read(), time.monotonic() - begin, found)
    finally:
        connection.close()


def statuses(port: int, count: int) -> list[int]:
    return [ask(port).status for _ in range(count)]


@contextmanager
def haproxy(proxy: Proxy, folder: Path, *options: str, config: str = "") -> Iterator[subprocess.Popen[str]]:
    """The proxy, listening, with a configuration of the test's own if there is one; ended afterwards."""
    file, log = folder / f"{proxy.name}.cfg", folder / f"{proxy.name}.log"
    file.write_text(config or proxy_config(proxy))
    with log.open("a") as out:
        process = subprocess.Popen([HAPROXY, "-db", *options, "-f", str(file)], stdout=out, stderr=out, text=True)
        try:
            for address in proxy.listens:
                wait_for(address.port)
            yield process
        finally:
            process.kill()
            process.wait(timeout=20)


def wait_for(port: int) -> None:
    until = time.monotonic() + 120
    while time.monotonic() < until:
        with socket.socket() as client:
            if client.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise AssertionError(f"nobody listens on {port}")


def inbound(backend_port: int, port: int, deadline: int = 4_000, **arguments: object) -> Proxy:
    """A guard in front of what listens on a port, its arguments as in a stack file."""
    problems: list[Problem] = []
    found = inbounds.read(Reader(arguments, (), problems), port, "http", 100, deadline)
    refuse(problems)
    return Proxy("web", InboundHop(Address(port), Server("127.0.0.1", backend_port), "http", deadline, found))


def children(pid: int) -> set[int]:
    """The processes that a process has begun and not yet outlived."""
    return set(map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split()))
