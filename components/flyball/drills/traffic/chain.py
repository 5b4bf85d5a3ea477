"""Three applications call each other in a chain, and what the last one calls hangs.

With the guard: timeouts shrink along the chain, so that whoever is nearest to the fault gives up first and still
answers in time; the deadline is handed on.
Without it: everybody has the same timeout, so that all give up at the same moment, and the answer that the last one has
in spite of the fault comes to nobody.
"""

from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise

from flyball.drills.result import Figures
from flyball.drills.traffic.circuits import breaker_figures
from flyball.drills.traffic.drill import TrafficDrill
from flyball.drills.traffic.figures import latencies
from flyball.drills.traffic.lab import Dependency, Lab
from flyball.drills.traffic.load import Attack
from flyball.drills.traffic.sample import share, within
from flyball.drills.traffic.settings import HOP, PATIENCE
from flyball.guards.breakers.breaker import SLOW_PERCENT
from flyball.guards.reading.units import Milliseconds
from flyball.guards.timeouts.deadlines import Promise, Times
from flyball.guards.timeouts.hops import Hop

_ILL = "stock"
_CONNECT: Milliseconds = 50
_DEADLINES: Mapping[str, Milliseconds] = {"product": 400, "cart": 600, "front": 800}
"""Of the applications, from the last of the chain to the first [ms]."""
_TIMEOUTS: Mapping[str, Milliseconds] = {_ILL: 250, "product": 400, "cart": 600}
"""Of the calls to each of them [ms]: at least its deadline, and with its connect within the caller's."""
_SAME = 0.5
"""The timeout of everybody without the guard [s]."""
_RATE, _WORKERS = 40.0, 40
_BEFORE, _DURING, _AFTER = 2.0, 4.0, 3.0
_SETTLED = 2.0


def promises() -> Mapping[str, Promise]:
    """The call graph as the rule on deadlines sees it."""
    chain = [_ILL, *_DEADLINES]
    return {
        name: Promise(_DEADLINES[name], {callee: Times(_CONNECT, _TIMEOUTS[callee])})
        for callee, name in pairwise(chain)
    }


def _script(lab: Lab) -> Mapping[str, float | int]:
    backend = lab.backend(_ILL)
    callee, port = _ILL, backend.port
    for name, deadline in _DEADLINES.items():
        called = Dependency(callee, port, promises()[name].calls[callee], _hop(_TIMEOUTS[callee]))
        options = [] if lab.guard else [f"--timeout={_SAME}"]
        # The last one can do without what it calls.
        options += ["--degrade"] if callee == _ILL else []
        port = lab.service(name, [called], *options, workers=_WORKERS, deadline=deadline)
        callee = name
    routes = [f"/http/cart/http/product/http/{_ILL}"]
    lab.warm(port, Attack(routes, _RATE, 1.0, PATIENCE))
    lab.begin()
    lab.attack(port, Attack(routes, _RATE, _BEFORE + _DURING + _AFTER, PATIENCE))
    lab.wait(_BEFORE)
    backend.say("hang")
    fell = lab.event(f"{_ILL}, the last of the chain, hangs")
    lab.wait(_BEFORE + _DURING)
    backend.say("ok")
    rose = lab.event(f"{_ILL} is well again")
    requests = lab.requests()
    before, during = within(requests, 0, fell), within(requests, fell, rose)
    after = within(requests, rose + _SETTLED, _BEFORE + _DURING + _AFTER)
    own = {
        "answered_share_during": round(share(during), 4),
        **latencies("all", before, during),
        "answered_share_after_recovery": round(share(after), 4),
    }
    return {**own, **breaker_figures(lab, "product", _ILL, fell, rose)}


def _hop(timeout: Milliseconds) -> Hop:
    assert HOP.breaker
    return replace(HOP, connections=_WORKERS, breaker=replace(HOP.breaker, slow=timeout * SLOW_PERCENT // 100))


def _held(figures: Figures) -> bool:
    return figures["answered_share_during"] >= 0.9 and figures["answered_share_after_recovery"] >= 0.9


def _summary(figures: Figures) -> str:
    return (
        f"{figures['answered_share_during']:.0%} answered while the last one hangs, median "
        f"{figures['all_p50_ms_during']:.3g} ms"
    )


DRILL = TrafficDrill(
    name="chain",
    title="A chain of three callers, and the last one's dependency hangs",
    story="The front calls the cart, the cart calls the product, and the product asks the stock, which hangs. The "
    "product can answer without the stock, if somebody waits for it.",
    with_guard="Timeouts in order: 250 ms to the stock, 400 ms to the product, 600 ms to the cart; each fits in its "
    "caller's deadline, which is handed on from hop to hop; a breaker on each hop.",
    without_guard=f"Everybody gives up after {_SAME:g} s, a default that each team left as it was.",
    script=_script,
    held=_held,
    summary=_summary,
)
