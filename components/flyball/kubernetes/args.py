"""Arguments of the components: what the guards know, and what may only be known while Pulumi runs."""

from typing import NotRequired, TypedDict

from pulumi import Input
from pulumi.output import Output, T  # noqa: F401 - `Input[str]` names both when its type is resolved in this module

from flyball.guards.alerting.stack import GuardedAlertsArgs
from flyball.guards.timeouts.call_arguments import GuardedCallArgs
from flyball.guards.workload.arguments import GuardedArgs
from flyball.guards.workload.balancer import GuardedBalancerArgs
from flyball.guards.workload.caches import GuardedCacheArgs
from flyball.guards.workload.files import GuardedFilesArgs
from flyball.guards.workload.init_containers import InitArgs, SidecarArgs
from flyball.guards.workload.job_arguments import GuardedJobArgs
from flyball.guards.workload.limits import GovernedArgs
from flyball.guards.workload.migration import GuardedMigrateArgs
from flyball.guards.workload.pipeline import PipelineArgs
from flyball.guards.workload.platform import PlatformArgs
from flyball.guards.workload.way_in import GuardedExposeArgs


class FilesArgs(GuardedFilesArgs):
    """Files that are only read: from exactly one of `content`, `secrets`, `configmap` and `secret`. Those of the first
    two are kept in an object with their hash in its name: a change of them is a rollout."""

    content: NotRequired[dict[str, Input[str]]]
    """Text of each file by its name, kept in a ConfigMap, 1 MiB at the most."""
    secrets: NotRequired[dict[str, Input[str]]]
    """Secret text of each file by its name, kept in a Secret, 1 MiB at the most."""


class SecretRefArgs(TypedDict):
    """A value in a Secret that exists already."""

    name: Input[str]
    """Name of the Secret."""
    key: Input[str]
    """Key within it."""


class CalleeArgs(TypedDict):
    """A service of another set, perhaps of another team: what that set's outputs say of it."""

    name: Input[str]
    """Name of its Service."""
    namespace: NotRequired[Input[str]]
    """Namespace it is in [the caller's]."""
    port: Input[int]
    """Port of its Service."""
    target: NotRequired[Input[int]]
    """Port of its pods behind the Service [21000, where the proxy in front of a workload listens]."""
    protocol: NotRequired[Input[str]]
    """`http`, `grpc` or `tcp` [http]."""
    deadline: NotRequired[Input[str]]
    """The longest its answer may take; the call waits at least as long [not known]."""


class CallArgs(GuardedCallArgs):
    """One hop: to another service of the set, named by the key, with `service` to one of another set, or with `host` to
    somewhere outside of the cluster.
    """

    host: NotRequired[Input[str]]
    """Name or address of a dependency outside of the stack: a database, another company's API."""
    port: NotRequired[Input[int]]
    """Port of the dependency [the callee's port; required with `host`, and for a `Workload` by itself]."""
    service: NotRequired[Input[CalleeArgs]]
    """A service of another set, which names the caller among its `callers` [none]."""
    cidrs: NotRequired[Input[list[Input[str]]]]
    """Where `host` may be reached, as address ranges [anywhere, on this port only]."""
    hosts: NotRequired[Input[list[Input[str]]]]
    """Further hosts that can answer in place of `host`, on the same port [none]."""


class AccountArgs(TypedDict):
    """The service account of the pods."""

    annotations: NotRequired[Input[dict[str, Input[str]]]]
    """Annotations of the service account alone, as of IAM roles and Workload Identity [none]."""


class BalancerArgs(GuardedBalancerArgs):
    """A balancer of a service's own, for callers outside of the cluster."""

    sources: NotRequired[Input[list[Input[str]]]]
    """Ranges of addresses that may call; required where it is not public [everybody]."""
    through: NotRequired[Input[list[Input[str]]]]
    """Ranges from which its traffic arrives at pods: those of the nodes, or of a balancer that sends to pods [those of
    `platform.way.balancer`; with local its sources]."""
    annotations: NotRequired[Input[dict[str, Input[str]]]]
    """Annotations of its Service, for who makes the balancer [those of `platform.way.balancer`]."""


