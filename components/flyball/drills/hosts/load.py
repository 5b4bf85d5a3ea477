"""A small open-loop client: requests at a steady rate, whether those before them were answered or not.

As a program: `load.py URL RATE SECONDS`, which prints what became of them. What waits for an answer before it sends
the next request asks less of a service that is slow, and hides what its users see.
"""

import asyncio
import json
import sys
import time
import urllib.parse

ANSWER_SECONDS = 5.0
"""A request without an answer by then is lost."""


async def load(url: str, rate: float, seconds: float) -> tuple[int, int]:
    """How many requests were sent, and how many of them were lost: not answered, or not with 200."""
    tasks: list[asyncio.Task[bool]] = []
    begun = time.monotonic()
    for number in range(int(rate * seconds)):
        await asyncio.sleep(begun + number / rate - time.monotonic())
        tasks.append(asyncio.create_task(_answered(url)))
    answered = await asyncio.gather(*tasks)
    return len(answered), answered.count(False)


async def _answered(url: str) -> bool:
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            return await _ask(url)
    except OSError:  # TimeoutError is one too
        return False


async def _ask(url: str) -> bool:
    parts = urllib.parse.urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port or 80)
    try:
        writer.write(f"GET {parts.path or '/'} HTTP/1.0\r\nHost: {parts.hostname}\r\n\r\n".encode())
        answer = await reader.read()
    finally:
        writer.close()
    words = answer.split(maxsplit=2)
    return len(words) > 1 and words[1] == b"200"


if __name__ == "__main__":
    sent, lost = asyncio.run(load(sys.argv[1], float(sys.argv[2]), float(sys.argv[3])))
    print(json.dumps({"requests_sent": sent, "requests_lost": lost}))
