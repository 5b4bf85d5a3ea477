"""A database stops in the middle of an answer, and is restarted.

With the guard: a hop that holds few connections, and ends one on which nothing has moved for a second.
Without it: the application's own pool of connections, whose driver waits for as long as it takes.
"""

from collections.abc import Mapping

from flyball.drills.result import Figures
from flyball.drills.traffic import settings
from flyball.drills.traffic.drill import TrafficDrill
from flyball.drills.traffic.figures import latencies
from flyball.drills.traffic.lab import Dependency, Lab
from flyball.drills.traffic.load import Attack
from flyball.drills.traffic.sample import share, within
from flyball.drills.traffic.settings import AFTER, BEFORE, DEPENDENCIES, DURING, HOP, PATIENCE, RATE
from flyball.guards.timeouts.hops import Hop

_DATABASE = "orders"
_ROUTE = f"/database/{_DATABASE}"
_HOP = Hop(protocol="tcp", idle=1_000, connections=4)
_OTHERS = DEPENDENCIES[1:]
_SETTLED = 2.5
"""Seconds after the restart, by which everything has to be as before."""


def _script(lab: Lab) -> Mapping[str, float | int]:
    store = lab.database(_DATABASE)
    others = [Dependency(name, lab.backend(name).port, settings.CALL, HOP) for name in _OTHERS]
    port = lab.service("shop", [*others, Dependency(_DATABASE, store.port, settings.CALL, _HOP)])
    routes = [*(f"/http/{name}" for name in _OTHERS), _ROUTE]
    lab.warm(port, Attack(routes, RATE, 1.0, PATIENCE))
    lab.begin()
    lab.attack(port, Attack(routes, RATE, BEFORE + DURING + AFTER, PATIENCE))
    lab.wait(BEFORE)
    store.say("stop")
    fell = lab.event("the database stops in the middle")
    lab.wait(BEFORE + DURING)
    store.say("ok")
    rose = lab.event("it is restarted")
    requests = lab.requests()
    healthy = [request for request in requests if request.route != _ROUTE]
    before, during = within(healthy, 0, fell), within(healthy, fell, rose)
    after = within(requests, rose + _SETTLED, BEFORE + DURING + AFTER)
    return {
        "healthy_answered_share": round(share(during), 4),
        **latencies("healthy", before, during),
        "answered_share_after_recovery": round(share(after), 4),
        "queries_that_reached_the_ill": sum(fell <= at < rose for at in lab.arrivals(store)),
    }


def _held(figures: Figures) -> bool:
    return (
        figures["healthy_answered_share"] >= 0.95
        and figures["healthy_p50_ratio"] <= 2
        and figures["answered_share_after_recovery"] >= 0.9
    )


def _summary(figures: Figures) -> str:
    return (
        f"{figures['healthy_answered_share']:.0%} answered on the other routes, "
        f"{figures['answered_share_after_recovery']:.0%} of all after the restart"
    )


DRILL = TrafficDrill(
    name="database",
    title="A database stops in the middle of an answer",
    story="A fifth of the requests needs a database. It stops with half a row sent and closes nothing; four seconds "
    "later it is restarted, and answers on new connections.",
    with_guard="The sidecar's TCP hop: at most 4 connections, 150 ms to make one, and the end for a connection on "
    "which nothing has moved for 1 s. The pool makes new ones.",
    without_guard="The application's pool of connections goes to the database itself, with the driver's default, "
    "which is no timeout.",
    script=_script,
    held=_held,
    summary=_summary,
)
