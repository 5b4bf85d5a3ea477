"""Ways to take capacity away without writing a workload's replicas."""

import json
from dataclasses import replace
from typing import Any

from tests.cluster.governor import world
from tests.cluster.governor.api import STRATEGIC, Answer
from tests.cluster.governor.ways import Chapter, Outcome, Way
from tests.cluster.governor.ways_frozen import evict, node, taint
from tests.cluster.governor.ways_of_writing import owned
from tests.cluster.governor.world import Target

_HPAS = ("autoscaling/v2", "horizontalpodautoscalers")
_SCALED = ("keda.sh/v1alpha1", "scaledobjects")
_CRON = {
    "type": "cron",
    "metadata": {"timezone": "UTC", "start": "0 0 1 1 *", "end": "1 0 1 1 *", "desiredReplicas": "3"},
}


def _strategy(**strategy: Any) -> dict[str, Any]:
    return {"spec": {"strategy": strategy}}


def _metadata(**metadata: Any) -> dict[str, Any]:
    return {"metadata": metadata}


def _spec(**spec: Any) -> dict[str, Any]:
    return {"spec": spec}


def _pod_container(**container: Any) -> dict[str, Any]:
    return {"spec": {"containers": [{"name": "main", **container}]}}


def _status(t: Target, **status: Any) -> Answer:
    return t.api.patch(f"{t.pod()}/status", {"status": status}, STRATEGIC)


def _resize(t: Target) -> Answer:
    """kwok's kubelets don't say that they can do it; a real one does, in the status of the container."""
    pod = t.pod()
    running = [status | {"resources": {}} for status in t.read(pod)["status"]["containerStatuses"]]
    t.admin.patch(f"{pod}/status", {"status": {"containerStatuses": running}}).expect()
    return t.api.patch(f"{pod}/resize", _pod_container(resources={"requests": {"cpu": "1m"}}), STRATEGIC)


def _exec(t: Target) -> Answer:
    """What is admitted is asked for a stream next, by which the API server leads to the node."""
    answer = t.api.get(f"{t.pod()}/exec?container=main&command=kill")
    return replace(answer, status=200) if answer.message == "Upgrade request required" else answer


def _hpa(t: Target, patch: dict[str, Any], api: str = _HPAS[0]) -> Answer:
    return t.api.patch(t.at(api, _HPAS[1], "web"), patch)


def _new_hpa(t: Target, **spec: Any) -> Answer:
    return t.api.post(t.at(*_HPAS), world.autoscaler(**spec))


def _old_api(t: Target) -> Answer:
    """Version 1 keeps the behaviour in an annotation."""
    wide = world.behavior(down=100, period=15)
    text = {"autoscaling.alpha.kubernetes.io/behavior": json.dumps(wide)}
    whole = t.read(t.at("autoscaling/v1", _HPAS[1], "web"))
    whole["metadata"]["annotations"] = text
    return t.api.put(t.at("autoscaling/v1", _HPAS[1], "web"), whole)


def _scaled(t: Target, patch: dict[str, Any]) -> Answer:
    return t.api.patch(t.at(*_SCALED, "cart"), patch)


def _lowered(t: Target) -> Answer:
    return _hpa(t, _spec(maxReplicas=19))


