"""Rendered objects with what a service's `patch` lays over them; the rules have looked at it."""

from flyball.guards.workload.patch import merged
from flyball.guards.workload.patch_fields import KINDS
from flyball.guards.workload.resolve import Service
from flyball.kubernetes.objects import Manifest


def patched(s: Service, kind: str, manifest: Manifest) -> Manifest:
    """The object, by the word of `patch` for its kind."""
    patch = s.spec.patches.get(kind)
    return merged(manifest, patch, KINDS[kind]) if patch else manifest
