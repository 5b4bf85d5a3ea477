"""Names that two stacks know without asking each other: what the platform makes, and the services' stack refers to."""

from collections.abc import Iterator
from typing import Final

from flyball.guards.reading.problem import Path, Problem
from flyball.guards.reading.rules import INVALID_NAME

KARPENTER_NAMESPACE: Final = "kube-system"
"""Of the controller: its requests to the API server come first there
(https://karpenter.sh/docs/getting-started/getting-started-with-karpenter/)."""
KARPENTER: Final = "karpenter"
"""Its service account and its Deployment."""
DISCOVERY: Final = "karpenter.sh/discovery"
"""Tag of subnets and security groups, with the cluster's name, by which nodes find them."""


def check_platform(name: str, path: Path) -> Iterator[Problem]:
    """Refuse a name with a dot, which a label may have, and neither a cluster nor a queue
    (https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateCluster.html)."""
    if "." in name:
        yield Problem(path, INVALID_NAME, f"{name!r} has a dot, and names a cluster and a queue", "take dashes instead")


def queue(platform: str) -> str:
    """Of the queue of interruptions, by the platform's name."""
    return f"{platform}-karpenter"


def profile(platform: str) -> str:
    """Of the instance profile of spot nodes, by the platform's name."""
    return f"{platform}-spot"
