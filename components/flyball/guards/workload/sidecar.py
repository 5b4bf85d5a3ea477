"""The proxy beside an application: its ports, what it asks for, and what it must not take from the application.

Processor: 50 us are asked for each request that passes, once for the guard and once for each call: an assumption. Under
load on one slow core HAProxy took 90 us without and 100 to 120 us with all of this, so measure it on yours.
Memory: a buffer in each direction for what is under way, of 16 KiB where `headers` asks for no more, and about 4 KiB
for each connection (`tune.bufsize` in https://docs.haproxy.org/3.2/configuration.html#3.2), above 24 MiB for the
process, which started with 15. Beside that the tables of answers near their timeout, one for the guard and one for each
call; they are full when all is slow, and then the buffers are too.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from flyball.guards.alerting.hops import NEAR_MOST
from flyball.guards.clean_up.retention import MI
from flyball.guards.fail_fast.container import check_image
from flyball.guards.fail_fast.inbound import Inbound
from flyball.guards.fail_fast.rules import PORT_TAKEN, VARIABLE_TAKEN
from flyball.guards.reading.problem import Path, Problem
from flyball.guards.reading.reader import Reader
from flyball.guards.reading.rules import INVALID_NAME, OUT_OF_RANGE
from flyball.guards.reading.units import Bytes, Millicores, ceil_div
from flyball.guards.timeouts.hops import Hop, variable
from flyball.guards.workload import resources
from flyball.guards.workload.resources import Resources

IMAGE = "docker.io/library/haproxy:3.2.4-alpine"
FIRST_PORT = 21_000
"""Below the ports that Linux gives to outgoing connections, from 32768 on (ip(7), `ip_local_port_range`)."""
CALLS_FROM = 10
"""The first call is on this port after the first."""
MOST_CALLS = 1_000
DOMAIN = "cluster.local"
SCRAPE = "monitoring"
SHARE_OF_REQUEST: float = 0.05
"""Millicores for each request per second: 50 us."""
LEAST_CPU: Millicores = 20
LEAST_HEADERS: Bytes = 15 * 1024
MOST_HEADERS: Bytes = 64 * 1024
MAXIMUM_REWRITE: Bytes = 1024
"""Of a buffer, kept for headers that the proxy adds (HAProxy's `tune.maxrewrite`)."""
_ENTRY: Bytes = 176
"""Of a table by number and without data: by so much for each HAProxy 2.6 grew until 8,192 were in it, 1.4 MiB in all,
where its documentation counts about 50 (`stick-table`, https://docs.haproxy.org/2.6/configuration.html#4.2)."""
_DOMAIN = re.compile(r"[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?){0,8}")


@dataclass(frozen=True, slots=True)
class Sidecar:
    enabled: bool
    image: str
    port: int
    domain: str
    scrape: str
    headers: Bytes
    resources: Resources

    @property
    def metrics_port(self) -> int:
        return self.port + 1

    def call_ports(self, calls: Iterable[str]) -> dict[str, int]:
        """The port of each call on the loopback interface, in alphabetical order."""
        return {name: self.port + CALLS_FROM + i for i, name in enumerate(sorted(calls))}


def read(r: Reader, inbound: Inbound, calls: int, replica: float) -> Sidecar:
    """The proxy of a workload with that guard and so many calls."""
    image, domain = r.value("image", str, IMAGE), r.value("domain", str, DOMAIN)
    r.problems.extend(check_image(image, (*r.path, "image")))
    r.problems.extend(check_domain(domain, r.to("domain")))
    scrape = r.value("scrape", str, SCRAPE)
    if not _DOMAIN.fullmatch(scrape) or "." in scrape:
        r.problem("scrape", INVALID_NAME, f"is {scrape!r}", "give the name of a namespace")
    asked = r.at("resources")
    share = cpu(replica, calls + inbound.enabled)
    headers = read_headers(r)
    found = resources.read(asked, share, memory(inbound, calls, headers))
    if not asked.at("limits").has("cpu"):
        # It must keep up when the application is overloaded: refusing is what is left then.
        found = Resources(found.cpu, found.memory, max(10 * found.cpu, 250), found.memory_limit)
    return Sidecar(
        enabled=r.value("enabled", bool, True),
        image=image,
        port=r.whole("port", FIRST_PORT, 1024, 65_535 - CALLS_FROM - MOST_CALLS),
        domain=domain,
        scrape=scrape,
        headers=headers,
        resources=found,
    )


def check_domain(domain: str, path: Path) -> Iterator[Problem]:
    """Refuse what is no domain of a cluster."""
    if not _DOMAIN.fullmatch(domain):
        yield Problem(path, INVALID_NAME, f"is {domain!r}", "give the cluster's domain, as cluster.local")


def cpu(replica: float, passes: int) -> Millicores:
    """For `replica` requests per second, each of which passes so many times."""
    return min(1000, max(LEAST_CPU, ceil_div(int(replica * passes * SHARE_OF_REQUEST * 10), 10)))


def read_headers(r: Reader) -> Bytes:
    """The largest headers of a request and of an answer, which decide how large a proxy's buffers are."""
    headers = r.size("headers", LEAST_HEADERS)
    if not LEAST_HEADERS <= headers <= MOST_HEADERS:
        r.problem("headers", OUT_OF_RANGE, "is out of range", "allowed is from 15Ki to 64Ki")
    return headers


def buffer(headers: Bytes) -> Bytes:
    """Of a proxy (`tune.bufsize`); of a body, too, only what one holds is known at once."""
    return headers + MAXIMUM_REWRITE


def memory(inbound: Inbound, calls: int, headers: Bytes, connections: int = 100) -> Bytes:
    """For all that may be under way at once and the tables of slow answers, in whole MiB."""
    kib = 1024
    busy = (inbound.concurrency + inbound.waiting if inbound.enabled else 0) + calls * connections
    open_ones = (inbound.connections if inbound.enabled else 0) + 2 * calls * connections
    total = 24 * MI + busy * 2 * buffer(headers) + open_ones * 4 * kib + (calls + inbound.enabled) * NEAR_MOST * _ENTRY
    return ceil_div(total, MI) * MI


def taken(sidecar: Sidecar, inbound: Inbound, calls: Iterable[str], port: int | None) -> dict[int, str]:
    """The ports on which a pod listens for its one port and its calls, and what does."""
    found = {} if port is None else {port: "the application"}
    if sidecar.enabled:
        found |= {sidecar.metrics_port: "the proxy's metrics"}
        found |= {at: f"the call {name}" for name, at in sidecar.call_ports(calls).items()}
        found |= {inbound.port: "the guard"} if inbound.enabled else {}
    return found


def check(
    sidecar: Sidecar, inbound: Inbound, hops: Mapping[str, Hop], port: int | None, taken: Mapping[str, str], path: Path
) -> Iterator[Problem]:
    """Refuse ports that two parts would listen on, and variables that are set already.

    `taken` says under which argument a variable is set: `PAYMENT_URL` in `env`.
    """
    if not sidecar.enabled:
        return
    calls = sidecar.call_ports(hops)
    used = {sidecar.metrics_port: "the proxy's metrics", **{p: f"the call {name}" for name, p in calls.items()}}
    if inbound.enabled:
        if inbound.port in used or inbound.port == port:
            what = used.get(inbound.port, "the application")
            yield Problem(
                (*path, "inbound", "port"), PORT_TAKEN, f"{inbound.port} is the port of {what}", "choose another one"
            )
        used[inbound.port] = "the guard"
    if port in used and port != inbound.port:
        yield Problem(
            (*path, "port"), PORT_TAKEN, f"{port} is the port of {used[port]}", "choose another one, or set proxy.port"
        )
    if len(hops) > MOST_CALLS:
        yield Problem((*path, "calls"), OUT_OF_RANGE, f"are {len(hops)}", f"allowed are at most {MOST_CALLS}")
    seen: dict[str, str] = {}
    for name, hop in sorted(hops.items()):
        word, at = variable(name, hop), (*path, "calls", name)
        if word in taken:
            hint = f"remove it there, or name another one in calls.{name}.variable"
            yield Problem(
                (*path, taken[word], word), VARIABLE_TAKEN, f"is the address that flyball sets for {name}", hint
            )
        elif word in seen:
            yield Problem((*at, "variable"), VARIABLE_TAKEN, f"{word} is that of {seen[word]} too", "name another one")
        seen.setdefault(word, name)
