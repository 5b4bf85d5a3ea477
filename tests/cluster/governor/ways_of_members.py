"""Ways to take away a member of a group, one that stands alone, or what they keep."""

from typing import Any

from tests.cluster.governor.api import Answer
from tests.cluster.governor.ways import Chapter, Outcome, Way
from tests.cluster.governor.world import MEMBERS, SINGLE, Target

from flyball.kubernetes.governor import names

_CLAIMS = ("v1", "persistentvolumeclaims")
_CLAIM = f"data-{MEMBERS}-0"
_LOWEST = "the lowest allowed now is 3"
_KEPT = f"is the volume of a member of {MEMBERS} and may not be deleted"


def _claim(t: Target, patch: dict[str, Any]) -> Answer:
    return t.api.patch(t.at(*_CLAIMS, _CLAIM), patch)


def _owned(t: Target) -> Answer:
    owner = {"apiVersion": "v1", "kind": "ConfigMap", "name": "gone", "uid": "0"}
    return _claim(t, {"metadata": {"ownerReferences": [owner]}})


def _evict(t: Target) -> Answer:
    pod = t.pod(SINGLE)
    eviction = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": pod.split("/")[-1]}}
    return t.api.post(f"{pod}/eviction", eviction)


def _by_autoscaler(t: Target) -> Answer:
    borrowed = Target(t.borrowed(names.AUTOSCALERS[0]), t.namespace, t.admin)
    return borrowed.scale(t.stateful_set(MEMBERS), 1)


MEMBER = Chapter(
    "Members and what they keep",
    "The same policies: a group has as many members as its quorum says. And `flyball-volumes`: what a member keeps"
    " stays while it is one; once its service is out of the stack file, its limits are gone, and its claims are"
    " people's.",
    [
        Way("a group scaled to its quorum", lambda t: t.scale(t.stateful_set(MEMBERS), 2), _LOWEST),
        Way("a group scaled below its quorum", lambda t: t.scale(t.stateful_set(MEMBERS), 1), _LOWEST),
        Way(
            "a group patched below its quorum",
            lambda t: t.api.patch(t.stateful_set(MEMBERS), {"spec": {"replicas": 1}}),
            _LOWEST,
        ),
        Way("a group, 3 -> 1 by the HorizontalPodAutoscaler controller", _by_autoscaler, "3", Outcome.CLAMPED),
        Way("a group deleted", lambda t: t.api.delete(t.stateful_set(MEMBERS)), "is guarded and may not be deleted"),
        Way(
            "a group deleted, its pods left",
            lambda t: t.api.delete(t.stateful_set(MEMBERS), propagationPolicy="Orphan"),
            "is guarded and may not be deleted",
        ),
        Way("a member deleted", lambda t: t.api.delete(t.pod(MEMBERS)), f"is a ready pod of {MEMBERS}"),
        Way(
            "a member's claim deleted, which its pod holds until it moves",
            lambda t: t.api.delete(t.at(*_CLAIMS, _CLAIM)),
            _KEPT,
        ),
        Way("all claims deleted at once", lambda t: t.api.delete(t.at(*_CLAIMS)), _KEPT),
        Way("a member's claim given an owner that does not exist", _owned, "may not be given owners"),
        Way(
            "the volumes made to go with the group",
            lambda t: t.api.patch(
                t.stateful_set(MEMBERS), {"spec": {"persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Delete"}}}
            ),
            f"{MEMBERS} keeps its volumes as its arguments say",
        ),
        Way(
            "a member's claim labelled, or grown",
            lambda t: _claim(t, {"metadata": {"labels": {"grown": "yes"}}}),
            "nothing is taken away; whether it grows is for its class to say",
            Outcome.OPEN,
        ),
        Way(
            "a claim that is no member's deleted",
            lambda t: t.api.delete(t.at(*_CLAIMS, "data-own-0")),
            "is nobody's business",
            Outcome.OPEN,
        ),
        Way(
            "one that stands alone scaled to none",
            lambda t: t.scale(t.stateful_set(SINGLE), 0),
            "the lowest allowed now is 1",
        ),
        Way("a second beside it", lambda t: t.scale(t.stateful_set(SINGLE), 2), "the highest allowed now is 1"),
        Way("its pod deleted", lambda t: t.api.delete(t.pod(SINGLE)), f"is a ready pod of {SINGLE}"),
        Way(
            "its pod evicted",
            _evict,
            "its budget lets it go, or its node could never be drained; `plan` says what stops then, and the alerts"
            " SingleDown and SingleWasAway tell",
            Outcome.OPEN,
        ),
    ],
)
