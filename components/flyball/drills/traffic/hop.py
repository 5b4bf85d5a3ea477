"""One of five dependencies falls ill and recovers.

The application has a pool of 16 workers, and 100 requests per second need five of them. Each fifth request needs the
dependency that falls ill. Whether the other four fifths are answered is what the guard of a hop is about.
"""

from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass

from flyball.drills.result import Figures
from flyball.drills.traffic import alerts, settings
from flyball.drills.traffic.circuits import breaker_figures
from flyball.drills.traffic.figures import latencies, milliseconds
from flyball.drills.traffic.lab import Dependency, Lab
from flyball.drills.traffic.load import Attack
from flyball.drills.traffic.process import Process
from flyball.drills.traffic.sample import share, within
from flyball.drills.traffic.settings import AFTER, BEFORE, DEPENDENCIES, DURING, HOP, PATIENCE, RATE
from flyball.guards.timeouts.deadlines import Times
from flyball.guards.timeouts.hops import Hop

ILL = "payment"
BACKUP = "backup"
_SETTLED = 2.5
"""Seconds after the recovery, by which everything has to be as before."""


@dataclass(frozen=True, slots=True)
class Illness:
    """`order` is what the backend is told (`programs.backend.MODES`); call and hop are those to the ill one."""

    order: str
    event: str
    call: Times = settings.CALL
    hop: Hop = HOP
    timeout: float | None = None
    """Of the application's own client, in both runs [s]."""
    during: float = DURING
    after: float = AFTER
    """Seconds with the fault, and after its end."""
    watched: bool = False
    """Whether people are told of it: that takes as long as it does in the drill's time."""


def script(illness: Illness, lab: Lab) -> Mapping[str, float | int]:
    """Before, during and after the illness."""
    backup = (BACKUP,) if illness.hop.fallback and illness.hop.fallback.call else ()
    backends = {name: lab.backend(name) for name in (*DEPENDENCIES, *backup)}
    guarded = {ILL: (illness.call, illness.hop)}
    dependencies = [
        Dependency(name, backend.port, *guarded.get(name, (settings.CALL, HOP))) for name, backend in backends.items()
    ]
    options = [f"--timeout={illness.timeout}"] if illness.timeout else []
    port = lab.service("shop", dependencies, *options)
    routes = [f"/http/{name}" for name in DEPENDENCIES]
    lab.warm(port, Attack(routes, RATE, 1.0, PATIENCE))
    with alerts.watched(lab, "shop") if illness.watched else nullcontext():
        fell, rose = _befall(illness, lab, port, routes, backends[ILL])
    found = figures(lab, fell, rose)
    reached = [at for at in lab.arrivals(backends[ILL]) if fell <= at < rose]
    found["requests_that_reached_the_ill"] = len(reached)
    return {**found, **breaker_figures(lab, "shop", ILL, fell, rose)}


def _befall(illness: Illness, lab: Lab, port: int, routes: list[str], ill: Process) -> tuple[float, float]:
    """When it fell ill, and when it rose."""
    stop = BEFORE + illness.during
    lab.begin()
    lab.attack(port, Attack(routes, RATE, stop + illness.after, PATIENCE))
    lab.wait(BEFORE)
    ill.say(illness.order)
    fell = lab.event(f"{ILL} {illness.event}")
    lab.wait(stop)
    ill.say("ok")
    rose = lab.event(f"{ILL} is well again")
    lab.wait(stop + illness.after)
    return fell, rose


def figures(lab: Lab, fell: float, rose: float) -> dict[str, float | int]:
    """How the routes fared that do not need what is ill, and the one that does."""
    requests = lab.requests()
    ill = [request for request in requests if request.route.endswith(f"/{ILL}")]
    healthy = [request for request in requests if not request.route.endswith(f"/{ILL}")]
    before, during = within(healthy, 0, fell), within(healthy, fell, rose)
    after = within(requests, rose + _SETTLED, lab.now)
    return {
        "healthy_answered_share": round(share(during), 4),
        **latencies("healthy", before, during),
        "ill_answered_share": round(share(within(ill, fell, rose)), 4),
        "ill_p50_ms": milliseconds(within(ill, fell, rose), 50),
        "answered_share_after_recovery": round(share(after), 4),
    }


def others_kept_on(figures: Figures) -> bool:
    """The routes that do not need what is ill were answered, about as fast as before; and all is well afterwards."""
    return (
        figures["healthy_answered_share"] >= 0.95
        and figures["healthy_p50_ratio"] <= 2
        and figures["answered_share_after_recovery"] >= 0.9
    )


def replaced(figures: Figures) -> bool:
    """What is ill was left alone, and something else answered in its place."""
    return others_kept_on(figures) and figures["ill_answered_share"] >= 0.5


def summary(figures: Figures) -> str:
    return (
        f"{figures['healthy_answered_share']:.0%} answered on the other routes, "
        f"p99 {figures['healthy_p99_ratio']:.3g} times of before; {figures['ill_answered_share']:.0%} on its own"
    )
