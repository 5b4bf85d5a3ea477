"""Answers that took nearly as long as they may, as the exporter tells of them: HAProxy has no histogram, and tells of a
table only how many entries it has (`haproxy_sticktable_used`).

So each such answer is an entry of `near.X`, by a number drawn for it, and leaves after the time that alerts look back:
what the table has is the number of slow answers within that time. Beyond `MOST` the oldest make room, so that one in a
hundred is seen of up to 2,700 requests a second over one hop of one proxy.
"""

from flyball.guards.alerting import hops
from flyball.guards.reading.units import Milliseconds
from flyball.proxy.breaker import counts
from flyball.proxy.inputs import Outbound
from flyball.proxy.words import section, time

MOST = 8192
_NUMBERS = 2**31 - 1
"""Of which one is drawn: that two of `MOST` are the same happens once in sixty-four times, and costs one of them."""


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
    return [section(f"backend near.{hop.name}", [f"stick-table type integer size {MOST} expire {time(window)}"])]
