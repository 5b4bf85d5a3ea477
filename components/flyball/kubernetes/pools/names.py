"""What Karpenter's objects are called, each name written down once."""

from typing import Final

from flyball.guards.aws import names

GROUP: Final = "karpenter.sh"
VERSION: Final = "v1"
AWS_GROUP: Final = "karpenter.k8s.aws"
NODE_CLASS_KIND: Final = "EC2NodeClass"

KINDS: Final = (
    f"nodepools.{GROUP}",
    f"nodeclaims.{GROUP}",
    f"ec2nodeclasses.{AWS_GROUP}",
)
"""What pools are made of."""

SPOT: Final = "spot"
"""The one pool of a platform, its class, and the name that limits go by."""
NAMESPACE: Final = names.KARPENTER_NAMESPACE
ACCOUNT: Final = names.KARPENTER
LEASE: Final = "karpenter-leader-election"

POOL_LABEL: Final = f"{GROUP}/nodepool"
"""Of a node and its claim: the pool that they are of."""

ENVELOPES: Final = "flyball-pools"
"""ConfigMap in the Governor's namespace: what each pool may grow to."""
