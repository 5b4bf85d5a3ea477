"""A call as it is written: its times, and where it goes if that is outside of the stack."""

from dataclasses import dataclass

from flyball.guards.reading import address
from flyball.guards.reading.reader import Reader
from flyball.guards.reading.rules import DOES_NOT_APPLY, MISSING
from flyball.guards.reading.units import Milliseconds
from flyball.guards.timeouts import deadlines
from flyball.guards.timeouts.deadlines import Times

LEAST: Milliseconds = 2
"""Each is split in two by the proxy, and HAProxy waits for at least a millisecond."""


@dataclass(frozen=True, slots=True)
class Outside:
    """A dependency outside of the stack; no address ranges means any address, on this port only."""

    host: str
    port: int
    cidrs: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    """Further ones, that can answer in place of `host`."""


def read_call(r: Reader, outside: bool, timeout: Milliseconds = deadlines.DEFAULT_TIMEOUT) -> Times:
    """The times of a call; `outside` says that it leaves the stack, `timeout` how long it waits if it does not say."""
    return Times(
        connect=r.duration("connect", deadlines.DEFAULT_CONNECT, LEAST),
        timeout=r.duration("timeout", timeout, LEAST),
        retries=r.whole("retries", deadlines.DEFAULT_RETRIES, 0, 10),
        backoff=r.duration("backoff", 0, least=0),
        parallel=r.said("parallel") or None,
        outside=outside,
    )


def read_outside(r: Reader) -> Outside:
    """Where a call with `host` goes."""
    if not r.has("port"):
        r.problem("port", MISSING, "is missing", "a host outside of the stack needs its port")
    host, hosts = r.value("host", str, "127.0.0.1"), address.hosts(r, "hosts")
    address.check_host(r, "host", host)
    cidrs = address.ranges(r, "cidrs", "as 10.1.0.0/16, or 10.1.2.3/32 for one address")
    return Outside(host, r.whole("port", 1, most=address.LAST_PORT), cidrs, hosts)


def check_outside_words(r: Reader, outside: bool) -> None:
    """Refuse what is said of hosts outside of the stack where there are none."""
    for key, what in (("cidrs", "address ranges are"), ("hosts", "further hosts are")):
        if r.has(key) and not outside:
            r.problem(key, DOES_NOT_APPLY, "is given without host", f"{what} for hosts outside of the stack")
