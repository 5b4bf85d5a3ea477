"""Five times as many requests come as a replica can serve.

With the guard: as many under way as Little's law says, a few in a short line, and 503 at once for the rest.
Without it: everybody waits in one long line, in which everybody's time runs out.
"""

from collections.abc import Mapping

from flyball.drills.result import Figures
from flyball.drills.traffic.drill import TrafficDrill
from flyball.drills.traffic.figures import latencies, milliseconds
from flyball.drills.traffic.lab import Lab
from flyball.drills.traffic.load import Attack
from flyball.drills.traffic.sample import Outcome, Request, share, within
from flyball.drills.traffic.settings import PATIENCE, inbound

_WORKERS, _OWN = 8, 0.2
_CAPACITY = _WORKERS / _OWN
"""Requests per second that the replica can do: 40."""
_NORMAL = 0.6 * _CAPACITY
_TIMES = 5
_QUEUE = 100
"""Milliseconds that a request may wait for its turn, half of what an answer takes."""
_INBOUND = inbound(_CAPACITY, latency=f"{round(_OWN * 1000)}ms", queue=f"{_QUEUE}ms")
_BEFORE, _DURING, _AFTER = 3.0, 4.0, 3.0
_ROUTES = ("/own",)


def _script(lab: Lab) -> Mapping[str, float | int]:
    port = lab.service("shop", [], f"--own={_OWN}", workers=_WORKERS, inbound=_INBOUND)
    lab.warm(port, Attack(_ROUTES, _NORMAL, 1.0, PATIENCE))
    lab.begin()
    lab.attack(port, Attack(_ROUTES, _NORMAL, _BEFORE, PATIENCE))
    lab.wait(_BEFORE)
    rose = lab.event(f"{_TIMES} times of what it can do")
    lab.attack(port, Attack(_ROUTES, _TIMES * _CAPACITY, _DURING, PATIENCE))
    lab.wait(_BEFORE + _DURING)
    fell = lab.event("as before")
    lab.attack(port, Attack(_ROUTES, _NORMAL, _AFTER, PATIENCE))
    requests = lab.requests()
    before, during = within(requests, 0, rose), within(requests, rose, fell)
    refused = _of(Outcome.REFUSED, during)
    return {
        "capacity": _CAPACITY,
        "served_per_second": round(len(_of(Outcome.ANSWERED, during)) / (fell - rose), 1),
        **latencies("served", _of(Outcome.ANSWERED, before), _of(Outcome.ANSWERED, during)),
        "refused_during": len(refused),
        "refused_p50_ms": milliseconds(refused, 50),
        "refused_p99_ms": milliseconds(refused, 99),
        "answered_share_after": round(share(within(requests, fell + 1, _BEFORE + _DURING + _AFTER)), 4),
    }


def _of(outcome: Outcome, requests: list[Request]) -> list[Request]:
    return [request for request in requests if request.outcome is outcome]


def _held(figures: Figures) -> bool:
    """It serves what it can, those served wait little, and whoever is refused knows it at once."""
    return (
        figures["served_per_second"] >= 0.75 * _CAPACITY
        and figures["served_p50_ratio"] <= 2
        and figures["refused_p50_ms"] <= 100
        and figures["answered_share_after"] >= 0.9
    )


def _summary(figures: Figures) -> str:
    told = f", the rest refused in {figures['refused_p50_ms']:.3g} ms" if figures["refused_during"] else ""
    return (
        f"{figures['served_per_second']:.3g} of {_CAPACITY:.0f} possible served per second, "
        f"p99 {figures['served_p99_ratio']:.3g} times of before{told}"
    )


DRILL = TrafficDrill(
    name="overload",
    title="Five times of what a replica can do",
    story=f"A replica does {_CAPACITY:.0f} requests per second, each in {_OWN:g} s by one of {_WORKERS} workers. For "
    f"four seconds {_TIMES * _CAPACITY:.0f} per second come. A user gives up after {PATIENCE:g} s.",
    with_guard=f"The sidecar lets in {_INBOUND.concurrency} at once, {_INBOUND.waiting} more wait for at most "
    f"{_QUEUE} ms, and the rest is told 503 with Retry-After.",
    without_guard="The application accepts every connection, and works on them in the order in which they came.",
    script=_script,
    held=_held,
    summary=_summary,
)
