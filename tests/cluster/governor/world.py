"""Guarded workloads to attack, and the people and robots that do it."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.cluster.governor.api import Answer, Api

from flyball import wellknown
from flyball.guards.governor.steps import Behavior, Rate
from flyball.kubernetes.governor import names
from flyball.kubernetes.governor.limits import Limits, config_map

Manifest = dict[str, Any]

BRIEF = Behavior(down=Rate(pods=1, percent=10, period=1))
"""A pause of one second between scale-downs, so that it's over when a test tries something else."""
LONG = Behavior(down=Rate(pods=1, percent=10, period=600))
"""A pause that is never over while the tests run."""
OURS = "web"
"""Made as flyball makes its own, whose pods are told by their names; the others are people's."""
CACHE = "sessions"
"""Made as flyball makes a cache of two."""
MEMBERS, SINGLE = "ledger", "journal"
"""Made as flyball makes a group of three, and what stands alone."""
LIMITS = {
    OURS: Limits(floor=3, ceiling=40, budget=1, behavior=BRIEF, named=True),
    "cart": Limits(floor=3, ceiling=40, budget=1, behavior=BRIEF),
    "slow": Limits(floor=3, ceiling=40, budget=1, behavior=LONG),
    "still": Limits(floor=3, ceiling=40, budget=1, behavior=LONG),
    "db": Limits(floor=3, ceiling=40, budget=1, behavior=BRIEF),
    CACHE: Limits(floor=2, ceiling=2, budget=1, behavior=BRIEF, named=True, stateful=True),
    MEMBERS: Limits(floor=3, ceiling=3, budget=1, behavior=BRIEF, named=True, stateful=True),
    SINGLE: Limits(floor=1, ceiling=1, budget=1, behavior=BRIEF, named=True, stateful=True),
    "absent": Limits(floor=3, ceiling=40, budget=1, behavior=BRIEF),
}
SETS = {"db": 10, CACHE: 2, MEMBERS: 3, SINGLE: 1}
SIZES = {"web": 20, "cart": 5, "slow": 5, "still": 5}
GROUP = "test:operators"
"""Everyone who attacks is in it: it may do all that the ways round need, by name and without any wildcard."""


@dataclass(frozen=True)
class Target:
    """A namespace with guarded workloads, as one user sees it."""

    api: Api
    namespace: str
    admin: Api
    """For what has to be arranged or looked at, not for what is tried."""

    def at(self, group: str, kind: str, name: str = "") -> str:
        """Path of an object of the namespace; ``group`` as in apiVersion."""
        root = "/api/v1" if group == "v1" else f"/apis/{group}"
        return f"{root}/namespaces/{self.namespace}/{kind}" + (f"/{name}" if name else "")

    def deployment(self, name: str = "web") -> str:
        return self.at("apps/v1", "deployments", name)

    def stateful_set(self, name: str = "db") -> str:
        return self.at("apps/v1", "statefulsets", name)

    def replica_set(self, name: str = "web") -> str:
        """Path of the ReplicaSet of a Deployment."""
        items = self.admin.get(self.at("apps/v1", f"replicasets?labelSelector=app={name}")).expect()["items"]
        return self.at("apps/v1", "replicasets", items[0]["metadata"]["name"])

    def pod(self, app: str = "web") -> str:
        """Path of a ready pod of a workload."""
        items = self.admin.get(self.at("v1", f"pods?labelSelector=app={app}")).expect()["items"]
        ready = [pod for pod in items if _ready(pod) and "deletionTimestamp" not in pod["metadata"]]
        return self.at("v1", "pods", ready[0]["metadata"]["name"])

    def read(self, path: str) -> Manifest:
        """An object as it is now, to be changed and written back."""
        return self.admin.get(path).expect()

    def borrowed(self, user: str) -> Api:
        """A robot that takes on another user by impersonation, to which it has the right for service accounts."""
        other = self.admin.as_token(robot_token(self.admin), impersonate=user)
        return other.dry() if self.api.dry_run else other

    def scale(self, path: str, replicas: int) -> Answer:
        """Write the scale subresource as a whole, as the autoscaler does."""
        scale = self.read(f"{path}/scale")
        scale["spec"] = {"replicas": replicas}
        return self.api.put(f"{path}/scale", scale)


