"""Manifests as charts write them: whatever they say, a plan accepts what is adopted, and that is adopted as itself."""

from typing import Any

import pytest
from hypothesis import given, settings
from tests.deploy.adopt.charts import SPACE, Manifest, charts, chosen, labels, manifest
from tests.deploy.adopt.test_adopt import again, filled, objects
from tests.deploy.adopt.test_properties import adopted_of
from tests.examples import so_many

from flyball.deploy.adopt.changes import changes
from flyball.deploy.adopt.found import gathered, items_of
from flyball.stack.read import examine


@settings(max_examples=so_many(40))
@given(charts())
def test_a_plan_accepts_what_is_adopted_of_charts(documents: list[Manifest]) -> None:
    adopted = adopted_of(documents)
    services = {
        name: {**args, "load": {"peak": 10, "replica": 20}} for name, args in adopted.config["services"].items()
    }
    assert [str(problem) for problem in examine({**adopted.config, "services": services})[1]] == []


@settings(max_examples=so_many(3))
@given(charts())
def test_and_it_is_adopted_as_itself(tmp_path_factory: Any, documents: list[Manifest]) -> None:
    folder = tmp_path_factory.mktemp("made")
    once = again(filled(adopted_of(documents), folder), folder / "once")
    config = filled(once, folder)
    assert again(config, folder / "twice").config == once.config
    made = objects(config)
    found = gathered([item for o in made for item in items_of(dict(o.manifest), SPACE)], SPACE, [])
    assert changes(found, made, SPACE) == ([], [])


def adopted_with(kind: str, **keys: Any) -> tuple[dict[str, Any], list[str]]:
    """What becomes of a Deployment, a StatefulSet or a CronJob with a pod of one container, and what is lost."""
    container = {"name": "api", "image": "registry.example/api:1.0", **keys.pop("container", {})}
    template = {"metadata": {"labels": labels("api")}, "spec": {"containers": [container], **keys.pop("pod", {})}}
    template = {"selector": {"matchLabels": chosen("api")}, "template": template}
    if kind == "CronJob":
        keys["jobTemplate"] = {"spec": {**keys.pop("job", {}), **template}}
    else:
        keys |= template
    ports = [{"name": "http", "port": 80, "targetPort": 8080}]
    service = manifest("Service", "api", {"selector": chosen("api"), "ports": ports, **keys.pop("service", {})})
    config = manifest("ConfigMap", "config", {}) | {"data": {"level": "info"}}
    adopted = adopted_of([manifest(kind, "api", keys), service, config])
    found = adopted.config["jobs" if kind == "CronJob" else "services"]["api"]
    return found, [
        str(each).partition(": ")[2] for each in adopted.lost if not str(each).startswith(("service", "configmap"))
    ]


def test_a_restart_is_not_asked_what_readiness_asks_where_nothing_is_said() -> None:
    args, lost = adopted_with("Deployment", container={"livenessProbe": {"httpGet": {"port": 8080, "path": "/"}}})
    assert "probes" not in args
    assert lost == [
        "spec.template.spec.containers[0].livenessProbe: it asks what readiness asks, and would restart what is"
        " overloaded; it is asked for an open port instead"
    ]


def test_sizes_are_written_without_powers_of_ten() -> None:
    asked = {"requests": {"cpu": 1, "memory": "129e6"}, "limits": {"memory": "128974848001m"}}
    args, _ = adopted_with("Deployment", container={"resources": asked})
    assert args["resources"] == {"cpu": "1", "memory": "129000000", "limits": {"memory": "128974849"}}


def test_a_file_of_a_projected_volume_is_that_of_the_source_that_has_it() -> None:
    sources = [{"secret": {"name": "login", "items": [{"key": "a", "path": "a"}]}}, {"configMap": {"name": "config"}}]
    pod = {"volumes": [{"name": "all", "projected": {"sources": sources}}]}
    mounts = {"volumeMounts": [{"name": "all", "mountPath": "/etc/level", "subPath": "level"}]}
    args, lost = adopted_with("Deployment", pod=pod, container=mounts)
    assert args["files"] == {"all": {"path": "/etc/level", "key": "level", "content": {"level": "info"}}}
    assert lost == []


