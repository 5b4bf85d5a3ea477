"""A Prometheus that is played: it answers each query with what a test says."""

import base64
import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from flyball.lab.loopback import Silent, serving

Answer = tuple[int, Mapping[str, str], bytes]


@dataclass
class Played:
    """`answer` gives what a path with its query is answered with."""

    answer: Callable[[str, Mapping[str, str]], Answer]
    url: str = ""
    asked: list[Mapping[str, str]] = field(default_factory=list[Mapping[str, str]])
    let_in_by: list[str | None] = field(default_factory=list[str | None])


@contextmanager
def played(answer: Callable[[str, Mapping[str, str]], Answer], protocol: str = "HTTP/1.0") -> Iterator[Played]:
    made = Played(answer)

    class Handler(Silent, BaseHTTPRequestHandler):
        protocol_version = protocol

        def do_GET(self) -> None:
            url = urlsplit(self.path)
            made.asked.append(query := dict(parse_qsl(url.query)))
            made.let_in_by.append(self.headers["Authorization"])
            code, headers, body = made.answer(url.path, query)
            self.send_response(code)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            with suppress(ConnectionError):  # who asked did not wait for the answer
                self.wfile.write(body)
            self.close_connection = True

    with serving(Handler) as port:
        made.url = f"http://127.0.0.1:{port}"
        yield made


def plain(code: int, body: str, **headers: str) -> Callable[[str, Mapping[str, str]], Answer]:
    return lambda path, query: (code, headers, body.encode())


def data(value: Any) -> Callable[[str, Mapping[str, str]], Answer]:
    return plain(200, json.dumps({"status": "success", "data": value}))


def series(*each: Mapping[str, Any]) -> Callable[[str, Mapping[str, str]], Answer]:
    return data({"resultType": "matrix", "result": list(each)})


def refusing(kind: str, why: str, code: int = 400) -> Callable[[str, Mapping[str, str]], Answer]:
    return plain(code, json.dumps({"status": "error", "errorType": kind, "error": why}))


def late(path: str, query: Mapping[str, str]) -> Answer:
    time.sleep(0.6)
    return 200, {}, b""


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
