"""Jobs and CronJobs as jobs of a stack."""

import re
from typing import Any

from flyball.deploy.adopt import containers, ours, pod
from flyball.deploy.adopt.found import Found, Item, Manifest, mapping, maps
from flyball.deploy.adopt.notes import Notes
from flyball.deploy.adopt.work import Work, pod_of
from flyball.guards.governor.envelope import least_proven
from flyball.guards.interruptions.interruption import LONGEST_SHUTDOWN
from flyball.guards.reading.problem import Problem
from flyball.guards.reading.reader import Reader
from flyball.guards.workload.init_containers import DEFAULT_STOP as OF_A_SIDECAR
from flyball.guards.workload.jobs import (
    ALLOW,
    DEFAULT_HISTORY,
    DEFAULT_STOP,
    LEAST_START,
    MOST_HISTORY,
    MOST_PROVEN,
    MOST_RETRIES,
    JobSpec,
    read,
)

_SHORT = {
    "@hourly": "0 * * * *",
    **dict.fromkeys(("@daily", "@midnight"), "0 0 * * *"),
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    **dict.fromkeys(("@yearly", "@annually"), "0 0 1 1 *"),
}
"""What each means (https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/#schedule-syntax)."""
_ZONED = re.compile(r"(?:CRON_)?TZ=(\S+)\s+")
"""As clusters took it before there was a field for it."""
_JOB = (
    *("template", "completions", "parallelism", "activeDeadlineSeconds", "backoffLimit", "ttlSecondsAfterFinished"),
    *("selector", "manualSelector"),
)
_RUNS = {
    "suspend": "it is suspended, and would run here",
    "podFailurePolicy": "an attempt that fails counts, whatever it failed of",
    "completionMode": "a run is one pod here, without a number",
    "podReplacementPolicy": "a new pod begins once the old one has failed or is ended",
}
_CRON = ("schedule", "timeZone", "concurrencyPolicy", "startingDeadlineSeconds", "jobTemplate")
_HISTORY = ("successfulJobsHistoryLimit", "failedJobsHistoryLimit")
_HOOK = "helm.sh/hook"
_KEPT_FAILED = 1
"""What Kubernetes keeps of failed runs, where nothing is said."""
_MANY = ("completions", "parallelism")


def describe(item: Item, found: Found, notes: Notes) -> tuple[Work, dict[str, Any]]:
    path, template = pod_of(item)
    work = Work(
        item,
        found,
        notes,
        ours.name_of(item) or item.name,
        "jobs",
        path,
        template,
        maps(mapping(template.get("spec")).get("containers"))[0],
        0,
    )
    job = item.inner
    args: dict[str, Any] = {"image": work.container["image"]}
    if item.kind == "CronJob":
        args |= _schedule(work)
        if args["schedule"].startswith("@"):
            work.say("a question: at which times; what it counts from nobody knows", "schedule")
        if not item.is_ours:
            work.rest(item.spec, (*_CRON, *_HISTORY), "spec", _RUNS)
    else:
        work.say("ran already, perhaps: it runs again at the first `up`, and whenever its arguments change")
    if not item.is_ours:
        _of_run(work, job, path.rsplit(".", 2)[0])
    for key in _MANY:
        if job.get(key) not in (None, 1):
            work.lose(
                f"{path.rsplit('.', 2)[0]}.{key}", "a run is one pod here; what is done side by side are several jobs"
            )
    if isinstance(job.get("activeDeadlineSeconds"), int):
        args["deadline"] = f"{job['activeDeadlineSeconds']}s"
    if isinstance(job.get("backoffLimit"), int) and job["backoffLimit"] != 2:
        args["retries"] = job["backoffLimit"]
    args |= _kept(work, job, path.rsplit(".", 2)[0])
    args |= ours.describe(work)
    args |= _pod(work)
    _fit(work, args)
    return work, args


def _kept(work: Work, job: Manifest, path: str) -> dict[str, Any]:
    """How long, and of a schedule how many, are kept of those that have ended."""
    found: dict[str, Any] = {}
    lasts = job.get("ttlSecondsAfterFinished")
    if lasts:
        found["ttl"] = f"{lasts}s"
    elif lasts == 0:
        work.lose(
            f"{path}.ttlSecondsAfterFinished", "it is gone as soon as it has ended; its log is kept for a day here"
        )
    good, bad = (work.item.spec.get(key) for key in _HISTORY)
    if isinstance(good, int) and 1 <= good <= MOST_HISTORY:
        found |= {"history": good} if good != DEFAULT_HISTORY else {}
    elif good is not None:
        work.lose(f"spec.{_HISTORY[0]}", f"from 1 to {MOST_HISTORY} runs are kept here")
    if bad not in (None, _KEPT_FAILED, found.get("history", DEFAULT_HISTORY)):
        work.lose(f"spec.{_HISTORY[1]}", "as many failed runs are kept as good ones")
    return found


def _pod(work: Work) -> dict[str, Any]:
    work.parts.extend(containers.parts(work))
    for part in work.parts:
        if part.within[0] == containers.SIDECARS and part.container.get("restartPolicy") != "Always":
            part.say("is ended with the job here, which there waits until it has ended by itself")
    return {**pod.describe(work), **_stop(work), **containers.describe(work, None, set())}


