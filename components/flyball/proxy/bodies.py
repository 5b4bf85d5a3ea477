"""Bodies: what a client or a server takes for one is held against its own limit, and nobody else is blamed for it.

HAProxy waits for a body as far as a buffer holds it. A request that is whole then is timed from there on; of one that
goes on longer (`txn.part`) nobody knows when its upload ends, so it is not called slow, and before HAProxy 3.0, where
the server's time runs during the upload, it is given the client's time on top.

Whether a message is whole says a fetch that is among those for developers, and from 2.6 on the only one that knows
(https://docs.haproxy.org/2.6/configuration.html#7.3.7-internal.htx.has_eom). Most messages are as they come in, and
for these hardly a rule is asked.
"""

from flyball.guards.reading.units import Milliseconds, ceil_div
from flyball.proxy.base import STAYS
from flyball.proxy.words import time

STEPS = 20
"""Into which a timeout is divided for an answer's body: it is cut at most one of them late, and never early."""
JUDGED = 12 * 1024
"""Bytes of headers and body together below which no buffer was full, so that what is missing was never sent."""
WHOLE = "{ internal.htx.has_eom }"
PART = "{ var(txn.part) -m bool }"
_AWAITED = "{ var(txn.awaited) -m bool }"


def whole_request(slow: Milliseconds, *, wait: bool = True) -> list[str]:
    """Take in what a buffer holds, for at most `slow`, and set `txn.part` where that is not all of it.

    Without `wait` only what came along with the headers counts as whole.
    """
    return [
        *([f"http-request wait-for-body time {time(slow)} unless {WHOLE}"] if wait else []),
        f"http-request set-var(txn.part) bool(true) unless {WHOLE}",
    ]


def server_timeout(longest: Milliseconds, slow: Milliseconds) -> list[str]:
    """Wait no longer for the server than the request has left, and where it is not whole for its client too."""
    short = f"{{ var(txn.left) -m int lt {longest} }}"
    return [
        f"http-request set-timeout server var(txn.left) if {short}",
        ".if !version_atleast(3.0)",
        f"http-request set-timeout server {time(longest + slow)} if {PART}",
        f"http-request set-timeout server var(txn.left),add({slow}) if {PART} {short}",
        ".endif",
    ]


def whole_answer(timeout: Milliseconds) -> list[str]:
    """Wait for the body until the timeout has passed since the request was sent.

    HAProxy's own timeout only limits pauses, and a byte a second would do. How long it waits for a body has to be
    written down, so there is a rule for each step that the headers may have taken.
    """
    step = ceil_div(timeout, STEPS)
    rules = [
        f"http-response set-var(txn.awaited) bool(true) if !{WHOLE} !{STAYS}",
        f"http-response set-var-fmt(txn.took) %Tr if {_AWAITED}",
        f"http-response set-var(txn.late) var(txn.took) if {{ var(txn.took) -m int ge {step} }} !{PART}",
        f"http-response set-var(txn.late) int({timeout}),sub(txn.left),add(txn.took)"
        f" if {_AWAITED} {{ var(txn.left) -m int lt {timeout - step} }} !{PART}",
        f"http-response wait-for-body time {time(timeout)} if {_AWAITED} !{{ var(txn.late) -m found }}",
    ]
    for late in range(0, timeout, step):
        until = late + step - 1 if late + step < timeout else ""
        rules.append(
            f"http-response wait-for-body time {time(timeout - late)} if {{ var(txn.late) -m int {late}:{until} }}"
        )
    return rules


def broken_off() -> list[str]:
    """Set `txn.cut` where an answer has no end though there was room for it. Of what no buffer holds nobody can say.

    An answer that lasts as long as its connection has no end that could be missing.
    """
    part = f"{_AWAITED} !{WHOLE}"
    told, chunked = (f"{{ res.hdr({header}) -m found }}" for header in ("content-length", "transfer-encoding"))
    return [
        f"http-response set-var(txn.got) res.body_len if {part} {told} or {part} {chunked}",
        "http-response set-var(txn.size) res.hdrs,length,add(txn.got) if { var(txn.got) -m found }",
        f"http-response set-var(txn.cut) bool(true) if {{ var(txn.size) -m int lt {JUDGED} }}",
    ]
