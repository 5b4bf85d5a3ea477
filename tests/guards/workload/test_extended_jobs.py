"""Containers and patches of jobs: their time is the job's, and each way to undo a guard is refused with its rule."""

import inspect
from typing import Any

import pulumi_kubernetes as k8s
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.guards.workload.test_patch import camel, guarded, nested, steps

from flyball.guards.reading.problem import Problem, Refused
from flyball.guards.workload.job_set import resolve_alone
from flyball.guards.workload.jobs import JobSpec, waits
from flyball.guards.workload.patch_job_fields import JOB_KINDS
from flyball.guards.workload.patch_nodes import Fields
from flyball.guards.workload.resolve import Place
from flyball.stack.schema import JobArgs

ONCE: dict[str, Any] = {
    "image": "example.org/report:1.0",
    "refs": {"TOKEN": {"name": "report", "key": "token"}},
    "calls": {"ledger": {"host": "ledger.example", "port": 443, "timeout": "1s"}},
    "scratch": {"tmp": {"path": "/tmp"}},
    "files": {"site": {"path": "/etc/site", "configmap": "site"}},
    "init": {"first": {"image": "example.org/first:1.0", "resources": {"cpu": "10m", "memory": "16Mi"}}},
}
CLOCK: dict[str, Any] = {**ONCE, "schedule": "0 4 * * *"}


def spec(**more: Any) -> JobSpec:
    return resolve_alone("report", {"image": ONCE["image"], **more}, Place(), JobArgs).spec


def refused(job: dict[str, Any]) -> list[Problem]:
    try:
        resolve_alone("report", job, Place(), JobArgs)
    except Refused as found:
        return list(found.problems)
    return []


def beside(stop: int) -> dict[str, Any]:
    probes = {"readiness": {"path": "/ready"}}
    resources = {"cpu": "50m", "memory": "32Mi"}
    return {"image": "example.org/s:1.0", "port": 9200, "probes": probes, "stop": f"{stop}s", "resources": resources}


def two(first: int, second: int) -> dict[str, Any]:
    return {"a": beside(first), "b": {**beside(second), "port": 9201}}


def test_they_end_after_the_job_one_by_one() -> None:
    assert spec(stop="20s").grace_seconds == 20
    assert spec(stop="20s", sidecars=two(3, 7)).grace_seconds == 30


@given(stop=st.integers(1, 120), ways=st.integers(1, 120))
def test_all_of_it_ends_within_a_spot_notice_or_is_refused(stop: int, ways: int) -> None:
    found = refused({"image": ONCE["image"], "stop": f"{stop}s", "sidecars": {"a": beside(ways)}})
    where = "report.stop" if stop > 110 else "report.sidecars"
    assert [f"{problem.rule.id} {problem.where}" for problem in found] == (
        [] if stop + ways <= 110 else [f"way-out-too-long {where}"]
    )


@given(retries=st.integers(0, 6), deadline=st.integers(1, 2_000), first=st.integers(1, 40), second=st.integers(1, 40))
def test_the_last_attempt_begins_after_the_sidecars_of_all_before_or_is_refused(
    retries: int, deadline: int, first: int, second: int
) -> None:
    ways, job = first + second, {"image": ONCE["image"], "retries": retries, "deadline": f"{deadline}s"}
    found = refused({**job, "sidecars": two(first, second)})
    where = "sidecars" if ways >= deadline else "retries"
    fits = ways * (retries + 1) + waits(retries) / 1000 < deadline
    assert [f"{problem.rule.id} {problem.where}" for problem in found] == (
        [] if fits else [f"attempts-beyond-deadline report.{where}"]
    )


@given(attempt=st.integers(1, 200), ways=st.integers(1, 80))
def test_an_attempt_has_time_for_its_work_too_or_is_refused(attempt: int, ways: int) -> None:
    job = {"image": ONCE["image"], "attempt": f"{attempt}s", "sidecars": {"a": beside(ways)}}
    assert [f"{problem.rule.id} {problem.where}" for problem in refused(job)] == (
        [] if ways < attempt else ["attempts-beyond-deadline report.sidecars"]
    )


@pytest.mark.parametrize(("deadline", "retries"), [("3m", 2), ("2m", 1), ("1m", 0)])
def test_retries_that_nobody_stated_leave_time_for_sidecars(deadline: str, retries: int) -> None:
    """Of 40 s each: 3 * 40 s + 30 s, and 2 * 40 s + 10 s."""
    assert spec(deadline=deadline, sidecars={"a": beside(40)}).retries == retries


