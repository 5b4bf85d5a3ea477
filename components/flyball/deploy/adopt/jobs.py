"""Jobs and CronJobs as jobs of a stack."""

from typing import Any

from flyball.deploy.adopt import ours, pod
from flyball.deploy.adopt.found import Found, Item, mapping, maps
from flyball.deploy.adopt.notes import Notes
from flyball.deploy.adopt.work import Work, pod_of

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
        args |= _schedule(item)
        if item.spec.get("suspend"):
            work.lose("spec.suspend", "it is suspended, and would run here")
    else:
        work.say("ran already, perhaps: it runs again at the first `up`, and whenever its arguments change")
    for key in _MANY:
        if job.get(key) not in (None, 1):
            work.lose(
                f"{path.rsplit('.', 2)[0]}.{key}", "a run is one pod here; what is done side by side are several jobs"
            )
    if isinstance(job.get("activeDeadlineSeconds"), int):
        args["deadline"] = f"{job['activeDeadlineSeconds']}s"
    if isinstance(job.get("backoffLimit"), int) and job["backoffLimit"] != 2:
        args["retries"] = job["backoffLimit"]
    if isinstance(job.get("ttlSecondsAfterFinished"), int) and job["ttlSecondsAfterFinished"]:
        args["ttl"] = f"{job['ttlSecondsAfterFinished']}s"
    args |= ours.describe(work)
    return work, {**args, **pod.describe(work)}


def _schedule(item: Item) -> dict[str, Any]:
    spec = item.spec
    found: dict[str, Any] = {"schedule": str(spec.get("schedule"))}
    if spec.get("timeZone"):
        found["timezone"] = spec["timeZone"]
    policy = str(spec.get("concurrencyPolicy") or "Allow").lower()
    if policy != "forbid":
        found["concurrency"] = policy
    if isinstance(spec.get("startingDeadlineSeconds"), int):
        found["start"] = f"{max(10, spec['startingDeadlineSeconds'])}s"
    return found
