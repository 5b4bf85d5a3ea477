"""Writes of node pools, as people, robots and Karpenter itself try them, on Karpenter's own kinds of objects."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.cluster.conftest import karpenter_kinds
from tests.cluster.governor import world
from tests.cluster.governor.api import Answer, Api
from tests.cluster.governor.world import GROUP

from flyball import wellknown
from flyball.deploy import freeze
from flyball.guards.aws import node_config
from flyball.guards.aws.pools import Pool
from flyball.guards.aws.types import Size
from flyball.guards.clean_up.nodes import Nodes
from flyball.guards.workload import kubelet
from flyball.kubernetes.governor import names
from flyball.kubernetes.governor.freeze import freeze_config_map
from flyball.kubernetes.pools import governor, rights
from flyball.kubernetes.pools import names as karpenter
from flyball.kubernetes.pools.pool import ClassOf, Machine, node_class, node_pool
from flyball.lab.cluster.control_plane import ControlPlane

pytestmark = pytest.mark.cluster
POOL = Pool(("m7i.2xlarge", "m6i.2xlarge"), Size(8_000, 32 * 2**30), 8)
AWS = ClassOf(karpenter.AWS_GROUP, karpenter.NODE_CLASS_KIND, "spot")
LABELS = {wellknown.MANAGED_BY_LABEL: wellknown.MANAGED_BY}
LIMITS = node_config.kubelet(kubelet.configuration(Nodes(containers=220)))
MACHINE = Machine(
    ami="al2023@v20261101",
    profile="prod-spot",
    discovery={"karpenter.sh/discovery": "prod"},
    user_data=node_config.user_data(LIMITS),
    kubelet=LIMITS,
    disk=100 * 2**30,
    tags={"flyball.dev/owner": "platform"},
)
POOLS = f"/apis/{karpenter.GROUP}/v1/nodepools"
CLAIMS = f"/apis/{karpenter.GROUP}/v1/nodeclaims"
CLASSES = f"/apis/{karpenter.AWS_GROUP}/v1/ec2nodeclasses"
ENVELOPES = f"/api/v1/namespaces/{names.SYSTEM_NAMESPACE}/configmaps/{karpenter.ENVELOPES}"
FREEZE = f"/api/v1/namespaces/{names.SYSTEM_NAMESPACE}/configmaps"
LEASES = f"/apis/coordination.k8s.io/v1/namespaces/{karpenter.NAMESPACE}/leases"
CLAIM = {
    "apiVersion": f"{karpenter.GROUP}/v1",
    "kind": "NodeClaim",
    "metadata": {"name": "spot-1", "labels": {"karpenter.sh/nodepool": "spot"}},
    "spec": {
        "nodeClassRef": {"group": AWS.group, "kind": AWS.kind, "name": AWS.name},
        "requirements": [{"key": wellknown.ARCHITECTURE, "operator": "In", "values": ["amd64"]}],
    },
}


@pytest.fixture(scope="module")
def pools(admin: Api) -> Iterator[Api]:
    """The administrator, with a pool, a machine and its class, and the policies in force.

    The policies go in the end: what other modules show to be refused, these would refuse too, in their words.
    """
    for file in karpenter_kinds():
        kind = yaml.safe_load(file.read_text())
        admin.post("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", kind).expect()
    for path in (POOLS, CLAIMS, CLASSES):
        world.wait(lambda path=path: admin.get(path).ok)
    verbs = ["get", "create", "update", "patch", "delete", "deletecollection"]
    rules = [
        {"apiGroups": [karpenter.GROUP], "resources": ["nodepools", "nodeclaims"], "verbs": verbs},
        {"apiGroups": [karpenter.AWS_GROUP], "resources": ["ec2nodeclasses"], "verbs": verbs},
    ]
    rbac = {"apiGroup": "rbac.authorization.k8s.io"}
    subjects = [
        {"kind": "Group", "name": GROUP, **rbac},
        {"kind": "Group", "name": "system:serviceaccounts:default", **rbac},
    ]
    role = {"metadata": {"name": "test-pools"}, "rules": rules}
    bound = {**role, "roleRef": {"kind": "ClusterRole", "name": "test-pools", **rbac}, "subjects": subjects}
    del bound["rules"]
    admin.post("/apis/rbac.authorization.k8s.io/v1/clusterroles", role).expect()
    admin.post("/apis/rbac.authorization.k8s.io/v1/clusterrolebindings", bound).expect()
    for manifest in [*rights.manifests(), governor.envelopes({"spot": POOL}), *governor.manifests()]:
        admin.post(_collection(manifest), manifest).expect()
    admin.post(CLASSES, node_class("spot", MACHINE, LABELS), fieldValidation="Strict").expect()
    admin.post(POOLS, _pool("spot"), fieldValidation="Strict").expect()
    admin.post(CLAIMS, CLAIM).expect()
    person = admin.as_user("developer", GROUP).dry()
    world.wait(lambda: not person.delete(f"{POOLS}/spot").ok)
    world.wait(lambda: "at the most" in person.patch(f"{POOLS}/spot", _limits(cpu="1000")).message)
    world.wait(lambda: not person.delete(ENVELOPES).ok)
    yield admin
    for manifest in governor.manifests():
        if manifest["kind"].startswith("ValidatingAdmissionPolicy"):
            admin.delete(f"{_collection(manifest)}/{manifest['metadata']['name']}").expect()
    world.wait(lambda: person.delete(ENVELOPES).ok)


def _collection(manifest: dict[str, Any]) -> str:
    kind = manifest["kind"].lower()
    plural = kind[:-1] + "ies" if kind.endswith("y") else kind + "s"
    root = "/api/v1" if manifest["apiVersion"] == "v1" else f"/apis/{manifest['apiVersion']}"
    namespace = manifest["metadata"].get("namespace")
    return root + (f"/namespaces/{namespace}" if namespace else "") + f"/{plural}"


def _pool(name: str, **limits: str) -> dict[str, Any]:
    found = node_pool(name, POOL, AWS, ["eu-central-1a", "eu-central-1b"], LABELS)
    return {**found, "spec": {**found["spec"], "limits": {**found["spec"]["limits"], **limits}}}


def _fixed(replicas: int) -> dict[str, Any]:
    """A pool that Karpenter keeps at a size, which is allowed no other limit than one of nodes."""
    found = _pool("fixed")
    return {**found, "spec": {**found["spec"], "limits": {"nodes": str(replicas)}, "replicas": replicas}}


def _limits(**limits: str | None) -> dict[str, Any]:
    return {"spec": {"limits": limits}}


def _budgets(*budgets: dict[str, Any]) -> dict[str, Any]:
    return {"spec": {"disruption": {"budgets": list(budgets)}}}


SPOT = f"{POOLS}/spot"
GONE = "may not be deleted: its nodes would go at once"
UNLIMITED = "needs limits for cpu and memory, and no fixed replicas"
MOST = "NodePool spot may have cpu 96 and memory 384Gi at the most"
STEP = "one write changes the limits of NodePool spot by at most 100 % up and 20 % down"
UNSTATED = "nobody has said what it may grow to"
BUDGET = "needs a budget that always holds, and numbers"
DAILY = {"nodes": "2", "schedule": "@daily", "duration": "1h"}
WAYS: dict[str, tuple[Callable[[Api], Answer], str]] = {
    "delete the pool": (lambda api: api.delete(SPOT), GONE),
    "delete all pools": (lambda api: api.delete(POOLS), GONE),
    "delete a machine": (lambda api: api.delete(f"{CLAIMS}/spot-1"), GONE),
    "delete all machines": (lambda api: api.delete(CLAIMS), GONE),
    "delete the class": (lambda api: api.delete(f"{CLASSES}/spot"), GONE),
    "limits removed": (lambda api: api.patch(SPOT, {"spec": {"limits": None}}), UNLIMITED),
    "one limit removed": (lambda api: api.patch(SPOT, _limits(memory=None)), UNLIMITED),
    "a limit of nodes instead": (lambda api: api.patch(SPOT, _limits(cpu=None, memory=None, nodes="12")), UNLIMITED),
    "a limit that is misspelt": (lambda api: api.patch(SPOT, _limits(cpu=None, cpus="96")), UNLIMITED),
    "fixed replicas": (lambda api: api.post(POOLS, _fixed(12)), UNLIMITED),
    "more processors": (lambda api: api.patch(SPOT, _limits(cpu="97")), MOST),
    "more processors, in thousandths": (lambda api: api.patch(SPOT, _limits(cpu="96001m")), MOST),
    "more memory": (lambda api: api.patch(SPOT, _limits(memory="385Gi")), MOST),
    "a second pool with limits that are too high": (lambda api: api.post(POOLS, _pool("other")), UNSTATED),
    "half the limit": (lambda api: api.patch(SPOT, _limits(cpu="48")), STEP),
    "a budget in percent": (lambda api: api.patch(SPOT, _budgets({"nodes": "10%"})), BUDGET),
    "a budget at times": (lambda api: api.patch(SPOT, _budgets(DAILY)), BUDGET),
    "a budget for some reasons": (
        lambda api: api.patch(SPOT, _budgets({"nodes": "1", "reasons": ["Empty"]})),
        BUDGET,
    ),
    "no budget": (lambda api: api.patch(SPOT, _budgets()), BUDGET),
    "the envelope": (lambda api: api.patch(ENVELOPES, {"data": {"spot_cpu": "1000"}}), "verb govern"),
    "the envelope deleted": (lambda api: api.delete(ENVELOPES), "verb govern"),
    "an envelope that is none": (lambda api: api.patch(ENVELOPES, {"data": {"spot_cpu": "much"}}), "quantities only"),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("who", ["person", "automation"])
def test_refused(pools: Api, who: str, way: str, request: pytest.FixtureRequest) -> None:
    del pools
    api: Api = request.getfixturevalue(who)
    attempt, message = WAYS[way]
    answer = attempt(api.dry())
    assert (answer.status, message in answer.message) == (403, True), answer.message


@pytest.mark.parametrize("way", WAYS)
def test_overridden(pools: Api, on_call: Api, way: str) -> None:
    """Whoever may override may do all of it, and leaves a warning."""
    del pools
    attempt, _ = WAYS[way]
    answer = attempt(on_call.dry())
    assert answer.ok, answer.message
    assert any("OVERRIDE by on-call" in warning for warning in answer.warnings)


ALLOWED: dict[str, Callable[[Api], Answer]] = {
    "a step down": lambda api: api.patch(SPOT, _limits(cpu="77")),
    "a node less": lambda api: api.patch(SPOT, _limits(cpu="88")),
    "the same": lambda api: api.patch(SPOT, _limits(cpu="96000m")),
    "another budget": lambda api: api.patch(SPOT, _budgets({"nodes": "0"})),
    "one more for times": lambda api: api.patch(SPOT, _budgets({"nodes": "1"}, DAILY)),
    "types": lambda api: api.patch(SPOT, {"metadata": {"labels": {"team": "shop"}}}),
}


@pytest.mark.parametrize("way", ALLOWED)
def test_allowed(pools: Api, person: Api, way: str) -> None:
    del pools
    answer = ALLOWED[way](person.dry())
    assert answer.ok, answer.message
    assert answer.warnings == ()


def test_who_may_change_limits_goes_further_but_not_beyond_the_envelope(pools: Api) -> None:
    lead = pools.as_user("lead", GROUP, names.GOVERN_GROUP).dry()
    for way in ("half the limit", "a second pool with limits that are too high", "the envelope"):
        answer = WAYS[way][0](lead)
        assert answer.ok, answer.message
    for way in ("more processors", "delete the pool", "limits removed"):
        assert not WAYS[way][0](lead).ok


def test_karpenter_takes_away_what_is_interrupted(pools: Api) -> None:
    own = pools.as_user(*AS_KARPENTER).dry()
    own.delete(f"{CLAIMS}/spot-1").expect()
    own.patch(f"{CLAIMS}/spot-1/status", {"status": {"nodeName": "a"}}).expect()
    own.patch(SPOT, {"metadata": {"annotations": {"karpenter.sh/nodepool-hash": "1"}}}).expect()
    assert "cannot delete" in own.delete(SPOT).message
    other = pools.as_user("system:serviceaccount:default:karpenter", GROUP).dry()
    assert GONE in other.delete(f"{CLAIMS}/spot-1").message


AS_KARPENTER = (names.KARPENTER, "system:serviceaccounts", "system:serviceaccounts:kube-system")
AGES = {"old": "1s", "nearly-old": "10s", "young": "720h", "ageless": "Never"}
"""Claims by their `expireAfter`; a lease's length, 15 s, is short of their age already."""
PAST = "is past its age, and waits for "


