"""Ways to take capacity away that a freeze closes to automation: all of them are open without it."""

from tests.cluster.governor import world
from tests.cluster.governor.api import Answer, Api
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


_FREE = "/apis/apps/v1/namespaces/free-of-limits"
_CORE = "/api/v1/namespaces/free-of-limits"


def free(admin: Api) -> None:
    """A namespace without any label, with a workload in it."""
    admin.post("/api/v1/namespaces", {"metadata": {"name": "free-of-limits"}}).expect()
    admin.post(f"{_FREE}/deployments", world.deployment("web", 2)).expect()
    admin.post(f"{_CORE}/services", world.service()).expect()
    admin.post(f"{_CORE}/pods", world.own()).expect()
    world.wait(lambda: world.ready_replicas(admin, f"{_FREE}/deployments/web") == 2)


def _scale_free(t: Target, size: int) -> Answer:
    return t.api.patch(f"{_FREE}/deployments/web/scale", {"spec": {"replicas": size}})


FROZEN = Chapter(
    "While a freeze is on",
    "Policy `flyball-freeze` refuses these to automation, in every namespace: service accounts, autoscalers, the"
    " scheduler, and users of the group `flyball:automation`. To people they are open. Controllers carry out what was"
    " admitted before, but for runs of a schedule of flyball's own jobs, which wait for its end (`frozen: true` lets"
    " them start).",
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
        Way("a namespace deleted", lambda t: t.api.delete("/api/v1/namespaces/free-of-limits"), _REASON),
        Way("in a namespace that nobody governs: a Deployment scaled to none", lambda t: _scale_free(t, 0), _REASON),
        Way(
            "there: the Deployment patched to none",
            lambda t: t.api.patch(f"{_FREE}/deployments/web", {"spec": {"replicas": 0}}),
            _REASON,
        ),
        Way("there: the Deployment deleted", lambda t: t.api.delete(f"{_FREE}/deployments/web"), _REASON),
        Way("there: all Deployments deleted at once", lambda t: t.api.delete(f"{_FREE}/deployments"), _REASON),
        Way("there: all its pods deleted", lambda t: t.api.delete(f"{_CORE}/pods?labelSelector=app=web"), _REASON),
        Way("there: its Service deleted", lambda t: t.api.delete(f"{_CORE}/services/web"), _REASON),
    ],
)