def test_a_folder_has_one_source() -> None:
    sources = [{"configMap": {"name": "config"}}, {"secret": {"name": "login"}}]
    pod = {"volumes": [{"name": "all", "projected": {"sources": sources}}]}
    mounts = {"volumeMounts": [{"name": "all", "mountPath": "/etc/all"}]}
    args, lost = adopted_with("Deployment", pod=pod, container=mounts)
    assert args["files"] == {"all": {"path": "/etc/all", "content": {"level": "info"}}}
    assert lost == [
        "spec.template.spec.volumes[0]: what the secret login puts into /etc/all is not there: it has one source"
    ]


def test_two_members_become_three() -> None:
    claim = {"metadata": {"name": "data"}, "spec": {"resources": {"requests": {"storage": "1Gi"}}}}
    mounts = {"volumeMounts": [{"name": "data", "mountPath": "/data"}]}
    args, lost = adopted_with("StatefulSet", replicas=2, volumeClaimTemplates=[claim], container=mounts)
    assert args["quorum"] == "2 of 3"
    assert lost == [
        "spec.podManagementPolicy: members begin one after the other; here all at once",
        "spec.replicas: of two members no majority is left when one goes; here there are three",
    ]


def test_a_run_has_the_time_that_a_plan_finds_for_it() -> None:
    job = {"activeDeadlineSeconds": 7200, "backoffLimit": 50}
    args, lost = adopted_with(
        "CronJob", schedule="TZ=Europe/Berlin */30 * * * *", startingDeadlineSeconds=10**6, job=job
    )
    assert {key: args.get(key) for key in ("schedule", "timezone", "deadline", "start", "retries")} == {
        "schedule": "*/30 * * * *",
        "timezone": "Europe/Berlin",
        "deadline": "7200s",
        "start": None,
        "retries": 16,
    }
    assert lost == [
        "spec.startingDeadlineSeconds: a run that is late is made up for until the next one, and no longer",
        "spec.jobTemplate.spec.backoffLimit: 50 further attempts would take longer than its deadline, or too long; 16"
        " here",
    ]


BALANCED = {"type": "LoadBalancer", "externalTrafficPolicy": "Local", "loadBalancerSourceRanges": ["192.0.2.0/24"]}


@pytest.mark.parametrize(
    ("service", "waits", "shutdown", "loses"),
    [
        ({}, 10, {"prestop": "10s", "drain": "95s"}, []),
        # Until a balancer that asks the nodes sends no more, 30 s where nothing says how long.
        (BALANCED, None, {"drain": "75s"}, []),
        (BALANCED, 10, {"prestop": "10s", "drain": "95s"}, []),
        ({}, 600, {"prestop": "75s", "drain": "30s"}, ["lifecycle.preStop: 600 s leave none for the rest; 75 s here"]),
    ],
)
def test_a_way_out_fits_into_a_spot_notice(
    service: dict[str, Any], waits: int | None, shutdown: dict[str, str], loses: list[str]
) -> None:
    hooks = {"lifecycle": {"preStop": {"sleep": {"seconds": waits}}}} if waits else {}
    pod = {"terminationGracePeriodSeconds": 3600}
    # One that is ended before the next begins, of which a balancer's nodes are asked.
    one = {"replicas": 1, "strategy": {"type": "Recreate"}}
    args, lost = adopted_with("Deployment", service=service, pod=pod, container=hooks, **one)
    assert args["shutdown"] == shutdown
    assert lost == [
        *(f"spec.template.spec.containers[0].{each}" for each in loses),
        "spec.template.spec.terminationGracePeriodSeconds: 3600 s are more than a spot notice leaves; 110 s here",
    ]
