"""How far, and how often, one write may change the replicas: what the policies on both ways to write have in common.

All expressions need the variables ``name``, ``was``, ``now`` and ``limits``. What every write is asked is written out
rather than put together from further variables: the API server starts an evaluation of its own for each of those.
"""

from flyball.kubernetes.governor import cel, clock, limits
from flyball.kubernetes.governor.cel import text

SHRINKS = "variables.now < variables.was"
GROWS = "variables.now > variables.was"
GUARDED = "variables.limits.size() > 1"
_FLOOR, _CEILING = limits.number("floor"), limits.number("ceiling")


def _of(percent: str) -> str:
    """The percentage of the replicas before the write, rounded up as the autoscaler does."""
    return f"(variables.was * {limits.number(percent)} + 99) / 100"


def _further(change: str, direction: str) -> str:
    """Whether the change is more than a step."""
    return f"{change} > {limits.number(f'{direction}_pods')} && {change} > {_of(f'{direction}_percent')}"


# Towards the band is always allowed: to the floor at once, from above the ceiling step by step.
TOO_LOW = f"{SHRINKS} && (variables.now < {_FLOOR} || {_further('variables.was - variables.now', 'down')})"
TOO_HIGH = (
    f"{GROWS} && variables.now > {_FLOOR}"
    f" && (variables.now > {_CEILING} || {_further('variables.now - variables.was', 'up')})"
)

JUMPS = f"{SHRINKS} && {_further('variables.was - variables.now', 'auto_down')}"
"""More at once than its behaviour lets an autoscaler take."""


def lowest() -> str:
    """The fewest replicas that may be asked for; those there are, if there are too few already."""
    step = cel.larger(limits.number("down_pods"), _of("down_percent"))
    return cel.smaller("variables.was", cel.larger(_FLOOR, f"variables.was - {step}"))


def highest() -> str:
    """The most replicas that may be asked for; those there are, if there are too many already."""
    step = cel.larger(limits.number("up_pods"), _of("up_percent"))
    within = cel.larger(_FLOOR, cel.smaller(_CEILING, f"variables.was + {step}"))
    return cel.larger("variables.was", within)


def pause() -> dict[str, str]:
    """``wait``: seconds until the next scale-down is allowed, 0 or less if it is; needs ``time``, that of the write."""
    return {
        "last": clock.earliest(clock.changes("oldObject")),
        "wait": "variables.last == '' ? 0"
        f" : {limits.number('pause')} - {clock.seconds_between('variables.last', 'variables.time')}",
    }


BAND = " + ".join([text(" (floor "), f"string({_FLOOR})", text(", ceiling "), f"string({_CEILING})", text(")")])
ASKED = " + ".join(
    [
        "variables.name",
        text(": "),
        "string(variables.was)",
        text(" -> "),
        "string(variables.now)",
        text(" replicas asked"),
    ]
)
SAY_TOO_LOW = cel.message(ASKED, text(", the lowest allowed now is "), f"string({lowest()})", BAND)
SAY_TOO_HIGH = cel.message(ASKED, text(", the highest allowed now is "), f"string({highest()})", BAND)
SAY_TOO_SOON = cel.message(
    ASKED,
    text(", but it was last changed at "),
    "variables.last",
    text("; one scale-down each "),
    f"string({limits.number('pause')})",
    text(" s is allowed, the next one in "),
    "string(variables.wait)",
    text(" s"),
)
SAY_UNTIMED = cel.message(
    ASKED,
    text(
        ", but the time of this change would be lost; use kubectl scale, or kubectl patch on the object itself"
        " (if its managedFields were removed, kubectl apply --server-side brings them back)"
    ),
)
