"""A workload and a job in words that are all known: in a stack file, and wherever nothing has to be waited for.

In a team's own program some of them may be known only while Pulumi runs (`flyball.kubernetes.args`).
"""

from typing import NotRequired

from flyball.guards.timeouts.call_arguments import CallArgs
from flyball.guards.workload.arguments import GuardedArgs, SecretRefArgs
from flyball.guards.workload.init_containers import InitArgs, SidecarArgs
from flyball.guards.workload.job_arguments import GuardedJobArgs
from flyball.guards.workload.pod import AccountArgs
from flyball.guards.workload.way_in import ExposeArgs


class PlainArgs(GuardedArgs):
    """Everything about a workload that rules read."""

    refs: NotRequired[dict[str, SecretRefArgs]]
    """Environment variables from Secrets that exist already."""
    calls: NotRequired[dict[str, CallArgs]]
    """Whom it calls; nobody else can be reached."""
    expose: NotRequired[ExposeArgs]
    """Its place in what leads into the cluster [none]."""
    account: NotRequired[AccountArgs]
    """The service account."""
    labels: NotRequired[dict[str, str]]
    """More labels on every object."""
    annotations: NotRequired[dict[str, str]]
    """More annotations on every object."""
    init: NotRequired[dict[str, InitArgs]]
    """Own containers that run before it and end, by name; in the order of their names [none]."""
    sidecars: NotRequired[dict[str, SidecarArgs]]
    """Own containers that run beside it, by name [none]."""


class PlainJobArgs(GuardedJobArgs):
    """Everything about a job that rules read."""

    refs: NotRequired[dict[str, SecretRefArgs]]
    """Environment variables from Secrets that exist already."""
    calls: NotRequired[dict[str, CallArgs]]
    """Whom it calls; nobody else can be reached, and nobody reaches it."""
    account: NotRequired[AccountArgs]
    """The service account."""
    labels: NotRequired[dict[str, str]]
    """More labels on every object."""
    annotations: NotRequired[dict[str, str]]
    """More annotations on every object."""
    init: NotRequired[dict[str, InitArgs]]
    """Own containers that run before it and end, by name; in the order of their names. One that fails ends the attempt
    [none]."""
    sidecars: NotRequired[dict[str, SidecarArgs]]
    """Own containers that run beside it, by name; they end once it has [none]."""
