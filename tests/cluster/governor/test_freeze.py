"""The freeze: automation takes nothing away, people do, and what was decided before is carried out."""

from collections.abc import Iterator
from datetime import UTC, datetime
from operator import attrgetter
from typing import Any

import pytest
from tests.cluster.governor import ways_frozen, world
from tests.cluster.governor.api import STRATEGIC, Api
from tests.cluster.governor.conftest import new_target
from tests.cluster.governor.ways import Way
from tests.cluster.governor.ways_frozen import FROZEN, evict, shrink
from tests.cluster.governor.world import GROUP, Target

from flyball.kubernetes.governor import names
from flyball.kubernetes.governor.freeze import freeze_config_map
from flyball.wellknown import FROZEN_LABEL

pytestmark = pytest.mark.cluster
FREEZES = f"/api/v1/namespaces/{names.SYSTEM_NAMESPACE}/configmaps"
REASON = (
    "flyball: frozen by developer (move to the new registry), meant to end 2030-01-31T12:00:00+00:00:"
    " automation may not take anything away"
)
AUTOSCALER = "system:serviceaccount:kube-system:horizontal-pod-autoscaler"
KEDA = "system:serviceaccount:keda:keda-operator"


@pytest.fixture(scope="module")
def target(admin: Api) -> Target:
    return new_target(admin)


@pytest.fixture
def frozen(admin: Api, target: Target, automation: Api) -> Iterator[Target]:
    until = datetime(2030, 1, 31, 12, tzinfo=UTC)
    admin.post(FREEZES, freeze_config_map("move to the new registry", until, "developer")).expect()
    world.wait(lambda: not shrink(_dry(target, automation)).ok)
    yield target
    admin.delete(f"{FREEZES}/{names.FREEZE}").expect()
    world.wait(lambda: shrink(_dry(target, automation)).ok)


def _dry(target: Target, who: Api) -> Target:
    return Target(who.dry(), target.namespace, target.admin)


@pytest.fixture(scope="module", autouse=True)
def free(target: Target) -> None:
    ways_frozen.free(target.admin)
    target.admin.post(target.deployment(""), world.deployment("free", 2)).expect()
    world.wait(lambda: world.ready_replicas(target.admin, target.deployment("free")) == 2)


@pytest.mark.parametrize("way", FROZEN.ways, ids=attrgetter("name"))
def test_automation_takes_nothing_away(frozen: Target, automation: Api, way: Way) -> None:
    answer = way.do(_dry(frozen, automation))
    assert answer.status == 403
    assert REASON in answer.message


@pytest.mark.parametrize("way", FROZEN.ways, ids=attrgetter("name"))
def test_people_may(frozen: Target, person: Api, way: Way) -> None:
    answer = way.do(_dry(frozen, person))
    answer.expect()
    assert not any("OVERRIDE" in warning for warning in answer.warnings)


@pytest.mark.parametrize("user", [AUTOSCALER, KEDA])
def test_autoscalers_shrink_nothing_and_still_grow(frozen: Target, admin: Api, user: str) -> None:
    who = admin.as_user(user, GROUP).dry()
    as_autoscaler = Target(who, frozen.namespace, admin)
    assert REASON in as_autoscaler.scale(frozen.deployment(), 19).message
    assert as_autoscaler.scale(frozen.deployment(), 21).expect()["spec"]["replicas"] == 21


def test_the_scheduler_preempts_nothing(frozen: Target, admin: Api) -> None:
    scheduler = admin.as_user("system:kube-scheduler")
    assert REASON in scheduler.delete(frozen.pod(), dryRun="All").message


def test_a_robot_that_logs_in_as_a_user_is_automation(frozen: Target, admin: Api) -> None:
    robot = admin.as_user("ci", GROUP, names.AUTOMATION_GROUP)
    assert REASON in shrink(_dry(frozen, robot)).message


def test_automation_may_add_and_change(frozen: Target, automation: Api) -> None:
    automation.patch(f"{frozen.deployment()}/scale", {"spec": {"replicas": 21}}, dryRun="All").expect()
    automation.patch(frozen.deployment(), {"metadata": {"labels": {"a": "b"}}}, dryRun="All").expect()


CRON = "system:serviceaccount:kube-system:cronjob-controller"


