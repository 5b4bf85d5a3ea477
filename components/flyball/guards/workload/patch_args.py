"""The words of a patch, and its reading: what it touches is looked at once the whole service is known."""

from collections.abc import Mapping
from typing import Any, NotRequired, TypedDict

from flyball.guards.reading.reader import Reader
from flyball.guards.workload.patch_kinds import KINDS
from flyball.guards.workload.patch_nodes import Fields


class PatchArgs(TypedDict):
    """Fields for which there is no argument, as they are in the object; those that a guard needs are refused. Items of
    lists are told apart as Kubernetes does, by name, port and protocol or path of a mount."""

    deployment: NotRequired[dict[str, Any]]
    """Of the Deployment, with spot of both [none]."""
    statefulset: NotRequired[dict[str, Any]]
    """Of the StatefulSet, of members or of one that stands alone [none]."""
    service: NotRequired[dict[str, Any]]
    """Of the Service [none]."""
    balancer: NotRequired[dict[str, Any]]
    """Of the Service of its own balancer, beside what `expose.balancer` says; as the address that it is to have [none].
    """
    account: NotRequired[dict[str, Any]]
    """Of the ServiceAccount [none]."""
    autoscaler: NotRequired[dict[str, Any]]
    """Of the HorizontalPodAutoscaler, with spot of both; labels and annotations alone [none]."""
    budget: NotRequired[dict[str, Any]]
    """Of the PodDisruptionBudget; labels and annotations alone [none]."""
    network: NotRequired[dict[str, Any]]
    """Of the NetworkPolicy; labels and annotations alone [none]."""
    ingress: NotRequired[dict[str, Any]]
    """Of the Ingress [none]."""
    route: NotRequired[dict[str, Any]]
    """Of the HTTPRoute; labels and annotations alone [none]."""


class JobPatchArgs(TypedDict):
    """Fields for which there is no argument, as they are in the object; those that a guard needs are refused. Items of
    lists are told apart as Kubernetes does, by name, port and protocol or path of a mount."""

    job: NotRequired[dict[str, Any]]
    """Of the Job of one without a schedule; what is in its `spec` makes it another run [none]."""
    cronjob: NotRequired[dict[str, Any]]
    """Of the CronJob of one with a schedule [none]."""
    account: NotRequired[dict[str, Any]]
    """Of the ServiceAccount [none]."""
    network: NotRequired[dict[str, Any]]
    """Of the NetworkPolicy; labels and annotations alone [none]."""


class MigratePatchArgs(TypedDict):
    """Fields for which there is no argument, as they are in the object; those that a guard needs are refused. Items of
    lists are told apart as Kubernetes does, by name, port and protocol or path of a mount."""

    job: NotRequired[dict[str, Any]]
    """Of the Job; what is in its `spec` makes it another release [none]."""
    network: NotRequired[dict[str, Any]]
    """Of the NetworkPolicy; labels and annotations alone [none]."""


Patches = Mapping[str, Mapping[str, Any]]
"""What is laid over an object, by the word for it."""


def read(r: Reader, kinds: Mapping[str, Fields] = KINDS) -> Patches:
    """The patches, each a map; what they touch is looked at by `check`."""
    given = r.at("patch")
    return {kind: dict(given.at(kind).values) for kind in kinds if given.is_map(kind)}