RUNS = "cronjob.spec.jobTemplate.spec"
POD = f"{RUNS}.template.spec"
OWN = f"{POD}.containers[report]"
UNDONE: list[tuple[str, object, str]] = [
    # The end of a run, and its attempts.
    (f"{RUNS}.activeDeadlineSeconds", 999_999, "attempts-beyond-deadline"),
    (f"{RUNS}.activeDeadlineSeconds", None, "attempts-beyond-deadline"),
    (f"{RUNS}.backoffLimit", 100, "attempts-beyond-deadline"),
    (f"{RUNS}.backoffLimitPerIndex", 100, "attempts-beyond-deadline"),
    (f"{POD}.activeDeadlineSeconds", 1, "attempts-beyond-deadline"),
    (f"{POD}.restartPolicy", "OnFailure", "attempts-beyond-deadline"),
    (f"{POD}.schedulingGates", [{"name": "a"}], "attempts-beyond-deadline"),
    (f"{OWN}.restartPolicy", "Always", "attempts-beyond-deadline"),
    (f"{OWN}.livenessProbe", {"exec": {"command": ["false"]}}, "attempts-beyond-deadline"),
    (f"{RUNS}.podFailurePolicy", None, "tolerates-loss"),
    (f"{RUNS}.podFailurePolicy.rules", [], "tolerates-loss"),
    (f"{RUNS}.podReplacementPolicy", "TerminatingOrFailed", "run-beyond-interval"),
    (f"{RUNS}.parallelism", 8, "replicas-by-hand"),
    (f"{RUNS}.completions", 8, "replicas-by-hand"),
    (f"{RUNS}.completionMode", "Indexed", "replicas-by-hand"),
    (f"{RUNS}.suspend", True, "start-window"),
    (f"{RUNS}.managedBy", "example.org/mine", "start-window"),
    (f"{RUNS}.ttlSecondsAfterFinished", None, "has-argument"),
    (f"{POD}.terminationGracePeriodSeconds", 1, "way-out-too-long"),
    (f"{OWN}.lifecycle.preStop", {"sleep": {"seconds": 600}}, "way-out-too-long"),
    # When runs begin.
    ("cronjob.spec.concurrencyPolicy", "Allow", "run-beyond-interval"),
    ("cronjob.spec.concurrencyPolicy", None, "run-beyond-interval"),
    ("cronjob.spec.startingDeadlineSeconds", None, "start-window"),
    ("cronjob.spec.suspend", True, "start-window"),
    ("cronjob.spec.successfulJobsHistoryLimit", 1000, "has-argument"),
    ("cronjob.spec.failedJobsHistoryLimit", None, "has-argument"),
    ("cronjob.spec.schedule", "* * * * *", "has-argument"),
    ("cronjob.spec.timeZone", "UTC", "has-argument"),
    # A level above.
    ("cronjob.spec.jobTemplate", None, "own-label"),
    (RUNS, None, "attempts-beyond-deadline"),
    (f"{RUNS}.template", None, "own-label"),
    (POD, None, "past-the-proxy"),
    # What a container may use and do.
    (f"{OWN}.resources", None, "has-argument"),
    (f"{OWN}.resources.limits", {"memory": "64Gi"}, "has-argument"),
    (f"{OWN}.image", "report:2.0", "has-argument"),
    (f"{OWN}.imagePullPolicy", "Always", "image-not-pinned"),
    (f"{OWN}.securityContext", None, "unconfined"),
    (f"{OWN}.securityContext.privileged", True, "unconfined"),
    (f"{OWN}.securityContext.capabilities.add", ["NET_ADMIN"], "unconfined"),
    (f"{POD}.securityContext.runAsNonRoot", False, "unconfined"),
    (f"{POD}.hostNetwork", True, "unconfined"),
    (f"{POD}.automountServiceAccountToken", True, "unconfined"),
    ("account.automountServiceAccountToken", True, "unconfined"),
    (f"{POD}.volumes[node]", {"hostPath": {"path": "/"}}, "unconfined"),
    (f"{OWN}.ports", [{"containerPort": 8080, "protocol": "TCP", "hostPort": 80}], "unconfined"),
    (f"{OWN}.ports", None, "unconfined"),
    # Who is called, and by whom.
    (f"{POD}.initContainers[proxy].image", "haproxy:latest", "past-the-proxy"),
    (f"{POD}.volumes[proxy]", {"configMap": {"name": "mine"}}, "past-the-proxy"),
    ("network.spec.egress", [{}], "past-the-proxy"),
    ("network.spec.policyTypes", ["Ingress"], "past-the-proxy"),
    ("network.spec.ingress", [{}], "caller-without-call"),
    ("network.spec.podSelector", {}, "own-label"),
    (f"{RUNS}.template.metadata.annotations", {"prometheus.io/scrape": "true"}, "caller-without-call"),
    (f"{OWN}.env", [{"name": "LEDGER_ADDR", "valueFrom": {"fieldRef": {}}}], "variable-taken"),
    # Where it runs.
    (f"{POD}.affinity", {"nodeAffinity": None}, "nodes-narrowed"),
    (f"{POD}.topologySpreadConstraints", [], "nodes-narrowed"),
    (f"{POD}.tolerations", [{"operator": "Exists"}], "tolerates-loss"),
    (f"{POD}.volumes[data]", {"persistentVolumeClaim": {"claimName": "data"}}, "nodes-narrowed"),
    (f"{RUNS}.template.metadata.annotations", {"karpenter.sh/do-not-disrupt": "true"}, "tolerates-loss"),
    # What it is found by, and whether it waits in a freeze.
    ("cronjob.metadata.name", "other", "own-label"),
    ("cronjob.spec.jobTemplate.metadata.labels", {"flyball.dev/frozen": "starts"}, "own-label"),
    (f"{RUNS}.selector", {"matchLabels": {"a": "b"}}, "own-label"),
    (f"{RUNS}.manualSelector", True, "own-label"),
    (f"{RUNS}.template.metadata.labels", {"batch.kubernetes.io/job-name": "other"}, "own-label"),
    # Containers, folders and volumes that there are.
    (f"{POD}.initContainers[first].image", "other:1.0", "has-argument"),
    (f"{POD}.initContainers[second].image", "second:1.0", "has-argument"),
    (f"{POD}.containers[spy].image", "spy:1.0", "has-argument"),
    (f"{POD}.volumes[tmp]", {"emptyDir": {}}, "has-argument"),
    (f"{OWN}.volumeMounts", [{"mountPath": "/etc//site", "name": "x"}], "folder-taken"),
    (f"{OWN}.volumeMounts", [{"mountPath": "/tmp/", "name": "x"}], "folder-taken"),
    # Slips of the pen.
    (f"{RUNS}.$patch", "replace", "patch-directive"),
    (f"{RUNS}.backOffLimit", 1, "unknown-key"),
    ("job.metadata.labels", {"a": "b"}, "does-not-apply"),
    ("deployment.metadata.labels", {"a": "b"}, "unknown-key"),
    ("cronjob", {}, "empty"),
]