class ExposeArgs(GuardedExposeArgs):
    """A service's place in what leads into the cluster, which the platform says (`platform.way`), or a balancer of its
    own: exactly one of `host` and `balancer`."""

    host: NotRequired[Input[str]]
    """Host name by which it is called from outside [none]."""
    balancer: NotRequired[BalancerArgs]
    """A balancer of its own [none]."""


class MigrateArgs(GuardedMigrateArgs):
    """What must succeed before a new version of a service replaces the old one; what is not given here is the
    service's: image, environment, secrets, files, calls, account."""

    image: NotRequired[Input[str]]
    """Image with a tag or digest [the service's]."""
    env: NotRequired[dict[str, Input[str]]]
    """Environment variables, beside and before those of the service [none]."""
    refs: NotRequired[dict[str, SecretRefArgs]]
    """Environment variables from Secrets that exist already, beside and before those of the service [none]."""


class PlaceArgs(TypedDict):
    """Where a component's objects are, and whose."""

    namespace: NotRequired[Input[str]]
    """Namespace, which must exist [default]."""
    environment: NotRequired[Input[str]]
    """Name of the environment, a label on every object [the Pulumi stack]."""
    owner: NotRequired[Input[str]]
    """Who answers for it, a label on every object [the Pulumi project]."""


class ServiceArgs(GuardedArgs):
    """A service of a set; only `image` and `load` are required, and `port` of what is called. Its key is its name."""

    image: Input[str]
    """Image with a tag or digest."""
    env: NotRequired[dict[str, Input[str]]]
    """Environment variables."""
    secrets: NotRequired[dict[str, Input[str]]]
    """Environment variables whose values go into a Secret of the workload."""
    files: NotRequired[dict[str, FilesArgs]]
    """Files that it reads, by name [none]."""
    migrate: NotRequired[MigrateArgs]
    """What must succeed before a new version replaces the old one [none]."""
    refs: NotRequired[dict[str, SecretRefArgs]]
    """Environment variables from Secrets that exist already."""
    calls: NotRequired[dict[str, CallArgs]]
    """Whom it calls; nobody else can be reached."""
    expose: NotRequired[ExposeArgs]
    """Its place in what leads into the cluster [none]."""
    account: NotRequired[AccountArgs]
    """The service account."""
    labels: NotRequired[Input[dict[str, Input[str]]]]
    """More labels on every object."""
    annotations: NotRequired[Input[dict[str, Input[str]]]]
    """More annotations on every object."""
    init: NotRequired[dict[str, InitArgs]]
    """Own containers that run before it and end, by name; in the order of their names [none]."""
    sidecars: NotRequired[dict[str, SidecarArgs]]
    """Own containers that run beside it, by name [none]."""


class SetJobArgs(GuardedJobArgs):
    """A job of a set; only `image` is required. Its key is its name."""

    image: Input[str]
    """Image with a tag or digest."""
    env: NotRequired[dict[str, Input[str]]]
    """Environment variables."""
    secrets: NotRequired[dict[str, Input[str]]]
    """Environment variables whose values go into a Secret of the job."""
    files: NotRequired[dict[str, FilesArgs]]
    """Files that it reads, by name [none]."""
    refs: NotRequired[dict[str, SecretRefArgs]]
    """Environment variables from Secrets that exist already."""
    calls: NotRequired[dict[str, CallArgs]]
    """Whom it calls; nobody else can be reached, and nobody reaches it."""
    account: NotRequired[AccountArgs]
    """The service account."""
    labels: NotRequired[Input[dict[str, Input[str]]]]
    """More labels on every object."""
    annotations: NotRequired[Input[dict[str, Input[str]]]]
    """More annotations on every object."""
    init: NotRequired[dict[str, InitArgs]]
    """Own containers that run before it and end, by name; in the order of their names. One that fails ends the attempt
    [none]."""
    sidecars: NotRequired[dict[str, SidecarArgs]]
    """Own containers that run beside it, by name; they end once it has [none]."""