def _fit(work: Work, args: dict[str, Any]) -> None:
    """Leave out a deadline, and attempts, for which a plan finds no time."""
    within = work.pod_path.rsplit(".", 2)[0]
    _prove(work, args)
    if _refused(work, args, "deadline"):
        del args["deadline"]
        work.lose(f"{within}.activeDeadlineSeconds", "it has no longer than until the next run")
    if _refused(work, args, "start"):
        del args["start"]
        work.lose("spec.startingDeadlineSeconds", "a run that is late is made up for until the next one, and no longer")
    wanted = args.get("retries")
    while _refused(work, args, "retries"):
        args["retries"] = min(MOST_RETRIES, args["retries"] - 1)
    if wanted != args.get("retries"):
        loses = f"{wanted} further attempts would take longer than its deadline, or too long; {args['retries']} here"
        work.lose(f"{within}.backoffLimit", loses)


def _prove(work: Work, args: dict[str, Any]) -> None:
    """Runs that may be under way at one time now are taken to have gone well, where they are not too many."""
    if args.get("concurrency") != ALLOW or not _refused(work, args, "deadline"):
        return
    least = least_proven(_read(work, args)[0].at_once)
    if least <= MOST_PROVEN:
        args["proven"] = least
        work.say("a guess: its deadline lets half as many again run at once, taken as seen to go well", "proven")


def _refused(work: Work, args: dict[str, Any], key: str) -> bool:
    if not args.get(key):
        return False
    return any(problem.path == (key,) for problem in _read(work, args)[1])


def _read(work: Work, args: dict[str, Any]) -> tuple[JobSpec, list[Problem]]:
    """A job as a plan reads it, and what is wrong with it."""
    r = Reader(args, (), [])
    return read(r, work.name, work.found.namespace), r.problems


def _stop(work: Work) -> dict[str, str]:
    """What it takes to end: all that the pod has, but for a second for each of its sidecars, which say no time."""
    given = work.pod.get("terminationGracePeriodSeconds")
    if not isinstance(given, int):
        return {}
    others = OF_A_SIDECAR // 1000 * sum(part.within[0] == containers.SIDECARS for part in work.parts)
    longest = LONGEST_SHUTDOWN // 1000
    if given > longest:
        loses = f"{given} s are more than a spot notice leaves; {longest} s here"
        work.lose(f"{work.pod_path}.terminationGracePeriodSeconds", loses)
    stop = max(1, min(given, longest) - others)
    return {"stop": f"{stop}s"} if stop * 1000 != DEFAULT_STOP else {}


def _of_run(work: Work, job: Manifest, path: str) -> None:
    """What of a run nothing in the stack file says."""
    said = {k: v for k, v in job.items() if (k, v) != ("completionMode", "NonIndexed")}
    work.rest(said, _JOB, path, _RUNS)
    if work.pod.get("restartPolicy") == "OnFailure":
        work.lose(f"{work.pod_path}.restartPolicy", "what failed is run again in a pod of its own, not in the same one")
    for i, each in enumerate(maps(work.container.get("ports"))):
        work.lose(f"{work.path}.ports[{i}]", f"nobody reaches {each.get('containerPort')}: a job listens nowhere")
    for key in ("liveness", "readiness", "startup"):
        if work.container.get(f"{key}Probe"):
            work.lose(f"{work.path}.{key}Probe", "nobody asks a job; its deadline ends it")
    if work.container.get("lifecycle"):
        work.lose(f"{work.path}.lifecycle", "its hooks are not run")
    notes = mapping(mapping(work.template.get("metadata")).get("annotations"))
    if scraped := sorted(key for key in notes if key.startswith("prometheus.io/")):
        at = f"{work.pod_path.removesuffix('.spec')}.metadata.annotations ({', '.join(scraped)})"
        work.lose(at, "nobody scrapes the figures of a job: it is let in by nobody")
    hook = mapping(work.item.manifest["metadata"].get("annotations")).get(_HOOK)
    if hook:
        work.say(f"ran at {hook} of a release; `migrate` of a service runs ahead of each new version of it")


def _schedule(work: Work) -> dict[str, Any]:
    spec = work.item.spec
    schedule, zone = str(spec.get("schedule")), ""
    if match := _ZONED.match(schedule):
        schedule, zone = schedule[match.end() :], match[1]
    found: dict[str, Any] = {"schedule": _SHORT.get(schedule, schedule)}
    if zone := spec.get("timeZone") or zone:
        found["timezone"] = zone
    policy = str(spec.get("concurrencyPolicy") or "Allow").lower()
    if policy != "forbid":
        found["concurrency"] = policy
    late = spec.get("startingDeadlineSeconds")
    if isinstance(late, int):
        found["start"] = f"{max(LEAST_START, late)}s"
        if late < LEAST_START:
            work.lose(
                "spec.startingDeadlineSeconds", f"a start is looked for every {LEAST_START} s, and may be as late"
            )
    return found
