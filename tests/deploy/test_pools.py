"""Pools that a stack leaves behind, or takes along when it goes."""

import json
from pathlib import Path
from typing import Any

import pytest

from flyball.deploy import pools, up
from flyball.deploy.others import Signature
from flyball.guards.aws.rules.pools import POOL_LEFT
from flyball.guards.reading.problem import Problem, Refused
from flyball.kubectl import Played
from flyball.stack.target import Target

OWN = Signature("prod", "shop", "prod")
POOLS, CLASSES, BUDGETS = "nodepools.karpenter.sh", "ec2nodeclasses.karpenter.k8s.aws", "poddisruptionbudgets"
CLAIMS = "nodeclaims.karpenter.sh"
_KINDS = f"{POOLS} {CLASSES}"
AS = "kubectl --as=NAME --as-group=flyball:override --as-group=system:masters"
DELETE = f"delete {POOLS}/spot {CLASSES}/spot"


def item(name: str, stack: str = "prod", owner: str = "shop") -> dict[str, Any]:
    spec = {"template": {"spec": {"terminationGracePeriod": "30m"}}}
    labels = {
        "app.kubernetes.io/managed-by": "flyball",
        "flyball.dev/environment": "prod",
        "flyball.dev/owner": owner,
    }
    return {"spec": spec, "metadata": {"name": name, "labels": labels, "annotations": {"flyball.dev/stack": stack}}}


class Cluster(Played):
    """Stands in for kubectl on a cluster with pools; `rights` are those of the user on the limits of pools."""

    def __init__(
        self, rights: str = "", groups: str = "", sees: bool = True, kinds: str = _KINDS, graces: str = ""
    ) -> None:
        super().__init__(Path("kubectl"), None)
        self.__dict__.update(rights=rights.split(), groups=groups.split(), sees=sees, kinds=kinds.split(), deleted=[])
        theirs = [item("gpu", "batch"), item("old", owner="team-b"), {"metadata": {"name": "plain"}}]
        self.__dict__["items"] = {
            POOLS: [item("spot"), *theirs],
            CLASSES: [item("spot"), *theirs],
            BUDGETS: [item("web"), item("cart"), *theirs],
            CLAIMS: [{"spec": {"terminationGracePeriod": grace}} for grace in graces.split()],
        }

    def json(self, *arguments: str, stdin: str = "") -> Any:
        if arguments == ("auth", "whoami"):
            return {"status": {"userInfo": {"username": "jo", "groups": self.__dict__["groups"]}}}
        if arguments == ("create", "--filename=-"):
            asked = json.loads(stdin)["spec"]["resourceAttributes"]
            verb = asked.pop("verb")
            assert asked == {"group": "flyball.dev", "resource": "governors", "name": "flyball-pools"}
            return {"status": {"allowed": verb in self.__dict__["rights"]}}
        verb, kind, *where = arguments
        if kind == CLAIMS:
            assert where == ["--selector=karpenter.sh/nodepool in (spot)"]
            return {"items": self.__dict__["items"][kind]}
        assert (verb, where) == ("get", ["--namespace=shop"] if kind == BUDGETS else [])
        assert self.__dict__["sees"]
        return {"items": self.__dict__["items"][kind]}

    def run(self, *arguments: str, stdin: str = "", timeout: float = 60.0, accept: tuple[int, ...] = (0,)) -> str:
        if arguments[0] == "api-resources":
            group = arguments[1].removeprefix("--api-group=")
            return "\n".join(kind for kind in self.__dict__["kinds"] if kind.partition(".")[2] == group)
        if arguments[:3] == ("auth", "can-i", "list"):
            assert accept == (0, 1)
            return "yes\n" if self.__dict__["sees"] else "no\n"
        assert arguments[0] == "delete"
        self.__dict__["deleted"].append((arguments[1:], timeout))
        return ""


def test_only_what_the_stack_has_brought_is_its_own() -> None:
    assert pools.of_stack(Cluster(), OWN) == [f"{POOLS}/spot", f"{CLASSES}/spot"]
    assert pools.of_stack(Cluster(), Signature("prod", "team-c", "prod")) == []


