"""What the program of planned restarts meets: a Redis, hosts and an Alertmanager of the tests' own."""

import http.server
import json
import socket
import socketserver
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import flyball_host
import holds
import lease
import planned_restart
import pytest
from tests.redis_protocol import command

from flyball.lab.loopback import served


class Redis(socketserver.ThreadingTCPServer):
    """What a lease needs of Redis: SET NX PX, GET, and the script that compares before it deletes."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Connection)
        self.values: dict[str, tuple[str, float]] = {}
        self.lock = threading.Lock()

    def answer(self, words: list[str]) -> bytes:
        with self.lock:
            key = words[3] if words[0] == "EVAL" else words[1]
            value, lapses = self.values.get(key, ("", 0.0))
            held = lapses > time.monotonic()
            match words:
                case ["SET", _, token, "NX", "PX", milliseconds]:
                    if held:
                        return b"$-1\r\n"
                    self.values[key] = (token, time.monotonic() + int(milliseconds) / 1000)
                    return b"+OK\r\n"
                case ["GET", _]:
                    return b"$%d\r\n%s\r\n" % (len(value), value.encode()) if held else b"$-1\r\n"
                case ["EVAL", lease.RELEASE, "1", _, token]:
                    if not held or value != token:
                        return b":0\r\n"
                    del self.values[key]
                    return b":1\r\n"
                case _:
                    return b"-ERR unknown command\r\n"


class _Connection(socketserver.StreamRequestHandler):
    server: Redis  # pyright: ignore[reportIncompatibleVariableOverride]

    def handle(self) -> None:
        self.wfile.write(self.server.answer([word.decode() for word in command(self.rfile)]))


class Web(http.server.ThreadingHTTPServer):
    """Answers every path with what `pages` says for it: a status and a body."""

    daemon_threads = True

    def __init__(self, host: str = "127.0.0.1") -> None:
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        super().__init__((host, 0), _Page)
        self.pages: dict[str, tuple[int, str]] = {}


class _Page(http.server.BaseHTTPRequestHandler):
    server: Web  # pyright: ignore[reportIncompatibleVariableOverride]

    def do_GET(self) -> None:
        status, body = self.server.pages.get(self.path, (404, ""))
        self.send_response(status)
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


ALERTS = "/api/v2/alerts?active=true&silenced=false&inhibited=false"


class Bench:
    """One host of a group of three, on which two others are needed."""

    def __init__(self, redis: Redis, web: Web) -> None:
        self.redis, self.web = redis, web
        self.asked: list[str] = []
        self.wrong = ""
        web.pages |= {"/": (200, ""), "/app2": (200, ""), "/app3": (200, ""), "/app4": (200, ""), ALERTS: (200, "[]")}

    def systemctl(self, seconds: float, *words: str) -> str:
        self.asked.append(" ".join(words))
        return self.wrong

    def settings(self, **changed: Any) -> planned_restart.Settings:
        base = f"http://127.0.0.1:{self.web.server_address[1]}"
        values: dict[str, Any] = {
            "name": "app1",
            "group": "web",
            "units": ("shop.service", "queue.service"),
            "reboot": False,
            "prestop": 0.0,
            "drain": 0.0,
            "step": 5.0,
            "well": 0.0,
            "health": f"{base}/",
            "peers": (f"{base}/app2", f"{base}/app3", f"{base}/app4"),
            "need": 2,
            "alerts": base,
            "request": 5.0,
            "lease": {"address": "127.0.0.1", "port": self.redis.server_address[1], "key": "restart:web", "ttl": 60},
        }
        return planned_restart.Settings(**{**values, **changed})

    @property
    def holder(self) -> str:
        return self.redis.values.get("restart:web", ("", 0))[0].split(" ")[0]


@contextmanager
def made(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    """A bench, with the places of its host in a folder."""
    with served(Redis()) as redis, served(Web()) as web:
        bench = Bench(redis, web)
        for module, name, path in (
            (flyball_host, "MARK", "run/drain"),
            (flyball_host, "FREEZE", "freeze.json"),
            (flyball_host, "METRICS", "metrics"),
            (planned_restart, "STATE", "state.json"),
            (planned_restart, "RESUME", "resume"),
            (holds, "FOLDER", "run"),
        ):
            monkeypatch.setattr(module, name, folder / path)
        monkeypatch.setattr(flyball_host, "systemctl", bench.systemctl)
        monkeypatch.setattr(planned_restart, "BETWEEN", 0.0)
        yield bench


def outcome() -> tuple[str, str]:
    state = json.loads(planned_restart.STATE.read_text())
    return state["outcome"], state["reason"]


def marks() -> list[str]:
    """Who has the host out of service, and why."""
    return [f"{holder.program}: {holder.why}".removesuffix(": ") for holder in flyball_host.marked()]


def taken() -> list[str]:
    """Who is changing its group."""
    return [holder.program for holder in holds.holders(holds.group_lock("web"))]


def failed_metric() -> bool:
    return "flyball_planned_restart_failed 1\n" in (flyball_host.METRICS / "planned-restart.prom").read_text()
