"""Ways to write replicas, and to write them often."""

from typing import Any

from tests.cluster.governor import world
from tests.cluster.governor.api import JSON_PATCH, MERGE, STRATEGIC, Answer
from tests.cluster.governor.ways import Chapter, Outcome, Way
from tests.cluster.governor.world import Target

_HPA = "system:serviceaccount:kube-system:horizontal-pod-autoscaler"
_LOWEST = "20 -> 3 replicas asked, the lowest allowed now is 16"
_TOO_SOON = "one scale-down each 600 s is allowed"
_UNTIMED = "the time of this change would be lost"
_BAND = "(floor 3, ceiling 40)"
_OWNERS_KEPT = "its managedFields say when it was last scaled, and may not be set back"


def _replicas(value: int | None) -> dict[str, Any]:
    return {"spec": {"replicas": value}}


def _put(t: Target, path: str, replicas: int | None) -> Answer:
    whole = t.read(path)
    whole["spec"].pop("replicas")
    return t.api.put(path, {**whole, "spec": whole["spec"] | ({} if replicas is None else {"replicas": replicas})})


def _json_patch(t: Target, path: str, op: str, value: int | None = None) -> Answer:
    patch = {"op": op, "path": "/spec/replicas"} | ({} if value is None else {"value": value})
    return t.api.patch(path, [patch], JSON_PATCH)


def _apply(t: Target, path: str, kind: str, replicas: int) -> Answer:
    name = path.split("/")[-1]
    return t.api.apply(path, {"apiVersion": "apps/v1", "kind": kind, "metadata": {"name": name}, **_replicas(replicas)})


def _apply_scale(t: Target, path: str, replicas: int) -> Answer:
    name = path.split("/")[-1]
    scale = {"apiVersion": "autoscaling/v1", "kind": "Scale", "metadata": {"name": name}, **_replicas(replicas)}
    return t.api.apply(f"{path}/scale", scale)


def _up_then_down(t: Target) -> Answer:
    """A new change in the other direction first, so that there is something to forget."""
    t.api.patch(f"{t.deployment('slow')}/scale", _replicas(6))
    return t.api.patch(f"{t.deployment('slow')}/scale", _replicas(5))


def _with_manager_of_old(t: Target) -> Answer:
    options = {"fieldManager": "kubectl at 2000-01-01T00:00:00Z"}
    t.api.patch(f"{t.deployment('slow')}/scale", _replicas(6), **options)
    return t.api.patch(f"{t.deployment('slow')}/scale", _replicas(5), **options)


def _back_dated(t: Target, *, shrink: bool) -> Answer:
    """With a change besides, by another manager: where only times differ, the server itself puts them back."""
    whole = t.read(t.deployment("still"))
    whole["metadata"].setdefault("annotations", {})["note"] = "changed"
    for field in whole["metadata"]["managedFields"]:
        field["time"] = "2000-01-01T00:00:00Z"
    whole["spec"]["replicas"] -= 1 if shrink else 0
    return t.api.put(t.deployment("still"), whole, fieldManager="another")


def _renamed_owner(t: Target) -> Answer:
    """The owner's entry made into that of the scale subresource, whose time is its name."""
    whole = t.read(t.deployment("still"))
    for field in whole["metadata"]["managedFields"]:
        if "f:replicas" in field["fieldsV1"].get("f:spec", {}):
            field |= {"manager": "kubectl at 2000-01-01T00:00:00Z", "subresource": "scale"}
    return t.api.put(t.deployment("still"), whole)


def _without_managed_fields(t: Target, **spec: Any) -> Answer:
    return t.api.patch(t.deployment("still"), {"metadata": {"managedFields": [{}]}, **spec})


def _create(t: Target, replicas: int | None) -> Answer:
    return t.api.post(t.deployment(""), world.deployment("absent", replicas))


def _delete_and_recreate(t: Target) -> Answer:
    """What kubectl replace --force does."""
    answer = t.api.delete(t.deployment())
    return t.api.post(t.deployment(""), world.deployment("web", 3)) if answer.ok and not t.api.dry_run else answer


