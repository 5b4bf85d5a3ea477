"""Ways to have pods of one's own taken for those of a workload, so that real ones go in their place."""

from typing import Any

from tests.cluster.governor import world
from tests.cluster.governor.api import STRATEGIC, Answer
from tests.cluster.governor.ways import Chapter, Way
from tests.cluster.governor.world import Target

from flyball import wellknown

_LABELS = {"app": "web"}
_NAMED = {wellknown.NAME_LABEL: "web"}
_SAYS = "has the labels of the pods of web"
_KINDS = {
    "ReplicaSet": "replicasets",
    "DaemonSet": "daemonsets",
    "StatefulSet": "statefulsets",
    "Deployment": "deployments",
    "ReplicationController": "replicationcontrollers",
    "Job": "jobs",
    "CronJob": "cronjobs",
}


def _hash(t: Target) -> dict[str, str]:
    """All labels that the ReplicaSet of web selects by."""
    return t.read(t.replica_set())["spec"]["selector"]["matchLabels"]


def _pod(t: Target, labels: dict[str, str], **metadata: Any) -> Answer:
    pod = world.own(labels=labels, name="another")
    return t.api.post(t.at("v1", "pods"), {**pod, "metadata": {**pod["metadata"], **metadata}})


def _owned(t: Target) -> Answer:
    owner = t.read(t.replica_set())
    reference = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": owner["metadata"]["name"], "controller": True}
    return _pod(t, _hash(t), ownerReferences=[{**reference, "uid": owner["metadata"]["uid"]}])


def _relabel(t: Target, path: str, labels: dict[str, str]) -> Answer:
    return t.api.patch(path, {"metadata": {"labels": labels}})


def _controller(t: Target, kind: str, labels: dict[str, str] | None = None) -> Answer:
    manifest = world.own(kind, labels or _hash(t), name="another")
    return t.api.post(t.at(manifest["apiVersion"], _KINDS[kind]), manifest)


def _set_of_old(t: Target) -> Answer:
    """A ReplicaSet that the Deployment would adopt, whatever its pods are labelled."""
    manifest = world.own("ReplicaSet", name="another")
    manifest["metadata"]["labels"] = _LABELS
    return t.api.post(t.at("apps/v1", "replicasets"), manifest)


STRANGERS = Chapter(
    "Pods that pass for those of a workload",
    "Policies `flyball-strangers`, one for Deployments and one for StatefulSets: a controller adopts whatever bears the"
    " labels it selects by, and then has too many pods. Nobody but controllers makes such pods, or templates of them.",
    [
        Way("a pod created with the labels", lambda t: _pod(t, _hash(t)), _SAYS),
        Way("a pod created with those of the Deployment", lambda t: _pod(t, _LABELS), _SAYS),
        Way("a pod created with the name, which Service and budget select by", lambda t: _pod(t, _NAMED), _SAYS),
        Way("a pod created with the owner", _owned, _SAYS),
        Way(
            "a pod given the labels once it is ready", lambda t: _relabel(t, t.at("v1", "pods", "own"), _hash(t)), _SAYS
        ),
        Way("a pod given the name", lambda t: _relabel(t, t.at("v1", "pods", "own"), _NAMED), _SAYS),
        Way("a pod with the labels of a StatefulSet", lambda t: _pod(t, {"app": "db"}), "of the pods of db"),
        *(
            Way(
                f"a {kind} that makes such pods, to be deleted and leave them",
                lambda t, k=kind: _controller(t, k),
                _SAYS,
            )
            for kind in _KINDS
        ),
        Way(
            "a Job with the name, which would be counted by the budget",
            lambda t: _controller(t, "Job", _NAMED),
            _SAYS,
        ),
        Way("a ReplicaSet for the Deployment to adopt", _set_of_old, _SAYS),
        Way(
            "a Deployment of one's own given the labels",
            lambda t: t.api.patch(
                t.deployment("other"), {"spec": {"template": {"metadata": {"labels": _LABELS}}}}, STRATEGIC
            ),
            _SAYS,
        ),
    ],
)
