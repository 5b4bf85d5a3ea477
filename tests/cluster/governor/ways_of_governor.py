"""Ways to be rid of the Governor itself."""

from typing import Any

from tests.cluster.governor.ways import Chapter, Outcome, Way
from tests.cluster.governor.ways_of_writing import owned

from flyball.kubernetes.governor import names
from flyball.kubernetes.governor.limits import Limits, config_map

_LIMITS = ("v1", "configmaps", names.LIMITS)
_SYSTEM = f"/api/v1/namespaces/{names.SYSTEM_NAMESPACE}/configmaps"
_CONTROLLERS = "system:serviceaccount:kube-system"
_RBAC = "/apis/rbac.authorization.k8s.io/v1"
_POLICY_API = "/apis/admissionregistration.k8s.io/v1"


def _metadata(**metadata: Any) -> dict[str, Any]:
    return {"metadata": metadata}


def _limit(floor: int) -> dict[str, Any]:
    return {"data": config_map("", {"web": Limits(floor=floor, ceiling=40, budget=1)})["data"]}


GOVERNOR = Chapter(
    "The Governor itself",
    "Policies `flyball-limits` and `flyball-cluster`, and RBAC: a policy cannot guard policies.",
    [
        Way(
            "limits created anew",
            lambda t: t.api.post(_SYSTEM, {"metadata": {"name": names.LIMITS}}),
            "limits are changed by people",
        ),
        Way("a limit lowered", lambda t: t.api.patch(t.at(*_LIMITS), _limit(1)), "limits are changed by people"),
        Way(
            "all limits removed",
            lambda t: t.api.patch(t.at(*_LIMITS), {"data": {"limits": None}}),
            "limits are changed by people",
        ),
        Way("the limits deleted", lambda t: t.api.delete(t.at(*_LIMITS)), "limits are changed by people"),
        Way(
            "all ConfigMaps deleted at once",
            lambda t: t.api.delete(t.at("v1", "configmaps")),
            "limits are changed by people",
        ),
        Way("the limits given an owner", lambda t: t.api.patch(t.at(*_LIMITS), owned()), "must have no owners"),
        Way(
            "the namespace's label removed",
            lambda t: t.api.patch(f"/api/v1/namespaces/{t.namespace}", _metadata(labels={names.GOVERNED: None})),
            f"must keep its label {names.GOVERNED}",
        ),
        Way(
            "the label of the freeze's namespace removed",
            lambda t: t.api.patch(
                f"/api/v1/namespaces/{names.SYSTEM_NAMESPACE}", _metadata(labels={names.GOVERNED: None})
            ),
            f"must keep its label {names.GOVERNED}",
        ),
        Way(
            "the freeze's namespace deleted",
            lambda t: t.api.delete(f"/api/v1/namespaces/{names.SYSTEM_NAMESPACE}"),
            "may not be deleted",
        ),
        Way(
            "a pod deleted as a controller, by impersonation",
            lambda t: t.borrowed(f"{_CONTROLLERS}:replicaset-controller").delete(t.pod()),
            "who may impersonate controllers, or change what is in kube-system, is an administrator",
            Outcome.OPEN,
        ),
        Way(
            "the right to override, granted to oneself",
            lambda t: t.api.post(f"{_RBAC}/clusterrolebindings", {"metadata": {"name": "me"}}),
            "cannot create resource",
            Outcome.FORBIDDEN,
        ),
        Way(
            "a policy deleted",
            lambda t: t.api.delete(f"{_POLICY_API}/validatingadmissionpolicies/flyball-workloads"),
            "cannot delete resource",
            Outcome.FORBIDDEN,
        ),
        Way(
            "a binding deleted",
            lambda t: t.api.delete(f"{_POLICY_API}/validatingadmissionpolicybindings/flyball-workloads"),
            "cannot delete resource",
            Outcome.FORBIDDEN,
        ),
        Way(
            "a binding deleted with all rights of cluster-admin",
            lambda t: t.admin.dry().delete(f"{_POLICY_API}/validatingadmissionpolicybindings/flyball-workloads"),
            "no policy can guard a policy: the audit log tells of it; keep such rights from automation",
            Outcome.OPEN,
        ),
    ],
)