def test_a_cluster_without_karpenter_has_none_and_nobody_who_may_not_see_them_either() -> None:
    for cluster in (Cluster(kinds=""), Cluster(sees=False)):
        assert list(pools.check_left(cluster, OWN)) == []
        assert list(pools.check_down(cluster, OWN)) == []
        assert pools.remove(cluster, OWN, "shop") == []
        assert cluster.__dict__["deleted"] == []


def test_a_stack_does_not_forget_its_pool() -> None:
    message = f"is not true any more, and the cluster still has {POOLS}/spot, {CLASSES}/spot of this stack"
    hint = f"take them away first, with the right to override: {AS} {DELETE}; or say pools: true again"
    for cluster in (Cluster(), Cluster("override")):
        assert list(pools.check_left(cluster, OWN)) == [Problem(("pools",), POOL_LEFT, message, hint)]


def test_who_may_not_override_is_told_so_before_anything_is_gone() -> None:
    message = (
        f"{POOLS}/spot, {CLASSES}/spot and all their machines go with this stack, which takes the right to override"
    )
    right = "verb override on governors.flyball.dev"
    hint = f"let somebody with it ({right}) take them away first: {AS} {DELETE}"
    wanted = [Problem(("pools",), POOL_LEFT, message, hint)]
    assert list(pools.check_down(Cluster(), OWN)) == wanted
    # Rights to everything are none to override.
    assert list(pools.check_down(Cluster("override wildcard-canary"), OWN)) == wanted


def test_who_may_override_may_take_it_down() -> None:
    for cluster in (Cluster("override"), Cluster("override wildcard-canary", "flyball:override")):
        assert list(pools.check_down(cluster, OWN)) == []


@pytest.mark.parametrize(
    ("graces", "seconds"), [("", 1_800), ("110s", 1_800), ("30m 1h30m 45m", 5_400), ("2h 90s", 7_200)]
)
def test_pools_go_with_their_machines_and_nothing_waits_for_budgets(graces: str, seconds: int) -> None:
    """A machine keeps the grace that it was made with, whatever its pool says by now."""
    cluster = Cluster("override", graces=graces)
    assert pools.remove(cluster, OWN, "shop") == [f"{POOLS}/spot", f"{CLASSES}/spot"]
    budgets = (f"{BUDGETS}/web", f"{BUDGETS}/cart", "--namespace=shop", "--ignore-not-found")
    assert cluster.__dict__["deleted"] == [
        (budgets, 60.0),
        ((f"{POOLS}/spot", f"{CLASSES}/spot", "--ignore-not-found", "--wait=true"), seconds + pools.END),
    ]


@pytest.mark.parametrize(("rights", "wanted"), [("", []), ("override", ["guards after 0", "rest after 2"])])
def test_down_asks_before_it_takes_any_guard_off(
    rights: str, wanted: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    config = {"cluster": "there", "namespace": "shop", "owner": "shop", "environment": "prod", "governor": {}}
    target = Target(Path(), "prod", Path("Pulumi.prod.yaml"), config)
    cluster, done = Cluster(rights), list[str]()

    def note(what: str) -> list[str]:
        done.append(f"{what} after {len(cluster.__dict__['deleted'])}")
        return [what]

    monkeypatch.setattr(up, "reach", lambda target, report: cluster)
    monkeypatch.setattr(up, "unguard", lambda *args, **more: note("guards"))
    monkeypatch.setattr(up.engines, "find", lambda: None)
    monkeypatch.setattr(up.ApplySet, "check_owner", lambda members: [])
    monkeypatch.setattr(up.ApplySet, "delete", lambda members: note("rest"))
    monkeypatch.setattr(up.others, "sweep", lambda *args: [])
    if wanted:
        assert up.down(target, print) == [f"{POOLS}/spot", f"{CLASSES}/spot", "rest"]
    else:
        with pytest.raises(Refused) as refused:
            up.down(target, print)
        assert [problem.rule for problem in refused.value.problems] == [POOL_LEFT]
    assert done == wanted
