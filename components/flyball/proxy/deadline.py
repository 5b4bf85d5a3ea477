"""The deadline of a request, handed on from hop to hop as Unix time in milliseconds in the header `X-Deadline`.

Nobody waits for an answer after it, so work on it is refused at once with 504. A caller can shorten what is promised,
never lengthen it; what is no time is ignored. Hosts whose clocks differ by more than a deadline's slack need theirs
set right first.
"""

from flyball.guards.reading.units import Milliseconds
from flyball.proxy.base import DEADLINE_EXCEEDED, answer, refused

HEADER = "X-Deadline"
_GIVEN = f"{{ req.hdr({HEADER}) -m reg ^[0-9]{{13}}$ }}"


def deadline_rules(promised: Milliseconds, protocol: str = "http") -> list[str]:
    """Set `txn.now`, and `txn.left`: the milliseconds until the deadline, `promised` at most; refuse what has none."""
    late = answer(protocol, 504, DEADLINE_EXCEEDED, "deadline exceeded", refused("deadline"))
    return [
        "http-request set-var(txn.now) date(0,ms)",
        f"http-request set-var(txn.left) int({promised})",
        f"http-request set-var(txn.left) req.hdr({HEADER}),sub(txn.now) if {_GIVEN}",
        f"http-request return {late} if {{ var(txn.left) -m int le 0 }}",
        f"http-request set-var(txn.left) int({promised}) if {{ var(txn.left) -m int gt {promised} }}",
        "http-request set-var(txn.deadline) var(txn.now),add(txn.left)",
        f"http-request set-header {HEADER} %[var(txn.deadline)]",
    ]
