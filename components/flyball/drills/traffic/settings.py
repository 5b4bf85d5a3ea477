"""How fast time passes in a drill with traffic, and what follows from it for the rules.

Waiting times are compressed, and the rules keep their proportions: a window of several open times, a minimum that a
window fills with ease, timeouts well below a client's patience.
"""

from typing import Final

from flyball.guards.breakers.breaker import Breaker
from flyball.guards.fail_fast.inbound import Inbound
from flyball.guards.fail_fast.inbound import read as read_inbound
from flyball.guards.reading.problem import Problem, refuse
from flyball.guards.reading.reader import Reader
from flyball.guards.timeouts.deadlines import Times
from flyball.guards.timeouts.hops import Hop

LATENCY: Final = 0.05
"""What a healthy dependency needs for an answer [s]."""
CALL: Final = Times(connect=150, timeout=300)
"""A hop's timeouts [ms], six times of what it needs."""
BREAKER: Final = Breaker(window=2_000, minimum=10, open=1_000, probes=20, permitted=3, slow=240)
"""A window of 2 s stands for 60 s; with 20 requests per second on a hop, a fifth of them as probes is 4 per second."""
HOP: Final = Hop(breaker=BREAKER, connections=6)
"""Six times the connections that 20 requests per second of 50 ms hold."""
WORKERS: Final = 16
"""Of the application's pool: three times what it needs with all dependencies well."""
PATIENCE: Final = 2.0
"""After this long a user gives up [s]."""
DEADLINE: Final = 1_500
"""What the application promises [ms]."""


def inbound(replica: float, **arguments: str | int) -> Inbound:
    """The guard in front of a replica that does so many requests per second, its arguments as in a stack file."""
    problems: list[Problem] = []
    # The lab gives it a free port.
    found = read_inbound(Reader({"slow": "1s", **arguments}, ("inbound",), problems), 1, "http", replica, DEADLINE)
    refuse(problems)
    return found


INBOUND: Final = inbound(WORKERS / LATENCY, latency="50ms", queue="300ms")
"""All workers busy with what takes 50 ms; whoever would wait for more than 300 ms is told so at once."""
DEPENDENCIES: Final = ("cart", "payment", "stock", "reviews", "search")
RATE: Final = 100.0
"""Requests per second of users, spread evenly over five routes, of which each needs another dependency."""
BEFORE, DURING, AFTER = 3.0, 4.0, 4.0
"""Seconds before the fault, with it, and after its end."""
