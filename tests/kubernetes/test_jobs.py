"""What becomes of jobs: alone, in a set beside the services that they call, and what each argument changes."""

from pathlib import Path
from typing import Any

import pulumi_kubernetes as k8s
import pytest
from tests.expected import documents
from tests.kubernetes.programs import MINIMAL, SERVICE, Objects, changes, objects, registered
from tests.kubernetes.test_arguments import leaves

from flyball.deploy.manifests import rendered
from flyball.guards.reading.problem import Refused
from flyball.guards.workload.plain_arguments import PlainArgs, PlainJobArgs
from flyball.kubernetes import Job, JobArgs, Services, Workload
from flyball.kubernetes.args import SetJobArgs

IMAGE = "registry.example/job:1"
CLOCK: Any = {"schedule": "0 4 * * *"}
WEB: Any = {"web": {"port": 8080, "protocol": "http", "timeout": "2s"}}
EXPECTED = Path(__file__).parent / "jobs.yaml"
"""Of a job by the clock that calls a service, of one that runs once, and of one with containers and patches of its own;
without the proxies' configuration."""
SMALL = {"cpu": "50m", "memory": "32Mi"}
EXTENDED: Any = {
    "image": IMAGE,
    "deadline": "20m",
    "calls": WEB,
    "init": {
        "fetch": {"image": "registry.example/fetch:1", "mounts": {"tmp": "/out"}, "resources": SMALL},
        "seed": {"image": "registry.example/seed:1", "after": ["store"], "env": {"MODE": "once"}, "resources": SMALL},
    },
    "sidecars": {
        "store": {
            "image": "registry.example/store:1",
            "port": 9200,
            "probes": {"readiness": {"path": "/ready"}},
            "stop": "10s",
            "resources": SMALL,
        }
    },
    "patch": {
        "job": {
            "metadata": {"annotations": {"example.org/team": "data"}},
            "spec": {
                "template": {"spec": {"hostUsers": False, "containers": [{"name": "load", "workingDir": "/srv"}]}}
            },
        },
        "account": {"metadata": {"labels": {"example.org/team": "data"}}},
        "network": {"metadata": {"labels": {"example.org/team": "data"}}},
    },
}
RUN = "spec.jobTemplate.spec"
POD, BOX = f"{RUN}.template.spec", f"{RUN}.template.spec.containers[0]"


def job(**more: Any) -> Objects:
    """The objects of one job named report."""
    return objects(lambda: Job("report", JobArgs(**{"image": IMAGE, **more})))


def both() -> None:
    Job(
        "report",
        {"image": IMAGE, "schedule": "0 4 * * *", "timezone": "Europe/Berlin", "deadline": "20m", "calls": WEB},
    )
    Job("migrate", {"image": IMAGE, "command": ["migrate"], "attempt": "5m", "secrets": {"PASSWORD": "hunter2"}})
    Job("load", EXTENDED)


def test_objects_are_these() -> None:
    expected = documents(EXPECTED)
    assert [o.shown() for o in rendered(registered(both)).objects if o.kind != "ConfigMap"] == list(expected)


CHANGES: dict[str, tuple[Any, dict[str, Any]]] = {
    "timezone": ("Europe/Berlin", {"spec.timeZone": "Europe/Berlin"}),
    "concurrency": ("replace", {"spec.concurrencyPolicy": "Replace"}),
    "start": ("2h", {"spec.startingDeadlineSeconds": 7200}),
    "history": (1, {"spec.failedJobsHistoryLimit": 1, "spec.successfulJobsHistoryLimit": 1}),
    "frozen": (True, {"spec.jobTemplate.metadata.labels.flyball.dev/frozen": "starts"}),
    "deadline": ("30m", {f"{RUN}.activeDeadlineSeconds": 1800}),
    "attempt": ("10m", {f"{POD}.activeDeadlineSeconds": 600}),
    "retries": (0, {f"{RUN}.backoffLimit": 0}),
    "ttl": ("7d", {f"{RUN}.ttlSecondsAfterFinished": 604_800}),
    "stop": ("1m", {f"{POD}.terminationGracePeriodSeconds": 60}),
    "command": (["sh"], {f"{BOX}.command[0]": "sh"}),
    "arguments": (["-v"], {f"{BOX}.args[0]": "-v"}),
    "user": (
        20_000,
        {
            f"{POD}.securityContext.fsGroup": 20_000,
            f"{POD}.securityContext.runAsGroup": 20_000,
            f"{POD}.securityContext.runAsUser": 20_000,
            f"{BOX}.securityContext.runAsGroup": 20_000,
            f"{BOX}.securityContext.runAsUser": 20_000,
        },
    ),
    "resources": ({"cpu": "1"}, {f"{BOX}.resources.requests.cpu": "1", f"{BOX}.resources.limits.cpu": "2"}),
    "priority": ("batch", {f"{POD}.priorityClassName": "batch"}),
    "image": ("registry.example/job:2", {f"{BOX}.image": "registry.example/job:2"}),
    "patch": (
        {"cronjob": {"spec": {"jobTemplate": {"spec": {"template": {"spec": {"hostname": "report"}}}}}}},
        {f"{POD}.hostname": "report"},
    ),
}