@pytest.mark.parametrize(
    ("waits", "owned", "user", "starts"),
    [
        ("waits", True, CRON, False),
        ("waits", True, names.CONTROLLER_MANAGER, False),
        ("starts", True, CRON, True),
        (None, True, CRON, True),
        ("waits", False, CRON, True),
    ],
)
def test_runs_of_a_schedule_wait_unless_they_say_otherwise(
    frozen: Target, admin: Api, waits: str | None, owned: bool, user: str, starts: bool
) -> None:
    """Only those of flyball's own CronJobs; a backup of somebody else's goes on."""
    job: dict[str, Any] = world.own("Job", name="report-29")
    job["metadata"]["labels"] = {FROZEN_LABEL: waits} if waits else {}
    owner = {"apiVersion": "batch/v1", "kind": "CronJob", "name": "report", "uid": "1", "controller": True}
    job["metadata"]["ownerReferences"] = [owner] if owned else []
    answer = admin.as_user(user, GROUP).post(frozen.at("batch/v1", "jobs"), job, dryRun="All")
    assert answer.ok == starts
    if not starts:
        assert "frozen by developer (move to the new registry)" in answer.message
        assert "runs of a schedule wait for its end: CREATE jobs" in answer.message


def test_the_right_to_override_overrides_it_and_is_recorded(frozen: Target, admin: Api) -> None:
    robot = admin.as_user("ci", GROUP, names.AUTOMATION_GROUP, names.OVERRIDE_GROUP)
    answer = evict(_dry(frozen, robot))
    answer.expect()
    assert any("OVERRIDE by ci: flyball: frozen by developer" in warning for warning in answer.warnings)


def test_automation_neither_lifts_nor_changes_it(frozen: Target, automation: Api, person: Api) -> None:
    freeze = f"{FREEZES}/{names.FREEZE}"
    assert "a freeze is changed and lifted by people" in automation.delete(freeze).message
    assert "a freeze is changed and lifted by people" in automation.delete(FREEZES).message
    assert "a freeze is changed and lifted by people" in automation.patch(freeze, {"data": {"by": "robot"}}).message
    person.patch(freeze, {"data": {"until": "2030-02-01T12:00:00+00:00"}}, dryRun="All").expect()
    person.delete(freeze, dryRun="All").expect()


def test_automation_clears_up_what_is_nobodys_capacity(frozen: Target, automation: Api) -> None:
    """Jobs and their pods, and pods without a controller, come and go: runners of a CI system are of this kind."""
    pod = "/api/v1/namespaces/free-of-limits/pods/own"
    automation.delete(pod, dryRun="All").expect()
    frozen.admin.post(frozen.at("batch/v1", "jobs"), world.own("Job", name="once")).expect()
    world.wait(lambda: _pods_of_job(frozen) != [])
    automation.delete(_pods_of_job(frozen)[0], dryRun="All").expect()
    automation.delete(frozen.at("batch/v1", "jobs", "once"), dryRun="All").expect()


def _pods_of_job(target: Target) -> list[str]:
    items = target.admin.get(target.at("v1", "pods?labelSelector=job-name=once")).expect()["items"]
    return [target.at("v1", "pods", item["metadata"]["name"]) for item in items]


def test_a_rolling_update_is_carried_out(frozen: Target, person: Api) -> None:
    """The Deployment's and the ReplicaSet's controllers are service accounts too, and delete pods all the while."""
    image = {"spec": {"template": {"spec": {"containers": [{"name": "main", "image": "shop/main:2"}]}}}}
    path = frozen.deployment("slow")
    generation = person.patch(path, image, STRATEGIC).expect()["metadata"]["generation"]

    def rolled_out() -> bool:
        status = frozen.read(path)["status"]
        counts = {status.get(which) for which in ("updatedReplicas", "replicas", "availableReplicas")}
        return status.get("observedGeneration", 0) >= generation and counts == {5}

    world.wait(rolled_out)


def test_a_freeze_without_a_reason_is_refused(person: Api, frozen: Target) -> None:
    nameless = person.patch(f"{FREEZES}/{names.FREEZE}", {"data": {"by": None}})
    assert "a freeze says why (reason) and by whom (by)" in nameless.message
