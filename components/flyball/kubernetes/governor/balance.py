"""The descheduler, which evens out what a scale-down has left uneven over the zones.

Whoever scales down chooses among ready pods those of nodes that have several, then the youngest
(https://kubernetes.io/docs/concepts/workloads/controllers/replicaset/#scaling-a-replicaset): never by zone. A spread of
15 may come back from 45 as 7, 5 and 3, and may even be left in one zone, so no floor is enough for what survives the
loss of the fullest one. What was a must when pods were placed is made true again, one eviction after another
(https://github.com/kubernetes-sigs/descheduler#removepodsviolatingtopologyspreadconstraint): each within the
disruption budget, and none while the cluster is frozen, since the descheduler is automation like any other.
"""

import json
from collections.abc import Iterator
from typing import Final

from flyball.guards.governor import balance
from flyball.guards.reading.problem import Path
from flyball.guards.workload.digests import Used
from flyball.guards.workload.limits import Governed
from flyball.guards.workload.names import BALANCE_PRIORITY
from flyball.guards.workload.platform import ANY, Platform
from flyball.kubernetes.governor import names
from flyball.kubernetes.governor.policy import Manifest
from flyball.kubernetes.images import pulled
from flyball.kubernetes.objects import as_user, confined, exempt
from flyball.kubernetes.workload.priority import guards_priority_class
from flyball.wellknown import MANAGED_BY, MANAGED_BY_LABEL

NAME: Final = "flyball-balance"
VERSION: Final = "v0.36.0"
IMAGE: Final = f"registry.k8s.io/descheduler/descheduler:{VERSION}"
_KEY: Final = "policy.json"
_FOLDER: Final = "/policy"
_PLUGIN: Final = "RemovePodsViolatingTopologySpreadConstraint"
_LABELS: Final = {MANAGED_BY_LABEL: MANAGED_BY}
_EXEMPT: Final = {
    "container-image-pull-policy": "a registry that is away must not keep pods where they are; the image has a version",
    "pod-networkpolicy": "it listens to nobody, and talks to the API server, whose address differs in every cluster",
}
"""Checks of kube-score that do not hold here, and why."""
_READ: Final = ["get", "list", "watch"]


def images(governed: Governed | None, path: Path) -> Iterator[Used]:
    """The image of the descheduler, which comes with the policies of a Governor that is asked for at a path."""
    if governed and governed.policies:
        yield Used(path, IMAGE)


def policy() -> Manifest:
    """What the descheduler goes by: pods of flyball's, where they break a spread that is a must, and nothing else."""
    ours = {"matchLabels": _LABELS}
    evictor = {
        # Logs and scratch volumes of a workload are bounded, and may be lost at any time.
        "podProtections": {"defaultDisabled": ["PodsWithLocalStorage"]},
        "nodeFit": True,
        "labelSelector": ours,
    }
    return {
        "apiVersion": "descheduler/v1alpha2",
        "kind": "DeschedulerPolicy",
        "maxNoOfPodsToEvictPerNode": balance.PER_NODE,
        "maxNoOfPodsToEvictPerNamespace": balance.PER_NAMESPACE,
        "profiles": [
            {
                "name": "zones",
                "pluginConfig": [
                    {"name": "DefaultEvictor", "args": evictor},
                    {"name": _PLUGIN, "args": {"constraints": ["DoNotSchedule"], "labelSelector": ours}},
                ],
                "plugins": {"balance": {"enabled": [_PLUGIN]}},
            }
        ],
    }


def manifests(platform: Platform = ANY) -> list[Manifest]:
    """The descheduler in the Governor's namespace, and what it may do: look, and evict."""
    here = {"namespace": names.SYSTEM_NAMESPACE}
    metadata = {"name": NAME, "labels": _LABELS}
    api = "rbac.authorization.k8s.io/v1"
    rules = [
        # Of a right that it lacks it would wait for ever.
        {"apiGroups": [""], "resources": ["nodes", "namespaces", "pods", "persistentvolumeclaims"], "verbs": _READ},
        {"apiGroups": ["policy"], "resources": ["poddisruptionbudgets"], "verbs": _READ},
        {"apiGroups": ["scheduling.k8s.io"], "resources": ["priorityclasses"], "verbs": _READ},
        {"apiGroups": [""], "resources": ["pods/eviction"], "verbs": ["create"]},
        {"apiGroups": ["events.k8s.io"], "resources": ["events"], "verbs": ["create", "update"]},
    ]
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": NAME}
    return [
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {**metadata, **here}},
        {"apiVersion": api, "kind": "ClusterRole", "metadata": metadata, "rules": rules},
        {
            "apiVersion": api,
            "kind": "ClusterRoleBinding",
            "metadata": metadata,
            "roleRef": role,
            "subjects": [{"kind": "ServiceAccount", "name": NAME, **here}],
        },
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {**metadata, **here},
            "data": {_KEY: json.dumps(policy(), indent=2) + "\n"},
        },
        {
            "apiVersion": "scheduling.k8s.io/v1",
            "kind": "PriorityClass",
            # Without it services take its place where a cluster is full, and it never looks.
            **guards_priority_class(BALANCE_PRIORITY, _LABELS),
        },
        {
            "apiVersion": "batch/v1",
            "kind": "CronJob",
            "metadata": {
                **metadata,
                **here,
                "annotations": exempt(_EXEMPT),
            },
            "spec": _schedule(platform),
        },
    ]


def _schedule(platform: Platform) -> Manifest:
    job = {
        "backoffLimit": 0,
        "activeDeadlineSeconds": balance.LONGEST,
        "ttlSecondsAfterFinished": balance.KEPT,
        "template": {"metadata": {"labels": _LABELS}, "spec": pulled(_pod(), platform)},
    }
    return {
        "schedule": f"*/{balance.EVERY // 60} * * * *",
        # Two at a time would each count their own evictions only.
        "concurrencyPolicy": "Forbid",
        "startingDeadlineSeconds": balance.EVERY,
        "successfulJobsHistoryLimit": 1,
        "failedJobsHistoryLimit": 1,
        "jobTemplate": {"spec": job},
    }


def _pod() -> Manifest:
    container = {
        "name": "descheduler",
        "image": IMAGE,
        "imagePullPolicy": "IfNotPresent",
        "command": ["/bin/descheduler"],
        "args": [f"--policy-config-file={_FOLDER}/{_KEY}", "--descheduling-interval=0", "--secure-port=0"],
        "resources": {
            "requests": {"cpu": "100m", "memory": "128Mi", "ephemeral-storage": "64Mi"},
            "limits": {"cpu": "500m", "memory": "512Mi", "ephemeral-storage": "64Mi"},
        },
        "securityContext": confined(),
        "volumeMounts": [{"name": "policy", "mountPath": _FOLDER, "readOnly": True}],
    }
    return {
        "serviceAccountName": NAME,
        "priorityClassName": BALANCE_PRIORITY,
        "restartPolicy": "Never",
        "securityContext": {**as_user(10001), "seccompProfile": {"type": "RuntimeDefault"}},
        "containers": [container],
        "volumes": [{"name": "policy", "configMap": {"name": NAME}}],
    }
