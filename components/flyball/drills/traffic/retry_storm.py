"""A dependency is slow for a while; when it has recovered, the retries keep it down.

With the guard: what timed out is not tried again, the breaker leaves the dependency alone, and it recovers.
Without it: each request is tried four times, and the work for callers that have long gone keeps the line full: a
metastable failure (N. Bronson et al., "Metastable Failures in Distributed Systems", HotOS 2021).
"""

from collections.abc import Mapping
from dataclasses import replace

from flyball.drills.result import Figures
from flyball.drills.traffic import settings
from flyball.drills.traffic.circuits import breaker_figures
from flyball.drills.traffic.drill import TrafficDrill
from flyball.drills.traffic.lab import Dependency, Lab
from flyball.drills.traffic.load import Attack
from flyball.drills.traffic.sample import share, within
from flyball.drills.traffic.settings import HOP, LATENCY, PATIENCE
from flyball.guards.breakers.breaker import SLOW_PERCENT

_ILL = "payment"
_RATE = 50.0
_LINES = 4
"""Requests that the dependency works on at a time: it can do 80 per second when it is well, 8 when each takes 0.5 s."""
_SLOW = 0.5
_RETRIES = 3
_CALL = replace(settings.CALL, retries=1)
_WORKERS = 120
"""Enough for four tries of 0.3 s for each of 50 requests per second, so that it is not the pool that limits them."""
_BEFORE, _DURING, _AFTER = 2.0, 3.0, 6.0
_SETTLED = 3.0
"""Seconds after the recovery, by which everything has to be as before."""


def _script(lab: Lab) -> Mapping[str, float | int]:
    backend = lab.backend(_ILL, LATENCY, workers=_LINES)
    options = [] if lab.guard else [f"--retries={_RETRIES}", f"--timeout={_CALL.timeout / 1000}"]
    port = lab.service("shop", [Dependency(_ILL, backend.port, _CALL, HOP)], *options, workers=_WORKERS)
    routes = [f"/http/{_ILL}"]
    lab.warm(port, Attack(routes, _RATE, 1.0, PATIENCE))
    lab.begin()
    lab.attack(port, Attack(routes, _RATE, _BEFORE + _DURING + _AFTER, PATIENCE))
    lab.wait(_BEFORE)
    backend.say(f"slow {_SLOW}")
    fell = lab.event(f"{_ILL} needs {_SLOW:g} s")
    lab.wait(_BEFORE + _DURING)
    backend.say("ok")
    rose = lab.event(f"{_ILL} is well again")
    requests = lab.requests()
    arrivals = [at for at in lab.arrivals(backend) if fell <= at < lab.now]
    after = within(requests, rose + _SETTLED, _BEFORE + _DURING + _AFTER)
    own = {
        "answered_share_after_recovery": round(share(after), 4),
        "tries_for_each_request": round(len(arrivals) / len(within(requests, fell, lab.now)), 2),
    }
    return {**own, **breaker_figures(lab, "shop", _ILL, fell, rose)}


def _held(figures: Figures) -> bool:
    return figures["answered_share_after_recovery"] >= 0.9


def _summary(figures: Figures) -> str:
    return (
        f"{figures['answered_share_after_recovery']:.0%} answered from {_SETTLED:g} s after the recovery on, "
        f"{figures['tries_for_each_request']:.3g} tries for each request"
    )


DRILL = TrafficDrill(
    name="retry-storm",
    title="Retries keep a dependency down that has recovered",
    story=f"A dependency that can do 80 requests per second gets {_RATE:.0f}. For {_DURING:g} s each "
    f"needs {_SLOW:g} s; then it is as fast as before. It does what it has begun, also for callers that have gone.",
    with_guard=f"The sidecar: what timed out is not tried again, connections that failed are, within a tenth of the "
    f"requests; the breaker counts answers that take more than {SLOW_PERCENT} % of the timeout as failures.",
    without_guard=f"The application tries up to {1 + _RETRIES} times, each time for 0.3 s.",
    script=_script,
    held=_held,
    summary=_summary,
)
