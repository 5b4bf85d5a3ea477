"""Who is told of alerts: takes down each message of Alertmanager's webhooks, and when it came."""

import json
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler

from flyball.lab.loopback import Silent, serving


@dataclass(frozen=True, slots=True)
class Notice:
    """One alert of one message; `moment` [monotonic seconds] is when the message came, `began` when it began to fire.

    `to` is the receiver that it was sent to.
    """

    moment: float
    to: str
    firing: bool
    began: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str]


class Receiver:
    """On a free port of the loopback interface; the path of a URL there names the receiver."""

    def __init__(self) -> None:
        self.notices: list[Notice] = []
        """Each alert once for its beginning and once for its end, in the order in which people heard of them."""
        self._known: set[tuple[object, ...]] = set()
        self._lock = threading.Lock()
        self._port = 0

    def url(self, name: str) -> str:
        return f"http://127.0.0.1:{self._port}/{name}"

    def _take(self, to: str, body: bytes) -> None:
        now = time.monotonic()
        with self._lock:
            for alert in json.loads(body)["alerts"]:
                firing = alert["status"] == "firing"
                # A message has all alerts of its group, those too that an earlier one has told of.
                key = to, firing, alert["startsAt"], tuple(sorted(alert["labels"].items()))
                if key not in self._known:
                    self._known.add(key)
                    self.notices.append(
                        Notice(now, to, firing, alert["startsAt"], alert["labels"], alert["annotations"])
                    )

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        take = self._take

        class Handler(Silent, BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                take(self.path.strip("/"), self.rfile.read(int(self.headers["Content-Length"])))
                self.send_response(200)
                self.end_headers()

        return Handler

    @contextmanager
    def listening(self) -> Iterator[None]:
        with serving(self._handler()) as self._port:
            yield


@contextmanager
def listening() -> Iterator[Receiver]:
    """A receiver that listens meanwhile."""
    receiver = Receiver()
    with receiver.listening():
        yield receiver
