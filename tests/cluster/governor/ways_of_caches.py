"""Ways to take away a cache: its pods, or what they find each other and start by."""

from typing import Any

from tests.cluster.governor import world
from tests.cluster.governor.api import Answer
from tests.cluster.governor.ways import Chapter, Way
from tests.cluster.governor.world import CACHE, Target

from flyball import wellknown

_SERVICES = ("v1", "services")
_NAMED = {wellknown.NAME_LABEL: CACHE}
_STRANGER = f"has the labels of the pods of {CACHE}"
_NEEDED = "its pods cannot start without it"


def _replicas(count: int) -> dict[str, Any]:
    return {"spec": {"replicas": count}}


def _second_budget(t: Target) -> Answer:
    second: dict[str, Any] = {**world.budget(maxUnavailable="100%"), "metadata": {"name": "second"}}
    second["spec"]["selector"] = {"matchLabels": _NAMED}
    return t.api.post(t.at("policy/v1", "poddisruptionbudgets"), second)


def _set_named_web(t: Target) -> Answer:
    """As flyball's caches are, but with the name of a service."""
    return t.api.post(t.at("apps/v1", "statefulsets"), world.stateful_set(world.OURS, 3, ours=True))


def _deployment_named_as_the_cache(t: Target) -> Answer:
    return t.api.post(t.deployment(""), world.deployment(CACHE, 2, ours=True))


CACHES = Chapter(
    "Caches",
    "The same policies: a cache of flyball's has as many replicas as its arguments say, and no other number. What two"
    " of a pair find each other by, and start with, stays.",
    [
        Way("a cache scaled to none", lambda t: t.scale(t.stateful_set(CACHE), 0), "the lowest allowed now is 2"),
        Way("a cache scaled to one of two", lambda t: t.scale(t.stateful_set(CACHE), 1), "the lowest allowed now is 2"),
        Way("a cache scaled to three", lambda t: t.scale(t.stateful_set(CACHE), 3), "the highest allowed now is 2"),
        Way(
            "a cache patched to none",
            lambda t: t.api.patch(t.stateful_set(CACHE), _replicas(0)),
            "the lowest allowed now is 2",
        ),
        Way("a cache deleted", lambda t: t.api.delete(t.stateful_set(CACHE)), "is guarded and may not be deleted"),
        Way(
            "all StatefulSets deleted at once",
            lambda t: t.api.delete(t.stateful_set("")),
            "is guarded and may not be deleted",
        ),
        Way("a pod of a cache deleted", lambda t: t.api.delete(t.pod(CACHE)), f"is a ready pod of {CACHE}"),
        Way(
            "a pod created with the name of a cache",
            lambda t: t.api.post(t.at("v1", "pods"), world.own(labels=_NAMED, name="another")),
            _STRANGER,
        ),
        Way("a StatefulSet like a cache, with the name of a service", _set_named_web, "the labels of the pods of web"),
        Way("a Deployment like a service, with the name of a cache", _deployment_named_as_the_cache, _STRANGER),
        Way(
            "the Service of a cache deleted",
            lambda t: t.api.delete(t.at(*_SERVICES, CACHE)),
            "may not be deleted",
        ),
        Way(
            "the Service by which two of a pair find each other deleted",
            lambda t: t.api.delete(t.at(*_SERVICES, f"{CACHE}-peers")),
            f"the Service of {CACHE} may not be deleted",
        ),
        Way(
            "that Service pointed elsewhere",
            lambda t: t.api.patch(t.at(*_SERVICES, f"{CACHE}-peers"), {"spec": {"selector": {"app": "x"}}}),
            "must keep its selector",
        ),
        Way("the password deleted", lambda t: t.api.delete(t.at("v1", "secrets", f"{CACHE}-password")), _NEEDED),
        Way("the configuration deleted", lambda t: t.api.delete(t.at("v1", "configmaps", f"{CACHE}-cache")), _NEEDED),
        Way(
            "the ServiceAccount of a cache deleted",
            lambda t: t.api.delete(t.at("v1", "serviceaccounts", CACHE)),
            _NEEDED,
        ),
        Way("a second budget of its pods, which stops all evictions", _second_budget, "is a second budget of the pods"),
    ],
)
