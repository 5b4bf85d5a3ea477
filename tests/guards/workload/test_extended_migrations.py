"""Containers and patches of migrations: of their own, held as those of jobs are, and part of what makes a release."""

from typing import Any

import pytest
from tests.guards.workload.test_extended_jobs import beside, two
from tests.guards.workload.test_patch import nested

from flyball.guards.reading.problem import Problem
from flyball.guards.workload.jobs import JobSpec
from flyball.guards.workload.migration import arguments, release
from flyball.guards.workload.patch_job_fields import JOB_KINDS, MIGRATION_KINDS
from flyball.guards.workload.resolve import Place, examine
from flyball.stack.schema import ServiceArgs

SMALL = {"cpu": "10m", "memory": "16Mi"}
WEB: dict[str, Any] = {
    "image": "example.org/web:1.0",
    "port": 8080,
    "load": {"peak": 100, "replica": 20},
    "public": True,
    "refs": {"TOKEN": {"name": "web", "key": "token"}},
    "calls": {"ledger": {"host": "ledger.example", "port": 443, "timeout": "1s"}},
    "scratch": {"tmp": {"path": "/tmp"}},
    "files": {"site": {"path": "/etc/site", "configmap": "site"}},
    "logs": {"path": "/var/log/app", "preset": "nginx"},
    "init": {"warm": {"image": "example.org/warm:1.0", "resources": SMALL}},
    "sidecars": {"ship": beside(1)},
    "patch": {"deployment": {"spec": {"template": {"spec": {"hostname": "web"}}}}},
}
FIRST = {"image": "example.org/first:1.0", "resources": SMALL}


def service(**own: Any) -> dict[str, Any]:
    return {**WEB, "migrate": {"command": ["./migrate"], **own}}


def spec(**own: Any) -> JobSpec:
    found = examine({"web": service(**own)}, Place(), (), ServiceArgs, alone=True).services["web"].migration
    assert found
    return found.spec


def refused(**own: Any) -> list[Problem]:
    return examine({"web": service(**own)}, Place(), (), ServiceArgs, alone=True).problems


def said(**own: Any) -> list[str]:
    return [str(problem) for problem in refused(**own)]


def test_those_of_the_service_are_none_of_its() -> None:
    found = spec()
    assert (found.init, found.sidecars, found.patches, found.grace_seconds) == ({}, {}, {}, 30)
    own = spec(init={"first": FIRST}, sidecars=two(3, 7), patch={"job": {"metadata": {"labels": {"a": "b"}}}})
    assert ([*own.init], [*own.sidecars], [*own.patches], own.grace_seconds) == (["first"], ["a", "b"], ["job"], 40)


def test_all_of_it_ends_within_a_spot_notice_or_is_refused() -> None:
    assert said(stop="90s", sidecars={"a": beside(20)}) == []
    [found] = refused(stop="90s", sidecars={"a": beside(21)})
    assert (found.rule.id, found.where) == ("way-out-too-long", "web.migrate.sidecars")


def test_retries_that_nobody_stated_leave_time_for_sidecars() -> None:
    """Of 80 s each: 3 * 80 s + 30 s are more than 4 min, 2 * 80 s + 10 s less."""
    assert spec(deadline="4m", stop="20s", sidecars={"a": beside(80)}).retries == 1


def test_folders_are_those_of_the_service_less_its_logs() -> None:
    own = {**FIRST, "mounts": {"tmp": "/out", "site": "/in", "logs": "/logs", "data": "/data"}}
    assert said(init={"first": own}) == [
        "web.migrate.init.first.mounts.data: is no folder of scratch or files; known are tmp, site",
        "web.migrate.init.first.mounts.logs: is no folder of scratch or files; known are tmp, site",
    ]


def test_names_and_ports_are_told_apart_in_its_own_pod() -> None:
    """`ship` and port 9200 are the service's, in another pod."""
    assert said(init={"ship": FIRST}, sidecars={"sql": beside(1)}) == []
    taken = {"web-migrate": beside(1), "late": {**beside(1), "port": 21_010}}
    assert said(init={"proxy": FIRST}, sidecars=taken) == [
        "web.migrate.init.proxy: has the name of another container of the pod, the proxy's; give it another name",
        "web.migrate.sidecars.web-migrate: has the name of another container of the pod, the application's; give it"
        " another name",
        "web.migrate.sidecars.late.port: 21010 is the port of the call ledger; choose another one",
    ]


