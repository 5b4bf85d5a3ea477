"""The proxy in front of an application is reloaded again and again, under clients that keep their connections.

With the guard: a connection is closed with an answer that says so, and never while a request may be on its way.
Without it: every connection that is idle at that moment is closed, and what its client sends next is lost.
"""

from collections.abc import Mapping

from flyball.drills.result import Figures
from flyball.drills.traffic.drill import TrafficDrill
from flyball.drills.traffic.lab import Lab
from flyball.drills.traffic.load import Attack
from flyball.drills.traffic.sample import Outcome
from flyball.drills.traffic.settings import LATENCY, PATIENCE

_CLIENTS, _PERIOD = 20, 0.25
_BEFORE, _BETWEEN, _RELOADS = 1.5, 1.0, 5
_SECONDS = _BEFORE + _BETWEEN * _RELOADS + 1.0
_WITHOUT = ("option idle-close-on-response",)


def _script(lab: Lab) -> Mapping[str, float | int]:
    port = lab.service("shop", [], f"--own={LATENCY}", without=_WITHOUT)
    lab.warm(port, Attack(("/own",), 20.0, 1.0, PATIENCE))
    lab.begin()
    lab.visitors(port, _CLIENTS, _PERIOD, _SECONDS)
    for i in range(_RELOADS):
        lab.wait(_BEFORE + _BETWEEN * i)
        lab.event("a reload")
        lab.sidecars["shop"].process.reload()
    return {"lost": sum(request.outcome is Outcome.FAILED for request in lab.requests())}


def _held(figures: Figures) -> bool:
    return figures["lost"] == 0


def _summary(figures: Figures) -> str:
    return f"{figures['lost']} of {figures['requests']:,} requests lost over {_RELOADS} reloads"


DRILL = TrafficDrill(
    name="reloads",
    title="A proxy is reloaded under clients that keep their connections",
    story=f"{_CLIENTS} clients send a request every {_PERIOD:g} s, each over one connection for as long as it lasts. "
    f"The proxy takes a new configuration {_RELOADS} times. No client sends a request again that came to nothing: it "
    "may have been a payment.",
    with_guard="The old process closes a connection with the next answer over it, and says so in that answer.",
    without_guard="The same proxy without `option idle-close-on-response`: it closes at once what is idle.",
    script=_script,
    held=_held,
    summary=_summary,
    part=True,
)
