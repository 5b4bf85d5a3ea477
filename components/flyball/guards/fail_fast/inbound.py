"""Lesson 2 in front of an application: refuse at the door what is wrong, too slow, too big or too much.

How many requests a replica may have under way follows from Little's law, `L = lambda W` (J. D. C. Little, "A Proof for
the Queuing Formula L = lambda W", Operations Research 9, 1961): what it can do in a second times what one answer
takes. More of them at once only make each of them slower. Those beyond wait in a short queue, no more than are served
within its deadline; the rest is refused at once, while refusing is cheap and another replica may have room.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from flyball.guards.fail_fast.rules import CONNECTIONS_BELOW_REQUESTS, QUEUE_BEYOND_DEADLINE
from flyball.guards.reading.problem import Path, Problem
from flyball.guards.reading.reader import Reader
from flyball.guards.reading.rules import DOES_NOT_APPLY, EMPTY, UNKNOWN_VALUE
from flyball.guards.reading.units import Bytes, Milliseconds, ceil_div, exact, show_count, show_duration

KI = 1024
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
"""Those of RFC 9110 and RFC 5789, without CONNECT and TRACE: no application asks for these two."""
GRPC_METHODS = ("POST",)
"""The only one of gRPC over HTTP/2."""
MOST_CONNECTIONS = 100_000


@dataclass(frozen=True, slots=True)
class Inbound:
    """The guard in front of one replica. Times in milliseconds, sizes in bytes.

    `concurrency` requests are under way at once, `waiting` more may wait, each up to `queue`.
    """

    enabled: bool
    port: int
    methods: tuple[str, ...]
    body: Bytes
    slow: Milliseconds
    idle: Milliseconds
    connections: int
    concurrency: int
    waiting: int
    latency: Milliseconds
    queue: Milliseconds

    @property
    def staying(self) -> int:
        """WebSockets and streams of events that may be open at once, beside the requests under way: half of all."""
        return max(1, self.connections // 2)


def concurrency(replica: float | Fraction, latency: Milliseconds) -> int:
    """Requests under way in one replica: `replica` per second, each of them `latency` long.

    At least 1, and at most a quarter of the connections that one proxy may have.
    """
    return min(max(1, ceil_div(exact(replica) * latency, 1000)), MOST_CONNECTIONS // 4)


def waiting(replica: float | Fraction, queue: Milliseconds) -> int:
    """Requests that may wait: as many as are served within `queue`, with the same limits."""
    return min(max(1, int(exact(replica) * queue // 1000)), MOST_CONNECTIONS // 4)


def read(r: Reader, port: int, protocol: str, replica: float, deadline: Milliseconds) -> Inbound:
    """The guard of a workload, listening on `port` by default; what contradicts itself is a problem.

    Without a stated `latency` an answer is taken to need half of the deadline, and `queue` is a quarter of it: what
    is let in is then answered in time, and a replica that is faster than that just has fewer under way.
    """
    latency = r.duration("latency", max(1, deadline // 2))
    queue = r.duration("queue", max(1, min(deadline // 4, deadline - latency)))
    most = r.whole("concurrency", concurrency(replica, latency), 1, MOST_CONNECTIONS)
    line = r.whole("waiting", waiting(replica, queue), 1, MOST_CONNECTIONS)
    tcp = protocol == "tcp"
    inbound = Inbound(
        enabled=r.value("enabled", bool, True),
        port=r.whole("port", port, 1, 65_535),
        methods=_methods(r, GRPC_METHODS if protocol == "grpc" else METHODS),
        body=r.size("body", 1024 * KI),
        slow=r.duration("slow", 5_000),
        idle=r.duration("idle", 300_000 if tcp else 60_000),
        connections=r.whole("connections", min(max(1000, 2 * (most + line)), MOST_CONNECTIONS), 1, MOST_CONNECTIONS),
        concurrency=most,
        waiting=line,
        latency=latency,
        queue=queue,
    )
    if tcp:
        for key in ("methods", "body"):
            if r.has(key):
                r.problem(key, DOES_NOT_APPLY, "is given, and protocol is tcp", "only http and grpc know it; remove it")
    return inbound


def check(inbound: Inbound, deadline: Milliseconds, path: Path, *, tcp: bool = False) -> Iterator[Problem]:
    """Refuse a queue in which requests wait until it is too late for them, or that has no room for them."""
    # Each is at least a millisecond, whatever the deadline.
    if inbound.enabled and inbound.latency + inbound.queue > max(deadline, 2):
        spent = show_duration(inbound.latency + inbound.queue)
        message = f"latency and queue take {spent}, more than the deadline of {show_duration(deadline)}"
        yield Problem(
            path, QUEUE_BEYOND_DEADLINE, message, "who waits would not be answered in time; lower one of them"
        )
    if inbound.enabled and inbound.connections < (least := inbound.concurrency + inbound.waiting) and not tcp:
        message = f"is {inbound.connections}, less than the {show_count(least, 'request')} under way and waiting"
        yield Problem(
            (*path, "connections"), CONNECTIONS_BELOW_REQUESTS, message, "raise it, or lower concurrency or waiting"
        )


def _methods(r: Reader, default: tuple[str, ...]) -> tuple[str, ...]:
    if not r.has("methods"):
        return default
    words = r.words("methods")
    for i, word in enumerate(words):
        if word not in METHODS:
            r.problem(("methods", i), UNKNOWN_VALUE, f"is {word!r}", f"allowed are {', '.join(METHODS)}")
    if r.values["methods"] == []:
        r.problem("methods", EMPTY, "is empty", "name at least one, or remove the key")
    return tuple(dict.fromkeys(word for word in words if word in METHODS)) or default