RUNS, OWN = "job.spec", "job.spec.template.spec.containers[web-migrate]"
POD = "job.spec.template.spec"
UNDONE: list[tuple[str, object, str]] = [
    (f"{RUNS}.activeDeadlineSeconds", 999_999, "attempts-beyond-deadline"),
    (f"{RUNS}.backoffLimit", None, "attempts-beyond-deadline"),
    (f"{RUNS}.podFailurePolicy", None, "tolerates-loss"),
    (f"{RUNS}.podReplacementPolicy", "TerminatingOrFailed", "run-beyond-interval"),
    (f"{RUNS}.parallelism", 8, "replicas-by-hand"),
    (f"{RUNS}.template.metadata.annotations", {"prometheus.io/scrape": "true"}, "caller-without-call"),
    (f"{POD}.terminationGracePeriodSeconds", 1, "way-out-too-long"),
    (f"{POD}.hostNetwork", True, "unconfined"),
    (f"{POD}.initContainers[proxy].image", "haproxy:latest", "past-the-proxy"),
    (f"{POD}.initContainers[first].image", "other:1.0", "has-argument"),
    (f"{POD}.containers[spy].image", "spy:1.0", "has-argument"),
    (f"{POD}.volumes[tmp]", {"emptyDir": {}}, "has-argument"),
    (f"{OWN}.volumeMounts", [{"mountPath": "/etc//site", "name": "x"}], "folder-taken"),
    (f"{OWN}.env", [{"name": "LEDGER_ADDR", "valueFrom": {"fieldRef": {}}}], "variable-taken"),
    (f"{OWN}.env", [{"name": "TOKEN", "valueFrom": {"fieldRef": {}}}], "variable-taken"),
    (f"{OWN}.image", "web:2.0", "has-argument"),
    (f"{RUNS}.$patch", "replace", "patch-directive"),
    ("network.spec.egress", [{}], "past-the-proxy"),
    ("network.spec.ingress", [{}], "caller-without-call"),
    # It stays until the next one has succeeded, and says by annotations that it is waited for.
    (f"{RUNS}.ttlSecondsAfterFinished", 60, "start-window"),
    ("job.metadata.annotations", {"pulumi.com/replaceUnready": None}, "own-label"),
    ("job.metadata.name", "other", "own-label"),
    # Objects that are the service's, or that there are none of.
    ("account.metadata.labels", {"a": "b"}, "unknown-key"),
    ("cronjob.metadata.labels", {"a": "b"}, "unknown-key"),
    ("job", {}, "empty"),
]


@pytest.mark.parametrize(("path", "value", "rule"), UNDONE, ids=lambda each: str(each)[:70])
def test_what_would_undo_a_guard_is_refused_with_its_rule(path: str, value: object, rule: str) -> None:
    found = refused(init={"first": FIRST}, patch=nested(path, value))
    assert [problem.rule.id for problem in found] == [rule]
    assert found[0].where.startswith("web.migrate.patch.")


def test_all_else_is_held_as_of_a_job() -> None:
    """By the very same table, so that each way to undo a job's guards that is tried is tried of migrations too."""
    job: Any = JOB_KINDS["job"]
    own: Any = MIGRATION_KINDS["job"]
    differ = {key for key in {*job["spec"], *own["spec"]} if job["spec"].get(key) is not own["spec"].get(key)}
    assert differ == {"ttlSecondsAfterFinished"}
    assert own["metadata"] is job["metadata"]
    assert MIGRATION_KINDS["network"] is JOB_KINDS["network"]


def test_what_no_guard_needs_is_open() -> None:
    patch = nested(OWN, {"workingDir": "/srv"})
    patch["job"]["metadata"] = {"annotations": {"example.org/a": "b"}}
    assert refused(patch={**patch, "network": {"metadata": {"labels": {"a": "b"}}}}) == []


RELEASES: list[dict[str, Any]] = [
    {},
    {"init": {"first": FIRST}},
    {"init": {"first": {**FIRST, "image": "example.org/first:2.0"}}},
    {"init": {"first": {**FIRST, "command": ["fetch"]}}},
    {"init": {"first": {**FIRST, "env": {"A": "1"}}}},
    {"init": {"other": FIRST}},
    {"sidecars": {"sql": beside(1)}},
    {"sidecars": {"sql": {**beside(1), "arguments": ["--instance=other"]}}},
    {"sidecars": {"sql": {**beside(1), "refs": {"PASSWORD": {"name": "sql", "key": "password"}}}}},
    {"patch": nested(OWN, {"workingDir": "/srv"})},
]
SAME: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"init": {"first": FIRST}}, {"init": {"first": {**FIRST, "resources": {"cpu": "1", "memory": "1Gi"}}}}),
    ({"sidecars": {"sql": beside(1)}}, {"sidecars": {"sql": {**beside(9), "port": 9300}}}),
    ({}, {"patch": {"job": {"metadata": {"labels": {"a": "b"}}}, "network": {"metadata": {"labels": {"a": "b"}}}}}),
    ({}, {"init": {}, "sidecars": {}, "patch": {}}),
]


def released(own: dict[str, Any]) -> dict[str, Any]:
    return release(arguments(WEB, {"command": ["./migrate"], **own}))


def test_another_image_command_or_environment_of_its_containers_is_another_release() -> None:
    found = [released(own) for own in RELEASES]
    assert [one for i, one in enumerate(found) if one in found[:i]] == []


@pytest.mark.parametrize(("one", "other"), SAME, ids=range(len(SAME)))
def test_another_size_of_them_is_none(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert released(one) == released(other)