def _ready(pod: Manifest) -> bool:
    return any(c["type"] == "Ready" and c["status"] == "True" for c in pod["status"].get("conditions", []))


def deployment(name: str, replicas: int | None, ours: bool = False) -> Manifest:
    ours = ours or name == OURS
    spec: Manifest = {
        "selector": {"matchLabels": {"app": name, **({wellknown.NAME_LABEL: name} if ours else {})}},
        "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}},
        "template": _template(name),
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "labels": {wellknown.MANAGED_BY_LABEL: wellknown.MANAGED_BY} if ours else {}},
        "spec": spec | ({} if replicas is None else {"replicas": replicas}),
    }


def stateful_set(name: str, replicas: int, ours: bool = False) -> Manifest:
    spec = {
        "replicas": replicas,
        "serviceName": name,
        "selector": {"matchLabels": {wellknown.NAME_LABEL if ours else "app": name}},
        "podManagementPolicy": "Parallel",
        "template": _template(name),
    }
    labels = {wellknown.MANAGED_BY_LABEL: wellknown.MANAGED_BY} if ours else {}
    return {"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": name, "labels": labels}, "spec": spec}


def _template(name: str) -> Manifest:
    container = {"name": "main", "image": "shop/main:1", "resources": {"requests": {"cpu": "10m"}}}
    return {"metadata": {"labels": {"app": name, wellknown.NAME_LABEL: name}}, "spec": {"containers": [container]}}


def behavior(down: int = 10, up: int = 50, period: int = 60, calm: int | None = 300, tolerance: str = "") -> Manifest:
    def rules(percent: int) -> Manifest:
        return {"policies": [{"type": "Percent", "value": percent, "periodSeconds": period}]}

    scale_down = rules(down) | ({} if calm is None else {"stabilizationWindowSeconds": calm})
    return {"scaleDown": scale_down, "scaleUp": rules(up) | ({"tolerance": tolerance} if tolerance else {})}


def autoscaler(
    name: str = "web", target: str = "web", low: int = 3, high: int = 40, load: int = 60, **spec: Any
) -> Manifest:
    metric = {
        "type": "Resource",
        "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": load}},
    }
    return {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": name},
        "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": target},
            "minReplicas": low,
            "maxReplicas": high,
            "metrics": [metric],
            "behavior": behavior(),
            **spec,
        },
    }


def scaled_object(annotations: Manifest | None = None, config: Manifest | None = None, **spec: Any) -> Manifest:
    advanced = {"horizontalPodAutoscalerConfig": {"behavior": behavior()}}
    return {
        "apiVersion": "keda.sh/v1alpha1",
        "kind": "ScaledObject",
        "metadata": {"name": "cart", "annotations": annotations or {}},
        "spec": {
            "scaleTargetRef": {"name": "cart"},
            "minReplicaCount": 3,
            "maxReplicaCount": 40,
            "advanced": advanced | (config or {}),
            "triggers": [{"type": "cpu", "metricType": "Utilization", "metadata": {"value": "60"}}],
            **spec,
        },
    }


def budget(name: str = OURS, **spec: Any) -> Manifest:
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": {"name": name, "labels": {wellknown.MANAGED_BY_LABEL: wellknown.MANAGED_BY}},
        "spec": {"selector": {"matchLabels": {wellknown.NAME_LABEL: name}}, **(spec or {"maxUnavailable": 1})},
    }


def claim(name: str) -> Manifest:
    """That nothing is bound to, nor has to be."""
    asked = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    return {"metadata": {"name": name}, "spec": asked}


def service() -> Manifest:
    spec = {"selector": {"app": "web"}, "ports": [{"port": 80}]}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "spec": spec}


def network_policy(**spec: Any) -> Manifest:
    rules = spec or {"podSelector": {"matchLabels": {"app": "web"}}, "ingress": [{}], "policyTypes": ["Ingress"]}
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": "web"},
        "spec": rules,
    }


