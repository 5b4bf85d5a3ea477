"""Answers that took nearly as long as they may, as the exporter tells of them: HAProxy has no histogram, and tells of a
table only how many entries it has (`haproxy_sticktable_used`).

So each such answer is an entry of a table, by a number drawn for it, and leaves after the time that alerts look back:
what the table has is the number of slow answers within that time. Beyond `hops.NEAR_MOST` the oldest make room. The
table of a call to X is `near.X`, and that of the guard in front of the application its frontend's own, `inbound`.
"""

from flyball.guards.alerting import hops
from flyball.guards.reading.units import Milliseconds
from flyball.proxy.base import STAYS
from flyball.proxy.bodies import PART
from flyball.proxy.breaker import counts
from flyball.proxy.inputs import InboundHop, Outbound
from flyball.proxy.words import section, time

_NUMBERS = 2**31 - 1
"""Of which one is drawn: that two of 8,192 are the same happens once in sixty-four times, and costs one of them."""


def near_rules(hop: Outbound) -> list[str]:
    """After those that have told how long the answer took."""
    if not counts(hop):
        return []
    least = _least(hop.call.timeout)
    return [
        f"http-response track-sc2 rand({_NUMBERS}) table near.{hop.name} if {{ var(txn.lasted) -m int ge {least} }}"
    ]


def near_section(hop: Outbound, window: Milliseconds) -> list[str]:
    if not counts(hop):
        return []
    return [section(f"backend near.{hop.name}", [_table(window)])]


def near_promised(hop: InboundHop, window: Milliseconds) -> list[str]:
    """For the guard, after the rules on the deadline: what an answer took, its wait for a place among it.

    Nobody knows when an upload ended that no buffer held, and nothing of what stays is late.
    """
    lasted = f"{{ date(0,ms),sub(txn.now) ge {_least(hop.deadline)} }}"
    return [_table(window), f"http-response track-sc0 rand({_NUMBERS}) if {lasted} !{PART} !{STAYS}"]


def _least(longest: Milliseconds) -> Milliseconds:
    return longest * hops.NEAR_PERCENT // 100


def _table(window: Milliseconds) -> str:
    return f"stick-table type integer size {hops.NEAR_MOST} expire {time(window)}"
