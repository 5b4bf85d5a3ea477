"""Clients that keep their connections, as a process: each sends a request every so often, whatever became of the last.

`PORT --clients 8 --period 0.1 --seconds 5 [--upload 1.2]`: with `--upload` each request is a body that takes so many
seconds. A line on standard output for each request: its moment (`time.time()`), status (0 without an answer) and how
long it took in seconds. None looks at a connection between two requests, or sends a request again: that is for
whoever knows what the request does. After the last line, `end`; when standard input ends, so does the process.
"""

import argparse
import asyncio
import sys
import time
from contextlib import suppress
from dataclasses import dataclass

PATH = "/own"
_BODY, _PIECES = 4_000, 20
_PATIENCE = 2.0

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass
class Visitor:
    port: int
    upload: float
    streams: Streams | None = None

    async def visit(self, first: float, period: float, until: float) -> None:
        """Requests at `first` and every `period` seconds after it."""
        at = first
        while at < until:
            await asyncio.sleep(max(0.0, at - time.time()))
            began, status = time.time(), 0
            with suppress(OSError, EOFError, TimeoutError, asyncio.IncompleteReadError):
                status = await asyncio.wait_for(self._ask(), self.upload + _PATIENCE)
            print(f"{began:.6f} {status} {time.time() - began:.6f}", flush=True)
            if status == 0:
                self._leave()
            at += period

    def _leave(self) -> None:
        if self.streams:
            self.streams[1].close()
        self.streams = None

    async def _ask(self) -> int:
        self.streams = self.streams or await asyncio.open_connection("127.0.0.1", self.port)
        reader, writer = self.streams
        answer = asyncio.create_task(_answer(reader))
        try:
            if self.upload:
                writer.write(f"POST {PATH} HTTP/1.1\r\nHost: shop\r\nContent-Length: {_BODY}\r\n\r\n".encode())
                for _ in range(_PIECES):
                    if (await asyncio.wait([answer], timeout=self.upload / _PIECES))[0]:
                        break  # refused before it was all there
                    writer.write(b"x" * (_BODY // _PIECES))
            else:
                writer.write(f"GET {PATH} HTTP/1.1\r\nHost: shop\r\n\r\n".encode())
            early = bool(self.upload) and answer.done()
            status, closes = await answer
        finally:
            answer.cancel()
        if closes or early:
            self._leave()
        return status


async def _answer(reader: asyncio.StreamReader) -> tuple[int, bool]:
    """Status, and whether the connection ends."""
    lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower().split("\r\n")
    fields = dict(line.split(": ", 1) for line in lines if ": " in line)
    await reader.readexactly(int(fields.get("content-length", 0)))
    return int(lines[0].split(" ")[1]), fields.get("connection") == "close"


async def _run(port: int, clients: int, period: float, seconds: float, upload: float) -> None:
    begin = time.time()
    moments = (begin + period * i / clients for i in range(clients))
    await asyncio.gather(*(Visitor(port, upload).visit(at, period, begin + seconds) for at in moments))
    print("end", flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("port", type=int)
    parser.add_argument("--clients", type=int, required=True)
    parser.add_argument("--period", type=float, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--upload", type=float, default=0.0)
    asyncio.run(_run(**vars(parser.parse_args())))


if __name__ == "__main__":
    main()
