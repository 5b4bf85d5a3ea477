"""What floods the cache of a drill while its replica is filled, before a stand-in for the cache."""

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest

from flyball.drills.hosts.cache_flood_pod import _FLOOD, VALUES
from flyball.kubernetes.cache import configuration

SOME = 4
BEFORE = b"sync_full:1\r\nslave0:ip=10.0.0.1,port=6380,state=online,offset=1\r\nrdb_bgsave_in_progress:0\r\n"
"""Of the replica that was killed, which the cache has not noticed yet."""
UNDER_WAY = b"sync_full:2\r\nslave0:ip=10.0.0.1,port=6380,state=send_bulk\r\nrdb_bgsave_in_progress:1\r\n"
FILLED = BEFORE.replace(b"sync_full:1", b"sync_full:2")


class Cache:
    """Takes one client after the other, and says so of its state, the last for ever."""

    def __init__(self, *states: bytes) -> None:
        self.states = list(states)
        self.taken = 0
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.socket.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self._answer, args=[connection], daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        with connection, connection.makefile("rb") as asked:
            while first := asked.readline():
                words = [asked.read(int(asked.readline()[1:]) + 2)[:-2] for _ in range(int(first[1:]))]
                self.taken += words[0] == b"SET"
                said = self.states[0] if words[0] == b"INFO" else b""
                if said and len(self.states) > 1:
                    self.states.pop(0)
                connection.sendall(b"$%d\r\n%s\r\n" % (len(said), said) if said else b"+OK\r\n")


@pytest.fixture
def cache(request: pytest.FixtureRequest) -> Iterator[Cache]:
    made = Cache(*request.param)
    yield made
    made.socket.close()


@pytest.mark.parametrize(
    "cache",
    [[BEFORE, UNDER_WAY], [BEFORE, BEFORE, FILLED]],
    ids=["under way", "filled between two looks"],
    indirect=True,
)
def test_it_writes_once_the_replica_is_filled_or_has_been(cache: Cache) -> None:
    program = _FLOOD.replace(f", {configuration.BEHIND})", f", {cache.port})").replace(f"{VALUES} // 2", str(SOME))
    done = subprocess.run(
        [sys.executable, "-c", program, "again", "1"],
        env=os.environ | {"REDISCLI_AUTH": "secret"},
        capture_output=True,
        text=True,
        timeout=20,
        check=True,
    )
    assert (done.stdout, cache.taken) == (f"{SOME}\n", SOME)
