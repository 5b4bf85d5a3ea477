"""A job's own object: a CronJob where it has a schedule, else a Job."""

import json
from collections.abc import Mapping
from typing import Any

import pulumi

from flyball import wellknown
from flyball.guards.workload.jobs import ALLOW, FORBID, REPLACE, Clock, Job, digest_of
from flyball.guards.workload.migration import release
from flyball.kubernetes.images import pulled
from flyball.kubernetes.objects import (
    PULL_POLICY,
    Manifest,
    asked_for,
    content_hash,
    exempt,
    labels,
    metadata,
    unless_empty,
)
from flyball.kubernetes.workload import environment
from flyball.kubernetes.workload.pods import PodInputs, application, around, before, chosen, evictable, on_spot

_CONCURRENCY = {FORBID: "Forbid", REPLACE: "Replace", ALLOW: "Allow"}
SPEC = "spec"
"""Of a Job set once, at creation, and never changed (`ignore_changes`): another run is another Job."""


def cron_job(j: Job, clock: Clock, inputs: PodInputs) -> Manifest:
    """By the clock; the Jobs that it makes are called after it."""
    waits = {wellknown.FROZEN_LABEL: wellknown.FROZEN_STARTS if clock.frozen else wellknown.FROZEN_WAITS}
    return {
        "metadata": metadata(j, annotations=_exemptions(j)),
        "spec": {
            "schedule": clock.schedule,
            "timeZone": clock.timezone,
            "concurrencyPolicy": _CONCURRENCY[clock.concurrency],
            "startingDeadlineSeconds": clock.start,
            "successfulJobsHistoryLimit": clock.history,
            "failedJobsHistoryLimit": clock.history,
            "jobTemplate": {"metadata": {"labels": {**labels(j), **waits}}, "spec": _run(j, inputs)},
        },
    }


def job(j: Job, inputs: PodInputs) -> Manifest:
    """Once. A Job cannot be changed, so its name tells its arguments: with others it is another Job, and runs.

    What else it consists of follows from rules and from other services. A change of these is for the next run; it must
    not make a migration run again. Pulumi need not wait for its end, for which it would give it 10 minutes.
    """
    named = _digest(j).apply(lambda digest: f"{j.name}-{digest}")
    notes = {"pulumi.com/skipAwait": "true", **_exemptions(j)}
    return {"metadata": {**metadata(j, annotations=notes), "name": named}, "spec": _run(j, inputs)}


def migration(j: Job, inputs: PodInputs) -> Manifest:
    """Once for each release, and kept until the next one has succeeded, so that everybody sees that it has.

    Pulumi waits for its end, and makes one that has failed anew
    (https://www.pulumi.com/registry/packages/kubernetes/api-docs/batch/v1/job/).
    """
    named = _digest(j).apply(lambda digest: f"{j.name}-{digest}")
    notes = {wellknown.REPLACE_UNREADY: "true", **_exemptions(j)}
    return {"metadata": {**metadata(j, annotations=notes), "name": named}, "spec": _run(j, inputs)}


def _digest(j: Job) -> pulumi.Output[str]:
    """Of the job's arguments. Everybody can read it, so secrets are in it only as what confirms no guess."""
    given = release(j.given) if j.spec.serves else digest_of(j.given)
    if secrets := j.given.get("secrets"):
        given["secrets"] = environment.digest(j, secrets)
    if files := j.given.get("files"):
        given["files"] = {name: _without_secrets(j, each) for name, each in files.items()}

    def of(known: Mapping[str, Any]) -> str:
        return content_hash(json.dumps(_plain(known), sort_keys=True))

    return pulumi.Output.from_input(given).apply(of)


def _without_secrets(j: Job, files: Mapping[str, Any]) -> dict[str, Any]:
    secrets = files.get("secrets")
    return {**files, **({"secrets": environment.digest(j, secrets)} if secrets else {})}


def _plain(value: Any) -> Any:
    """A number is the same whether it came as 3 or, by way of another language, as 3.0."""
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _run(j: Job, inputs: PodInputs) -> Manifest:
    """The spec of a Job: one pod, and a new one where it fails, until the deadline."""
    spec = j.spec
    return {
        "parallelism": 1,
        "completions": 1,
        "activeDeadlineSeconds": spec.deadline // 1000,
        "backoffLimit": spec.retries,
        # A pod that was evicted, preempted or lost with its node is made anew and costs no attempt; one that outgrew
        # its own limits does (https://kubernetes.io/docs/concepts/workloads/controllers/job/#pod-failure-policy).
        "podFailurePolicy": {
            "rules": [{"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]}]
        },
        # Never two at once: the new one comes when the old one has ended, not when it is told to.
        "podReplacementPolicy": "Failed",
        **({"ttlSecondsAfterFinished": spec.ttl} if spec.ttl else {}),
        "template": _template(j, inputs),
    }


def _template(j: Job, inputs: PodInputs) -> Manifest:
    spec, meta = j.spec, {"labels": labels(j)}
    notes = {**spec.annotations, **evictable(spec.scratch), **inputs.annotations}
    volumes = dict(sorted(spec.scratch.items()))
    pod: Manifest = {
        **around(j, inputs, spec.grace_seconds, volumes),
        "restartPolicy": "Never",
        **({"activeDeadlineSeconds": spec.attempt // 1000} if spec.attempt else {}),
        **chosen(spec.pod, on_spot(j.place.platform) if spec.spot else {}),
        # A native sidecar ends by itself once the job has ended, and does not keep its pod
        # (https://kubernetes.io/docs/concepts/workloads/pods/sidecar-containers/#jobs-with-sidecar-containers).
        **unless_empty("initContainers", before(j, inputs)),
        "containers": [application(j, inputs, spec.ephemeral_storage, volumes)],
    }
    return {"metadata": {**meta, "annotations": notes} if notes else meta, "spec": pulled(pod, j.place.platform)}


def _exemptions(j: Job) -> dict[str, str]:
    return exempt(PULL_POLICY | asked_for(j.spec.user))
