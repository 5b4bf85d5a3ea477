"""Answers that took nearly as long as they may, as the exporter tells of them: HAProxy has no histogram, and tells of a
table only how many entries it has (`haproxy_sticktable_used`).

So each such answer is an entry of `near.X`, by a number drawn for it, and leaves after the time that alerts look back:
what the table has is the number of slow answers within that time. Beyond `hops.NEAR_MOST` the oldest make room.
"""

from flyball.guards.alerting import hops
from flyball.guards.reading.units import Milliseconds
from flyball.proxy.breaker import counts
from flyball.proxy.inputs import Outbound
from flyball.proxy.words import section, time

_NUMBERS = 2**31 - 1
"""Of which one is drawn: that two of 8,192 are the same happens once in sixty-four times, and costs one of them."""


def near_rules(hop: Outbound) -> list[str]:
    """After those that have told how long the answer took."""
    if not counts(hop):
        return []
    least = hop.call.timeout * hops.NEAR_PERCENT // 100
    return [
        f"http-response track-sc2 rand({_NUMBERS}) table near.{hop.name} if {{ var(txn.lasted) -m int ge {least} }}"
    ]


def near_section(hop: Outbound, window: Milliseconds) -> list[str]:
    if not counts(hop):
        return []
    table = f"stick-table type integer size {hops.NEAR_MOST} expire {time(window)}"
    return [section(f"backend near.{hop.name}", [table])]
