"""Who may override, who may change limits, and what is left behind."""

import json
from pathlib import Path
from typing import Any

import pytest
from tests.cluster.governor import world
from tests.cluster.governor.api import Api
from tests.cluster.governor.world import GROUP, LIMITS, Target

from flyball.kubernetes.governor import names
from flyball.kubernetes.governor.limits import config_map

pytestmark = pytest.mark.cluster
RBAC = "rbac.authorization.k8s.io"


def _grant(admin: Api, user: str, verbs: list[str], namespace: str = "", names_: list[str] | None = None) -> None:
    """A role for one user, in a namespace or everywhere, perhaps on one workload only."""
    kind = "Role" if namespace else "ClusterRole"
    rule: dict[str, Any] = {"apiGroups": [names.GROUP], "resources": [names.RESOURCE], "verbs": verbs}
    rule |= {"resourceNames": names_} if names_ else {}
    where = f"/apis/{RBAC}/v1" + (f"/namespaces/{namespace}" if namespace else "")
    metadata = {"metadata": {"name": f"grant-{user}"}}
    admin.post(f"{where}/{kind.lower()}s", {**metadata, "rules": [rule]}).expect()
    role = {"apiGroup": RBAC, "kind": kind, "name": f"grant-{user}"}
    subject = {"apiGroup": RBAC, "kind": "User", "name": user}
    admin.post(f"{where}/{kind.lower()}bindings", {**metadata, "roleRef": role, "subjects": [subject]}).expect()


def _may_override(target: Target, user: str, name: str = "web") -> bool:
    who = target.admin.as_user(user, GROUP)
    return who.patch(target.deployment(name), {"spec": {"replicas": 3 if name == "web" else 40}}, dryRun="All").ok


def test_every_use_leaves_an_audit_annotation(fortress: Target, on_call: Api, audit_log: Path) -> None:
    on_call.patch(f"{fortress.deployment()}/scale", {"spec": {"replicas": 3}}, dryRun="All").expect()
    on_call.patch(fortress.deployment(), {"spec": {"replicas": 3}}, dryRun="All").expect()
    on_call.delete(fortress.pod(), dryRun="All").expect()
    on_call.patch(f"{fortress.deployment()}/scale", {"spec": {"replicas": 19}}, dryRun="All").expect()
    key = "validation.policy.admission.k8s.io/validation_failure"

    def uses() -> list[str]:
        events = [json.loads(line) for line in audit_log.read_text().splitlines()]
        mine = [event for event in events if event["user"]["username"] == "system:admin" or "impersonatedUser" in event]
        of_on_call = [event for event in mine if event.get("impersonatedUser", {}).get("username") == "on-call"]
        return [
            found["message"]
            for event in of_on_call
            if fortress.namespace in event["requestURI"]
            for found in json.loads(event.get("annotations", {}).get(key, "[]"))
        ]

    said = [
        "OVERRIDE by on-call: flyball: web: 20 -> 3 replicas asked, the lowest allowed now is 16",
        "is a ready pod of web and may not be deleted",
        "OVERRIDE by on-call: flyball: web: 20 -> 19 replicas asked, without regard to the pause",
    ]
    world.wait(lambda: all(any(part in use for use in uses()) for part in said))


def test_every_use_is_counted(fortress: Target, on_call: Api, admin: Api) -> None:
    def count() -> float:
        lines = str(admin.get("/metrics").body["message"]).splitlines()
        mine = [
            line
            for line in lines
            if line.startswith("apiserver_validating_admission_policy_check_total{")
            and 'policy="flyball-scale-override"' in line
            and 'enforcement_action="audit"' in line
        ]
        return sum(float(line.rsplit(" ", 1)[1]) for line in mine)

    before = count()
    on_call.patch(f"{fortress.deployment()}/scale", {"spec": {"replicas": 3}}, dryRun="All").expect()
    assert count() == before + 1


