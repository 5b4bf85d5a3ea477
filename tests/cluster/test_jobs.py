"""Jobs where there is a control plane: what ran is not run again, and an eviction costs no attempt."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from tests.cluster.scaling.service import wait
from tests.kubernetes.programs import registered

from flyball.deploy.apply import ApplySet, Result
from flyball.deploy.manifests import Object, rendered
from flyball.kubectl import Kubectl
from flyball.kubernetes import Job

pytestmark = pytest.mark.cluster
IMAGE = "registry.example/job:1"
CALLS: dict[str, dict[str, Any]] = {"web": {"port": 8080, "protocol": "http"}}

Made = Callable[..., tuple[Object, ...]]


@pytest.fixture
def made(namespace: str) -> Made:
    """The objects of a job by its arguments."""

    def of(name: str, **more: Any) -> tuple[Object, ...]:
        arguments: Any = {"image": IMAGE, "namespace": namespace, **more}
        return rendered(registered(lambda: Job(name, arguments))).objects

    return of


def runs(kubectl: Kubectl, namespace: str) -> dict[str, dict[str, Any]]:
    """The status of each Job by its name."""
    return {
        item["metadata"]["name"]: item.get("status", {})
        for item in kubectl.json("get", "jobs", f"--namespace={namespace}")["items"]
    }


def names(objects: tuple[Object, ...]) -> tuple[str, ...]:
    return tuple(f"{o.kind.lower()}/{o.name}" for o in objects)


def test_what_ran_and_is_gone_runs_again_only_for_other_arguments(kubectl: Kubectl, namespace: str, made: Made) -> None:
    members, once = ApplySet(kubectl, namespace), made("migrate", ttl="1s", calls=CALLS)
    (run,) = (o.name for o in once if o.kind == "Job")

    assert len(members.apply(once).created) == len(once)
    # With the proxy beside it, which does not keep its pod.
    wait(lambda: run not in runs(kubectl, namespace), "the end of the run, and of what is kept of it")
    rest = tuple(name for name in names(once) if name != f"job/{run}")
    assert members.apply(once) == Result((), (), rest, ())
    assert members.diff(once) == ""
    assert runs(kubectl, namespace) == {}

    other = made("migrate", ttl="1h", calls=CALLS, env={"TO": "2"})
    (second,) = (name for name in names(other) if name.startswith("job/"))
    result = members.apply(other)
    assert (result.created, result.pruned) == ((second,), ())
    # A Job cannot be changed; what its pods would be today is for the next one.
    later = tuple(_with_another_image_of_the_proxy(o) if o.kind == "Job" else o for o in other)
    assert members.apply(later) == Result((), (), names(other), ())
    assert members.diff(later) == ""
    # The first one ran with other arguments than the last: back again is another change, and the last one ends.
    back = members.apply(made("migrate", ttl="1h", calls=CALLS))
    assert (back.created, back.pruned) == ((f"job/{run}",), ())
    assert set(runs(kubectl, namespace)) == {run}


def _with_another_image_of_the_proxy(o: Object) -> Object:
    return Object(json.loads(json.dumps(o.manifest).replace("haproxy:3", "haproxy:4")), o.ignored)


def test_runs_of_a_schedule_end_and_one_under_way_keeps_what_its_next_attempt_needs(
    kubectl: Kubectl, namespace: str, made: Made
) -> None:
    members, nightly = ApplySet(kubectl, namespace), made("report", schedule="0 4 * * 7", calls=CALLS)
    assert len(members.apply(nightly).created) == len(nightly)
    assert members.apply(nightly) == Result((), (), names(nightly), ())
    kubectl.run("create", "job", "now", "--from=cronjob/report", f"--namespace={namespace}")
    wait(lambda: runs(kubectl, namespace)["now"].get("succeeded") == 1, "the end of a run")

    # From here on they wait for a node that there is not.
    huge = made("report", schedule="0 4 * * 7", calls=CALLS, resources={"cpu": "900"})
    assert members.apply(huge).changed == ("cronjob/report",)
    (config,) = (name for name in names(huge) if name.startswith("configmap/"))
    kubectl.run("create", "job", "waits", "--from=cronjob/report", f"--namespace={namespace}")
    slower = {"web": CALLS["web"] | {"timeout": "3s"}}
    after = made("report", schedule="0 4 * * 7", calls=slower, resources={"cpu": "900"})
    result = members.apply(after)
    assert (result.changed, result.pruned) == (("cronjob/report",), ())
    kubectl.run("delete", "job", "waits", f"--namespace={namespace}")
    assert members.apply(after).pruned == (config,)


def test_an_eviction_costs_no_attempt_and_a_failure_does(kubectl: Kubectl, namespace: str, made: Made) -> None:
    """Its pods wait for a node that there is not, until they are said to have failed; of attempts there is one."""
    once = made("huge", retries=0, resources={"cpu": "900"})
    (run,) = (o.name for o in once if o.kind == "Job")
    ApplySet(kubectl, namespace).apply(once)

    def waiting() -> set[str]:
        found = kubectl.json("get", "pods", f"--namespace={namespace}")["items"]
        return {item["metadata"]["name"] for item in found if item["status"]["phase"] == "Pending"}

    def fail(pod: str, **condition: str) -> None:
        status = json.dumps({"status": {"phase": "Failed", "conditions": [condition] if condition else []}})
        kubectl.run("patch", "pod", pod, f"--namespace={namespace}", "--subresource=status", f"--patch={status}")

    def has_failed() -> bool:
        return "Failed" in [each["type"] for each in runs(kubectl, namespace)[run].get("conditions", ())]

    wait(waiting, "a pod")
    (first,) = waiting()
    fail(first, type="DisruptionTarget", status="True", reason="EvictionByEvictionAPI")
    wait(lambda: waiting() - {first}, "another pod")
    assert not has_failed()
    (second,) = waiting()
    fail(second)
    wait(has_failed, "the end of the run")
    assert runs(kubectl, namespace)[run]["failed"] == 1