_PODS = Chapter(
    "Pods and ReplicaSets by hand",
    "Policy `flyball-pods`: a ready pod goes by eviction, which keeps to the budget, or with its controller.",
    [
        Way("a pod deleted", lambda t: t.api.delete(t.pod()), "is a ready pod of web and may not be deleted"),
        Way("a pod deleted without grace", lambda t: t.api.delete(t.pod(), gracePeriodSeconds="0"), "is a ready pod"),
        Way("a pod of a StatefulSet deleted", lambda t: t.api.delete(t.pod("db")), "is a ready pod of db"),
        Way("all pods deleted at once", lambda t: t.api.delete(t.at("v1", "pods")), "is a ready pod of"),
        Way("a pod evicted", evict, "the disruption budget admits one at a time", Outcome.BUDGETED),
        Way(
            "a pod preempted, for pods of a higher priority",
            lambda t: t.admin.as_user("system:kube-scheduler").dry().delete(t.pod()),
            "the scheduler minds budgets where it can; who may use which PriorityClass is for quotas to say",
            Outcome.OPEN,
        ),
        Way(
            "a node deleted by its name",
            lambda t: t.api.delete(node(t)),
            "a right of administrators; a freeze stops automation; replicas spread over nodes and zones bound the loss",
            Outcome.OPEN,
        ),
        Way(
            "a node tainted NoExecute",
            taint,
            "as a node deleted by its name",
            Outcome.OPEN,
        ),
        Way("a pod relabelled", lambda t: t.api.patch(t.pod(), _metadata(labels={"app": "x"})), "labels"),
        Way("a pod's label removed", lambda t: t.api.patch(t.pod(), _metadata(labels={"app": None})), "labels"),
        Way("a pod orphaned", lambda t: t.api.patch(t.pod(), _metadata(ownerReferences=None)), "owners"),
        Way(
            "a pod given an image that does not exist",
            lambda t: t.api.patch(t.pod(), _pod_container(image="none"), STRATEGIC),
            "containers are not changed by hand",
        ),
        Way(
            "a pod given a deadline",
            lambda t: t.api.patch(t.pod(), _spec(activeDeadlineSeconds=1)),
            "containers are not changed by hand",
        ),
        Way(
            "the processes of a pod ended from within, by kubectl exec",
            _exec,
            "no write, so no policy counts it; its containers start again; automation needs no right to `pods/exec`",
            Outcome.OPEN,
        ),
        Way("a pod declared failed", lambda t: _status(t, phase="Failed"), "only its kubelet says otherwise"),
        Way(
            "a pod declared not ready",
            lambda t: _status(t, conditions=[{"type": "Ready", "status": "False"}]),
            "only its kubelet says otherwise",
        ),
        Way("a pod given another address", lambda t: _status(t, podIP="10.9.9.9"), "only its kubelet says otherwise"),
        Way(
            "a pod resized",
            _resize,
            "change the resources of the workload instead",
        ),
        Way(
            "a Deployment's status falsified",
            lambda t: t.api.patch(f"{t.deployment()}/status", {"status": {"replicas": 40}}),
            "is counted by its controller",
        ),
        Way(
            "a StatefulSet's status falsified",
            lambda t: t.api.patch(f"{t.stateful_set()}/status", {"status": {"replicas": 40}}),
            "is counted by its controller",
        ),
        Way(
            "a ReplicaSet's status falsified, for a release to go by",
            lambda t: t.api.patch(f"{t.replica_set()}/status", {"status": {"availableReplicas": 3}}),
            "is counted by its controller",
        ),
        Way("a ReplicaSet scaled", lambda t: t.scale(t.replica_set(), 3), "scale the Deployment instead"),
        Way("a ReplicaSet patched", lambda t: t.api.patch(t.replica_set(), _spec(replicas=3)), "change the Deployment"),
        Way("a ReplicaSet deleted", lambda t: t.api.delete(t.replica_set()), "may not be deleted"),
        Way(
            "all ReplicaSets deleted at once",
            lambda t: t.api.delete(t.at("apps/v1", "replicasets")),
            "is the ReplicaSet of",
        ),
        Way(
            "a ReplicaSet orphaned",
            lambda t: t.api.patch(t.replica_set(), _metadata(ownerReferences=None)),
            "change the Deployment instead",
        ),
        Way(
            "a ReplicaSet with a forged size in its annotations",
            lambda t: t.api.patch(
                t.replica_set(), _metadata(annotations={"deployment.kubernetes.io/desired-replicas": "3"})
            ),
            "change the Deployment instead",
        ),
        Way(
            "a ReplicaSet relabelled",
            lambda t: t.api.patch(t.replica_set(), _metadata(labels={"pod-template-hash": "x"})),
            "change the Deployment instead",
        ),
    ],
)
_UPDATES = Chapter(
    "An update that takes too much at once",
    "Policy `flyball-workloads`: RollingUpdate, with at most the budget unavailable.",
    [
        Way(
            "maxUnavailable 100 %",
            lambda t: t.api.patch(t.deployment(), _strategy(rollingUpdate={"maxUnavailable": "100%"})),
            "maxUnavailable 100% asked, at most 1 is allowed",
        ),
        Way(
            "maxUnavailable of many pods",
            lambda t: t.api.patch(t.deployment(), _strategy(rollingUpdate={"maxUnavailable": 15})),
            "maxUnavailable 15 asked, at most 1 is allowed",
        ),
        Way(
            "strategy Recreate",
            lambda t: t.api.patch(t.deployment(), _strategy(type="Recreate", rollingUpdate=None)),
            "must be updated by strategy RollingUpdate",
        ),
        Way(
            "a StatefulSet renumbered",
            lambda t: t.api.patch(t.stateful_set(), _spec(ordinals={"start": 100})),
            "may not be renumbered",
        ),
        Way(
            "a release that does not work",
            lambda t: t.api.patch(t.deployment(), {"spec": {"template": _pod_container(image="broken:1")}}, STRATEGIC),
            "a release is not a scale-down; surge and readiness keep the old pods until new ones are ready",
            Outcome.OPEN,
        ),
    ],
)
_AUTOSCALERS = Chapter(
    "HorizontalPodAutoscalers",
    "Policy `flyball-autoscalers`.",
    [
        Way("minimum below the floor", lambda t: _hpa(t, _spec(minReplicas=2)), "may not go down to 2, the floor is 3"),
        Way("no minimum, which means 1", lambda t: _hpa(t, _spec(minReplicas=None)), "may not go down to 1"),
        Way("maximum above the ceiling", lambda t: _hpa(t, _spec(maxReplicas=41)), "may not go up to 41"),
        Way("maximum far below what runs", lambda t: _hpa(t, _spec(maxReplicas=5)), "which removes what runs above it"),
        Way("maximum just below what runs, as often as one likes", _lowered, "which removes what runs above it"),
        Way(
            "recreated with a low maximum",
            lambda t: _new_hpa(t, name="cart", target="cart", high=3),
            "the lowest allowed now is 40",
        ),
        Way("a second one under another name", lambda t: _new_hpa(t, name="web2"), "is a second autoscaler"),
        Way("no behaviour", lambda t: _hpa(t, _spec(behavior=None)), "needs a behavior for scaleDown"),
        Way(
            "a wider behaviour down",
            lambda t: _hpa(t, _spec(behavior=world.behavior(down=50))),
            "needs a behavior for scaleDown of at most 1 pods or 10 %",
        ),
        Way("no calm", lambda t: _hpa(t, _spec(behavior=world.behavior(calm=0))), "after at least 300 s of calm"),
        Way(
            "a wider behaviour up",
            lambda t: _hpa(t, _spec(behavior=world.behavior(up=100))),
            "needs a behavior for scaleUp of at most 2 pods or 50 %",
        ),
        Way(
            "no way up",
            lambda t: _hpa(t, _spec(behavior={"scaleUp": {"selectPolicy": "Disabled"}})),
            "and not Disabled",
        ),
        Way("a wider behaviour by the old API's annotation", _old_api, "needs a behavior for scaleDown"),
        Way(
            "one for a Deployment that selects the same pods",
            lambda t: _new_hpa(t, name="twin", target="twin"),
            "two autoscalers with the same pods both stop: nothing is removed, and nothing added",
            Outcome.OPEN,
        ),
        Way(
            "pointed elsewhere",
            lambda t: _hpa(t, _spec(scaleTargetRef={"name": "other"})),
            "must keep what it scales",
        ),
        Way("deleted", lambda t: t.api.delete(t.at(*_HPAS, "web")), "may not be deleted"),
        Way("all deleted at once", lambda t: t.api.delete(t.at(*_HPAS)), "may not be deleted"),
        Way("an owner that does not exist", lambda t: _hpa(t, owned()), "may not be given owners"),
        Way(
            "a target of 500 % load",
            lambda t: _hpa(t, _spec(metrics=world.autoscaler(load=500)["spec"]["metrics"])),
            "must keep its metrics",
        ),
        Way(
            "a tolerance of 100, which sees no load",
            lambda t: _hpa(t, _spec(behavior=world.behavior(tolerance="100"))),
            "may not overlook more than 10 %",
        ),
        Way(
            "its status falsified",
            lambda t: t.api.patch(f"{t.at(*_HPAS, 'web')}/status", {"status": {"currentReplicas": 3}}),
            "is counted by its controller",
        ),
    ],
)
_SCALED_OBJECTS = Chapter(
    "KEDA's ScaledObjects",
    "Policy `flyball-scaled-objects`.",
    [
        Way("no minimum, which means 0", lambda t: _scaled(t, _spec(minReplicaCount=None)), "may not go down to 0"),
        Way("no maximum, which means 100", lambda t: _scaled(t, _spec(maxReplicaCount=None)), "may not go up to 100"),
        Way("a low maximum", lambda t: _scaled(t, _spec(maxReplicaCount=3)), "must have the ceiling, 40"),
        Way("scaled to zero while idle", lambda t: _scaled(t, _spec(idleReplicaCount=0)), "may not have idleReplica"),
        Way(
            "paused at zero, by annotation",
            lambda t: _scaled(t, _metadata(annotations={"autoscaling.keda.sh/paused-replicas": "0"})),
            "may only be paused between floor and ceiling",
        ),
        Way(
            "a fallback below the floor",
            lambda t: _scaled(t, _spec(fallback={"failureThreshold": 1, "replicas": 1})),
            "must fall back to a number between",
        ),
        Way(
            "the replicas of long ago on deletion",
            lambda t: _scaled(t, _spec(advanced={"restoreToOriginalReplicaCount": True})),
            "may not restore the replica count",
        ),
        Way(
            "no behaviour",
            lambda t: _scaled(t, _spec(advanced={"horizontalPodAutoscalerConfig": None})),
            "needs a behavior for scaleDown",
        ),
        Way("no triggers but one", lambda t: _scaled(t, _spec(triggers=[_CRON])), "must keep its triggers"),
        Way("a look each day", lambda t: _scaled(t, _spec(pollingInterval=86400)), "must keep its triggers"),
        Way(
            "a formula that comes to nothing",
            lambda t: _scaled(t, _spec(advanced={"scalingModifiers": {"formula": "0", "target": "1"}})),
            "must keep its triggers",
        ),
        Way(
            "paused where it is, by annotation",
            lambda t: _scaled(t, _metadata(annotations={"autoscaling.keda.sh/paused": "true"})),
            "nothing is removed, and nothing added",
            Outcome.OPEN,
        ),
        Way("pointed elsewhere", lambda t: _scaled(t, _spec(scaleTargetRef={"name": "other"})), "must keep what"),
        Way("deleted", lambda t: t.api.delete(t.at(*_SCALED, "cart")), "may not be deleted"),
    ],
)
CHAPTERS = (_PODS, _UPDATES, _AUTOSCALERS, _SCALED_OBJECTS)