@pytest.mark.parametrize("argument", CHANGES)
def test_argument_changes_exactly_this(argument: str) -> None:
    value, expected = CHANGES[argument]
    found = changes(job(**CLOCK), job(**CLOCK, **{argument: value}))
    gone = found.pop("PriorityClass default.report", {})
    assert gone == {}
    assert found == {"CronJob report": expected}


DEFAULTS: dict[str, Any] = {
    "timezone": "UTC",
    "concurrency": "forbid",
    "start": "1h",
    "history": 3,
    "frozen": False,
    "deadline": "1h",
    "retries": 2,
    "ttl": "1d",
    "stop": "30s",
    "spot": False,
    "scratch": {"tmp": {"path": "/tmp", "size": "64Mi"}},
    "user": 65_532,
    "token": False,
    "resources": {"cpu": "250m", "memory": "256Mi", "limits": {"cpu": "500m", "memory": "256Mi"}},
}


@pytest.mark.parametrize("argument", DEFAULTS)
def test_default_is_the_documented_one(argument: str) -> None:
    assert job(**CLOCK, **{argument: DEFAULTS[argument]}) == job(**CLOCK)


@pytest.mark.parametrize(
    ("schedule", "given", "deadline", "start", "retries"),
    [
        ("*/10 * * * *", {}, 600, 600, 2),
        ("* * * * *", {}, 60, 60, 2),
        ("*/10 * * * *", {"deadline": "25s"}, 25, 600, 1),
        ("0 4 * * *", {"attempt": "25m"}, 3600, 3600, 1),
        ("0 4 * * *", {"attempt": "1h"}, 3600, 3600, 0),
        ("0 4 * * *", {"deadline": "6h"}, 21_600, 3600, 2),
    ],
)
def test_defaults_fit_each_other(schedule: str, given: dict[str, Any], deadline: int, start: int, retries: int) -> None:
    spec = job(schedule=schedule, **given)["CronJob report"]["spec"]
    run = spec["jobTemplate"]["spec"]
    found = run["activeDeadlineSeconds"], spec["startingDeadlineSeconds"], run["backoffLimit"]
    assert found == (deadline, start, retries)


def test_spot_is_preferred_only_if_asked_for() -> None:
    pod = job(spot=True, platform={"name": "eks"})
    (run,) = (o for name, o in pod.items() if name.startswith("Job "))
    spec = run["spec"]["template"]["spec"]
    assert [each["key"] for each in spec["tolerations"]] == ["spotInstance"]
    assert set(spec["affinity"]["nodeAffinity"]) == {"preferredDuringSchedulingIgnoredDuringExecution"}


def test_every_argument_of_its_own_is_tried() -> None:
    own = PlainJobArgs.__annotations__.keys() - PlainArgs.__annotations__.keys()
    assert own - CHANGES.keys() == set()
    assert {leaf.partition(".")[0] for leaf in leaves(SetJobArgs)} == {*PlainJobArgs.__annotations__} | {
        *("image", "env", "secrets", "files")
    }


def run_of(**more: Any) -> str:
    """The name of the Job of one that runs once."""
    (found,) = (name for name in job(**more) if name.startswith("Job "))
    return found.removeprefix("Job ")


