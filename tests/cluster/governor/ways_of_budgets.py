"""Ways to take away what pods and their controllers rely on."""

from typing import Any

from tests.cluster.governor import world
from tests.cluster.governor.api import Answer
from tests.cluster.governor.ways import Chapter, Outcome, Way
from tests.cluster.governor.ways_of_writing import owned
from tests.cluster.governor.world import Target

from flyball import wellknown

_BUDGETS = ("policy/v1", "poddisruptionbudgets", "web")
_SERVICE = ("v1", "services", "web")
_NETWORK = ("networking.k8s.io/v1", "networkpolicies")
_KEEPS = "must keep its selector, type, ports"
_FLYBALLS = {wellknown.MANAGED_BY_LABEL: wellknown.MANAGED_BY}
_SECOND = "is a second budget of the pods of"


def _spec(**spec: Any) -> dict[str, Any]:
    return {"spec": spec}


def _second_budget(t: Target, labels: dict[str, str] | None = None, **selector: Any) -> Answer:
    second = world.budget(maxUnavailable="100%") | {"metadata": {"name": "second", "labels": labels or {}}}
    return t.api.post(t.at(*_BUDGETS[:2]), {**second, "spec": {**second["spec"], "selector": selector}})


def _disguised_budget(t: Target) -> Answer:
    """A budget of other pods, and then, all at once, one of the pods of web that seems to be flyball's."""
    theirs: dict[str, Any] = {**world.budget(maxUnavailable="100%"), "metadata": {"name": "theirs"}}
    theirs["spec"]["selector"] = {"matchLabels": {"mine": "own"}}
    t.admin.post(t.at(*_BUDGETS[:2]), theirs)
    selector = {"matchLabels": {"mine": None, wellknown.NAME_LABEL: "web"}}
    patch = {"metadata": {"labels": _FLYBALLS}, **_spec(selector=selector)}
    return t.api.patch(t.at(*_BUDGETS[:2], "theirs"), patch)


def _service(t: Target, **spec: Any) -> Answer:
    return t.api.patch(t.at(*_SERVICE), _spec(**spec))


