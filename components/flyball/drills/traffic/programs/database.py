"""A database that stops in the middle of an answer, as a process; and the pool of connections that callers keep to it.

`PORT --latency 0.02`: for each line it is sent it returns one line with a
row. `stop` on standard input makes it stop in the middle: half a row has been sent, nothing follows, no connection is
closed. `ok` is its restart on the same host: what stopped stays lost, new connections work. Each query is a line on
standard output. When standard input ends, so does the process.
"""

import argparse
import asyncio
import queue
import socket
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field

_ROW = b"row " + b"x" * 200 + b"\n"


@dataclass
class Database:
    """`latency` in seconds."""

    port: int
    latency: float
    stopped: bool = False

    async def run(self) -> None:
        """Serve until standard input ends."""
        await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        reader = asyncio.StreamReader()
        await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
        while line := await reader.readline():
            self.stopped = line.strip() == b"stop"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while await reader.readline():
                print(f"{time.time():.6f} query", flush=True)
                await asyncio.sleep(self.latency)
                if self.stopped:
                    writer.write(_ROW[: len(_ROW) // 2])
                    await asyncio.Event().wait()
                writer.write(_ROW)
                await writer.drain()
        writer.close()


@dataclass
class Pool:
    """Connections that are kept; one that failed is closed. `timeout` in seconds, None as in most drivers."""

    address: str
    timeout: float | None
    _idle: "queue.LifoQueue[socket.socket]" = field(default_factory=queue.LifoQueue)

    def query(self) -> None:
        """Ask for one row. Raises OSError where it does not come."""
        connection = self._connection()
        try:
            connection.sendall(b"select\n")
            row = b""
            while not row.endswith(b"\n"):
                part = connection.recv(4096)
                if not part:
                    raise ConnectionResetError("the connection ended in the middle of a row")
                row += part
        except OSError:
            connection.close()
            raise
        self._idle.put(connection)

    def _connection(self) -> socket.socket:
        try:
            return self._idle.get_nowait()
        except queue.Empty:
            host, port = self.address.rsplit(":", 1)
            return socket.create_connection((host, int(port)), timeout=self.timeout)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("port", type=int)
    parser.add_argument("--latency", type=float, required=True)
    given = parser.parse_args()
    asyncio.run(Database(given.port, given.latency).run())


if __name__ == "__main__":
    main()
