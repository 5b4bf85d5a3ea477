"""Arguments of the components: what the guards know, and what may only be known while Pulumi runs."""

from typing import NotRequired

from pulumi import Input
from pulumi.output import Output, T  # noqa: F401 - `Input[str]` names both when its type is resolved in this module

from flyball.guards.workload.arguments import GuardedArgs


class WorkloadArgs(GuardedArgs):
    """A workload; only `image`, `port` and `load` are required."""

    image: Input[str]
    """Image with a tag or digest."""
    env: NotRequired[dict[str, Input[str]]]
    """Environment variables."""
    secrets: NotRequired[dict[str, Input[str]]]
    """Environment variables whose values go into a Secret of the workload."""
    namespace: NotRequired[str]
    """Namespace, which must exist [default]."""
    environment: NotRequired[str]
    """Name of the environment, a label on every object [the Pulumi stack]."""
    owner: NotRequired[str]
    """Who answers for it, a label on every object [the Pulumi project]."""
    zones: NotRequired[list[str]]
    """Zones it may be spread over; required to survive one, and for spot [none]."""
    callers: NotRequired[list[str]]
    """Workloads of the namespace that may call it [none]."""
