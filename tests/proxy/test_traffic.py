"""A real HAProxy between a client and a backend: what its configuration is meant to do, it does."""

import http.client
import json
import os
import re
import signal
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tests.proxy.backend import Backend, backend
from tests.proxy.harness import ask, children, haproxy, inbound, statuses

from flyball.guards.breakers.breaker import Breaker, Fallback
from flyball.guards.fail_fast import inbound as inbounds
from flyball.guards.fail_fast.inbound import Inbound
from flyball.guards.reading.reader import Reader
from flyball.guards.timeouts.deadlines import Times
from flyball.guards.timeouts.hops import HealthCheck, Hop
from flyball.lab.ports import free
from flyball.proxy import Address, InboundHop, Outbound, Proxy, Server

pytestmark = [pytest.mark.haproxy, pytest.mark.integration]

BREAKER = Breaker(window=60_000, threshold=50, minimum=10, open=1_000, probes=50, permitted=3, slow=900)
BODY = '{"items": [], "note": "it\'s $HOME #1 %[x]"}'


@pytest.fixture
def server() -> Iterator[Backend]:
    with backend() as found:
        yield found


def hop(server: Backend, listen: int, call: Times | None = None, **more: object) -> Outbound:
    settings = Hop(breaker=BREAKER, **more)  # pyright: ignore[reportArgumentType] - fields of the class, by name
    return Outbound("pay", Address(listen), (Server("127.0.0.1", server.port),), call or Times(), settings)


