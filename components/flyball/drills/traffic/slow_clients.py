"""Clients that send their requests a byte a second.

With the guard: the sidecar waits for a whole request, for a second, before the application hears of it.
Without it: each of them holds a worker for as long as it likes.
"""

from collections.abc import Mapping

from flyball.drills.result import Figures
from flyball.drills.traffic.drill import TrafficDrill
from flyball.drills.traffic.figures import latencies
from flyball.drills.traffic.lab import Lab
from flyball.drills.traffic.load import Attack
from flyball.drills.traffic.sample import share, within
from flyball.drills.traffic.settings import INBOUND, LATENCY, PATIENCE, WORKERS

_RATE = 100.0
_CLIENTS = 100
_BEFORE, _DURING = 2.0, 6.0
_ROUTES = ("/own",)


def _script(lab: Lab) -> Mapping[str, float | int]:
    port = lab.service("shop", [], f"--own={LATENCY}")
    lab.warm(port, Attack(_ROUTES, _RATE, 1.0, PATIENCE))
    lab.begin()
    lab.attack(port, Attack(_ROUTES, _RATE, _BEFORE + _DURING, PATIENCE))
    lab.wait(_BEFORE)
    came = lab.event(f"{_CLIENTS} slow clients")
    slow = lab.slow_clients(port, _CLIENTS)
    requests = lab.requests()
    before, during = within(requests, 0, came), within(requests, came, _BEFORE + _DURING)
    return {
        "answered_share_during": round(share(during), 4),
        **latencies("users", before, during),
        "slow_requests_ended": len(slow.lines()),
    }


def _held(figures: Figures) -> bool:
    return figures["answered_share_during"] >= 0.95 and figures["users_p50_ratio"] <= 2


def _summary(figures: Figures) -> str:
    return (
        f"{figures['answered_share_during']:.0%} of the users answered, p99 {figures['users_p99_ratio']:.3g} times of "
        f"before; {figures['slow_requests_ended']:,} slow requests ended"
    )


DRILL = TrafficDrill(
    name="slow-clients",
    title="Clients that send a byte a second",
    story=f"{_CLIENTS} clients open connections and send a request's headers a byte a second, while users go on as "
    f"before. The application has {WORKERS} workers.",
    with_guard=f"The sidecar takes in a request as a whole, for at most {INBOUND.slow / 1000:g} s, before it gives it "
    "to the application.",
    without_guard="A worker of the application reads the request as it comes.",
    script=_script,
    held=_held,
    summary=_summary,
)
