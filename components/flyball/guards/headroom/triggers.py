"""Signals of load beside the processor: queries that say how much work there is.

KEDA divides a query's result by a threshold, and wants that many replicas (metric type AverageValue, https://keda.sh/
docs/2.21/scalers/prometheus/). Where a query gives requests per second, the threshold follows from the rules.
"""

from dataclasses import dataclass
from fractions import Fraction

from flyball.guards.reading import address
from flyball.guards.reading.reader import Reader
from flyball.guards.reading.rules import EMPTY, INVALID_ADDRESS, SECRET_IN_PLAIN_TEXT
from flyball.guards.reading.units import exact

FAILURES = 3
"""Failed queries in a row after which the fallback holds; the autoscaler asks every 15 s."""


@dataclass(frozen=True, slots=True)
class Prometheus:
    """A query to a Prometheus server; no threshold means requests per second of the whole workload."""

    server: str
    query: str
    threshold: float | None

    def per_replica(self, replica: float, target: int) -> Fraction:
        """What of the query's result one replica may have: the threshold, else what it does at the target [percent]."""
        return exact(replica) * target / 100 if self.threshold is None else exact(self.threshold)


def read(triggers: dict[str, Reader]) -> dict[str, Prometheus]:
    """The triggers by name; what is out of range is kept by their readers."""
    return {name: _prometheus(trigger.at("prometheus")) for name, trigger in triggers.items()}


def _prometheus(r: Reader) -> Prometheus:
    server, query = r.value("server", str, "http://localhost:9090"), r.value("query", str, "vector(0)")
    if address.has_user(server):
        r.problem(
            "server",
            SECRET_IN_PLAIN_TEXT,
            "holds a user, which everybody could read",
            "use a server inside the cluster, without one",
        )
    elif address.server(server) is None:
        r.problem(
            "server",
            INVALID_ADDRESS,
            f"is {server!r}",
            "give the address of a Prometheus server, as http://prometheus.name:9090",
        )
    if not query.strip():
        r.problem("query", EMPTY, "is empty", "give a PromQL expression with one number as its result")
    return Prometheus(server, query, r.number("threshold", 1.0) if r.has("threshold") else None)
