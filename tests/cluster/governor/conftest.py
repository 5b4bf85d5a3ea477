"""A control plane with the Governor's policies, an audit log, and users without special rights."""

import itertools
import json
import os
import time
from contextlib import ExitStack
from pathlib import Path

import pytest
from tests.cluster.governor import world
from tests.cluster.governor.api import Api
from tests.cluster.governor.world import GROUP, Target

from flyball import wellknown
from flyball.kubernetes.governor import names, policies, rbac
from flyball.lab.cluster import control_plane as planes
from flyball.lab.cluster.control_plane import ControlPlane, Options

_RBAC = "/apis/rbac.authorization.k8s.io/v1"
_CRD = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
_count = itertools.count()


@pytest.fixture(scope="session")
def audit_log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("audit") / "audit.log"


@pytest.fixture(scope="session")
def governed_plane(programs: None, audit_log: Path, at_group_end: ExitStack) -> ControlPlane:
    """A control plane of its own: the policies are for a whole cluster."""
    rules = [{"level": "Metadata", "verbs": ["create", "update", "patch", "delete", "deletecollection"]}]
    policy = {"apiVersion": "audit.k8s.io/v1", "kind": "Policy", "omitStages": ["RequestReceived"], "rules": rules}
    (audit_log.parent / "policy.yaml").write_text(json.dumps(policy))
    flags = {
        "kube-apiserver": {"audit-policy-file": f"{audit_log.parent}/policy.yaml", "audit-log-path": str(audit_log)},
        "kube-controller-manager": {
            "horizontal-pod-autoscaler-sync-period": "1s",
            "controllers": "*",  # also what looks for mistakes in the policies' types
        },
    }
    name = f"test-{os.getpid()}-governor"
    at_group_end.callback(planes.stop, name)
    return planes.start(name, report=print, options=Options(flags=flags))


@pytest.fixture(scope="session")
def admin(governed_plane: ControlPlane) -> Api:
    """The administrator, once the policies are in force."""
    api = Api(governed_plane.kubeconfig)
    api.post("/api/v1/namespaces", _system_namespace()).expect()
    api.post(_CRD, _scaled_objects()).expect()
    for manifest in [*rbac.manifests(), *policies.manifests(), *_operators()]:
        api.post(_collection(manifest), manifest).expect()
    labels = {wellknown.MANAGED_BY_LABEL: wellknown.MANAGED_BY}
    priority = {"metadata": {"name": "shop.web", "labels": labels}, "value": 1000}
    api.post("/apis/scheduling.k8s.io/v1/priorityclasses", priority).expect()
    world.wait(lambda: api.get("/apis/keda.sh/v1alpha1/scaledobjects").ok)
    _await_policies(api)
    return api


@pytest.fixture(scope="session")
def person(admin: Api) -> Api:
    return admin.as_user("developer", GROUP)


@pytest.fixture(scope="session")
def on_call(admin: Api) -> Api:
    """A person who took on the right to override."""
    return admin.as_user("on-call", GROUP, names.OVERRIDE_GROUP)


@pytest.fixture(scope="session")
def automation(admin: Api) -> Api:
    """A service account with a token of its own."""
    return admin.as_token(world.robot_token(admin))


@pytest.fixture(scope="session")
def fortress(admin: Api) -> Target:
    """The namespace under attack. Shared: what is refused changes nothing, and what is allowed is a dry run."""
    return new_target(admin)


def new_target(admin: Api) -> Target:
    return world.build(admin, f"shop-{next(_count)}")


def _collection(manifest: dict) -> str:
    kind = manifest["kind"].lower()
    plural = kind[:-1] + "ies" if kind.endswith("y") else kind + "s"
    namespace = manifest["metadata"].get("namespace")
    return f"/apis/{manifest['apiVersion']}" + (f"/namespaces/{namespace}" if namespace else "") + f"/{plural}"


def _system_namespace() -> dict:
    return {"metadata": {"name": names.SYSTEM_NAMESPACE, "labels": {names.GOVERNED: names.SYSTEM}}}


def _operators() -> list[dict]:
    """Rights to all that is attacked, each by its name: broad as a platform team's, and no wildcard in them."""
    verbs = ["get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"]
    sized = ["deployments", "statefulsets", "replicasets"]
    kinds = {
        "": [
            *("pods", "pods/status", "pods/resize", "pods/eviction", "services", "configmaps", "namespaces", "nodes"),
            *("pods/exec", "secrets", "serviceaccounts", "replicationcontrollers", "persistentvolumeclaims"),
        ],
        "apps": [*sized, *(f"{kind}/{part}" for kind in sized for part in ("scale", "status")), "daemonsets"],
        "batch": ["jobs", "cronjobs"],
        "policy": ["poddisruptionbudgets", "poddisruptionbudgets/status"],
        "autoscaling": ["horizontalpodautoscalers", "horizontalpodautoscalers/status"],
        "scheduling.k8s.io": ["priorityclasses"],
        "keda.sh": ["scaledobjects"],
        "networking.k8s.io": ["networkpolicies"],
    }
    rules = [{"apiGroups": [group], "resources": of_group, "verbs": verbs} for group, of_group in kinds.items()]
    rules.append({"apiGroups": [""], "resources": ["serviceaccounts"], "verbs": ["impersonate"]})
    robots = {"kind": "Group", "apiGroup": "rbac.authorization.k8s.io", "name": "system:serviceaccounts:default"}
    api = {"apiVersion": _RBAC.removeprefix("/apis/")}
    role = {"kind": "ClusterRole", "apiGroup": "rbac.authorization.k8s.io", "name": "test-operator"}
    group = {"kind": "Group", "apiGroup": "rbac.authorization.k8s.io", "name": GROUP}
    name = {"metadata": {"name": "test-operator"}}
    return [
        {**api, "kind": "ClusterRole", **name, "rules": rules},
        {**api, "kind": "ClusterRoleBinding", **name, "roleRef": role, "subjects": [group, robots]},
    ]


def _scaled_objects() -> dict:
    """KEDA's kind without its schema: enough for what the API server does with it."""
    anything = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    version = {"name": "v1alpha1", "served": True, "storage": True, "schema": {"openAPIV3Schema": anything}}
    names_ = {"kind": "ScaledObject", "plural": "scaledobjects", "singular": "scaledobject"}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "scaledobjects.keda.sh"},
        "spec": {"group": "keda.sh", "scope": "Namespaced", "names": names_, "versions": [version]},
    }


def _await_policies(admin: Api) -> None:
    """A new binding takes effect within about a second; the last ones of each kind tell of all."""
    probe = new_target(admin)
    person = admin.as_user("developer", GROUP)
    freeze = {"metadata": {"name": names.FREEZE}, "data": {"reason": "probe"}}
    system = f"/api/v1/namespaces/{names.SYSTEM_NAMESPACE}/configmaps"
    world.wait(lambda: not person.post(system, freeze, dryRun="All").ok)
    world.wait(lambda: not person.delete(probe.at("v1", "services", "web"), dryRun="All").ok)
    world.wait(lambda: not person.delete(probe.at("keda.sh/v1alpha1", "scaledobjects", "cart"), dryRun="All").ok)
    world.wait(
        lambda: not person.patch(f"{probe.deployment('slow')}/scale", {"spec": {"replicas": 4}}, dryRun="All").ok
    )
    time.sleep(1)