@pytest.mark.parametrize(("path", "value", "rule"), UNDONE, ids=lambda each: str(each)[:70])
def test_what_would_undo_a_guard_is_refused_with_its_rule(path: str, value: object, rule: str) -> None:
    assert [problem.rule.id for problem in refused({**CLOCK, "patch": nested(path, value)})] == [rule]


def test_what_has_no_schedule_is_a_job() -> None:
    patch = {"cronjob": {"metadata": {"labels": {"a": "b"}}}, "job": {"spec": {"backoffLimit": 9}}}
    assert {str(problem) for problem in refused({**ONCE, "patch": patch})} == {
        "report.patch.cronjob: is given, and there is no such object; what has no schedule is a Job; give job",
        "report.patch.job.spec.backoffLimit: would undo attempts-beyond-deadline; give retries",
    }


OPENED: list[tuple[str, object]] = [
    (f"{POD}.hostname", "report"),
    (f"{POD}.securityContext.supplementalGroups", [7]),
    (f"{OWN}.workingDir", "/srv"),
    (f"{OWN}.env", [{"name": "POD_NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}]),
    (f"{OWN}.ports", [{"containerPort": 6060, "protocol": "TCP", "name": "pprof"}]),
    (f"{POD}.volumes[share]", {"csi": {"driver": "nfs.csi.example"}}),
    (f"{RUNS}.template.metadata.labels", {"sidecar.istio.io/inject": "false"}),
    ("cronjob.metadata.annotations", {"example.org/a": "b"}),
    ("network.metadata.labels", {"a": "b"}),
    ("account.secrets", [{"name": "old"}]),
]


@pytest.mark.parametrize(("path", "value"), OPENED, ids=lambda each: str(each)[:70])
def test_what_no_guard_needs_is_open(path: str, value: object) -> None:
    assert refused({**CLOCK, "patch": nested(path, value)}) == []


@given(st.sampled_from([(kind, *way) for kind, fields in JOB_KINDS.items() for way in steps(fields)]))
def test_null_takes_away_nothing_that_anybody_holds(way: tuple[str, ...]) -> None:
    job = ONCE if way[0] == "job" else CLOCK
    assert refused({**job, "patch": nested(".".join(way), None)}), way


def at(*way: str) -> Fields:
    node: Any = JOB_KINDS
    for step in way:
        node = node[step]
    return node


@pytest.mark.parametrize(
    ("kind", "known"),
    [
        (k8s.batch.v1.JobSpecArgs, at("job", "spec")),
        (k8s.batch.v1.CronJobSpecArgs, at("cronjob", "spec")),
        (k8s.batch.v1.JobTemplateSpecArgs, at("cronjob", "spec", "jobTemplate")),
    ],
    ids=lambda each: getattr(each, "__name__", ""),
)
def test_of_each_field_that_kubernetes_has_something_is_said(kind: Any, known: Fields) -> None:
    there = {camel(word.rstrip("_")) for word in inspect.signature(kind.__init__).parameters if word != "__self__"}
    assert there - {"scheduling"} <= set(known)  # that only coming versions have
    assert guarded(known)