class TestName:
    """It tells one run from another: with other arguments it is another Job."""

    def test_is_short_enough_for_its_pods(self) -> None:
        assert len(run_of()) == len("report-") + 10

    @pytest.mark.parametrize(
        "more",
        [
            *({"env": {"A": "1"}}, {"command": ["x"]}, {"secrets": {"A": "1"}}, {"retries": 1}, {"calls": WEB}),
            {"init": {"first": {"image": "registry.example/first:1", "resources": SMALL}}},
            {"patch": {"job": {"spec": {"template": {"spec": {"hostname": "report"}}}}}},
        ],
        ids=str,
    )
    def test_changes_with_the_arguments(self, more: dict[str, Any]) -> None:
        assert run_of(**more) != run_of()

    def test_changes_with_a_secret(self) -> None:
        assert run_of(secrets={"A": "1"}) != run_of(secrets={"A": "2"})

    @pytest.mark.parametrize(
        "more",
        [
            *({"ttl": "2d"}, {"labels": {"a": "b"}}, {"annotations": {"a": "b"}}),
            {"patch": {"job": {"metadata": {"labels": {"a": "b"}}}, "network": {"metadata": {"labels": {"a": "b"}}}}},
        ],
        ids=str,
    )
    def test_stays_where_it_does_the_same(self, more: dict[str, Any]) -> None:
        assert run_of(**more) == run_of()

    def test_does_not_depend_on_the_language(self) -> None:
        """By way of another one, whole numbers arrive as floats."""
        assert run_of(retries=1.0, user=1001.0) == run_of(retries=1, user=1001)

    def test_is_the_same_for_an_output(self) -> None:
        def program() -> None:
            other = k8s.core.v1.ConfigMap("other", metadata={"name": "other"}, data={"image": IMAGE})
            Job("report", {"image": other.data.apply(lambda data: data["image"])})

        assert f"Job {run_of()}" in objects(program)

    def test_need_not_be_known_beforehand(self) -> None:
        def program() -> None:
            other = k8s.core.v1.ConfigMap("other", data={"image": IMAGE})
            Job("report", {"image": other.data.apply(lambda data: data["image"])})

        types = [each.type for each in registered(program, preview=True)]
        assert "kubernetes:batch/v1:Job" in types


class TestSet:
    def services(self, **jobs: Any) -> Objects:
        given: Any = {"namespace": "shop", "services": {"web": SERVICE}, "jobs": jobs}
        return objects(lambda: Services("shop", given))

    def test_a_service_lets_in_the_jobs_that_call_it(self) -> None:
        made = self.services(report={"image": IMAGE, **CLOCK, "calls": {"web": {}}})
        *_, rule = made["NetworkPolicy web"]["spec"]["ingress"]
        assert rule == {
            "from": [{"podSelector": {"matchLabels": {"app.kubernetes.io/name": "report"}}}],
            "ports": [{"protocol": "TCP", "port": 21_000}],
        }
        *_, way = made["NetworkPolicy report"]["spec"]["egress"]
        assert way == {
            "to": [{"podSelector": {"matchLabels": {"app.kubernetes.io/name": "web"}}}],
            "ports": [{"protocol": "TCP", "port": 21_000}],
        }
        pod = made["CronJob report"]["spec"]["jobTemplate"]["spec"]["template"]["spec"]
        assert pod["containers"][0]["env"] == [{"name": "WEB_URL", "value": "http://127.0.0.1:21010"}]
        assert [each["restartPolicy"] for each in pod["initContainers"]] == ["Always"]

    def test_nobody_gives_way_to_a_job(self) -> None:
        made = self.services(report={"image": IMAGE, **CLOCK})
        jobs, services = made["PriorityClass flyball.shop.jobs"], made["PriorityClass flyball-shop"]
        assert (jobs["value"], jobs["preemptionPolicy"]) == (500, "Never")
        assert jobs["value"] < services["value"]

    def test_without_jobs_there_is_no_priority_of_theirs(self) -> None:
        assert "PriorityClass flyball.shop.jobs" not in self.services()

    def test_all_problems_are_said_at_once(self) -> None:
        with pytest.raises(Refused) as refused:
            self.services(report={"image": "job", "calls": {"wep": {}}}, web={"image": IMAGE}, other=7)
        assert [problem.where for problem in refused.value.problems] == [
            "shop.jobs.report.image",
            "shop.jobs.other",
            "shop.jobs.report.calls.wep",
            "shop.jobs.web",
        ]


class TestAlone:
    def test_says_where_its_calls_go(self) -> None:
        with pytest.raises(Refused) as refused:
            job(calls={"web": {}})
        assert [problem.rule.id for problem in refused.value.problems] == ["unknown-address"] * 2

    @pytest.mark.parametrize("first", ["job", "service"])
    def test_is_held_against_the_services_of_its_program(self, first: str) -> None:
        def service(callers: list[str]) -> None:
            Workload("web", {**MINIMAL, "callers": callers})  # pyright: ignore[reportArgumentType]

        def program(callers: list[str]) -> None:
            parts = [lambda: service(callers), lambda: Job("report", {"image": IMAGE, "calls": WEB})]
            for part in reversed(parts) if first == "job" else parts:
                part()

        with pytest.raises(Refused) as refused:
            objects(lambda: program([]))
        assert [problem.rule.id for problem in refused.value.problems] == ["caller-not-let-in"]
        assert "CronJob report" not in objects(lambda: program(["report"]))
