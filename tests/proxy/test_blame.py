"""What a circuit counts is what the dependency did: not a slow caller, not one that left, and no refusal of ours."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from tests.proxy.harness import ask, haproxy, inbound, statuses, version
from tests.proxy.wire import OK, Script, Scripted, Wire, answer, client, scripted, status

from flyball.guards.breakers.breaker import Breaker
from flyball.guards.timeouts.deadlines import Times
from flyball.guards.timeouts.hops import Hop
from flyball.lab.ports import free
from flyball.proxy import Address, Outbound, Proxy, Server

pytestmark = [pytest.mark.haproxy, pytest.mark.integration]

BREAKER = Breaker(minimum=5, open=30_000)
LARGE = 100_000
"""Bytes that no buffer holds."""
CHUNK = b"3e8\r\n" + b"x" * 1_000 + b"\r\n"


@pytest.fixture
def server() -> Iterator[Scripted]:
    with scripted() as found:
        yield found


def hop(server: Scripted, listen: int, call: Times | None = None, **more: object) -> Proxy:
    settings = Hop(**{"breaker": BREAKER, **more})  # pyright: ignore[reportArgumentType] - fields of the class
    one = Outbound("pay", Address(listen), (Server("127.0.0.1", server.port),), call or Times(), settings)
    return Proxy("web", outbound=(one,))


def upload(port: int, size: int, pause: float) -> int:
    """The status of an upload that pauses in its middle."""
    with client(port) as wire:
        wire.send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % size + b"x" * (size // 2))
        time.sleep(pause)
        with suppress(OSError):
            wire.send(b"x" * (size - size // 2))
        return status(wire.head())


def side_by_side(count: int, *arguments: object) -> list[int]:
    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(lambda _: upload(*arguments), range(count)))  # pyright: ignore[reportArgumentType]


class TestSlowCallers:
    @pytest.mark.parametrize("size", [1_000, LARGE], ids=["in a buffer", "beyond a buffer"])
    def test_a_slow_upload_is_no_failure(self, server: Scripted, tmp_path: Path, size: int) -> None:
        (port,) = free(1)
        with haproxy(hop(server, port, Times(timeout=500)), tmp_path):
            assert side_by_side(12, port, size, 0.9) == [200] * 12
            assert statuses(port, 5) == [200] * 5, "the circuit is closed"

    def test_a_slow_answer_to_an_upload_is_one(self, server: Scripted, tmp_path: Path) -> None:
        def slow(wire: Wire) -> None:
            wire.request()
            time.sleep(0.45)
            wire.send(OK)

        (port,) = free(1)
        server.script = slow
        breaker = Breaker(minimum=5, open=30_000, slow=400)
        with haproxy(hop(server, port, Times(timeout=1_000), breaker=breaker), tmp_path):
            assert side_by_side(5, port, 1_000, 0.3) == [200] * 5
            assert statuses(port, 1) == [503]

    def test_an_upload_that_is_not_answered_ends_and_is_one(self, server: Scripted, tmp_path: Path) -> None:
        def hang(wire: Wire) -> None:
            wire.request()
            time.sleep(30)

        (port,) = free(1)
        server.script = hang
        with haproxy(hop(server, port, Times(timeout=200)), tmp_path):
            assert side_by_side(5, port, LARGE, 0) == [504] * 5
            assert statuses(port, 1) == [503]

    def test_callers_that_leave_are_none(self, server: Scripted, tmp_path: Path) -> None:
        def slow(wire: Wire) -> None:
            wire.request()
            time.sleep(0.3)
            wire.send(OK)

        (port,) = free(1)
        server.script = slow
        with haproxy(hop(server, port), tmp_path):
            for _ in range(12):
                with client(port) as wire:
                    wire.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                    time.sleep(0.05)
            for _ in range(3):
                with client(port) as wire:
                    wire.send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n")
            assert statuses(port, 5) == [200] * 5

    def test_the_inbound_hop_waits_for_a_slow_upload_too(self, server: Scripted, tmp_path: Path) -> None:
        (port,) = free(1)
        with haproxy(inbound(server.port, port, 300), tmp_path):
            assert upload(port, LARGE, 0.8) == 200
            assert upload(port, 1_000, 0.8) == 200


class TestTheWholeTimeout:
    def test_an_answer_has_all_of_it(self, server: Scripted, tmp_path: Path) -> None:
        """Headers at once and the body after more than half of it: for a long time that was a 504."""

        def late_body(wire: Wire) -> None:
            wire.request()
            wire.send(OK.partition(b"ok")[0])
            time.sleep(1.6)
            wire.send(b"ok")

        (port,) = free(1)
        server.script = late_body
        with haproxy(hop(server, port, Times(timeout=2_000), breaker=Breaker(minimum=5, slow=2_000)), tmp_path):
            with ThreadPoolExecutor(8) as pool:
                assert list(pool.map(lambda _: ask(port).status, range(8))) == [200] * 8
            server.script = answer
            assert statuses(port, 3) == [200] * 3

    @pytest.mark.parametrize("head", [0.0, 0.6], ids=["headers at once", "headers late"])
    def test_and_no_more(self, server: Scripted, tmp_path: Path, head: float) -> None:
        def endless(wire: Wire) -> None:
            wire.request()
            time.sleep(head)
            wire.send(OK.partition(b"ok")[0])
            time.sleep(30)

        (port,) = free(1)
        server.script = endless
        with haproxy(hop(server, port, Times(timeout=1_000)), tmp_path):
            found = ask(port)
            assert (found.status, 0.95 < found.seconds < 15) == (504, True)


class TestOwnRefusals:
    def test_a_full_hop_moves_nothing(self, server: Scripted, tmp_path: Path) -> None:
        def slow(wire: Wire) -> None:
            wire.request()
            time.sleep(0.5)
            wire.send(OK)

        (port,) = free(1)
        server.script = slow
        with haproxy(hop(server, port, connections=2), tmp_path):
            with ThreadPoolExecutor(12) as pool:
                found = list(pool.map(lambda _: ask(port).status, range(12)))
            assert found.count(503) >= 8
            assert statuses(port, 5) == [200] * 5
        assert server.most == 2

    def test_a_caller_in_a_hurry_moves_nothing(self, server: Scripted, tmp_path: Path) -> None:
        def slow(wire: Wire) -> None:
            wire.request()
            time.sleep(0.3)
            wire.send(OK)

        (port,) = free(1)
        server.script = slow
        with haproxy(hop(server, port), tmp_path):
            hurried = [ask(port, X_Deadline=f"{time.time() * 1000 + 100:.0f}").status for _ in range(8)]
            assert hurried == [504] * 8
            assert statuses(port, 5) == [200] * 5

    def test_what_the_callees_guard_refuses_moves_nothing(self, server: Scripted, tmp_path: Path) -> None:
        """It sheds what is too much; a circuit that opened for that would take away all the rest too."""

        def slow(wire: Wire) -> None:
            wire.request()
            time.sleep(0.3)
            wire.send(OK)

        own, there = free(2)
        server.script = slow
        one = Outbound("pay", Address(own), (Server("127.0.0.1", there),), Times(), Hop(breaker=BREAKER))
        with (
            haproxy(Proxy("caller", outbound=(one,)), tmp_path),
            haproxy(inbound(server.port, there, concurrency=1, waiting=1), tmp_path),
        ):
            with ThreadPoolExecutor(12) as pool:
                found = list(pool.map(lambda _: ask(own).status, range(12)))
            assert sorted(found) == [200, 200] + [503] * 10
            assert statuses(own, 5) == [200] * 5


def cut(wire: Wire) -> None:
    """An answer that breaks off."""
    wire.request()
    wire.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc")
    wire.reset()


def cut_chunks(wire: Wire) -> None:
    """One whose length is not told beforehand; after a chunk its server is gone."""
    wire.request()
    wire.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + CHUNK)
    wire.sock.close()


class TestBrokenAnswers:
    @pytest.mark.parametrize("script", [cut, cut_chunks], ids=["of a length", "in chunks"])
    def test_an_answer_that_breaks_off_is_a_failure(self, server: Scripted, tmp_path: Path, script: Script) -> None:
        (port,) = free(1)
        server.script = script
        with haproxy(hop(server, port), tmp_path):
            assert statuses(port, 8) == [502] * 5 + [503] * 3
        assert server.seen == 5

    @pytest.mark.parametrize(
        ("head", "body"),
        [
            (b"Transfer-Encoding: chunked", b"".join([CHUNK * 9, b"0\r\n\r\n"])),
            (b"Transfer-Encoding: chunked", b"".join([b"1\r\nx\r\n" * 10_000, b"0\r\n\r\n"])),
            (b"Transfer-Encoding: chunked", b"".join([CHUNK * 100, b"0\r\n\r\n"])),
            (b"Connection: close", b"x" * 9_000),
        ],
        ids=["in chunks", "in small ones", "beyond a buffer", "as long as the connection"],
    )
    def test_a_whole_one_is_none(self, server: Scripted, tmp_path: Path, head: bytes, body: bytes) -> None:
        def slowly(wire: Wire) -> None:
            wire.request()
            wire.send(b"HTTP/1.1 200 OK\r\n" + head + b"\r\n\r\n" + body[:5_000])
            time.sleep(0.02)
            wire.send(body[5_000:])
            if head.startswith(b"Connection"):
                wire.sock.close()

        (port,) = free(1)
        server.script = slowly
        with haproxy(hop(server, port), tmp_path):
            assert statuses(port, 8) == [200] * 8

    def test_answers_without_a_body_are_none(self, server: Scripted, tmp_path: Path) -> None:
        """To HEAD and with status 304 a length may be told and nothing follows (RFC 9110, 8.6)."""

        def bare(wire: Wire) -> None:
            head = wire.request()
            code = b"200 OK" if head.startswith(b"HEAD") else b"304 Not Modified"
            wire.send(b"HTTP/1.1 " + code + b"\r\nContent-Length: 100\r\n\r\n")

        (port,) = free(1)
        server.script = bare
        with haproxy(hop(server, port), tmp_path):
            assert [ask(port, "HEAD").status for _ in range(8)] == [200] * 8
            assert statuses(port, 8) == [304] * 8

    @pytest.mark.parametrize(("limit", "expected"), [(15, 502), (32, 200)])
    def test_headers_have_a_limit_that_can_be_set(
        self, server: Scripted, tmp_path: Path, limit: int, expected: int
    ) -> None:
        """What is refused for its size is no failure of who sent it; before 3.0 HAProxy does not say why it refuses."""

        def large(wire: Wire) -> None:
            wire.request()
            wire.send(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Large: " + b"x" * 20_000 + b"\r\n\r\nok")

        (port,) = free(1)
        server.script = large
        with haproxy(replace(hop(server, port), headers=limit * 1024), tmp_path):
            assert statuses(port, 5) == [expected] * 5
            assert statuses(port, 3) == [expected if version() >= (3, 0) or expected == 200 else 503] * 3

    def test_a_large_answer_passes(self, server: Scripted, tmp_path: Path) -> None:
        def large(wire: Wire) -> None:
            wire.request()
            wire.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % LARGE + b"x" * LARGE)

        (port,) = free(1)
        server.script = large
        with haproxy(hop(server, port), tmp_path):
            assert [len(ask(port).body) for _ in range(8)] == [LARGE] * 8
