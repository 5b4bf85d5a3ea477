"""A dependency that can fall ill, as a process: HTTP/1.1 on a port of the loopback interface.

`PORT --latency 0.05 [--workers 4]`. Lines on standard input change how it
behaves (`MODES`); when standard input ends, so does the process. Each request that arrives is a line on standard
output: its moment (`time.time()`) and its path.
"""

import argparse
import asyncio
import socket
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field

MODES = {
    "ok": "answers 200 after its latency",
    "hang": "accepts, reads, and never answers; what hung is lost",
    "drip": "answers at once, one byte a second",
    "error": "answers 500 after its latency",
    "slow": "answers 200 after the seconds that follow the word",
    "refuse": "listens no more",
    "silent": "its host answers to no packet of a new connection, and to nothing on the old ones",
}
"""What a line on standard input may say."""
_BODY = b'{"answer": 42, "of": "a dependency"}\n'
_BACKLOG = 512


@dataclass
class Backend:
    """`latency` in seconds; `workers` requests are worked on at a time, any number if 0, the others wait in line."""

    port: int
    latency: float
    workers: int = 0
    mode: str = "ok"
    delay: float = 0.0
    """Seconds that `slow` takes."""
    _server: asyncio.Server | None = None
    _line: asyncio.Semaphore | None = None
    _open: set[asyncio.StreamWriter] = field(default_factory=set[asyncio.StreamWriter])
    _fillers: list[socket.socket] = field(default_factory=list[socket.socket])

    async def run(self) -> None:
        """Serve until standard input ends."""
        self._line = asyncio.Semaphore(self.workers) if self.workers else None
        await self._listen()
        reader = asyncio.StreamReader()
        await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
        while line := await reader.readline():
            await self.behave(*line.decode().split())

    async def behave(self, mode: str, delay: str = "0") -> None:
        """Take to another of the `MODES`."""
        before, self.mode, self.delay = self.mode, mode, float(delay)
        if mode == "refuse" and self._server:
            self._server.close()
            self._server = None
            for writer in list(self._open):
                writer.transport.abort()
        elif mode == "silent" and self._server:
            self._fill()
        elif before == "silent":
            self._drain()
        if self._server is None and mode != "refuse":
            await self._listen()

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port, backlog=_BACKLOG)

    def _fill(self) -> None:
        """Accept no more and fill the queue: the kernel drops the first packet of every further connection.

        tcp_v4_conn_request in net/ipv4/tcp_ipv4.c drops a SYN while the accept queue is full.
        """
        assert self._server
        [listener] = self._server.sockets
        asyncio.get_running_loop().remove_reader(listener.fileno())
        # asyncio's own socket hides listen(); the one made of its descriptor is the same in the kernel.
        with socket.socket(fileno=socket.dup(listener.fileno())) as same:
            same.listen(0)
        for _ in range(2):
            filler = socket.socket()
            filler.setblocking(False)
            filler.connect_ex(("127.0.0.1", self.port))
            self._fillers.append(filler)

    def _drain(self) -> None:
        """Be a host again that came back: the old connections are gone, new ones are accepted."""
        assert self._server
        self._server.close()
        self._server = None
        for filler in self._fillers:
            filler.close()
        self._fillers.clear()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        try:
            # A caller that has gone away ends only its connection; work that was begun is done all the same.
            with suppress(ConnectionError, asyncio.IncompleteReadError):
                while path := await _request(reader):
                    print(f"{time.time():.6f} {path}", flush=True)
                    await self._answer(writer)
        finally:
            self._open.discard(writer)
            writer.close()

    async def _answer(self, writer: asyncio.StreamWriter) -> None:
        mode, delay = self.mode, self.delay
        if mode in ("hang", "silent"):
            await asyncio.Event().wait()
        head = f"Content-Length: {len(_BODY)}\r\nContent-Type: application/json\r\n\r\n".encode()
        if mode == "drip":
            writer.write(b"HTTP/1.1 200 OK\r\n" + head)
            for byte in _BODY:
                await asyncio.sleep(1)
                writer.write(bytes([byte]))
                await writer.drain()
            return
        await self._work(delay if mode == "slow" else self.latency)
        status = b"500 Internal Server Error" if mode == "error" else b"200 OK"
        writer.write(b"HTTP/1.1 " + status + b"\r\n" + head + _BODY)
        await writer.drain()

    async def _work(self, seconds: float) -> None:
        if self._line is None:
            await asyncio.sleep(seconds)
            return
        async with self._line:
            await asyncio.sleep(seconds)


async def _request(reader: asyncio.StreamReader) -> str:
    """The path of the next request, its body read; empty where the connection ended in order."""
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    except asyncio.IncompleteReadError as error:
        if error.partial:
            raise
        return ""
    lines = head.split("\r\n")
    lengths = [line.split(":")[1] for line in lines if line.lower().startswith("content-length:")]
    await reader.readexactly(int(lengths[0]) if lengths else 0)
    return lines[0].split(" ")[1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("port", type=int)
    parser.add_argument("--latency", type=float, required=True)
    parser.add_argument("--workers", type=int, default=0)
    given = parser.parse_args()
    asyncio.run(Backend(given.port, given.latency, given.workers).run())


if __name__ == "__main__":
    main()