def test_a_legal_write_by_someone_who_may_override_is_no_use_of_it(fortress: Target, on_call: Api) -> None:
    assert on_call.patch(f"{fortress.deployment()}/scale", {"spec": {"replicas": 21}}, dryRun="All").warnings == ()
    assert on_call.patch(fortress.deployment(), {"spec": {"replicas": 21}}, dryRun="All").warnings == ()


def test_an_explicit_grant_counts_and_a_wildcard_does_not(fortress: Target, admin: Api) -> None:
    _grant(admin, "named", [names.OVERRIDE])
    _grant(admin, "every-verb", ["*"])
    assert _may_override(fortress, "named")
    assert not _may_override(fortress, "every-verb")
    assert not _may_override(fortress, "nobody")


def test_an_administrator_breaks_the_glass_by_taking_the_group_on(fortress: Target, admin: Api) -> None:
    """A user, groups and a service account with every right: by itself none overrides, with the group each does."""
    bindings = f"/apis/{RBAC}/v1/clusterrolebindings"
    role = {"apiGroup": RBAC, "kind": "ClusterRole", "name": "cluster-admin"}
    subjects = [
        {"apiGroup": RBAC, "kind": "User", "name": "chief"},
        {"apiGroup": RBAC, "kind": "Group", "name": "chiefs"},
        {"kind": "ServiceAccount", "namespace": "default", "name": "all-rights"},
    ]
    admin.post(bindings, {"metadata": {"name": "chiefs"}, "roleRef": role, "subjects": subjects}).expect()
    robot = "system:serviceaccount:default:all-rights"
    for user, groups in [("chief", []), ("mira", ["chiefs"]), ("mira", ["system:masters"]), (robot, [])]:
        for more, allowed in [([], False), ([names.OVERRIDE_GROUP], True)]:
            who = admin.as_user(user, *groups, *more)
            answer = who.patch(fortress.deployment(), {"spec": {"replicas": 3}}, dryRun="All")
            assert answer.ok is allowed, (user, groups, more, answer)


def test_a_grant_may_be_for_one_namespace_and_one_workload(fortress: Target, admin: Api) -> None:
    _grant(admin, "of-web", [names.OVERRIDE], fortress.namespace, ["web"])
    _grant(admin, "elsewhere", [names.OVERRIDE], "default")
    assert _may_override(fortress, "of-web")
    assert not _may_override(fortress, "of-web", "cart")
    assert not _may_override(fortress, "elsewhere")


def test_nobody_grants_it_who_does_not_hold_it(fortress: Target, admin: Api) -> None:
    """RBAC itself: the administrator of a namespace cannot give away what that role does not contain."""
    role = {"apiGroup": RBAC, "kind": "ClusterRole", "name": "admin"}
    subject = {"apiGroup": RBAC, "kind": "User", "name": "owner"}
    bindings = f"/apis/{RBAC}/v1/namespaces/{fortress.namespace}/rolebindings"
    admin.post(bindings, {"metadata": {"name": "owner"}, "roleRef": role, "subjects": [subject]}).expect()
    mine = {"apiGroup": RBAC, "kind": "ClusterRole", "name": "flyball-override"}
    answer = admin.as_user("owner").post(bindings, {"metadata": {"name": "me"}, "roleRef": mine, "subjects": [subject]})
    assert answer.status == 403
    assert "attempting to grant RBAC permissions not currently held" in answer.message


def test_limits_are_changed_by_those_who_may_and_by_named_robots(fortress: Target, admin: Api) -> None:
    _grant(admin, "named-robot", [names.GOVERN])
    _grant(admin, "any-verb-robot", ["*"])
    path = fortress.at("v1", "configmaps", names.LIMITS)
    limits = config_map(fortress.namespace, LIMITS)
    for user, groups, allowed in [
        ("developer", [GROUP], False),
        ("developer", [GROUP, names.GOVERN_GROUP], True),
        ("named-robot", [GROUP, names.AUTOMATION_GROUP], True),
        ("any-verb-robot", [GROUP, names.AUTOMATION_GROUP], False),
        ("any-verb-robot", [GROUP, names.AUTOMATION_GROUP, names.GOVERN_GROUP], True),
        ("any-verb-robot", [GROUP], True),
        ("on-call", [GROUP, names.OVERRIDE_GROUP], True),
    ]:
        answer = admin.as_user(user, *groups).put(path, limits, dryRun="All")
        assert answer.ok is allowed, (user, groups, answer)