BUDGETS = Chapter(
    "Budgets, Services, and what else pods rely on",
    "Policies `flyball-budgets`, `flyball-services` and `flyball-needs`. Whoever may change limits (the verb `govern`)"
    " changes these too.",
    [
        Way("the budget deleted", lambda t: t.api.delete(t.at(*_BUDGETS)), "may not be deleted"),
        Way(
            "all budgets deleted at once",
            lambda t: t.api.delete(t.at("policy/v1", "poddisruptionbudgets")),
            "may not be deleted",
        ),
        Way(
            "the budget loosened",
            lambda t: t.api.patch(t.at(*_BUDGETS), _spec(maxUnavailable="100%")),
            "must have maxUnavailable of at most 1",
        ),
        Way(
            "the budget turned into a minimum of none",
            lambda t: t.api.patch(t.at(*_BUDGETS), _spec(maxUnavailable=None, minAvailable=0)),
            "must have maxUnavailable of at most 1",
        ),
        Way(
            "the budget pointed elsewhere",
            lambda t: t.api.patch(t.at(*_BUDGETS), _spec(selector={"matchLabels": {"app": "x"}})),
            "must keep its selector",
        ),
        Way(
            "the budget's account falsified",
            lambda t: t.api.patch(f"{t.at(*_BUDGETS)}/status", {"status": {"disruptionsAllowed": 20}}),
            "is counted by its controller",
        ),
        Way(
            "the budget made to hold what is ill",
            lambda t: t.api.patch(t.at(*_BUDGETS), _spec(unhealthyPodEvictionPolicy="IfHealthyBudget")),
            "must keep its selector",
        ),
        Way(
            "the budget made to hold everything",
            lambda t: t.api.patch(t.at(*_BUDGETS), _spec(maxUnavailable=0)),
            "must keep its selector",
        ),
        Way(
            "a second budget of the same pods, which stops all evictions",
            lambda t: _second_budget(t, matchLabels={"app": "web"}),
            _SECOND,
        ),
        Way("a second budget of all pods", _second_budget, _SECOND),
        Way(
            "a second budget that looks as if flyball's",
            lambda t: _second_budget(t, _FLYBALLS, matchLabels={wellknown.NAME_LABEL: "web"}),
            "must select by app.kubernetes.io/name: second",
        ),
        Way(
            "a second budget given the look of flyball's later",
            _disguised_budget,
            "theirs ",
        ),
        Way(
            "a second budget by expressions",
            lambda t: _second_budget(t, matchExpressions=[{"key": "app", "operator": "In", "values": ["web", "x"]}]),
            _SECOND,
        ),
        Way(
            "a budget of other pods",
            lambda t: _second_budget(t, matchExpressions=[{"key": "mine", "operator": "Exists"}]),
            "is nobody's business",
            Outcome.OPEN,
        ),
        Way("the budget given an owner", lambda t: t.api.patch(t.at(*_BUDGETS), owned()), "may not be given owners"),
        Way("the Service deleted", lambda t: t.api.delete(t.at(*_SERVICE)), "may not be deleted"),
        Way(
            "the Service pointed elsewhere",
            lambda t: t.api.patch(t.at(*_SERVICE), _spec(selector={"app": "x"})),
            "must keep its selector",
        ),
        Way(
            "the Service turned into an alias",
            lambda t: t.api.patch(t.at(*_SERVICE), _spec(type="ExternalName", externalName="example.org")),
            "must keep its selector, type",
        ),
        Way("the Service led to another port", lambda t: _service(t, ports=[{"port": 80, "targetPort": 9}]), _KEEPS),
        Way("the Service led to pods that are not ready", lambda t: _service(t, publishNotReadyAddresses=True), _KEEPS),
        Way("the Service kept to its own node", lambda t: _service(t, internalTrafficPolicy="Local"), _KEEPS),
        Way(
            "a second Service of the same pods",
            lambda t: t.api.post(t.at(*_SERVICE[:2]), {**world.service(), "metadata": {"name": "second"}}),
            "takes nothing from the first; who may call is for network policies to say",
            Outcome.OPEN,
        ),
        Way(
            "the ServiceAccount deleted, without which no pod is made",
            lambda t: t.api.delete(t.at("v1", "serviceaccounts", "web")),
            "its pods cannot start without it",
        ),
        Way(
            "all ServiceAccounts deleted at once",
            lambda t: t.api.delete(t.at("v1", "serviceaccounts")),
            "its pods cannot start without it",
        ),
        Way(
            "the Secret deleted, without which no pod starts",
            lambda t: t.api.delete(t.at("v1", "secrets", "web-env")),
            "its pods cannot start without it",
        ),
        Way(
            "the proxy's configuration deleted, without which no pod starts",
            lambda t: t.api.delete(t.at("v1", "configmaps", "web-proxy-0123456789")),
            "its pods cannot start without it",
        ),
        Way(
            "the PriorityClass deleted, without which no pod is made",
            lambda t: t.api.delete("/apis/scheduling.k8s.io/v1/priorityclasses/shop.web"),
            "its pods cannot start without it",
        ),
        Way(
            "the network policy changed",
            lambda t: t.api.patch(t.at(*_NETWORK, "web"), _spec(ingress=[])),
            "must keep its rules",
        ),
        Way("the network policy deleted", lambda t: t.api.delete(t.at(*_NETWORK, "web")), "must keep its rules"),
        Way(
            "the Service's endpoints deleted",
            lambda t: t.api.delete(t.at("discovery.k8s.io/v1", "endpointslices")),
            "cannot deletecollection resource",
            Outcome.FORBIDDEN,
        ),
        Way(
            "a quota of no pods",
            lambda t: t.api.post(
                t.at("v1", "resourcequotas"), {"metadata": {"name": "none"}, "spec": {"hard": {"pods": "0"}}}
            ),
            "cannot create resource",
            Outcome.FORBIDDEN,
        ),
        Way(
            "a network policy that lets nothing in",
            lambda t: t.api.post(
                t.at("networking.k8s.io/v1", "networkpolicies"),
                {"metadata": {"name": "deny"}, "spec": {"podSelector": {}}},
            ),
            "where a workload has its own, others only add to what is allowed; where it has none, this cuts traffic,"
            " not capacity, and comes back at once when it is deleted",
            Outcome.OPEN,
        ),
    ],
)
