"""The open-loop client counts what was not answered, and waits for nobody."""

import asyncio
import itertools

from flyball.drills.hosts.load import load


async def _count(answers: list[bytes], requests: int, hold: bool = False) -> tuple[int, int]:
    """What the client counts against a server that gives these answers in turn; held back until all have asked."""
    turn, asked, all_asked = itertools.cycle(answers), 0, asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal asked
        await reader.readline()
        asked += 1
        if asked == requests:
            all_asked.set()
        if hold:
            await all_asked.wait()
        writer.write(next(turn))
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        return await load(f"http://127.0.0.1:{port}/", 100, requests / 100)


def test_what_is_not_answered_with_200_is_lost() -> None:
    answers = [b"HTTP/1.0 200 OK\r\n\r\n", b"HTTP/1.0 503 Busy\r\n\r\n", b""]
    assert asyncio.run(_count(answers, 30)) == (30, 20)


def test_requests_go_out_though_none_before_them_was_answered() -> None:
    assert asyncio.run(_count([b"HTTP/1.0 200 OK\r\n\r\n"], 20, hold=True)) == (20, 0)


def test_nobody_there_is_all_lost() -> None:
    assert asyncio.run(load("http://127.0.0.1:9/", 100, 0.05)) == (5, 5)