class JobArgs(SetJobArgs, PlaceArgs):
    """A job by itself; only `image` is required."""

    platform: NotRequired[PlatformArgs]
    """The cluster's own ways: names, spot nodes, metadata."""


class WorkloadArgs(ServiceArgs, PlaceArgs):
    """A workload by itself; only `image` and `load` are required, and of what is called `port` and one of `callers` and
    `public`."""

    zones: NotRequired[Input[list[Input[str]]]]
    """Zones it may be spread over; required to survive one, and for spot [none]."""
    platform: NotRequired[PlatformArgs]
    """The cluster's own ways: names, spot nodes, metadata."""


class SetCacheArgs(GuardedCacheArgs):
    """A cache of a set; only `memory` and `ttl` are required. Its key is its name."""

    password: NotRequired[Input[str]]
    """The password, kept in a Secret of the cache [in the Secret that `secret` names]."""


class CacheArgs(SetCacheArgs, PlaceArgs):
    """A cache by itself; only `memory`, `ttl` and `callers` are required."""

    priority: NotRequired[str]
    """Name of a PriorityClass that exists [one of its own]."""
    platform: NotRequired[PlatformArgs]
    """The cluster's own ways: names, spot nodes, metadata."""


class SetAlertsArgs(GuardedAlertsArgs):
    """Who hears of what, or why nobody does."""

    to: NotRequired[str]
    """`none`, where nobody hears [whoever is named]."""
    reason: NotRequired[str]
    """Who watches instead, or why nobody has to [required with to: none]."""


class DescribedArgs(TypedDict):
    """Services, jobs and caches, and where they run."""

    services: NotRequired[dict[str, ServiceArgs]]
    """The services by name; of services, jobs and caches there is at least one [none]."""
    jobs: NotRequired[dict[str, SetJobArgs]]
    """Jobs by name, which call these services [none]."""
    caches: NotRequired[dict[str, SetCacheArgs]]
    """Caches by name; services and jobs call them by it [none]."""
    # Those of `PlaceArgs` again: a base's keys come first, and messages tell keys in this order.
    namespace: NotRequired[Input[str]]
    """Namespace, which must exist [default]."""
    environment: NotRequired[Input[str]]
    """Name of the environment, a label on every object and alert [the Pulumi stack]."""
    owner: NotRequired[Input[str]]
    """Who answers for it, a label on every object and alert [the Pulumi project]."""
    zones: NotRequired[Input[list[Input[str]]]]
    """Zones they may be spread over; required to survive one, and for spot [none]."""
    platform: NotRequired[PlatformArgs]
    """The cluster's own ways: names, spot nodes, metadata."""


class ServicesArgs(DescribedArgs):
    """A set of services, and where they run."""

    priority: NotRequired[str]
    """Name of a PriorityClass that exists, for services that name none [one of the set's own, flyball-<namespace>]."""
    governor: NotRequired[GovernedArgs]
    """Limits for the services, enforced by the API server on every writer, in place before the services are; the
    namespace must carry the label flyball.dev/governed: "true" [off]."""
    alerts: NotRequired[SetAlertsArgs]
    """Who hears of what; `to: none` with a `reason` where nobody has to [nobody]."""
    shared: NotRequired[bool]
    """Whether others have alerts in the namespace too, from which the names of its own then tell them apart [false]."""


class AlertsArgs(GuardedAlertsArgs, DescribedArgs):
    """Who hears of what, and of which services, jobs and caches: those are described, and not made."""

    governed: NotRequired[bool]
    """Whether a Governor holds them to limits: of overrides and freezes people are told then too [false]."""
    shared: NotRequired[bool]
    """Whether others have alerts in the namespace too, from which the names of its own then tell them apart [false]."""


class LogPipelineArgs(PipelineArgs):
    """The logs of a cluster's pods; only `to` is required."""

    environment: NotRequired[str]
    """Name of the environment, a label on every object [the Pulumi stack]."""
    owner: NotRequired[str]
    """Who answers for it, a label on every object [the Pulumi project]."""
    platform: NotRequired[PlatformArgs]
    """The cluster's own ways: names, metadata."""
