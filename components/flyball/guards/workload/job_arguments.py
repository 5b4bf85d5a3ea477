"""The words in which a job is described, which begins, does its work and ends: a migration, a report each night."""

from typing import NotRequired, TypedDict

from flyball.guards.workload.arguments import ProxyArgs, ResourcesArgs, ScratchArgs
from flyball.guards.workload.files import VariablesArgs
from flyball.guards.workload.patch_args import JobPatchArgs
from flyball.guards.workload.pod import NamesArgs, NodesForArgs


class GuardedJobArgs(TypedDict):
    """Everything about a job that is known before anything is created.

    It may be started more than once for one time (https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/
    #job-creation), and again after a failure: what it does twice must come to the same.
    """

    schedule: NotRequired[str]
    """Cron expression of five fields, at which it runs [none: it runs once, and again when its arguments change]."""
    timezone: NotRequired[str]
    """Of the schedule, a name from the IANA database [UTC]."""
    concurrency: NotRequired[str]
    """While a run is under way at the time of the next: `forbid`, the next waits; `replace`, it takes its place;
    `allow`, both run [forbid]."""
    proven: NotRequired[int]
    """Runs under way at one time that people have seen go well, with `concurrency: allow`, at least 2; the deadline may
    let half as many again be [2]."""
    start: NotRequired[str]
    """How late a run may start, if it could not on time; at least 10s [1h, or the shortest time between two runs]."""
    history: NotRequired[int]
    """Runs of a schedule kept, and as many failed ones [3]."""
    frozen: NotRequired[bool]
    """Whether runs of a schedule start during a freeze too [false: one starts late, or not at all]."""
    deadline: NotRequired[str]
    """The longest that a run may take, retries included [1h, or the shortest time between two runs]."""
    attempt: NotRequired[str]
    """The longest that one attempt may take; all of them and their waits fit into the deadline [the deadline]."""
    retries: NotRequired[int]
    """Attempts after the first that failed; one whose pod was evicted or lost its node does not count [2, or as many as
    fit into the deadline]."""
    ttl: NotRequired[str]
    """How long a run that ended is kept, for its logs [1d]."""
    stop: NotRequired[str]
    """How long a pod has to end when it is told to, at most 110s [30s]."""
    command: NotRequired[list[str]]
    """Replaces the image's entry point."""
    arguments: NotRequired[list[str]]
    """Replaces the image's arguments."""
    variables: NotRequired[list[VariablesArgs]]
    """All that is in ConfigMaps or Secrets that exist, as environment variables [none]."""
    proxy: NotRequired[ProxyArgs]
    """The proxy that makes the calls."""
    resources: NotRequired[ResourcesArgs]
    """Processor and memory; ephemeral storage follows from scratch."""
    scratch: NotRequired[dict[str, ScratchArgs]]
    """Writable folders [tmp: /tmp of 64Mi]."""
    spot: NotRequired[bool]
    """Whether it may run on spot machines, and prefers them [false]."""
    user: NotRequired[int]
    """User and group id the container runs as; never 0 [65532]."""
    token: NotRequired[bool]
    """Whether the container gets a token of its service account [false]."""
    capabilities: NotRequired[list[str]]
    """What the container may do beside what everybody may: `NET_BIND_SERVICE` [none]."""
    hosts: NotRequired[dict[str, list[str]]]
    """Host names by the address that they lead to, in the pods alone [none]."""
    dns: NotRequired[NamesArgs]
    """How names are asked for."""
    nodes: NotRequired[NodesForArgs]
    """Nodes on which it runs [any]."""
    runtime: NotRequired[str]
    """Name of a RuntimeClass that exists [the cluster's own]."""
    devices: NotRequired[dict[str, int]]
    """Extended resources by name, as `nvidia.com/gpu: 1`; a rollout needs those of its surge too [none]."""
    priority: NotRequired[str]
    """Name of a PriorityClass that exists [one of its own, below that of services, which makes nobody give way]."""
    patch: NotRequired[JobPatchArgs]
    """The last resort: fields of its objects for which there is no argument [none]."""
