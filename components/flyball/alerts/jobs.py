"""Alerts on jobs: a run that failed, runs that did not begin, and none that succeeded. The figures are those of
kube-state-metrics.
"""

from collections.abc import Iterable, Iterator

from flyball.alerts.rule import OF_SERIES, Record, Rule, Severity
from flyball.alerts.workload import WHOSE
from flyball.guards.alerting import jobs
from flyball.guards.reading.units import show_number
from flyball.guards.workload.jobs import Job

DEADLINE = "flyball_job_deadline_seconds"
SUCCEEDS = "flyball_job_succeeds_within_seconds"
_RUN = "(.+)-[0-9a-f]{8,10}"
"""A Job is called as what it is a run of, then the minute that it was due at, or a hash of its arguments."""
_ON = "on (namespace, job_name)"
_JOIN = f"on (namespace, name) {WHOSE}"
_SUBJECT = "{{ $labels.namespace }}/{{ $labels.name }}"


def rules(found: Iterable[Job]) -> dict[str, list[Rule | Record]]:
    """The rules by the name of their group; without jobs none."""
    each = list(found)
    if not each:
        return {"flyball-jobs": []}
    constants = (record for job in each for record in _constants(job))
    return {"flyball-jobs": [*constants, *(alerts() if any(job.spec.clock for job in each) else [_failed()])]}


def alerts() -> list[Rule]:
    """All; but for the first one they are for jobs that a clock starts."""
    return [_failed(), _late(), _not_succeeded()]


def _constants(job: Job) -> Iterator[Record]:
    place, spec, clock = job.place, job.spec, job.spec.clock
    labels = {"namespace": place.namespace, "name": job.name, "owner": place.owner, "environment": place.environment}
    yield Record(DEADLINE, f"vector({show_number(spec.deadline / 1000)})", labels)
    if clock:
        within = jobs.succeeds_within(clock.schedule, clock.timezone, clock.start, spec.deadline)
        yield Record(SUCCEEDS, f"vector({within})", labels)


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


def _since(moment: str) -> str:
    """Seconds since then, for each schedule that nobody has suspended."""
    since = f"(time() - {moment} and on (namespace, cronjob) kube_cronjob_spec_suspend == 0)"
    return _named(since, "cronjob", "(.+)")


def _late() -> Rule:
    return Rule(
        name="JobNotRun",
        severity=Severity.WARNING,
        subject="job",
        expr=f"{_since('kube_cronjob_next_schedule_time')} > {_JOIN} ({jobs.LATE} + 0 * {DEADLINE})",
        seconds=0,
        summary=f"a run of {_SUBJECT} was due and has not begun",
        action="See kubectl describe cronjob: a run before it that goes on, a freeze, or a controller that is away.",
        guards=("start-window", "run-beyond-interval"),
        owner=OF_SERIES,
    )


def _not_succeeded() -> Rule:
    """Of one that has never succeeded, since it was created. A run that another takes the place of has not failed, and
    one that failed is gone after its time to live."""
    last = "(kube_cronjob_status_last_successful_time or on (namespace, cronjob) kube_cronjob_created)"
    return Rule(
        name="JobNotSucceeded",
        severity=Severity.WARNING,
        subject="job",
        expr=f"{_since(last)} > {_JOIN} {SUCCEEDS}",
        seconds=0,
        summary=f"no run of {_SUBJECT} has succeeded for longer than from one to the end of the next",
        action="See kubectl get events: runs that fail, do not begin, or are ended by the next one.",
        guards=("run-beyond-interval", "attempts-beyond-deadline"),
        owner=OF_SERIES,
    )
