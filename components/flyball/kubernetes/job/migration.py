"""What runs before a new version of a service replaces the old one, and is waited for."""

from collections.abc import Sequence

import pulumi
import pulumi_kubernetes as k8s

from flyball.guards.workload.jobs import Job
from flyball.kubernetes.job import objects
from flyball.kubernetes.known import Making
from flyball.kubernetes.workload.network import network_policy
from flyball.kubernetes.workload.patched import patched
from flyball.kubernetes.workload.pods import PodInputs

_SLACK = 60
"""Seconds after its deadline, within which its controller says that it has failed."""


def migrate(
    job: Job,
    name: str,
    child: pulumi.ResourceOptions,
    inputs: PodInputs,
    first: Sequence[pulumi.Resource],
    make: Making,
) -> k8s.batch.v1.Job:
    """Register the Job of a migration; whoever depends on it waits until it has succeeded.

    The one of the release before is left until then: whoever goes back to that finds that it has run.
    """
    policy = make(k8s.networking.v1.NetworkPolicy, name, patched(job, "network", network_policy(job)), child)
    longest = f"{job.spec.deadline // 1000 + job.spec.grace_seconds + _SLACK}s"
    once = pulumi.ResourceOptions(
        depends_on=[*first, policy],
        ignore_changes=[objects.SPEC],
        custom_timeouts=pulumi.CustomTimeouts(create=longest, update=longest),
    )
    manifest = patched(job, "job", objects.migration(job, inputs))
    return make(k8s.batch.v1.Job, name, manifest, pulumi.ResourceOptions.merge(child, once))
