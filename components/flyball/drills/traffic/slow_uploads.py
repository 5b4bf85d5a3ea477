"""People on slow networks send pictures, and nothing is wrong with the application.

With the guard: the breaker times the application from when it has all that it needs to answer.
Without it: the breaker counts from the first byte of a request, takes slow people for a slow application, and opens.
"""

from collections.abc import Mapping
from dataclasses import replace

from flyball.drills.result import Figures
from flyball.drills.traffic.drill import TrafficDrill
from flyball.drills.traffic.lab import Dependency, Lab
from flyball.drills.traffic.load import Attack
from flyball.drills.traffic.sample import share, within
from flyball.drills.traffic.settings import BREAKER, HOP, LATENCY, PATIENCE
from flyball.drills.traffic.sidecar import circuit

_RATE, _ROUTES = 6.0, ("/own",)
_CLIENTS, _UPLOAD, _PERIOD = 14, 1.2, 1.5
_HOP = replace(HOP, connections=2 * _CLIENTS)
_BEFORE, _DURING = 2.0, 6.0
_WITHOUT = ("http-request wait-for-body", "set-var(txn.part)")
"""Of the configuration: take in what a request brings, and know whether that is all of it."""


def _script(lab: Lab) -> Mapping[str, float | int]:
    port = lab.balancer(Dependency("shop", lab.application("shop", f"--own={LATENCY}"), hop=_HOP), _WITHOUT)
    lab.warm(port, Attack(_ROUTES, _RATE, 1.0, PATIENCE))
    lab.begin()
    lab.attack(port, Attack(_ROUTES, _RATE, _BEFORE + _DURING, PATIENCE))
    lab.wait(_BEFORE)
    came = lab.event(f"{_CLIENTS} people send pictures, slowly")
    lab.visitors(port, _CLIENTS, _PERIOD, _DURING, upload=_UPLOAD)
    requests = within(lab.requests(), came, _BEFORE + _DURING)
    found = circuit(lab.sidecars["shop"].passages("shop", lab.began), BREAKER.permitted)
    lab.mark([(at, "the circuit opens") for at in found.opened])
    return {
        "answered_share_during": round(share(requests), 4),
        "uploads": sum(request.took > _UPLOAD for request in requests),
        "times_opened": len(found.opened),
    }


def _held(figures: Figures) -> bool:
    return figures["answered_share_during"] >= 0.99 and figures["times_opened"] == 0


def _summary(figures: Figures) -> str:
    return f"{figures['answered_share_during']:.0%} answered; the circuit opened {figures['times_opened']} times"


DRILL = TrafficDrill(
    name="slow-uploads",
    title="People on slow networks send pictures",
    story=f"A balancer stands before an application that answers in {LATENCY * 1000:g} ms. {_CLIENTS} people come, "
    f"each with a picture every {_PERIOD:g} s that takes {_UPLOAD:g} s to arrive, while others look at theirs. Nothing "
    "is wrong with the application.",
    with_guard="The breaker times the application from the moment at which it has all that it needs to answer.",
    without_guard="The same balancer and breaker, which times a request from its first byte on.",
    script=_script,
    held=_held,
    summary=_summary,
    part=True,
)
