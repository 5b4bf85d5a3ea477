"""Clients that send their requests a byte at a time, as a process.

`PORT --clients 60`: keeps so many connections open and sends a byte of
a request on each every second; one that is closed is opened again after a second. A line on standard output for each
that the server closed. When standard input ends, so does the process.
"""

import argparse
import asyncio
import sys
import time
from contextlib import suppress

_REQUEST = b"GET /own HTTP/1.1\r\nHost: shop\r\nX-Patience: " + b"z" * 10_000


async def _client(port: int) -> None:
    while True:
        with suppress(OSError):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            closed = asyncio.create_task(reader.read())
            for byte in _REQUEST:
                writer.write(bytes([byte]))
                if (await asyncio.wait([closed], timeout=1))[0]:
                    print(f"{time.time():.6f} closed", flush=True)
                    break
            writer.close()
        await asyncio.sleep(1)


async def _run(port: int, clients: int) -> None:
    tasks = [asyncio.create_task(_client(port)) for _ in range(clients)]
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    for task in tasks:
        task.cancel()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("port", type=int)
    parser.add_argument("--clients", type=int, required=True)
    given = parser.parse_args()
    asyncio.run(_run(given.port, given.clients))


if __name__ == "__main__":
    main()
