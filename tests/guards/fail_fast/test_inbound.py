"""The guard in front of a replica: Little's law by hand, and what contradicts itself."""

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flyball.guards.fail_fast.inbound import Inbound, check, concurrency, read, waiting
from flyball.guards.reading.problem import Problem
from flyball.guards.reading.reader import Reader


def inbound(
    protocol: str = "http", replica: float = 40, deadline: int = 2_000, **more: Any
) -> tuple[Inbound, list[str]]:
    problems: list[Problem] = []
    found = read(Reader(more, ("inbound",), problems), 21_000, protocol, replica, deadline)
    problems += check(found, deadline, ("inbound",), tcp=protocol == "tcp")
    return found, [str(problem) for problem in problems]


@pytest.mark.parametrize(
    ("replica", "latency", "expected"),
    [(40, 1_000, 40), (40, 250, 10), (3, 100, 1), (0.1, 100, 1), (33.4, 1_000, 34), (10**12, 1_000, 25_000)],
)
def test_little(replica: float, latency: int, expected: int) -> None:
    assert concurrency(replica, latency) == expected


@pytest.mark.parametrize(("replica", "queue", "expected"), [(40, 500, 20), (39.9, 100, 3), (1, 500, 1)])
def test_no_more_wait_than_are_served_within_the_queue_time(replica: float, queue: int, expected: int) -> None:
    assert waiting(replica, queue) == expected


@given(st.fractions(1, 10_000), st.integers(1, 60_000))
def test_what_waits_is_served_in_time(replica: Fraction, queue: int) -> None:
    line = waiting(replica, queue)
    assert line == 1 or line == 25_000 or line * 1000 <= replica * queue


def test_from_load_and_deadline() -> None:
    """A second for an answer, half a second in the queue, of a deadline of two."""
    found, problems = inbound()
    assert problems == []
    assert (found.latency, found.concurrency, found.queue, found.waiting) == (1_000, 40, 500, 20)


def test_a_stated_latency() -> None:
    assert inbound(latency="100ms")[0].concurrency == 4
    found = inbound(latency="1900ms")[0]
    assert (found.concurrency, found.queue, found.waiting) == (76, 100, 4)


def test_protocols() -> None:
    assert inbound("grpc")[0].methods == ("POST",)
    assert inbound("tcp")[0].idle == 300_000


@pytest.mark.parametrize(
    ("protocol", "more", "problem"),
    [
        ("http", {"methods": ["GET", "FOO"]}, "inbound.methods[1]: is 'FOO'; allowed are GET, HEAD, POST, PUT, PATCH,"),
        ("http", {"methods": []}, "inbound.methods: is empty; name at least one, or remove the key"),
        ("http", {"body": "0"}, "inbound.body: is 0; it must be more than 0"),
        ("http", {"connections": 59}, "inbound.connections: is 59, less than the 60 requests under way and waiting;"),
        ("http", {"concurrency": 0}, "inbound.concurrency: is 0; allowed is from 1 to 100000"),
        (
            "http",
            {"latency": "1s", "queue": "1001ms"},
            "inbound: latency and queue take 2.001s, more than",
        ),
        ("tcp", {"body": "1Ki"}, "inbound.body: is given, and protocol is tcp; only http and grpc know it; remove it"),
    ],
)
def test_refused(protocol: str, more: dict[str, Any], problem: str) -> None:
    (found,) = inbound(protocol, **more)[1]
    assert found.startswith(problem)