def own(kind: str = "Pod", labels: Manifest | None = None, name: str = "own") -> Manifest:
    """Something of the attacker's own that runs a pod: the pod itself, or its template."""
    kinds = {"Pod": "v1", "ReplicationController": "v1", "Job": "batch/v1", "CronJob": "batch/v1"}
    mine = {"mine": name}
    container = {"name": "main", "image": "shop/main:1", "resources": {"requests": {"cpu": "10m"}}}
    pod: Manifest = {"metadata": {"labels": mine | (labels or {})}, "spec": {"containers": [container]}}
    head = {"apiVersion": kinds.get(kind, "apps/v1"), "kind": kind, "metadata": {"name": name, "labels": mine}}
    if kind == "Pod":
        return {**head, "metadata": {"name": name, **pod["metadata"]}, "spec": pod["spec"]}
    if kind in ("Job", "CronJob"):
        job = {"template": {**pod, "spec": {**pod["spec"], "restartPolicy": "Never"}}}
        at = {"schedule": "0 0 1 1 *", "jobTemplate": {"spec": job}}
        return {**head, "spec": job if kind == "Job" else at}
    selector = mine if kind == "ReplicationController" else {"matchLabels": mine}
    return {**head, "spec": {"selector": selector, "template": pod}}


def build(admin: Api, namespace: str) -> Target:
    """A governed namespace with its workloads, ready; limits come last, so that nothing is in the way."""
    metadata = {"name": namespace, "labels": {names.GOVERNED: "true"}}
    admin.post("/api/v1/namespaces", {"metadata": metadata}).expect()
    target = Target(admin, namespace, admin)
    for name, size in SIZES.items():
        admin.post(target.deployment(""), deployment(name, size)).expect()
    for name, size in SETS.items():
        admin.post(target.at("apps/v1", "statefulsets"), stateful_set(name, size, ours=name != "db")).expect()
    for name in (f"data-{MEMBERS}-0", f"data-{MEMBERS}-1", "data-own-0"):
        admin.post(target.at("v1", "persistentvolumeclaims"), claim(name)).expect()
    admin.post(target.at("autoscaling/v2", "horizontalpodautoscalers"), autoscaler()).expect()
    admin.post(target.at("keda.sh/v1alpha1", "scaledobjects"), scaled_object()).expect()
    for name in (OURS, SINGLE):
        admin.post(target.at("policy/v1", "poddisruptionbudgets"), budget(name)).expect()
    admin.post(target.at("v1", "services"), service()).expect()
    for name in (CACHE, f"{CACHE}-peers"):
        admin.post(target.at("v1", "services"), {**service(), "metadata": {"name": name}}).expect()
    admin.post(target.at("networking.k8s.io/v1", "networkpolicies"), network_policy()).expect()
    needs = {
        "serviceaccounts": ("web", CACHE),
        "secrets": ("web-env", f"{CACHE}-password"),
        "configmaps": ("web-proxy-0123456789", f"{CACHE}-cache"),
    }
    for kind, name in ((kind, name) for kind, of_kind in needs.items() for name in of_kind):
        admin.post(target.at("v1", kind), {"metadata": {"name": name}}).expect()
    admin.post(target.at("v1", "pods"), own()).expect()
    admin.post(target.deployment(""), own("Deployment", name="other")).expect()
    for name, size in SIZES.items():
        wait(lambda name=name, size=size: ready_replicas(admin, target.deployment(name)) == size)
    for name, size in SETS.items():
        wait(lambda name=name, size=size: ready_replicas(admin, target.stateful_set(name)) == size)
    wait(lambda: allowed(admin, target.at("policy/v1", "poddisruptionbudgets", SINGLE)) == 1)
    admin.post(target.at("v1", "configmaps"), config_map(namespace, LIMITS)).expect()
    return target


def robot_token(admin: Api) -> str:
    """A token of the service account ``robot``, whose group has the rights of `GROUP`."""
    accounts = "/api/v1/namespaces/default/serviceaccounts"
    if not admin.get(f"{accounts}/robot").ok:
        admin.post(accounts, {"metadata": {"name": "robot"}}).expect()
    request = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {"expirationSeconds": 3600}}
    return admin.post(f"{accounts}/robot/token", request).expect()["status"]["token"]


def ready_replicas(api: Api, path: str) -> int:
    return api.get(path).expect()["status"].get("readyReplicas", 0)


def allowed(api: Api, path: str) -> int:
    """The evictions that a budget would admit now."""
    return api.get(path).expect().get("status", {}).get("disruptionsAllowed", 0)


def wait(done: Callable[[], bool], seconds: float = 240) -> None:
    """Until `done`; the time is a safety net, not an expectation."""
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end, "not reached in time"
        time.sleep(0.05)
