"""Rendered objects with what `patch` of a service or a job lays over them; the rules have looked at it."""

from flyball.guards.workload.jobs import Job
from flyball.guards.workload.patch import merged
from flyball.guards.workload.patch_job_fields import JOB_KINDS
from flyball.guards.workload.patch_kinds import KINDS
from flyball.guards.workload.resolve import Service
from flyball.kubernetes.objects import Manifest


def patched(s: Service | Job, kind: str, manifest: Manifest) -> Manifest:
    """The object, by the word of `patch` for its kind."""
    patch = s.spec.patches.get(kind)
    kinds = JOB_KINDS if isinstance(s, Job) else KINDS
    return merged(manifest, patch, kinds[kind]) if patch else manifest