def test_limits_that_nobody_could_read_are_refused(fortress: Target, admin: Api) -> None:
    governor = admin.as_user("developer", GROUP, names.GOVERN_GROUP)
    path = fortress.at("v1", "configmaps", names.LIMITS)
    good = config_map(fortress.namespace, LIMITS)["data"]["limits"]
    bad = [
        "web: floor 3\n",
        good.replace("floor 3", "floor three", 1),
        good.replace("floor 3", "floor 41", 1),
        good.replace("floor 3", "floor -3", 1),
        good.replace("web: ", "web ", 1),
        good + " ",
        good.removeprefix("#"),
    ]
    for text in bad:
        answer = governor.patch(path, {"data": {"limits": text}})
        assert "each limit reads as 'NAME: floor 3 | ceiling 40 | down 1 or 20 % every 60 s" in answer.message
    governor.patch(path, {"data": {"limits": good + "# a remark\n\n"}}, dryRun="All").expect()


def test_a_namespace_may_hold_a_thousand_limits(admin: Api) -> None:
    """To read them all, once they change, is within what the API server lets a policy reckon."""
    governor = admin.as_user("developer", GROUP, names.GOVERN_GROUP)
    metadata = {"name": "thousand", "labels": {names.GOVERNED: "true"}}
    admin.post("/api/v1/namespaces", {"metadata": metadata}).expect()
    limits = {f"workload-{number}": LIMITS["slow"] for number in range(1000)}
    governor.post("/api/v1/namespaces/thousand/configmaps", config_map("thousand", limits)).expect()
    path = "/apis/apps/v1/namespaces/thousand/deployments"
    for name in ("workload-0", "workload-1", "workload-999"):
        world.wait(lambda name=name: not governor.post(path, world.deployment(name, 2), dryRun="All").ok)
        governor.post(path, world.deployment(name, 3), dryRun="All").expect()
    governor.post(path, world.deployment("workload-1000", 2), dryRun="All").expect()
    governor.post(path, world.deployment("load-0", 2), dryRun="All").expect()


def test_those_who_change_limits_do_not_exceed_them(fortress: Target, admin: Api) -> None:
    governor = admin.as_user("developer", GROUP, names.GOVERN_GROUP)
    assert not governor.patch(fortress.deployment(), {"spec": {"replicas": 3}}, dryRun="All").ok
    assert not governor.delete(fortress.deployment(), dryRun="All").ok
    for path in (
        fortress.at("autoscaling/v2", "horizontalpodautoscalers", "web"),
        fortress.at("policy/v1", "poddisruptionbudgets", "web"),
        fortress.at("v1", "services", "web"),
    ):
        assert governor.delete(path, dryRun="All").expect()


def test_what_is_no_longer_limited_may_be_deleted(fortress: Target, person: Api, admin: Api) -> None:
    """How a service is taken out of a stack: first its limit, then the rest."""
    admin.post(fortress.deployment(""), world.deployment("absent", 3)).expect()
    assert "may not be deleted" in person.delete(fortress.deployment("absent")).message
    rest = {name: limits for name, limits in LIMITS.items() if name != "absent"}
    admin.put(fortress.at("v1", "configmaps", names.LIMITS), config_map(fortress.namespace, rest)).expect()
    world.wait(lambda: person.delete(fortress.deployment("absent")).ok)
    admin.put(fortress.at("v1", "configmaps", names.LIMITS), config_map(fortress.namespace, LIMITS)).expect()