def _renew(pools: Api, at: datetime | None = None) -> None:
    """As Karpenter's leader does it: what it has read last, and its own time, or another."""
    now = (at or datetime.now(UTC)).isoformat(timespec="microseconds").replace("+00:00", "Z")
    own = pools.as_user(*AS_KARPENTER)
    spec = {"holderIdentity": "karpenter-1", "leaseDurationSeconds": 15, "renewTime": now}
    lease = pools.get(f"{LEASES}/{karpenter.LEASE}")
    if not lease.ok:
        own.post(LEASES, {"metadata": {"name": karpenter.LEASE}, "spec": spec}).expect()
    else:
        own.put(f"{LEASES}/{karpenter.LEASE}", {**lease.body, "spec": spec}).expect()


def _taken_away(pools: Api, at: datetime | None = None) -> dict[str, bool]:
    """Which claims Karpenter may delete, at its next renewal."""
    _renew(pools, at)
    own = pools.as_user(*AS_KARPENTER).dry()
    answers = {name: own.delete(f"{CLAIMS}/{name}") for name in AGES}
    assert all(answer.ok or PAST in answer.message for answer in answers.values()), answers
    return {name: answer.ok for name, answer in answers.items()}


def _await_taken_away(pools: Api, at: datetime, due: dict[str, bool]) -> None:
    """Policies read the lease from a watch, which may be behind; once it is not, it stays so."""
    world.wait(lambda: _taken_away(pools, at) == due)
    for _ in range(3):
        assert _taken_away(pools, at) == due


