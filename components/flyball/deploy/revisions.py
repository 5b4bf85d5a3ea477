"""What the pods of a Deployment's revisions need, also of those that it may go back to; and of runs under way.

While a rollout runs, a lost pod of the old revision is made anew, and an undo brings old revisions back; neither starts
without its configuration. So nothing goes that a ReplicaSet of a Deployment that stays still names. Kubernetes removes
old ReplicaSets beyond the Deployment's `revisionHistoryLimit`, and with them goes the need. A job that has not ended
may have another attempt.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any

from flyball import wellknown
from flyball.deploy.identity import Named
from flyball.deploy.job_status import ended
from flyball.deploy.manifests import Object
from flyball.kubectl import Kubectl
from flyball.kubernetes.workload.proxy import FILE


def needed(kubectl: Kubectl, objects: Iterable[Object]) -> set[Named]:
    """What the ReplicaSets name of the Deployments that are among the objects, and Jobs that have not ended of CronJobs
    that are, and those that are among them themselves."""
    objects = list(objects)
    found = _needed_by_jobs(kubectl, objects)
    stay = {(o.namespace, o.name) for o in objects if o.kind == "Deployment"}
    for namespace in sorted({namespace for namespace, _ in stay}):
        for item in kubectl.listed("replicasets", namespace, api="apps/v1"):
            owners = item["metadata"].get("ownerReferences", ())
            if any((namespace, owner["name"]) in stay for owner in owners if owner["kind"] == "Deployment"):
                found.update(_named(namespace, item["spec"]["template"]["spec"]))
    return found


def _needed_by_jobs(kubectl: Kubectl, objects: Iterable[Object]) -> set[Named]:
    stay = {o.named for o in objects if o.kind in ("Job", "CronJob")}
    found: set[Named] = set()
    for namespace in sorted({namespace for _, namespace, _ in stay}):
        for item in kubectl.listed("jobs", namespace, api="batch/v1"):
            meta = item["metadata"]
            owners = {(owner["kind"], namespace, owner["name"]) for owner in meta.get("ownerReferences", ())}
            if stay & {("Job", namespace, meta["name"]), *owners} and ended(item) is None:
                found.update(_named(namespace, item["spec"]["template"]["spec"]))
    return found


def sweep(kubectl: Kubectl, objects: Iterable[Object]) -> list[str]:
    """Remove configurations of proxies, and files, that no revision needs any more, where a deployment tool has left
    them."""
    made = list(objects)
    stays = {o.named for o in made} | needed(kubectl, made)
    of = {_owner(o.manifest) for o in made if _is_of_a_revision(o.manifest)}
    removed: list[str] = []
    for namespace in sorted({namespace for namespace, _ in of}):
        for kind, items in _of_revisions(kubectl, namespace).items():
            ours = [item["metadata"]["name"] for item in items if _owner(item) in of]
            old = [name for name in ours if (kind, namespace, name) not in stays]
            _delete(kubectl, kind, namespace, old)
            removed += [f"{kind.lower()}/{name}" for name in old]
    return removed


def remove(kubectl: Kubectl, is_own: Callable[[Mapping[str, Any]], bool]) -> None:
    """Remove all configurations of proxies, and files, of a stack that is gone, in any namespace."""
    for kind, items in _of_revisions(kubectl).items():
        found: dict[str, list[str]] = {}
        for item in filter(is_own, items):
            found.setdefault(item["metadata"]["namespace"], []).append(item["metadata"]["name"])
        for namespace, names in found.items():
            _delete(kubectl, kind, namespace, names)


def as_applied(item: Mapping[str, Any], without: str) -> dict[str, Any]:
    """An object of the cluster as it would be applied: without what the server keeps for itself, and one label."""
    meta = {key: value for key in ("name", "namespace", "annotations") if (value := item["metadata"].get(key))}
    labels = {key: value for key, value in item["metadata"].get("labels", {}).items() if key != without}
    rest = {key: value for key, value in item.items() if key not in ("metadata", "status")}
    return {**rest, "metadata": {**meta, "labels": labels}}


def _of_revisions(kubectl: Kubectl, namespace: str = "") -> dict[str, list[Mapping[str, Any]]]:
    """What pods of a revision were made with, by kind, in one namespace or in every one."""
    found = {kind: kubectl.listed(f"{kind.lower()}s", namespace, wellknown.OURS) for kind in ("ConfigMap", "Secret")}
    return {kind: list(filter(_is_of_a_revision, items)) for kind, items in found.items()}


def _delete(kubectl: Kubectl, kind: str, namespace: str, names: Collection[str]) -> None:
    if names:
        kubectl.run("delete", kind.lower(), *names, f"--namespace={namespace}", "--ignore-not-found")


def _is_of_a_revision(manifest: Mapping[str, Any]) -> bool:
    if manifest.get("kind") == "ConfigMap" and FILE in manifest.get("data", {}):
        return True
    return wellknown.FILES_ANNOTATION in manifest["metadata"].get("annotations", {})


def _owner(manifest: Mapping[str, Any]) -> tuple[str, str]:
    """Namespace and name of the workload that a configuration is of."""
    meta = manifest["metadata"]
    return meta["namespace"], meta["labels"].get(wellknown.NAME_LABEL, "")


def _named(namespace: str, pod: Mapping[str, Any]) -> Iterator[Named]:
    if "priorityClassName" in pod:
        yield "PriorityClass", "", pod["priorityClassName"]
    if "serviceAccountName" in pod:
        yield "ServiceAccount", namespace, pod["serviceAccountName"]
    for volume in pod.get("volumes", ()):
        if "configMap" in volume:
            yield "ConfigMap", namespace, volume["configMap"]["name"]
        if "secret" in volume:
            yield "Secret", namespace, volume["secret"]["secretName"]
    for container in [*pod.get("initContainers", ()), *pod.get("containers", ())]:
        for variable in container.get("env", ()):
            source = variable.get("valueFrom", {})
            if "secretKeyRef" in source:
                yield "Secret", namespace, source["secretKeyRef"]["name"]
