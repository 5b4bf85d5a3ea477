"""A server on the loopback interface that a test scripts byte by byte, and a client of the same kind."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@dataclass(slots=True)
class Wire:
    """A connection, as the script sees it."""

    sock: socket.socket
    rest: bytes = b""

    def head(self) -> bytes:
        """The next request up to its empty line, None where there is none."""
        while b"\r\n\r\n" not in self.rest:
            self._more()
        head, _, self.rest = self.rest.partition(b"\r\n\r\n")
        return head

    def request(self) -> bytes:
        """The next request with its body, whose length it says or that is chunked; returns head and body."""
        head = self.head()
        lines = [line.lower() for line in head.split(b"\r\n")]
        lengths = [int(line.partition(b":")[2]) for line in lines if line.startswith(b"content-length:")]
        if b"transfer-encoding: chunked" in lines:
            return head + b"\r\n\r\n" + self._chunks()
        return head + b"\r\n\r\n" + self._take(lengths[0] if lengths else 0)

    def _chunks(self) -> bytes:
        found = b""
        while True:
            while b"\r\n" not in self.rest:
                self._more()
            size, _, self.rest = self.rest.partition(b"\r\n")
            found += self._take(int(size, 16))
            self._take(2)
            if int(size, 16) == 0:
                return found

    def _take(self, size: int) -> bytes:
        while len(self.rest) < size:
            self._more()
        found, self.rest = self.rest[:size], self.rest[size:]
        return found

    def _more(self) -> None:
        if not (more := self.sock.recv(65_536)):
            raise ConnectionError("it has ended")
        self.rest += more

    def send(self, data: bytes) -> None:
        self.sock.sendall(data)

    def reset(self) -> None:
        """End it without a word of farewell."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.sock.close()


Script = Callable[[Wire], None]


@dataclass(slots=True)
class Scripted:
    """The server: where it listens, and what it does with each request; `script` may be changed while it runs."""

    port: int
    script: Script
    seen: int = 0
    most: int = 0
    """The most requests that were under way at once."""
    under_way: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def serve(self, wire: Wire) -> None:
        with suppress(OSError), wire.sock:
            while True:
                wire.rest = wire.rest or wire.sock.recv(65_536)
                if not wire.rest:
                    return
                with self.lock:
                    self.seen += 1
                    self.under_way += 1
                    self.most = max(self.most, self.under_way)
                try:
                    self.script(wire)
                finally:
                    with self.lock:
                        self.under_way -= 1


def answer(wire: Wire) -> None:
    """What a healthy server does."""
    wire.request()
    wire.send(OK)


@contextmanager
def scripted(script: Script = answer) -> Iterator[Scripted]:
    """A server on a port that the system chose."""
    with socket.create_server(("127.0.0.1", 0), backlog=512) as listener:
        server = Scripted(listener.getsockname()[1], script)

        def accept() -> None:
            with suppress(OSError):
                while True:
                    wire = Wire(listener.accept()[0])
                    threading.Thread(target=server.serve, args=(wire,), daemon=True).start()

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join(timeout=20)


@contextmanager
def client(port: int) -> Iterator[Wire]:
    """A connection to a port."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as sock:
        yield Wire(sock)


def status(head: bytes) -> int:
    """Of an answer; 0 for none."""
    return int(head.split(b" ", 2)[1]) if head else 0