@pytest.fixture(scope="module")
def aged(pools: Api) -> None:
    for name, age in AGES.items():
        claim = {**CLAIM, "metadata": {"name": name}, "spec": {**CLAIM["spec"], "expireAfter": age}}
        pools.post(CLAIMS, claim).expect()
    _renew(pools)


@pytest.mark.usefixtures("aged")
def test_without_a_freeze_age_takes_a_node_away(pools: Api) -> None:
    assert _taken_away(pools) == dict.fromkeys(AGES, True)


@contextmanager
def _frozen(pools: Api) -> Iterator[None]:
    """Once policies know of it. To change an object the API server needs its kind's schema, which it learns some
    seconds after the kind itself, and refuses the change until then."""
    pools.post(FREEZE, freeze_config_map("the store is being moved", None, "operator")).expect()
    person = pools.as_user("developer", GROUP).dry()

    def holds() -> bool:
        answer = person.patch(SPOT, _budgets({"nodes": "1"}))
        return answer.ok and answer.body["spec"]["disruption"]["budgets"] == [{"nodes": "0"}]

    world.wait(holds)
    yield
    pools.delete(f"{FREEZE}/{names.FREEZE}").expect()


def test_who_may_freeze_needs_no_other_right(governed_plane: ControlPlane, pools: Api, tmp_path: Path) -> None:
    config: dict[str, Any] = yaml.safe_load(governed_plane.kubeconfig.read_text())
    config["users"][0]["user"] |= {"as": "on-call", "as-groups": ["system:authenticated", names.FREEZE_GROUP]}
    (tmp_path / "on-call.yaml").write_text(yaml.safe_dump(config))
    kubectl = replace(governed_plane.kubectl, kubeconfig=tmp_path / "on-call.yaml")

    def budgets() -> object:
        return pools.get(SPOT).expect()["spec"]["disruption"]["budgets"]

    with _frozen(pools):
        pass
    assert budgets() == [{"nodes": "1"}]
    try:
        found = freeze.freeze(kubectl, "the store is being moved", None, "on-call")
        assert (budgets(), freeze.current(kubectl)) == ([{"nodes": "0"}], found)
    finally:
        freeze.lift(governed_plane.kubectl)
    assert freeze.freeze(kubectl, "the store is being moved", None, "on-call").by == "on-call"
    assert freeze.lift(kubectl) is not None
    assert (budgets(), freeze.current(kubectl)) == ([{"nodes": "1"}], None)


