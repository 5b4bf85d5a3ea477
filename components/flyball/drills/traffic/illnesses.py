"""Six ways in which one of five dependencies falls ill (`hop` is what happens in all of them).

With the guard: a sidecar with timeouts, few connections for each hop, and a breaker.
Without it: the application calls its dependencies itself.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from flyball.drills.result import Figures
from flyball.drills.traffic.drill import TrafficDrill
from flyball.drills.traffic.hop import BACKUP, Illness, others_kept_on, replaced, script, summary
from flyball.drills.traffic.settings import BREAKER, HOP
from flyball.guards.breakers.breaker import Fallback
from flyball.guards.timeouts.deadlines import Times

_GUARD = (
    "The sidecar: connect and answer each have a timeout (150 ms and 300 ms), a hop holds few connections, and a "
    "breaker opens when half of the calls of the last 2 s failed, for 1 s; then one call in five probes."
)
_AT_ONCE = "What the open circuit refuses is told so at once."
_PLAIN = (
    "The application calls its dependencies itself, with a client that has no timeout, as most have none by default."
)


def _drill(
    name: str,
    title: str,
    story: str,
    illness: Illness,
    guard: str = f"{_GUARD} {_AT_ONCE}",
    plain: str = _PLAIN,
    held: Callable[[Figures], bool] = others_kept_on,
) -> TrafficDrill:
    return TrafficDrill(name, title, story, guard, plain, partial(script, illness), held, summary)


DRILLS = (
    _drill(
        "hang",
        "A dependency hangs",
        "One of five dependencies accepts requests and never answers them.",
        # Four minutes: a circuit that is open for as long is told of.
        Illness("hang", "hangs", during=8.0, after=6.0, watched=True),
    ),
    _drill(
        "drip",
        "A dependency sends a byte a second",
        "One of five dependencies begins its answers at once and then sends a byte a second, so that no pause is ever "
        "long enough to be a timeout.",
        Illness("drip", "drips"),
    ),
    _drill(
        "silent",
        "A dependency is silent",
        "The host of one of five dependencies answers no packet any more: connections that are there go quiet, new "
        "ones are not made and not refused.",
        Illness("silent", "falls silent"),
    ),
    _drill(
        "slow",
        "A dependency is slow, just under its timeout",
        "One of five dependencies needs 0.9 s for what took 0.05 s, and its timeout is a second.",
        Illness(
            "slow 0.9",
            "needs 0.9 s",
            Times(connect=150, timeout=1_000),
            replace(HOP, breaker=replace(BREAKER, slow=800)),
            timeout=1.0,
        ),
        guard="The sidecar: a hop holds few connections, and its breaker counts an answer that takes more than 0.8 s "
        "as a failure, though it comes within the timeout.",
        plain="The application calls its dependencies itself, with a timeout of 1 s.",
    ),
    _drill(
        "errors",
        "A dependency answers 500",
        "One of five dependencies fails with each request. A shop sells without it.",
        Illness("error", "answers 500", hop=replace(HOP, fallback=Fallback(body='{"answer": null}'))),
        guard=f"{_GUARD} While it is open, the sidecar answers with an empty answer of its own.",
        held=replaced,
    ),
    _drill(
        "refused",
        "A dependency refuses connections",
        "Nothing listens any more where one of five dependencies was. There is another provider.",
        Illness("refuse", "refuses connections", hop=replace(HOP, fallback=Fallback(call=BACKUP))),
        guard=f"{_GUARD} While it is open, another dependency answers.",
        held=replaced,
    ),
)
