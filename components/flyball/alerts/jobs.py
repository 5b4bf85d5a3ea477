"""Alerts on jobs: a run that failed, and runs that did not begin. The figures are those of kube-state-metrics."""

from collections.abc import Iterable

from flyball.alerts.rule import OF_SERIES, Record, Rule, Severity
from flyball.alerts.workload import WHOSE
from flyball.guards.alerting import jobs
from flyball.guards.reading.units import show_number
from flyball.guards.workload.jobs import Job

DEADLINE = "flyball_job_deadline_seconds"
_RUN = "(.+)-[0-9a-f]{8,10}"
"""A Job is called as what it is a run of, then the minute that it was due at, or a hash of its arguments."""
_ON = "on (namespace, job_name)"
_JOIN = f"on (namespace, name) {WHOSE}"
_SUBJECT = "{{ $labels.namespace }}/{{ $labels.name }}"


def rules(found: Iterable[Job]) -> dict[str, list[Rule | Record]]:
    """The rules by the name of their group; without jobs none."""
    each = list(found)
    return {"flyball-jobs": [*map(_constant, each), *alerts()] if each else []}


def alerts() -> list[Rule]:
    return [_failed(), _late()]


def _constant(job: Job) -> Record:
    place = job.place
    labels = {"namespace": place.namespace, "name": job.name, "owner": place.owner, "environment": place.environment}
    return Record(DEADLINE, f"vector({show_number(job.spec.deadline / 1000)})", labels)


def _named(series: str, of: str, pattern: str) -> str:
    return f'max by (namespace, name) (label_replace({series}, "name", "$1", "{of}", "{pattern}"))'


def _failed() -> Rule:
    """Until a later run succeeds, or the failed one is gone: a Job that has failed stays so."""
    failed = f'(kube_job_status_start_time and {_ON} kube_job_failed{{condition="true"}} == 1)'
    started = _named(failed, "job_name", _RUN)
    succeeded = _named("kube_cronjob_status_last_successful_time", "cronjob", "(.+)")
    return Rule(
        name="JobFailed",
        severity=Severity.WARNING,
        subject="job",
        expr=f"({started} unless on (namespace, name) {succeeded} > {started}) > {_JOIN} (0 * {DEADLINE})",
        seconds=0,
        summary=f"a run of {_SUBJECT} has failed with all its attempts, and none has succeeded since",
        action="See kubectl logs of its last pod; what it did must come to the same when it runs again.",
        guards=("attempts-beyond-deadline", "run-beyond-interval"),
        owner=OF_SERIES,
    )


def _late() -> Rule:
    due = "time() - kube_cronjob_next_schedule_time and on (namespace, cronjob) kube_cronjob_spec_suspend == 0"
    return Rule(
        name="JobNotRun",
        severity=Severity.WARNING,
        subject="job",
        expr=f"{_named(f'({due})', 'cronjob', '(.+)')} > {_JOIN} ({jobs.LATE} + 0 * {DEADLINE})",
        seconds=0,
        summary=f"a run of {_SUBJECT} was due and has not begun",
        action="See kubectl describe cronjob: a run before it that goes on, a freeze, or a controller that is away.",
        guards=("start-window", "run-beyond-interval"),
        owner=OF_SERIES,
    )