@pytest.fixture(scope="class")
def frozen(pools: Api) -> Iterator[None]:
    with _frozen(pools):
        yield


@pytest.mark.usefixtures("frozen")
class TestFrozen:
    @pytest.mark.parametrize("who", ["person", "automation"])
    def test_any_write_leaves_no_budget(self, who: str, request: pytest.FixtureRequest) -> None:
        api: Api = request.getfixturevalue(who).dry()
        for change in (_budgets({"nodes": "3"}), {"metadata": {"labels": {"team": "shop"}}}, _limits(cpu="90")):
            assert api.patch(SPOT, change).expect()["spec"]["disruption"]["budgets"] == [{"nodes": "0"}]

    def test_by_override_it_does(self, on_call: Api) -> None:
        found = on_call.dry().patch(SPOT, _budgets({"nodes": "3"})).expect()
        assert found["spec"]["disruption"]["budgets"] == [{"nodes": "3"}]

    def test_pools_of_others_are_left_alone(self, pools: Api) -> None:
        theirs = {**_pool("theirs"), "metadata": {"name": "theirs"}}
        found = pools.as_user("lead", GROUP, names.GOVERN_GROUP).dry().post(POOLS, theirs).expect()
        assert found["spec"]["disruption"]["budgets"] == [{"nodes": "1"}]

    @pytest.mark.usefixtures("aged")
    def test_age_takes_no_node_away(self, pools: Api) -> None:
        held = {"old": False, "nearly-old": False, "young": True, "ageless": True}
        world.wait(lambda: _taken_away(pools) == held)
        theirs = {"annotations": {"example.com/whose": "theirs"}}
        pools.patch(f"{LEASES}/{karpenter.LEASE}", {"metadata": theirs}).expect()
        assert _taken_away(pools) == held
        found = pools.get(f"{LEASES}/{karpenter.LEASE}").expect()
        assert found["metadata"]["annotations"] == {
            **theirs["annotations"],
            wellknown.FROZEN_LABEL: found["spec"]["renewTime"],
        }

    def test_other_leases_are_left_alone(self, pools: Api) -> None:
        pools.post(LEASES, {"metadata": {"name": "theirs"}, "spec": {"holderIdentity": "a"}}).expect()
        found = pools.patch(f"{LEASES}/theirs", {"spec": {"holderIdentity": "b"}}).expect()
        assert "annotations" not in found["metadata"]

    def test_an_interruption_passes(self, pools: Api) -> None:
        own = pools.as_user(*AS_KARPENTER).dry()
        own.delete(f"{CLAIMS}/spot-1").expect()


