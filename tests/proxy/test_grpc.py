"""What a gRPC client hears of a refusal: the status that says what it should do next, and no more work for anybody."""

import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import grpc
import pytest
from tests.proxy.harness import children, haproxy

from flyball.guards.breakers.breaker import Breaker
from flyball.guards.fail_fast import inbound as inbounds
from flyball.guards.reading.reader import Reader
from flyball.guards.timeouts.deadlines import Times
from flyball.guards.timeouts.hops import Hop
from flyball.lab.ports import free
from flyball.proxy import Address, InboundHop, Outbound, Proxy, Server

pytestmark = [pytest.mark.haproxy, pytest.mark.integration]

METHOD = "/shop.Payment/Pay"
RETRY = (
    '{"methodConfig": [{"name": [{}], "retryPolicy": {"maxAttempts": 3, "initialBackoff": "0.01s", '
    '"maxBackoff": "0.01s", "backoffMultiplier": 1, "retryableStatusCodes": ["UNAVAILABLE"]}}]}'
)
"""What clients usually send again."""


class Payment(grpc.GenericRpcHandler):
    """Answers each call after `seconds`."""

    def __init__(self) -> None:
        self.seconds, self.seen = 0.0, 0

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler:
        return grpc.unary_unary_rpc_method_handler(self._pay)

    def _pay(self, request: bytes, context: grpc.ServicerContext) -> bytes:
        self.seen += 1
        time.sleep(self.seconds)
        return request


@contextmanager
def served() -> Iterator[tuple[Payment, int]]:
    payment = Payment()
    server = grpc.server(ThreadPoolExecutor(16), handlers=[payment])
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield payment, port
    finally:
        server.stop(None).wait()


def call(port: int) -> tuple[grpc.StatusCode, str]:
    """The status of one call, sent again as clients do, and its message."""
    with grpc.insecure_channel(f"127.0.0.1:{port}", [("grpc.service_config", RETRY)]) as channel:
        made = channel.unary_unary(METHOD).future(b"x", timeout=20)
        return made.code(), made.details() or ""


def hop(port: int, listen: int, timeout: int = 1_000, **more: object) -> Proxy:
    settings = Hop("grpc", stream=True, **more)  # pyright: ignore[reportArgumentType] - fields of the class
    one = Outbound(
        "pay", Address(listen), (Server("127.0.0.1", port),), Times(connect=5_000, timeout=timeout), settings
    )
    return Proxy("web", outbound=(one,))


def test_a_timeout_is_not_sent_again_and_counts(tmp_path: Path) -> None:
    (own,) = free(1)
    with served() as (payment, port), haproxy(hop(port, own, breaker=Breaker(minimum=3, open=30_000)), tmp_path):
        payment.seconds = 3.0
        assert [call(own)[0] for _ in range(3)] == [grpc.StatusCode.DEADLINE_EXCEEDED] * 3
        assert payment.seen == 3
        assert call(own) == (grpc.StatusCode.UNAVAILABLE, "circuit open")
        assert payment.seen == 3


def test_a_hop_whose_connections_are_taken_says_so(tmp_path: Path) -> None:
    (own,) = free(1)
    with served() as (payment, port), haproxy(hop(port, own, 5_000, connections=1), tmp_path):
        payment.seconds = 3.0  # longer than a fifth of connect, for which it may wait
        with ThreadPoolExecutor(4) as pool:
            found = [code for code, _ in pool.map(call, [own] * 4)]
        assert sorted(code.name for code in found) == ["OK"] + ["RESOURCE_EXHAUSTED"] * 3
        assert payment.seen == 1


def test_nobody_there_may_be_tried_again(tmp_path: Path) -> None:
    own, gone = free(2)
    with haproxy(hop(gone, own), tmp_path):
        assert call(own)[0] == grpc.StatusCode.UNAVAILABLE


def test_inbound(tmp_path: Path) -> None:
    """A full replica has done nothing, so another may be asked; one that is late has no time for that."""
    (there,) = free(1)
    guard = inbounds.read(Reader({"concurrency": 1, "waiting": 1}, (), []), there, "grpc", 100, 1_000)
    with served() as (payment, port):
        proxy = Proxy("web", InboundHop(Address(there), Server("127.0.0.1", port), "grpc", 1_000, guard))
        with haproxy(proxy, tmp_path):
            payment.seconds = 1.5
            with ThreadPoolExecutor(6) as pool:
                found = list(pool.map(call, [there] * 6))
        names = [code.name for code, _ in found]
        assert names.count("DEADLINE_EXCEEDED") == 1
        assert names.count("UNAVAILABLE") == 5
        assert {message for code, message in found if code.name == "UNAVAILABLE"} == {"too much to do"}


def test_a_client_of_a_pod_that_leaves_goes_elsewhere_and_loses_nothing(tmp_path: Path) -> None:
    """A reload, which is all that makes HAProxy say goodbye on HTTP/2: to who has a connection, not to who comes."""
    (there,) = free(1)
    guard = inbounds.read(Reader({}, (), []), there, "grpc", 100, 1_000)
    states: list[grpc.ChannelConnectivity] = []
    with served() as (payment, port):
        proxy = Proxy("web", InboundHop(Address(there), Server("127.0.0.1", port), "grpc", 1_000, guard))
        with haproxy(proxy, tmp_path, "-W") as master, grpc.insecure_channel(f"127.0.0.1:{there}") as channel:
            channel.subscribe(states.append)
            pay = channel.unary_unary(METHOD)
            assert pay(b"x", timeout=20) == b"x"
            payment.seconds = 0.5
            under_way = pay.future(b"y", timeout=20)
            until(lambda: payment.seen == 2)
            before = children(master.pid)
            for _ in range(20):  # a master that has just begun may miss a signal
                master.send_signal(signal.SIGUSR2)
                time.sleep(1)
                if children(master.pid) - before:
                    break
            else:
                raise AssertionError("never reloaded")
            until(lambda: grpc.ChannelConnectivity.IDLE in states[2:])
            assert under_way.result() == b"y"
            payment.seconds = 0.0
            assert pay(b"z", timeout=20) == b"z"
    assert grpc.ChannelConnectivity.TRANSIENT_FAILURE not in states


def until(reached: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not reached():
        assert time.monotonic() < deadline
        time.sleep(0.02)