def _as(t: Target, user: str) -> Target:
    other = t.admin.as_user(user)
    return Target(other.dry() if t.api.dry_run else other, t.namespace, t.admin)


_DEPLOYMENT = Chapter(
    "Replicas of a Deployment",
    "Policies `flyball-workloads`, and `flyball-scale` for the scale subresource: one write moves replicas by a step,"
    " and stays between floor and ceiling.",
    [
        Way("PUT", lambda t: _put(t, t.deployment(), 3), _LOWEST),
        Way("PUT without the field, which means 1", lambda t: _put(t, t.deployment(), None), "20 -> 1 replicas asked"),
        Way("merge patch", lambda t: t.api.patch(t.deployment(), _replicas(3), MERGE), _LOWEST),
        Way("merge patch that removes the field", lambda t: t.api.patch(t.deployment(), _replicas(None)), "20 -> 1"),
        Way("strategic merge patch", lambda t: t.api.patch(t.deployment(), _replicas(3), STRATEGIC), _LOWEST),
        Way("JSON patch", lambda t: _json_patch(t, t.deployment(), "replace", 3), _LOWEST),
        Way("JSON patch that removes the field", lambda t: _json_patch(t, t.deployment(), "remove"), "20 -> 1"),
        Way("server-side apply", lambda t: _apply(t, t.deployment(), "Deployment", 3), _LOWEST),
        Way("PUT of the scale subresource", lambda t: t.scale(t.deployment(), 3), _LOWEST),
        Way(
            "merge patch of the scale subresource (kubectl scale)",
            lambda t: t.api.patch(f"{t.deployment()}/scale", _replicas(3)),
            _LOWEST,
        ),
        Way(
            "JSON patch of the scale subresource",
            lambda t: _json_patch(t, f"{t.deployment()}/scale", "replace", 3),
            _LOWEST,
        ),
        Way("to zero", lambda t: t.scale(t.deployment(), 0), "20 -> 0 replicas asked, the lowest allowed now is 16"),
        Way("above the ceiling", lambda t: t.scale(t.deployment(), 41), f"the highest allowed now is 40 {_BAND}"),
        Way("up by more than a step", lambda t: t.scale(t.deployment("cart"), 11), "the highest allowed now is 10"),
        Way("created below the floor", lambda t: _create(t, 2), f"2 replicas asked {_BAND}"),
        Way("created without replicas, which means 1", lambda t: _create(t, None), f"1 replicas asked {_BAND}"),
        Way("created above the ceiling", lambda t: _create(t, 41), f"41 replicas asked {_BAND}"),
        Way(
            "with all rights of cluster-admin",
            lambda t: t.admin.patch(t.deployment(), _replicas(3)),
            "20 -> 3 replicas asked",
            borrowed=True,
        ),
        Way(
            "as another service account, by impersonation",
            lambda t: t.borrowed("system:serviceaccount:default:other").patch(t.deployment(), _replicas(3)),
            "20 -> 3 replicas asked",
            borrowed=True,
        ),
    ],
)
_STATEFUL_SET = Chapter(
    "Replicas of a StatefulSet",
    "As for Deployments.",
    [
        Way("PUT", lambda t: _put(t, t.stateful_set(), 3), "10 -> 3 replicas asked, the lowest allowed now is 8"),
        Way("merge patch", lambda t: t.api.patch(t.stateful_set(), _replicas(3)), "10 -> 3"),
        Way("strategic merge patch", lambda t: t.api.patch(t.stateful_set(), _replicas(3), STRATEGIC), "10 -> 3"),
        Way("JSON patch", lambda t: _json_patch(t, t.stateful_set(), "replace", 3), "10 -> 3"),
        Way("server-side apply", lambda t: _apply(t, t.stateful_set(), "StatefulSet", 3), "10 -> 3"),
        Way("the scale subresource", lambda t: t.scale(t.stateful_set(), 3), "10 -> 3"),
        Way("above the ceiling", lambda t: t.scale(t.stateful_set(), 41), "the highest allowed now is 20"),
    ],
)
_AUTOSCALER = Chapter(
    "Replicas written by an autoscaler",
    "Policy `flyball-scale`: what an autoscaler asks of the scale subresource is brought within the step, since it asks"
    " for the same again when it is refused.",
    [
        Way(
            "20 -> 1 by the HorizontalPodAutoscaler controller",
            lambda t: _as(t, _HPA).scale(t.deployment(), 1),
            "16",
            Outcome.CLAMPED,
        ),
        Way(
            "5 -> 40 by the HorizontalPodAutoscaler controller",
            lambda t: _as(t, _HPA).scale(t.deployment("cart"), 40),
            "10",
            Outcome.CLAMPED,
        ),
        Way("a StatefulSet, 10 -> 1", lambda t: _as(t, _HPA).scale(t.stateful_set(), 1), "8", Outcome.CLAMPED),
    ],
)
_PAUSE = Chapter(
    "Many legal steps in a row",
    "Policies `flyball-scale` and `flyball-workloads`: a scale-down by anyone but an autoscaler follows the last change"
    " of the replicas after a pause. The clock is the server's own, in `metadata.managedFields`.",
    [
        Way("the next step at once, scale subresource", lambda t: t.scale(t.deployment("still"), 4), _TOO_SOON),
        Way("the next step at once, patch", lambda t: t.api.patch(t.deployment("still"), _replicas(4)), _TOO_SOON),
        Way("up and down again", _up_then_down, _TOO_SOON),
        Way("a field manager that bears an old time", _with_manager_of_old, _TOO_SOON),
        Way("managedFields dated back", lambda t: _back_dated(t, shrink=False), _OWNERS_KEPT),
        Way("managedFields dated back in the step itself", lambda t: _back_dated(t, shrink=True), _TOO_SOON),
        Way("managedFields with another owner", _renamed_owner, _OWNERS_KEPT),
        Way("managedFields removed", _without_managed_fields, _OWNERS_KEPT),
        Way("managedFields removed in the step itself", lambda t: _without_managed_fields(t, **_replicas(4)), _UNTIMED),
        Way(
            "server-side apply of the scale subresource, which keeps no time",
            lambda t: _apply_scale(t, t.deployment("still"), 4),
            _UNTIMED,
        ),
    ],
)
_DELETION = Chapter(
    "Deletion",
    "Policies `flyball-workloads` and `flyball-cluster`. Delete and recreate would be a scale-down, and the recreated"
    " workload one without a past.",
    [
        Way("a Deployment", lambda t: t.api.delete(t.deployment()), "may not be deleted"),
        Way(
            "a Deployment, its pods left", lambda t: t.api.delete(t.deployment(), propagationPolicy="Orphan"), "may not"
        ),
        Way("delete and recreate (kubectl replace --force)", _delete_and_recreate, "may not be deleted"),
        Way("all Deployments at once", lambda t: t.api.delete(t.deployment("")), "may not be deleted"),
        Way("a StatefulSet", lambda t: t.api.delete(t.stateful_set()), "may not be deleted"),
        Way("the namespace", lambda t: t.api.delete(f"/api/v1/namespaces/{t.namespace}"), "may not be deleted"),
        Way("all nodes at once", lambda t: t.api.delete("/api/v1/nodes"), "nodes are deleted by name"),
        Way(
            "an owner that does not exist, for the garbage collector",
            lambda t: t.api.patch(t.deployment(), owned()),
            "may not be given owners",
        ),
        Way(
            "an owner of the namespace that does not exist",
            lambda t: t.api.patch(f"/api/v1/namespaces/{t.namespace}", owned()),
            "may not be given owners",
        ),
    ],
)


def owned() -> dict[str, Any]:
    """An owner that is gone: the garbage collector then deletes what it owned."""
    owner = {"apiVersion": "v1", "kind": "ConfigMap", "name": "gone", "uid": "4a1b2c3d-0000-4000-8000-000000000000"}
    return {"metadata": {"ownerReferences": [owner]}}


CHAPTERS = (_DEPLOYMENT, _STATEFUL_SET, _AUTOSCALER, _PAUSE, _DELETION)
