"""In which stages migrations are applied, and what is said of one that failed."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.kubernetes.programs import of_set

from flyball.deploy import migrations
from flyball.deploy.manifests import Object
from flyball.deploy.migrations import MigrationError, Stage
from flyball.kubectl import Kubectl

MIGRATE: dict[str, Any] = {"migrate": {"command": ["./migrate"]}}


CHAIN = {
    "front": {"deadline": "8s", "calls": {"cart": {"timeout": "4s"}}},
    "cart": {"deadline": "4s", "calls": {"stock": {"timeout": "2s"}}, **MIGRATE},
    "stock": MIGRATE,
}


def named(stage: Stage, *kinds: str) -> list[str]:
    return [f"{o.kind} {o.name}" for o in stage.objects if o.kind in kinds]


def jobs(found: tuple[Object, ...]) -> dict[str, Object]:
    return {o.manifest["metadata"]["labels"]["app.kubernetes.io/name"]: o for o in found if o.kind == "Job"}


def ended(o: Object, how: str) -> dict[tuple[str, str], Mapping[str, Any]]:
    condition = {"type": how, "status": "True", "reason": "BackoffLimitExceeded", "message": "it failed 3 times"}
    return {(o.namespace, o.name): {**o.manifest, "status": {"conditions": [condition]}}}


def test_nothing_of_a_service_comes_before_its_migration_and_this_after_all_that_it_calls() -> None:
    found = of_set(**CHAIN)
    run = jobs(found)
    first, second, third, *more = migrations.stages(found, {})
    assert more == []
    assert named(first, "Deployment", "Job", "HorizontalPodAutoscaler", "Service", "PodDisruptionBudget") == [
        "Service front",
        "PodDisruptionBudget front",
        "Deployment front",
        "HorizontalPodAutoscaler front",
        f"Job {run['stock-migrate'].name}",
    ]
    assert (first.stands, first.jobs) == ((), (run["stock-migrate"],))
    assert set(named(second, "Deployment")) == {"Deployment front", "Deployment stock"}
    assert (second.stands, second.jobs) == ((("Deployment", "default", "stock"),), ())
    assert set(named(third, "Deployment", "Job")) == {
        *("Deployment front", "Deployment stock"),
        *(f"Job {job.name}" for job in run.values()),
    }
    assert (third.stands, third.jobs) == ((), (run["cart-migrate"],))


def test_what_a_migration_needs_comes_with_it() -> None:
    found = of_set(
        cart={**MIGRATE, "secrets": {"PASSWORD": "hunter2"}, "files": {"a": {"path": "/a", "content": {"f": "x"}}}}
    )
    (stage,) = migrations.stages(found, {})
    kinds = ("Secret", "ServiceAccount", "NetworkPolicy", "ConfigMap")
    assert [name.rpartition("-")[0] if "files" in name else name for name in named(stage, *kinds)] == [
        "ServiceAccount cart",
        "NetworkPolicy cart-migrate",
        "ConfigMap cart-migrate-files-a",
        "Secret cart-migrate-env",
    ]


def test_without_one_or_where_all_have_succeeded_there_is_no_stage() -> None:
    assert migrations.stages(of_set(front={}), {}) == []
    found = of_set(**CHAIN)
    there = {key: job for o in jobs(found).values() for key, job in ended(o, "Complete").items()}
    assert migrations.stages(found, there) == []


def test_a_preview_says_which_are_to_come() -> None:
    found = of_set(**CHAIN)
    cart, stock = jobs(found)["cart-migrate"], jobs(found)["stock-migrate"]
    to_come = {
        o.name: f"job default/{o.name} must succeed before {name} changes, within 10m"
        for o, name in ((cart, "cart"), (stock, "stock"))
    }
    assert set(migrations.said(found, {})) == set(to_come.values())
    assert migrations.said(found, ended(stock, "Complete")) == [to_come[cart.name]]
    assert migrations.said(found, ended(stock, "Complete") | ended(cart, "Failed")) == [to_come[cart.name]]
    assert migrations.said(of_set(front={}), {}) == []


def test_of_two_only_the_one_that_is_to_come_is_waited_for() -> None:
    found = of_set(**CHAIN)
    run = jobs(found)
    first, second, *more = migrations.stages(found, ended(run["stock-migrate"], "Complete"))
    assert (first.stands, first.jobs) == ((("Deployment", "default", "stock"),), ())
    assert (second.jobs, more) == ((run["cart-migrate"],), [])
    failed = migrations.stages(found, {**ended(run["stock-migrate"], "Failed")})
    assert [stage.jobs for stage in failed] == [(run["stock-migrate"],), (), (run["cart-migrate"],)]


def test_a_failure_says_which_and_where_its_logs_are_and_what_to_do() -> None:
    found = of_set(cart=MIGRATE)
    (job,) = jobs(found).values()
    kubectl = Kubectl(Path("kubectl"), None, "prod")
    migrations.check(kubectl, found, ended(job, "Complete"))
    with pytest.raises(MigrationError) as error:
        migrations.check(kubectl, found, ended(job, "Failed"))
    assert str(error.value) == (
        "cart: its migration has failed, and nothing of cart was changed: what ran before goes on."
        f" Job default/{job.name}: it failed 3 times; its logs: kubectl logs --context=prod --namespace=default"
        f" job/{job.name} --all-containers. Mend it and bring the stack up again: the job is made anew then"
    )


@pytest.mark.parametrize(
    ("change", "runs_again"),
    [
        ({"image": "registry.example/web:1.4.3"}, True),
        ({"env": {"A": "2"}}, True),
        ({"secrets": {"B": "hunter3"}}, True),
        ({"migrate": {"command": ["./migrate", "up"]}}, True),
        ({"files": {"a": {"path": "/a", "content": {"f": "y"}}}}, True),
        ({"load": {"peak": 200, "replica": 20}}, False),
        ({"calls": {"mail": {"host": "mail.example.com", "port": 25, "protocol": "tcp"}}}, False),
        ({"labels": {"team": "a"}}, False),
        ({"migrate": {"command": ["./migrate"], "deadline": "20m", "retries": 1, "resources": {"cpu": "1"}}}, False),
    ],
    ids=lambda value: str(value)[:40],
)
def test_it_runs_again_for_another_release_alone(change: dict[str, Any], runs_again: bool) -> None:
    before: dict[str, Any] = {
        **MIGRATE,
        "env": {"A": "1"},
        "secrets": {"B": "hunter2"},
        "files": {"a": {"path": "/a", "content": {"f": "x"}}},
    }

    def name(more: dict[str, Any]) -> str:
        return jobs(of_set(cart={**before, **more}))["cart-migrate"].name

    assert (name({}) != name(change)) is runs_again
