"""One of five dependencies falls ill, in one of seven ways, and recovers.

The application has a pool of 16 workers, and 100 requests per second need five of them. Each fifth request needs the
dependency that falls ill. Whether the other four fifths are answered is what the guard of a hop is about.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial

from flyball.drills.result import Figures
from flyball.drills.traffic import settings
from flyball.drills.traffic.circuits import breaker_figures
from flyball.drills.traffic.drill import TrafficDrill
from flyball.drills.traffic.figures import latencies, milliseconds
from flyball.drills.traffic.lab import Dependency, Lab
from flyball.drills.traffic.load import Attack
from flyball.drills.traffic.sample import share, within
from flyball.drills.traffic.settings import AFTER, BEFORE, DEPENDENCIES, DURING, HOP, PATIENCE, RATE
from flyball.guards.breaker import Fallback
from flyball.guards.deadlines import Call
from flyball.guards.hops import Hop

ILL = "payment"
BACKUP = "backup"
_SETTLED = 2.5
"""Seconds after the recovery, by which everything has to be as before."""


@dataclass(frozen=True, slots=True)
class Illness:
    """`order` is what the backend is told (`backend.MODES`); the call and hop are those to the ill dependency."""

    order: str
    event: str
    call: Call = settings.CALL
    hop: Hop = HOP
    timeout: float | None = None
    """Of the application's own client, in both runs [s]."""


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
    lab.begin()
    lab.attack(port, Attack(routes, RATE, BEFORE + DURING + AFTER, PATIENCE))
    lab.wait(BEFORE)
    backends[ILL].say(illness.order)
    fell = lab.event(f"{ILL} {illness.event}")
    lab.wait(BEFORE + DURING)
    backends[ILL].say("ok")
    rose = lab.event(f"{ILL} is well again")
    lab.wait(BEFORE + DURING + AFTER)
    found = figures(lab, fell, rose)
    reached = [at for at in lab.arrivals(backends[ILL]) if fell <= at < rose]
    found["requests_that_reached_the_ill"] = len(reached)
    return {**found, **breaker_figures(lab, "shop", ILL, fell, rose)}


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


_GUARD = (
    "The sidecar: connect and answer each have a timeout (150 ms and 300 ms), a hop holds few connections, and a "
    "breaker opens when half of the calls of the last 2 s failed, for 1 s; then one call in five probes. "
)
_PLAIN = (
    "The application calls its dependencies itself, with a client that has no timeout, as most have none by default."
)
_SLOW = Call(connect=150, timeout=1_000)

ILLNESSES: tuple[tuple[str, str, str, Illness], ...] = (
    (
        "hang",
        "A dependency hangs",
        "One of five dependencies accepts requests and never answers them.",
        Illness("hang", "hangs"),
    ),
    (
        "drip",
        "A dependency sends a byte a second",
        "One of five dependencies begins its answers at once and then sends a byte a second, so that no pause is ever "
        "long enough to be a timeout.",
        Illness("drip", "drips"),
    ),
    (
        "silent",
        "A dependency is silent",
        "The host of one of five dependencies answers no packet any more: connections that are there go quiet, new "
        "ones are not made and not refused.",
        Illness("silent", "falls silent"),
    ),
    (
        "slow",
        "A dependency is slow, just under its timeout",
        "One of five dependencies needs 0.9 s for what took 0.05 s, and its timeout is a second.",
        Illness(
            "slow 0.9",
            "needs 0.9 s",
            _SLOW,
            replace(HOP, breaker=replace(settings.BREAKER, slow=800)),
            timeout=1.0,
        ),
    ),
    (
        "errors",
        "A dependency answers 500",
        "One of five dependencies fails with each request. A shop sells without it.",
        Illness("error", "answers 500", hop=replace(HOP, fallback=Fallback(body='{"answer": null}'))),
    ),
    (
        "refused",
        "A dependency refuses connections",
        "Nothing listens any more where one of five dependencies was. There is another provider.",
        Illness("refuse", "refuses connections", hop=replace(HOP, fallback=Fallback(call=BACKUP))),
    ),
)


def _drill(name: str, title: str, story: str, illness: Illness) -> TrafficDrill:
    fallback = illness.hop.fallback
    more = "While it is open, " + ("another dependency answers." if fallback and fallback.call else "")
    if fallback is None:
        more = "What the open circuit refuses is told so at once."
    elif fallback.call is None:
        more = "While it is open, the sidecar answers with an empty answer of its own."
    if illness.timeout:
        more = "An answer that takes more than 0.8 s counts as a failure, though it comes within its timeout of 1 s."
    timed = (
        f"The application calls its dependencies itself, with a timeout of {illness.timeout:g} s."
        if illness.timeout
        else _PLAIN
    )
    return TrafficDrill(
        name=name,
        title=title,
        story=story,
        with_guard=_GUARD + more,
        without_guard=timed,
        script=partial(script, illness),
        held=replaced if fallback else others_kept_on,
        summary=summary,
    )


DRILLS = tuple(_drill(*illness) for illness in ILLNESSES)