class TestBreaker:
    def test_opens_probes_and_closes_once(self, server: Backend, tmp_path: Path) -> None:
        (port,) = free(1)
        with haproxy(Proxy("web", outbound=(hop(server, port),)), tmp_path):
            assert statuses(port, 10) == [200] * 10
            server.status = 500
            failing = statuses(port, 30)
            # 10 good and 10 bad make half: the next one is refused, and no refusal reaches the server.
            assert failing == [500] * 10 + [503] * 20
            assert server.seen == 20
            time.sleep(1.1)
            probing = statuses(port, 30)
            assert probing.count(500) == server.seen - 20 == 2, "two of three probes failed, which is enough"
            server.status = 200
            assert set(statuses(port, 20)) == {503}, "open again, for its whole time"
            time.sleep(1.1)
            closing = statuses(port, 60)
            # The first is a probe, and the others must not be more than half of all that came since it opened.
            assert closing[closing.index(200) :].count(503) == 0
            assert statuses(port, 100) == [200] * 100, "it forgot why it opened, and does not flap"

    def test_does_not_open_below_the_minimum(self, server: Backend, tmp_path: Path) -> None:
        (port,) = free(1)
        server.status = 500
        with haproxy(Proxy("web", outbound=(hop(server, port),)), tmp_path):
            assert statuses(port, 10) == [500] * 10
            assert statuses(port, 1) == [503]

    def test_slow_answers_count(self, server: Backend, tmp_path: Path) -> None:
        (port,) = free(1)
        server.seconds = 0.2
        slow = Hop(breaker=Breaker(minimum=5, slow=150))
        one = Outbound("pay", Address(port), (Server("127.0.0.1", server.port),), Times(timeout=5_000), slow)
        with haproxy(Proxy("web", outbound=(one,)), tmp_path):
            assert statuses(port, 7) == [200] * 5 + [503] * 2

    def test_its_own_errors_count(self, server: Backend, tmp_path: Path) -> None:
        """A connection that is refused, one that is closed without a word, and an answer that does not come."""
        refused, port, closed, hung = free(4)
        nobody = Outbound("gone", Address(port), (Server("127.0.0.1", refused),), Times(), Hop(breaker=BREAKER))
        with haproxy(Proxy("web", outbound=(nobody,)), tmp_path):
            found = [ask(port) for _ in range(12)]
        assert [b"circuit open" in answer.body for answer in found] == [False] * 10 + [True] * 2
        server.status = 0
        with haproxy(Proxy("web", outbound=(hop(server, closed),)), tmp_path):
            assert statuses(closed, 12) == [502] * 10 + [503] * 2
        server.seconds = 3
        with haproxy(Proxy("web", outbound=(hop(server, hung, Times(timeout=200)),)), tmp_path):
            assert statuses(hung, 12) == [504] * 10 + [503] * 2

    def test_fallback(self, server: Backend, tmp_path: Path) -> None:
        port, other = free(2)
        server.status = 500
        static = hop(server, port, fallback=Fallback(203, "application/json", BODY))
        with backend() as second:
            borrowed = Outbound(
                "b",
                Address(other),
                (Server("127.0.0.1", server.port),),
                Times(),
                Hop("http", BREAKER, Fallback(call="c")),
            )
            (third,) = free(1)
            lender = Outbound("c", Address(third), (Server("127.0.0.1", second.port),), Times(), Hop(breaker=BREAKER))
            with haproxy(Proxy("web", outbound=(static, borrowed, lender)), tmp_path):
                assert statuses(port, 10) == statuses(other, 10) == [500] * 10
                answer = ask(port)
                assert (answer.status, answer.body.decode()) == (203, BODY)
                assert answer.headers["content-type"] == "application/json"
                assert statuses(other, 5) == [200] * 5
                assert second.seen == 5

    def test_a_reload_keeps_its_state(self, server: Backend, tmp_path: Path) -> None:
        port, peers = free(2)
        server.status = 500
        breaker = Breaker(minimum=10, open=30_000)
        one = Outbound("pay", Address(port), (Server("127.0.0.1", server.port),), Times(), Hop(breaker=breaker))
        proxy = Proxy("web", outbound=(one,), peers=Address(peers))
        with haproxy(proxy, tmp_path, "-W") as master:
            assert statuses(port, 11) == [500] * 10 + [503]
            workers = children(master.pid)
            # For its first 5 s a process still hopes for the state of one before it, and hands on nothing.
            time.sleep(6)
            os.kill(master.pid, signal.SIGUSR2)
            until = time.monotonic() + 20
            while workers & children(master.pid) and time.monotonic() < until:
                time.sleep(0.05)
            assert not workers & children(master.pid)
            assert statuses(port, 5) == [503] * 5
            assert server.seen == 10

    def test_its_metrics_and_its_log(self, server: Backend, tmp_path: Path) -> None:
        port, metrics = free(2)
        server.status = 500
        with haproxy(Proxy("web", outbound=(hop(server, port),), metrics=Address(metrics)), tmp_path):
            statuses(port, 15)
            ask(port, path="/" + "x" * 3_000 + '"\\')
            text = ask(metrics, path="/metrics").body.decode()
            assert ask(metrics, path="/healthz")[:2] == (200, b"ok")
        assert 'haproxy_backend_http_requests_total{proxy="to.pay"} 10' in text
        assert 'haproxy_backend_http_requests_total{proxy="open.pay"} 6' in text
        lines = [json.loads(x) for x in (tmp_path / "web.log").read_text().splitlines() if x.startswith("{")]
        assert [line["backend"] for line in lines] == ["to.pay"] * 10 + ["open.pay"] * 6
        assert (lines[0]["method"], lines[0]["path"], lines[0]["status"]) == ("GET", "/", 500)
        assert len(lines[-1]["path"]) == 200

    def test_answers_that_take_nearly_the_whole_timeout_are_counted_for_a_while(
        self, server: Backend, tmp_path: Path
    ) -> None:
        port, door, metrics = free(3)
        one = hop(server, port, Times(timeout=4_000))
        guard = inbound(server.port, door).inbound
        proxy = Proxy("web", guard, (one,), metrics=Address(metrics), window=8_000)

        def seen() -> list[str]:
            """Of the call, and of what the application promises."""
            text = ask(metrics, path="/metrics").body.decode()
            return [
                re.findall(rf'^haproxy_sticktable_used{{name="{name}",.*}} (\d+)$', text, re.MULTILINE)[0]
                for name in ("near.pay", "inbound")
            ]

        def asking(to: int, accept: str = "*/*") -> int:
            return ask(to, accept=accept).status

        with haproxy(proxy, tmp_path):
            assert statuses(port, 20) == statuses(door, 20) == [200] * 20
            assert seen() == ["0", "0"]
            server.seconds = 3.3
            with ThreadPoolExecutor(6) as callers:
                asked = [callers.submit(asking, to) for to in [port] * 3 + [door] * 2]
                # Events come when they come.
                asked.append(callers.submit(asking, door, "text/event-stream"))
                assert [each.result() for each in asked] == [200] * 6
            assert seen() == ["3", "2"]
            until = time.monotonic() + 120
            while seen() != ["0", "0"] and time.monotonic() < until:
                time.sleep(0.2)
            assert seen() == ["0", "0"]


