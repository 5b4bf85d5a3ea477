"""What floods the cache of a drill while its replica is filled, before a stand-in for the cache."""

import os
import socketserver
import subprocess
import sys
from collections.abc import Iterator, Sequence

import pytest
from tests.redis_protocol import command

from flyball.drills.hosts.cache_flood_pod import _FLOOD, VALUES
from flyball.kubernetes.cache import configuration
from flyball.lab.loopback import served

SOME = 4
BEFORE = b"sync_full:1\r\nslave0:ip=10.0.0.1,port=6380,state=online,offset=1\r\nrdb_bgsave_in_progress:0\r\n"
"""Of the replica that was killed, which the cache has not noticed yet."""
UNDER_WAY = b"sync_full:2\r\nslave0:ip=10.0.0.1,port=6380,state=send_bulk\r\nrdb_bgsave_in_progress:1\r\n"
FILLED = BEFORE.replace(b"sync_full:1", b"sync_full:2")


class Cache(socketserver.ThreadingTCPServer):
    """Says so of its state, the last for ever, and takes whatever it is sent."""

    daemon_threads = True

    def __init__(self, states: Sequence[bytes]) -> None:
        super().__init__(("127.0.0.1", 0), _Connection)
        self.states = list(states)
        self.taken = 0

    def answer(self, words: list[bytes]) -> bytes:
        if words[0] == b"INFO":
            said = self.states.pop(0) if len(self.states) > 1 else self.states[0]
            return b"$%d\r\n%s\r\n" % (len(said), said)
        self.taken += words[0] == b"SET"
        return b"+OK\r\n"


class _Connection(socketserver.StreamRequestHandler):
    server: Cache  # pyright: ignore[reportIncompatibleVariableOverride]

    def handle(self) -> None:
        while words := command(self.rfile):
            self.wfile.write(self.server.answer(words))


@pytest.fixture
def cache(request: pytest.FixtureRequest) -> Iterator[Cache]:
    with served(Cache(request.param)) as made:
        yield made


@pytest.mark.parametrize(
    "cache",
    [[BEFORE, UNDER_WAY], [BEFORE, BEFORE, FILLED]],
    ids=["under way", "filled between two looks"],
    indirect=True,
)
def test_it_writes_once_the_replica_is_filled_or_has_been(cache: Cache) -> None:
    program = _FLOOD.replace(f", {configuration.BEHIND})", f", {cache.server_address[1]})").replace(
        f"{VALUES} // 2", str(SOME)
    )
    done = subprocess.run(
        [sys.executable, "-c", program, "again", "1"],
        env=os.environ | {"REDISCLI_AUTH": "secret"},
        capture_output=True,
        text=True,
        timeout=20,
        check=True,
    )
    assert (done.stdout, cache.taken) == (f"{SOME}\n", SOME)
