"""A service without a port, as a consumer of a queue: it calls, and nobody calls it.

What is said of being called means nothing then, and is not passed over. All else is as it is for others: its calls and
their proxy, its size, its way out.
"""

from collections.abc import Mapping
from typing import Any

from flyball.guards.interruptions.probes import KINDS
from flyball.guards.reading.reader import Reader
from flyball.guards.reading.rules import DOES_NOT_APPLY

CALLED = {
    "service": "nobody calls it",
    "protocol": "it speaks to nobody who calls",
    "inbound": "there is nothing to stand in front of",
    "callers": "nobody can call it",
    "public": "nobody can call it",
    "ports": "further ones are beside that",
    "expose": "nothing leads to it",
    "objective": "it gets no requests that could be counted",
}
"""Arguments of what is called, and what they mean where there is no port."""
_CANARY = "it gets no requests, of which a new version could answer some"


def rest(r: Reader) -> Reader:
    """The arguments without those of what is called; each of these that is given is a problem."""
    for key, why in CALLED.items():
        if r.has(key):
            r.problem(key, DOES_NOT_APPLY, f"is given without port, and {why}", "remove it, or give port")
    rollout = r.values.get("rollout")
    if isinstance(rollout, Mapping) and "canary" in rollout:
        message = f"is given without port, and {_CANARY}"
        r.problem(("rollout", "canary"), DOES_NOT_APPLY, message, "remove it, or give port")
    return Reader(_without(r.values), r.path, r.problems)


def applicable(defaults: Mapping[str, Any], args: Mapping[str, Any]) -> Mapping[str, Any]:
    """Defaults of all services as far as they mean something for one: those of what is called are none of what has no
    port, nor are questions to a port."""
    if "port" in args or "port" in defaults:
        return defaults
    found = _without(defaults)
    if isinstance(probes := found.get("probes"), Mapping):
        found["probes"] = {key: _command(probe) for key, probe in probes.items()}
    return found


def _without(args: Mapping[str, Any]) -> dict[str, Any]:
    found = {key: value for key, value in args.items() if key not in CALLED}
    if isinstance(rollout := found.get("rollout"), Mapping):
        found["rollout"] = {key: value for key, value in rollout.items() if key != "canary"}
    return found


def _command(probe: Any) -> Any:
    if not isinstance(probe, Mapping):
        return probe
    return {key: value for key, value in probe.items() if key == "exec" or key not in KINDS}