class TestRetries:
    def test_only_what_may_be_sent_twice(self, server: Backend, tmp_path: Path) -> None:
        (port,) = free(1)
        server.status = 0
        one = hop(server, port, Times(retries=2))
        with haproxy(Proxy("web", outbound=(one,)), tmp_path):
            assert ask(port).status == 502
            assert [method for method, _, _ in server.requests] == ["GET"] * 3
            assert ask(port, "POST", body=b"x").status == 502
            assert [method for method, _, _ in server.requests[3:]] == ["POST"]

    def test_within_their_budget(self, server: Backend, tmp_path: Path) -> None:
        (port,) = free(1)
        server.status = 502
        one = Outbound("pay", Address(port), (Server("127.0.0.1", server.port),), Times(retries=1), Hop(budget=20))
        with haproxy(Proxy("web", outbound=(one,)), tmp_path):
            assert statuses(port, 100) == [502] * 100
        assert 100 < server.seen <= 121, "a fifth of the requests, and the one that shows that it is used up"


class TestDoor:
    def inbound(self, server: Backend, port: int, deadline: int = 4_000, **more: object) -> Proxy:
        inbound: Inbound = inbounds.read(Reader(more, (), []), port, "http", 100, deadline)
        return Proxy("web", InboundHop(Address(port), Server("127.0.0.1", server.port), "http", deadline, inbound))

    def test_what_is_wrong_does_not_reach_the_application(self, server: Backend, tmp_path: Path) -> None:
        (port,) = free(1)
        with haproxy(self.inbound(server, port, methods=["GET", "POST"], body="1Ki"), tmp_path):
            refused = ask(port, "PUT", body=b"x")
            assert (refused.status, refused.headers["allow"]) == (405, "GET, POST")
            assert ask(port, "POST", body=b"x" * 1_025).status == 413
            assert ask(port, X_Big="x" * 20_000).status in (400, 431), "the latter from HAProxy 3 on"
            assert server.seen == 0
            assert ask(port, "POST", body=b"x" * 1_024).status == 200

    def test_slow_clients(self, server: Backend, tmp_path: Path) -> None:
        (port,) = free(1)
        with haproxy(self.inbound(server, port, slow="300ms"), tmp_path):
            for begin in (b"GET / HTTP/1.1\r\n", b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n"):
                with socket.create_connection(("127.0.0.1", port), timeout=20) as client:
                    client.sendall(begin + b"x")
                    assert client.recv(1_000).startswith(b"HTTP/1.1 408 ")
        assert server.seen == 0

    def test_a_full_queue_refuses_at_once(self, server: Backend, tmp_path: Path) -> None:
        (port,) = free(1)
        server.seconds = 1.0
        proxy = self.inbound(server, port, concurrency=2, waiting=2, queue="3s")
        with haproxy(proxy, tmp_path), ThreadPoolExecutor(12) as pool:
            answers = list(pool.map(lambda _: ask(port), range(12)))
        served = [answer for answer in answers if answer.status == 200]
        refused = [answer for answer in answers if answer.status == 503]
        assert (len(served), len(refused)) == (4, 8)
        assert {answer.headers["retry-after"] for answer in refused} == {"3"}
        assert max(answer.seconds for answer in refused) < min(answer.seconds for answer in served)
        assert server.seen == 4

    def test_the_queue_has_a_deadline(self, server: Backend, tmp_path: Path) -> None:
        (port,) = free(1)
        server.seconds = 3.0
        proxy = self.inbound(server, port, concurrency=1, waiting=5, queue="300ms")
        with haproxy(proxy, tmp_path), ThreadPoolExecutor(3) as pool:
            answers = sorted(pool.map(lambda _: ask(port), range(3)), key=lambda a: a.status)
        assert [answer.status for answer in answers] == [200, 503, 503]
        assert answers[1].headers["retry-after"] == "1"
        assert max(answer.seconds for answer in answers[1:]) < answers[0].seconds

    def test_the_deadline_is_handed_on_and_kept(self, server: Backend, tmp_path: Path) -> None:
        (port,) = free(1)
        with haproxy(self.inbound(server, port), tmp_path):
            now = time.time() * 1000
            assert ask(port).status == 200
            assert 3_900 < float(server.requests[-1][2]["x-deadline"]) - now < 9_000
            assert ask(port, X_Deadline=f"{now + 60_000:.0f}").status == 200
            assert float(server.requests[-1][2]["x-deadline"]) - now < 9_000, "nobody may lengthen it"
            soon = f"{time.time() * 1000 + 3_000:.0f}"
            assert ask(port, X_Deadline=soon).status == 200
            assert server.requests[-1][2]["x-deadline"] == soon
            for nonsense in ("", "soon", "-1", "99999999999999999999"):
                assert ask(port, X_Deadline=nonsense).status == 200
            seen = server.seen
            late = ask(port, X_Deadline=f"{now - 1:.0f}")
            assert (late.status, late.body) == (504, b"deadline exceeded")
            assert server.seen == seen
            server.seconds = 3.0
            short = ask(port, X_Deadline=f"{time.time() * 1000 + 500:.0f}")
            assert (short.status, short.seconds < server.seconds) == (504, True)

    def test_it_leaves_when_all_is_answered(self, server: Backend, tmp_path: Path) -> None:
        (port,) = free(1)
        server.seconds = 1.0
        with haproxy(self.inbound(server, port), tmp_path) as process, ThreadPoolExecutor(1) as pool:
            answer = pool.submit(ask, port)
            while not server.seen:
                time.sleep(0.02)
            process.send_signal(signal.SIGUSR1)
            assert answer.result().status == 200
            assert process.wait(timeout=20) == 0


class TestServers:
    def test_ill_ones_are_left_out_but_never_too_many(self, server: Backend, tmp_path: Path) -> None:
        (port,) = free(1)
        with backend() as second, backend() as third:
            servers = tuple(Server("127.0.0.1", each.port) for each in (server, second, third))
            settings = Hop(health=HealthCheck("/", period=100, failures=2))
            with haproxy(
                Proxy("web", outbound=(Outbound("pool", Address(port), servers, Times(), settings),)), tmp_path
            ):
                server.status = 500
                settle(port, 20)
                assert set(statuses(port, 30)) == {200}
                second.status = third.status = 500
                time.sleep(1.5)
                before = [len(asked(each)) for each in (server, second, third)]
                assert {ask(port, path="/real").status for _ in range(30)} == {500}
                after = [len(asked(each)) for each in (server, second, third)]
                assert min(b - a for a, b in zip(before, after, strict=True)) > 0, "all of them are used again"


def asked(server: Backend) -> list[str]:
    return [path for _, path, _ in server.requests if path == "/real"]


def settle(port: int, count: int) -> None:
    """Until so many answers in a row were good."""
    until = time.monotonic() + 20
    while statuses(port, count) != [200] * count:
        assert time.monotonic() < until


class TestNames:
    """Applications that cannot be told an address dial names, which lead to loopback addresses of the calls."""

    def test_two_calls_on_one_port_go_each_to_its_own(self, tmp_path: Path) -> None:
        first, second, same = free(3)
        with backend() as one, backend() as other:
            other.status = 404
            calls = [
                Outbound(name, Address(listen), (Server("127.0.0.1", to.port),), also=(Address(same, f"127.0.0.{n}"),))
                for name, listen, to, n in (("pay", first, one, 2), ("cart", second, other, 3))
            ]
            with haproxy(Proxy("web", outbound=tuple(calls)), tmp_path):
                places = (("127.0.0.1", first), ("127.0.0.1", second), ("127.0.0.2", same), ("127.0.0.3", same))
                found = [_status(host, port) for host, port in places]
        assert found == [200, 404, 200, 404]


def _status(host: str, port: int) -> int:
    connection = http.client.HTTPConnection(host, port, timeout=20)
    try:
        connection.request("GET", "/")
        return connection.getresponse().status
    finally:
        connection.close()