@pytest.mark.usefixtures("aged")
def test_after_a_freeze_each_that_is_past_its_age_has_its_turn_within_the_hour(pools: Api) -> None:
    """The mark of the last renewal within it stays, and says when it ended."""

    def ended() -> bool:
        _renew(pools)
        lease = pools.get(f"{LEASES}/{karpenter.LEASE}").expect()
        return lease["metadata"]["annotations"][wellknown.FROZEN_LABEL] != lease["spec"]["renewTime"]

    world.wait(ended)
    mark = pools.get(f"{LEASES}/{karpenter.LEASE}").expect()["metadata"]["annotations"][wellknown.FROZEN_LABEL]
    end = datetime.fromisoformat(mark)
    turns: dict[str, int] = {}
    for name in ("old", "nearly-old"):
        uid = pools.get(f"{CLAIMS}/{name}").expect()["metadata"]["uid"]
        turns[name] = 14 * int(uid[:2], 16)
    for at in sorted({turn + more for turn in turns.values() for more in (-1, 0)} - {-1}):
        due = {name: at >= turns.get(name, 0) for name in AGES}
        # Another moment than that of the mark itself, which is one within the freeze.
        _await_taken_away(pools, end + timedelta(seconds=at, milliseconds=1), due)
    _await_taken_away(pools, end + timedelta(hours=1), dict.fromkeys(AGES, True))
