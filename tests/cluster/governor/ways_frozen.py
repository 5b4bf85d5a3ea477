"""Ways to take capacity away that a freeze closes to automation: all of them are open without it."""

from tests.cluster.governor.api import Answer
from tests.cluster.governor.ways import Chapter, Way
from tests.cluster.governor.world import Target

_REASON = "frozen by"


def shrink(t: Target) -> Answer:
    """One legal step down."""
    return t.api.patch(f"{t.deployment()}/scale", {"spec": {"replicas": 19}})


def evict(t: Target) -> Answer:
    pod = t.pod()
    eviction = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": pod.split("/")[-1]}}
    return t.api.post(f"{pod}/eviction", eviction)


def taint(t: Target) -> Answer:
    """Which has a controller delete the pods that don't tolerate it."""
    return t.api.patch(node(t), {"spec": {"taints": [{"key": "leave", "effect": "NoExecute"}]}})


def node(t: Target) -> str:
    return f"/api/v1/nodes/{t.read('/api/v1/nodes')['items'][0]['metadata']['name']}"


FROZEN = Chapter(
    "While a freeze is on",
    "Policy `flyball-freeze` refuses these to automation: service accounts, autoscalers, the scheduler, and users of"
    " the group `flyball:automation`. To people they are open. Controllers carry out what was admitted before.",
    [
        Way("one legal step down, scale subresource", shrink, _REASON),
        Way("one legal step down, patch", lambda t: t.api.patch(t.deployment(), {"spec": {"replicas": 19}}), _REASON),
        Way(
            "one legal step down, StatefulSet",
            lambda t: t.api.patch(f"{t.stateful_set()}/scale", {"spec": {"replicas": 9}}),
            _REASON,
        ),
        Way("a pod evicted", evict, _REASON),
        Way("a node deleted", lambda t: t.api.delete(node(t)), _REASON),
        Way("a node tainted NoExecute", taint, _REASON),
        Way("a Deployment deleted that has no limits", lambda t: t.api.delete(t.deployment("free")), _REASON),
        Way(
            "the pods deleted of a Deployment that has no limits",
            lambda t: t.api.delete(t.at("v1", "pods?labelSelector=app=free")),
            _REASON,
        ),
    ],
)
