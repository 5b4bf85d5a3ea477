"""Names that two stacks know without asking each other: what the platform makes, and the services' stack refers to."""

from typing import Final

KARPENTER_NAMESPACE: Final = "kube-system"
"""Of the controller: its requests to the API server come first there
(https://karpenter.sh/docs/getting-started/getting-started-with-karpenter/)."""
KARPENTER: Final = "karpenter"
"""Its service account and its Deployment."""
DISCOVERY: Final = "karpenter.sh/discovery"
"""Tag of subnets and security groups, with the cluster's name, by which nodes find them."""


def queue(platform: str) -> str:
    """Of the queue of interruptions, by the platform's name."""
    return f"{platform}-karpenter"


def profile(platform: str) -> str:
    """Of the instance profile of spot nodes, by the platform's name."""
    return f"{platform}-spot"
