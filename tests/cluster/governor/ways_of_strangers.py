"""Ways to have pods of one's own taken for those of a workload, so that real ones go in their place."""

from typing import Any

from tests.cluster.governor import world
from tests.cluster.governor.api import STRATEGIC, Answer
from tests.cluster.governor.ways import Chapter, Way
from tests.cluster.governor.world import Target

from flyball import wellknown

_OTHER = {"app": "cart"}
"""All that a Deployment that is not flyball's selects by."""
_NAMED = {wellknown.NAME_LABEL: "web"}
_SAYS, _SAYS_OTHER = (f"has the labels of the pods of {name}" for name in ("web", "cart"))
_FLYBALLS = {wellknown.MANAGED_BY_LABEL: wellknown.MANAGED_BY}
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


def _set_of_old(t: Target, labels: dict[str, str]) -> Answer:
    """A ReplicaSet that a Deployment would adopt, whatever its pods are labelled."""
    manifest = world.own("ReplicaSet", name="another")
    manifest["metadata"]["labels"] = labels
    return t.api.post(t.at("apps/v1", "replicasets"), manifest)


def _template(t: Target, labels: dict[str, str]) -> Answer:
    return t.api.patch(t.deployment("other"), {"spec": {"template": {"metadata": {"labels": labels}}}}, STRATEGIC)


def _claiming(name: str) -> dict[str, Any]:
    manifest = world.deployment(name, 3)
    manifest["metadata"]["labels"] = _FLYBALLS
    manifest["spec"]["selector"]["matchLabels"][wellknown.NAME_LABEL] = name
    return manifest


STRANGERS = Chapter(
    "Pods that pass for those of a workload",
    "Policies `flyball-strangers`, one for flyball's own, which select by their names, and one each for other"
    " Deployments and StatefulSets: a controller adopts whatever bears the labels it selects by, and then has too many"
    " pods. Nobody but controllers makes such pods, or templates of them.",
    [
        Way("a pod created with the labels", lambda t: _pod(t, _hash(t)), _SAYS),
        Way("a pod created with those of a Deployment that is not flyball's", lambda t: _pod(t, _OTHER), _SAYS_OTHER),
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
        Way("a ReplicaSet for the Deployment to adopt", lambda t: _set_of_old(t, _NAMED), _SAYS),
        Way("a ReplicaSet for one that is not flyball's to adopt", lambda t: _set_of_old(t, _OTHER), _SAYS_OTHER),
        Way("a Deployment of one's own given the name", lambda t: _template(t, _NAMED), _SAYS),
        Way("a Deployment of one's own given the labels of another", lambda t: _template(t, _OTHER), _SAYS_OTHER),
        Way(
            "a Deployment made to look as if flyball's, so that nobody looks at its selector",
            lambda t: _relabel(t, t.deployment("cart"), _FLYBALLS),
            "does not select its pods by app.kubernetes.io/name: cart",
        ),
        Way(
            "a new one that looks as if flyball's, and has limits that do not say so",
            lambda t: t.api.post(t.deployment(""), _claiming("absent")),
            "is flyball's, and its limits do not say named: true",
        ),
    ],
)
