"""What a stack file may say: the environment, and the services in it."""

from collections.abc import Mapping
from typing import Any, NotRequired, TypedDict

from flyball.guards.alerting.stack import GuardedAlertsArgs
from flyball.guards.clean_up.nodes import NodesArgs
from flyball.guards.reading.problem import Path
from flyball.guards.workload.caches import GuardedCacheArgs
from flyball.guards.workload.files import GuardedFilesArgs
from flyball.guards.workload.limits import GovernedArgs
from flyball.guards.workload.migration import GuardedMigrateArgs
from flyball.guards.workload.pipeline import PipelineArgs
from flyball.guards.workload.plain_arguments import PlainArgs, PlainJobArgs, SecretRefArgs
from flyball.guards.workload.platform import PlatformArgs

PROJECT = "flyball"
"""Before each key in a stack file, with a colon."""


class Encrypted(str):
    """Stands for a value that only the Pulumi CLI can decrypt; its own text is never shown."""

    def __repr__(self) -> str:
        return "[secret]"


class FilesArgs(GuardedFilesArgs):
    """Files that are only read: from exactly one of `content`, `secrets`, `configmap` and `secret`. Those of the first
    two are kept in an object with their hash in its name: a change of them is a rollout.

    In a stack file `beside` says as much as `content`: of each file by its name the path of one that holds its text, in
    the folder of the stack file.
    """

    content: NotRequired[dict[str, str]]
    """Text of each file by its name, kept in a ConfigMap, 1 MiB at the most."""
    secrets: NotRequired[dict[str, str]]
    """Encrypted text (`secure:`) of each file by its name, kept in a Secret, 1 MiB at the most."""


class MigrateArgs(GuardedMigrateArgs):
    """What must succeed before a new version of a service replaces the old one; what is not given here is the
    service's: image, environment, secrets, files, calls, account."""

    image: NotRequired[str]
    """Image with a tag or digest [the service's]."""
    env: NotRequired[dict[str, str]]
    """Environment variables, beside and before those of the service [none]."""
    refs: NotRequired[dict[str, SecretRefArgs]]
    """Environment variables from Secrets that exist already, beside and before those of the service [none]."""


class ServiceArgs(PlainArgs):
    """A service of the stack; its key is its name."""

    image: str
    """Image with a tag or digest."""
    env: NotRequired[dict[str, str]]
    """Environment variables."""
    secrets: NotRequired[dict[str, str]]
    """Environment variables with encrypted values (`secure:`), kept in a Secret of the service."""
    files: NotRequired[dict[str, FilesArgs]]
    """Files that it reads, by name [none]."""
    migrate: NotRequired[MigrateArgs]
    """What must succeed before a new version replaces the old one [none]."""


class JobArgs(PlainJobArgs):
    """A job of the stack; its key is its name."""

    image: str
    """Image with a tag or digest."""
    env: NotRequired[dict[str, str]]
    """Environment variables."""
    secrets: NotRequired[dict[str, str]]
    """Environment variables with encrypted values (`secure:`), kept in a Secret of the job."""
    files: NotRequired[dict[str, FilesArgs]]
    """Files that it reads, by name [none]."""


class UnshippedArgs(TypedDict):
    """Logs that stay where they are."""

    to: str
    """`none`."""
    reason: str
    """Who reads them where, or why nobody has to."""


class CacheArgs(GuardedCacheArgs):
    """A cache of the stack; its key is its name."""

    password: NotRequired[str]
    """The password, encrypted (`secure:`), kept in a Secret of the cache [in the Secret that `secret` names]."""


class StackPlatformArgs(PlatformArgs):
    """The platform that services run on."""

    stack: NotRequired[str]
    """Name of its stack, as prod-platform [a cluster made by others]."""


class StackArgs(TypedDict):
    """The configuration of one environment, in `stacks/Pulumi.<environment>.yaml` under the prefix `flyball:`."""

    environment: str
    """Name of the environment, a label on every object."""
    owner: str
    """Who answers for it, a label on every object."""
    namespace: str
    """Namespace of all services; the stack creates it, and `down` deletes it."""
    shared: NotRequired[bool]
    """Whether the namespace is there already, and others have something in it too: it is used as it is, never labelled
    and never deleted [false]."""
    zones: NotRequired[list[str]]
    """Zones that services may be spread over [none]."""
    nodes: NotRequired[NodesArgs]
    """The nodes that services may run on, and how their kubelets are to be set."""
    cluster: str
    """`local` for a control plane on this machine, or the name of a kubeconfig context."""
    platform: NotRequired[StackPlatformArgs]
    """Name of the stack of the platform that services run on, which then has zones and nodes; or a map with the
    cluster's own ways, and that name as `stack` [a cluster made by others]."""
    governor: NotRequired[GovernedArgs]
    """Limits for the stack's services, enforced by the API server on every writer, and the freeze [off]."""
    logs: NotRequired[PipelineArgs]
    """Where the logs of the cluster's pods go, one stack of a cluster says it; `to: none` with a `reason` leaves them
    where they are [they stay, and `plan` warns of it]."""
    pools: NotRequired[bool]
    """Whether this stack brings what buys the spot nodes of its platform, Karpenter and its pool: one stack of a
    cluster does, that with the Governor's policies [false, and `plan` warns where the platform has spot nodes]."""
    alerts: NotRequired[GuardedAlertsArgs]
    """Who hears of what; `to: none` with a `reason` where nobody has to [nobody, and `plan` warns of that where
    there is a governor]."""
    defaults: NotRequired[dict[str, object]]
    """Arguments of all services that do not set them otherwise."""
    services: NotRequired[dict[str, ServiceArgs]]
    """The services by name; of services, jobs and caches there is at least one [none]."""
    jobs: NotRequired[dict[str, JobArgs]]
    """The jobs by name; `defaults` are of services alone [none]."""
    caches: NotRequired[dict[str, CacheArgs]]
    """Caches by name; services and jobs call them by it [none]."""


def encrypted(config: Mapping[str, Any], path: Path = ()) -> list[Path]:
    """The paths of all values that only the Pulumi CLI can decrypt."""
    found: list[Path] = []
    for key, value in config.items():
        at = (*path, str(key))
        if isinstance(value, Encrypted):
            found.append(at)
        elif isinstance(value, Mapping):
            found.extend(encrypted(value, at))
    return found
