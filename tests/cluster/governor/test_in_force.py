"""The policies as the API server sees them, and the controllers that have to live with them."""

import pytest
from tests.cluster.governor import world
from tests.cluster.governor.api import Api
from tests.cluster.governor.conftest import new_target
from tests.cluster.governor.world import Target

from flyball.kubernetes.governor import names

pytestmark = pytest.mark.cluster
POLICIES = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies"


@pytest.fixture(scope="module")
def target(admin: Api) -> Target:
    return new_target(admin)


def test_the_api_server_finds_no_fault_in_their_types(admin: Api) -> None:
    def checked() -> bool:
        return all("typeChecking" in policy.get("status", {}) for policy in admin.get(POLICIES).expect()["items"])

    world.wait(checked)
    warnings = {
        policy["metadata"]["name"]: policy["status"]["typeChecking"].get("expressionWarnings")
        for policy in admin.get(POLICIES).expect()["items"]
    }
    assert set(warnings.values()) == {None}


def test_a_real_autoscaler_above_its_maximum_goes_down_by_steps(target: Target, on_call: Api) -> None:
    """It jumps to a lowered maximum at once, whatever its behaviour: clamped, it takes 20 % each time."""
    path = target.at("autoscaling/v2", "horizontalpodautoscalers", "web")
    watch = target.admin.get(target.deployment()).expect()["metadata"]["resourceVersion"]
    on_call.patch(path, {"spec": {"maxReplicas": 5}}).expect()
    world.wait(lambda: target.read(target.deployment())["spec"]["replicas"] == 5)
    assert _sizes(target, watch) == [20, 16, 12, 9, 7, 5]


def _sizes(target: Target, since: str) -> list[int]:
    """The sizes of the Deployment one after another, from its history."""
    query = f"?watch=1&resourceVersion={since}&timeoutSeconds=1&fieldSelector=metadata.name=web"
    sizes = [20]
    for event in target.admin.lines(f"{target.deployment('')}{query}"):
        size = event["object"]["spec"]["replicas"]
        if size != sizes[-1]:
            sizes.append(size)
    return sizes


def test_a_scale_up_of_the_autoscaler_is_kept_to_the_step(target: Target, admin: Api) -> None:
    """Its minimum raised far above what runs, which it follows at once."""
    path = target.at("autoscaling/v2", "horizontalpodautoscalers")
    metadata = {"name": "db", "kind": "StatefulSet"}
    autoscaler = world.autoscaler(name="db", target="db", low=40)
    autoscaler["spec"]["scaleTargetRef"]["kind"] = metadata["kind"]
    admin.post(path, autoscaler).expect()
    world.wait(lambda: target.read(target.stateful_set())["spec"]["replicas"] == 40)


def test_a_namespace_that_is_not_governed_is_left_alone(admin: Api, person: Api) -> None:
    admin.post("/api/v1/namespaces", {"metadata": {"name": "free"}}).expect()
    path = "/apis/apps/v1/namespaces/free/deployments"
    person.post(path, world.deployment("web", 20)).expect()
    person.patch(f"{path}/web/scale", {"spec": {"replicas": 1}}).expect()
    person.delete(f"{path}/web").expect()


def test_a_governed_namespace_without_limits_guards_nothing(admin: Api, person: Api) -> None:
    """So that it can be set up in any order; deleting limits that are there needs a right."""
    labels = {names.GOVERNED: "true"}
    admin.post("/api/v1/namespaces", {"metadata": {"name": "bare", "labels": labels}}).expect()
    path = "/apis/apps/v1/namespaces/bare/deployments"
    person.post(path, world.deployment("web", 5)).expect()
    person.patch(f"{path}/web/scale", {"spec": {"replicas": 1}}).expect()
    person.delete(f"{path}/web").expect()
