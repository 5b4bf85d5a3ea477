"""Migrations: Jobs that must have succeeded before what depends on them is changed.

Pulumi's engine waits for them by itself. Where kubectl applies, it does so in stages, in the order that the program
states for the engine too (`depends_on`): all but what waits for a migration, then the Job, and when it has succeeded
the rest. A Job that has succeeded stays, and says so; one that has failed is made anew by the next `up`.
"""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from graphlib import TopologicalSorter
from typing import Any

from flyball import wellknown
from flyball.deploy.identity import Named
from flyball.deploy.job_status import COMPLETE, FAILED, ended, why
from flyball.deploy.manifests import Object
from flyball.deploy.rollout import KINDS
from flyball.errors import FlyballError, condensed
from flyball.guards.reading.units import show_duration
from flyball.guards.workload.migration import SUFFIX
from flyball.kubectl import Kubectl

SLACK = 120
"""Seconds that a controller may take, after a Job's own deadline, to say how it has ended."""
Live = Mapping[tuple[str, str], Mapping[str, Any]]
"""Jobs as they are, by namespace and name."""


class MigrationError(FlyballError):
    """A migration has failed, or has not ended; the message says which, where its logs are, and what to do."""


@dataclass(frozen=True, slots=True)
class Stage:
    """What is there before the next: objects, all that came before among them; workloads that stand, Jobs that have
    succeeded."""

    objects: tuple[Object, ...]
    stands: tuple[Named, ...]
    jobs: tuple[Object, ...]


def is_one(o: Object) -> bool:
    """Whether it is waited for, by the sign that tells the engine to make it anew."""
    return o.kind == "Job" and _is_marked(o.manifest)


def live(kubectl: Kubectl, objects: Iterable[Object]) -> Live:
    """The migrations in the namespaces of those among the objects."""
    found: dict[tuple[str, str], Mapping[str, Any]] = {}
    for namespace in sorted({o.namespace for o in objects if is_one(o)}):
        for item in kubectl.listed("jobs", namespace, wellknown.OURS, api="batch/v1"):
            if _is_marked(item):
                found[namespace, item["metadata"]["name"]] = item
    return found


def stages(objects: Sequence[Object], there: Live) -> list[Stage]:
    """What is applied before all of it; nothing where every migration has succeeded."""
    pending = {o.urn for o in objects if is_one(o) and ended(there.get((o.namespace, o.name), {})) != COMPLETE}
    by_urn = {o.urn: o for o in objects if o.urn} if pending else {}
    level: dict[str, int] = {}
    for urn in TopologicalSorter({urn: o.after & by_urn.keys() for urn, o in by_urn.items()}).static_order():
        before = by_urn[urn].after & by_urn.keys()
        level[urn] = max((level[each] + _waits(by_urn[each], pending, urn) for each in before), default=0)
    found: list[Stage] = []
    for i in range(max((level[urn] for urn in pending), default=-1) + 1):
        next_jobs = [by_urn[urn] for urn in pending if level[urn] == i + 1]
        called = {urn for job in next_jobs for urn in job.after & by_urn.keys() if by_urn[urn].kind in KINDS}
        found.append(
            Stage(
                objects=tuple(o for o in objects if level.get(o.urn, 0) <= i),
                stands=tuple(o.named for o in objects if o.urn in called),
                jobs=tuple(o for o in objects if o.urn in pending and level[o.urn] == i),
            )
        )
    return found


def said(objects: Iterable[Object], there: Live) -> list[str]:
    """A line for each migration that has yet to succeed."""
    return [_told(o) for o in objects if is_one(o) and ended(there.get((o.namespace, o.name), {})) != COMPLETE]


def _told(o: Object) -> str:
    time_limit = show_duration(o.manifest["spec"]["activeDeadlineSeconds"] * 1000)
    return f"job {o.namespace}/{o.name} must succeed before {_service(o)} changes, within {time_limit}"


def _waits(before: Object, pending: set[str], urn: str) -> bool:
    """Whether there is a wait between the two: for a migration, or before one for the workloads that it calls."""
    return before.urn in pending or (urn in pending and before.kind in KINDS)


