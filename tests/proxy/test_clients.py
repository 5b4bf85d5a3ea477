"""What clients do: they leave, they stay, they are somebody; and a reload is none of their business."""

import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import replace
from pathlib import Path

import pytest
from tests.proxy.harness import ask, children, haproxy, inbound, statuses
from tests.proxy.wire import OK, Scripted, Wire, client, scripted, status

from flyball.guards.timeouts.deadlines import Times
from flyball.guards.timeouts.hops import Hop
from flyball.lab.ports import free
from flyball.proxy import Address, Outbound, Proxy, Server, proxy_config

pytestmark = pytest.mark.haproxy

GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
WEBSOCKET = (
    b"GET /chat HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)
SWITCHED = (
    b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
)
"""The key and its answer are those of RFC 6455, 1.3."""


@pytest.fixture
def server() -> Iterator[Scripted]:
    with scripted() as found:
        yield found


def hop(server: Scripted, listen: int, **more: object) -> Proxy:
    settings = Hop(**more)  # pyright: ignore[reportArgumentType] - fields of the class, by name
    return Proxy("web", outbound=(Outbound("pay", Address(listen), (Server("127.0.0.1", server.port),), hop=settings),))


class TestThoseThatLeave:
    def test_they_keep_no_places(self, server: Scripted, tmp_path: Path) -> None:
        gone = threading.Event()

        def slow(wire: Wire) -> None:
            if wire.head() and not gone.is_set():
                gone.wait(20)
            wire.send(OK)

        (port,) = free(1)
        server.script = slow
        with haproxy(inbound(server.port, port, 20_000, concurrency=2, waiting=2), tmp_path):
            for _ in range(4):
                with client(port) as wire:
                    wire.send(GET)
                    time.sleep(0.1)
            gone.set()
            time.sleep(0.2)
            assert statuses(port, 3) == [200] * 3

    def test_who_has_said_all_of_it_over_tcp_still_gets_an_answer(self, server: Scripted, tmp_path: Path) -> None:
        def late(wire: Wire) -> None:
            wire.head()
            time.sleep(0.3)
            wire.send(b"late")

        (port,) = free(1)
        server.script = late
        with haproxy(hop(server, port, protocol="tcp"), tmp_path), client(port) as wire:
            wire.send(GET)
            wire.sock.shutdown(socket.SHUT_WR)
            assert wire.sock.recv(100) == b"late"


class TestThoseThatStay:
    def stay(self, wire: Wire) -> None:
        if b"websocket" in wire.head():
            wire.send(SWITCHED)
            while data := wire.sock.recv(100):
                wire.send(data)
        else:
            wire.send(OK)

    def events(self, wire: Wire) -> None:
        if b"event-stream" in wire.head():
            wire.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n")
            while True:
                wire.send(b"data: x\n\n")
                time.sleep(0.3)
        else:
            wire.send(OK)

    def check(self, port: int, request: bytes, expected: int) -> None:
        with ExitStack() as at_end:
            wires = [at_end.enter_context(client(port)) for _ in range(3)]
            for wire in wires:
                wire.send(request)
                assert status(wire.head()) == expected
            assert statuses(port, 5) == [200] * 5
            for wire in wires if expected == 101 else []:
                wire.send(b"hello")
                assert wire.sock.recv(100) == b"hello"

    def test_websockets_leave_the_inbound_hop_to_others(self, server: Scripted, tmp_path: Path) -> None:
        (port,) = free(1)
        server.script = self.stay
        with haproxy(inbound(server.port, port, 1_000, concurrency=3, waiting=1), tmp_path):
            self.check(port, WEBSOCKET, 101)

    def test_events_too(self, server: Scripted, tmp_path: Path) -> None:
        (port,) = free(1)
        server.script = self.events
        with haproxy(inbound(server.port, port, 1_000, concurrency=3, waiting=1), tmp_path):
            self.check(port, b"GET / HTTP/1.1\r\nHost: a\r\nAccept: text/event-stream\r\n\r\n", 200)

    def test_and_hops(self, server: Scripted, tmp_path: Path) -> None:
        (port,) = free(1)
        server.script = self.stay
        with haproxy(hop(server, port, connections=3), tmp_path):
            self.check(port, WEBSOCKET, 101)
            server.script = self.events
            self.check(port, b"GET / HTTP/1.1\r\nHost: a\r\nAccept: text/event-stream\r\n\r\n", 200)

    def test_but_not_any_number_of_them(self, server: Scripted, tmp_path: Path) -> None:
        (port,) = free(1)
        server.script = self.stay
        proxy = inbound(server.port, port, 1_000, concurrency=1, waiting=1, connections=6)
        with haproxy(proxy, tmp_path), ExitStack() as at_end:
            wires = [at_end.enter_context(client(port)) for _ in range(4)]
            for wire, expected in zip(wires, (101, 101, 101, 503), strict=True):
                wire.send(WEBSOCKET)
                assert status(wire.head()) == expected


@pytest.mark.parametrize(
    ("head", "size", "expected"), [(0, 10_000, 200), (0, 100_000, 411), (6_000, 5_000, 200), (6_000, 100_000, 411)]
)
def test_a_large_body_has_to_tell_its_length(
    server: Scripted, tmp_path: Path, head: int, size: int, expected: int
) -> None:
    (port,) = free(1)
    chunks = b"".join(b"3e8\r\n" + b"x" * 1_000 + b"\r\n" for _ in range(size // 1_000)) + b"0\r\n\r\n"
    with haproxy(inbound(server.port, port), tmp_path), client(port) as wire:
        with suppress(OSError):
            wire.send(b"POST / HTTP/1.1\r\nHost: a\r\nX-Large: " + b"x" * head + b"\r\n")
            wire.send(b"Transfer-Encoding: chunked\r\n\r\n" + chunks)
        assert status(wire.head()) == expected
    assert server.seen == (expected == 200)


class TestWhoTheyAre:
    def test_a_balancer_keeps_the_host_and_says_who_asked(self, server: Scripted, tmp_path: Path) -> None:
        heads: list[bytes] = []

        def remember(wire: Wire) -> None:
            heads.append(wire.request().lower())
            wire.send(OK)

        own, other = free(2)
        server.script = remember
        named = (Server("localhost", server.port),)
        hops = (
            Outbound("own", Address(own), named, Times(), Hop()),
            Outbound("balancer", Address(other, ""), named, Times(), Hop()),
        )
        proxy = Proxy("web", outbound=hops)
        # Names are resolved by the name servers of the machine, and these do not know localhost.
        text = proxy_config(proxy).replace("resolvers dns resolve-prefer ipv4 init-addr none", "init-addr libc")
        with haproxy(proxy, tmp_path, config=text):
            for port, host in (
                (own, f"127.0.0.1:{own}"),
                (own, "localhost"),
                (own, "shop.example"),
                (other, "shop.example"),
            ):
                assert ask(port, Host=host, X_Forwarded_For="192.0.2.7").status == 200
        found = [line for head in heads for line in head.split(b"\r\n") if line.startswith(b"host:")]
        there = b"host: localhost:%d" % server.port
        assert found == [there, there, b"host: shop.example", b"host: shop.example"]
        assert [head.count(b"x-forwarded-for: 192.0.2.7") for head in heads] == [1] * 4

    def test_the_address_of_the_client_is_handed_on(self, server: Scripted, tmp_path: Path) -> None:
        heads: list[bytes] = []

        def remember(wire: Wire) -> None:
            heads.append(wire.request().lower())
            wire.send(OK)

        balancer, there = free(2)
        server.script = remember
        # A client of this machine that is not at the usual address: one that came from elsewhere, for the proxy.
        source = ("127.1.2.3", 0)
        one = Outbound("web", Address(balancer, ""), (Server("127.0.0.1", there),), Times(), Hop())
        with (
            haproxy(Proxy("balancer", outbound=(one,)), tmp_path),
            haproxy(inbound(server.port, there), tmp_path),
            socket.create_connection(("127.0.0.1", balancer), timeout=20, source_address=source) as sock,
        ):
            sock.sendall(GET)
            assert status(Wire(sock).head()) == 200
        assert b"\r\nx-forwarded-for: 127.1.2.3\r\n" in heads[-1]


def reload(master: int) -> None:
    """Reload, and wait until the old workers have gone; a master that is starting itself anew misses the signal."""
    before, until, asked = children(master), time.monotonic() + 60, 0.0
    while before & (now := children(master)):
        assert time.monotonic() < until
        if now <= before and time.monotonic() > asked + 1:
            os.kill(master, signal.SIGUSR2)
            asked = time.monotonic()
        time.sleep(0.02)


def visits(where: list[int], end: threading.Event, found: list[tuple[int, int]]) -> None:
    """Request after request, over one connection for as long as the proxy likes: port and status of each.

    A new connection is made to the first of `where`, as a Service leads it.
    """
    while not end.is_set():
        port, more = where[0], True
        with client(port) as wire:
            while more and not end.is_set():
                head = b""
                with suppress(OSError):
                    wire.send(GET)
                    head = wire.head()
                    wire.rest = b""
                found.append((port, status(head)))
                more = found[-1][1] == 200 and b"connection: close" not in head.lower()
                time.sleep(0.02)


def served(found: list[tuple[int, int]], more: int = 16) -> None:
    """Wait until the customers have had some more answers: between two reloads, however busy the machine is."""
    enough, until = len(found) + more, time.monotonic() + 60
    while len(found) < enough and time.monotonic() < until:
        time.sleep(0.01)
    assert len(found) >= enough


class TestReloads:
    @pytest.mark.parametrize("kind", ["hop", "inbound"])
    def test_none_is_lost_on_a_kept_connection(self, server: Scripted, tmp_path: Path, kind: str) -> None:
        (port,) = free(1)
        proxy = hop(server, port) if kind == "hop" else inbound(server.port, port)
        end, found = threading.Event(), list[tuple[int, int]]()
        with haproxy(proxy, tmp_path, "-W") as master, ThreadPoolExecutor(8) as pool:
            customers = [pool.submit(visits, [port], end, found) for _ in range(8)]
            try:
                for _ in range(3):
                    served(found)
                    reload(master.pid)
                served(found)
            finally:
                end.set()
            for each in customers:
                each.result()
        assert [each for each in found if each[1] != 200] == []


def test_none_is_lost_where_a_pod_leaves(server: Scripted, tmp_path: Path) -> None:
    """A Service leads nobody to it any more, but who has a connection keeps it: until the application is gone."""
    port, metrics, other = free(3)
    leaving = replace(inbound(server.port, port), name="leaving", metrics=Address(metrics))
    where, end, found = [port], threading.Event(), list[tuple[int, int]]()

    def wait(condition: Callable[[], bool]) -> None:
        until = time.monotonic() + 60
        while not condition() and time.monotonic() < until:
            time.sleep(0.05)
        assert condition()

    with scripted() as second, haproxy(inbound(second.port, other), tmp_path), ThreadPoolExecutor(8) as pool:
        with haproxy(leaving, tmp_path) as process:
            customers = [pool.submit(visits, where, end, found) for _ in range(8)]
            try:
                wait(lambda: len(found) > 80)
                where[0] = other
                assert ask(metrics, path="/leave").status == 200
                wait(lambda: {port for port, _ in found[-40:]} == {other})
                server.script = Wire.reset  # the application is gone, and then the proxy
                process.send_signal(signal.SIGUSR1)
                assert process.wait(timeout=40) == 0
            finally:
                end.set()
        for each in customers:
            each.result()
    assert [each for each in found if each[1] != 200] == []