def settle(kubectl: Kubectl, objects: Sequence[Object], report: Callable[[str], None]) -> None:
    """Wait until no migration of another release is under way: never two at once. Raises `MigrationError`."""
    wanted = {(o.namespace, o.name) for o in objects if is_one(o)}
    whose = {(o.namespace, o.manifest["metadata"]["labels"][wellknown.NAME_LABEL]) for o in objects if is_one(o)}
    said: set[tuple[str, str]] = set()
    given_up = time.monotonic()
    while True:
        others = {
            place: job
            for place, job in live(kubectl, objects).items()
            if place not in wanted and ended(job) is None and (place[0], _name(job)) in whose
        }
        if not others:
            return
        for place, job in others.items():
            if place not in said:
                given_up = max(given_up, time.monotonic() + _longest(job))
                report(f"job {'/'.join(place)}, a migration of another release, is under way: it ends first")
        said |= others.keys()
        if time.monotonic() > given_up:
            raise MigrationError(f"not ended after its deadline: {', '.join('/'.join(place) for place in others)}")
        time.sleep(0.5)


def failed(kubectl: Kubectl, objects: Sequence[Object]) -> list[Object]:
    """Those that have failed, and are not changed since."""
    there = live(kubectl, objects)
    return [o for o in objects if is_one(o) and ended(there.get((o.namespace, o.name), {})) == FAILED]


def wait(kubectl: Kubectl, jobs: Sequence[Object], report: Callable[[str], None]) -> None:
    """Wait until Jobs have succeeded. Raises `MigrationError` as soon as one has failed, or is gone."""
    if not jobs:
        return
    for o in jobs:
        report(_told(o))
    given_up = time.monotonic() + max(_longest(o.manifest) for o in jobs)
    while True:
        there = live(kubectl, jobs)
        check(kubectl, jobs, there)
        if gone := [o for o in jobs if (o.namespace, o.name) not in there]:
            names = ", ".join(f"{o.namespace}/{o.name}" for o in gone)
            raise MigrationError(f"gone while it was waited for: job {names}; another `up` has taken its place")
        if all(ended(there[o.namespace, o.name]) == COMPLETE for o in jobs):
            return
        if time.monotonic() > given_up:
            late = [o for o in jobs if ended(there[o.namespace, o.name]) is None]
            raise MigrationError(
                "\n".join(f"job {o.namespace}/{o.name} has not ended; {_logs(kubectl, o)}" for o in late)
            )
        time.sleep(0.5)


def check(kubectl: Kubectl, objects: Iterable[Object], there: Live) -> None:
    """Raise `MigrationError` for those that have failed."""
    lines: list[str] = []
    for o in objects:
        job = there.get((o.namespace, o.name)) if is_one(o) else None
        if job is None or ended(job) != FAILED:
            continue
        lines.append(
            f"{_service(o)}: its migration has failed, and nothing of {_service(o)} was changed: what ran before goes"
            " on."
            f" Job {o.namespace}/{o.name}: {why(job)}; {_logs(kubectl, o)}."
            " Mend it and bring the stack up again: the job is made anew then"
        )
    if lines:
        raise MigrationError(condensed(lines))


def _logs(kubectl: Kubectl, o: Object) -> str:
    context = f" --context={kubectl.context}" if kubectl.context else ""
    return f"its logs: kubectl logs{context} --namespace={o.namespace} job/{o.name} --all-containers"


def _longest(job: Mapping[str, Any]) -> float:
    """How long it is waited for [s]."""
    spec = job["spec"]
    return spec["activeDeadlineSeconds"] + spec["template"]["spec"]["terminationGracePeriodSeconds"] + SLACK


def _service(o: Object) -> str:
    return _name(o.manifest).removesuffix(SUFFIX)


def _name(manifest: Mapping[str, Any]) -> str:
    return manifest["metadata"]["labels"].get(wellknown.NAME_LABEL, "")


def _is_marked(manifest: Mapping[str, Any]) -> bool:
    return manifest["metadata"].get("annotations", {}).get(wellknown.REPLACE_UNREADY) == "true"
