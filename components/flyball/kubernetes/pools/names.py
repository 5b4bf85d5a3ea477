"""What Karpenter's objects are called, each name written down once."""

from typing import Final

GROUP: Final = "karpenter.sh"
VERSION: Final = "v1"
AWS_GROUP: Final = "karpenter.k8s.aws"
NODE_CLASS_KIND: Final = "EC2NodeClass"

NAMESPACE: Final = "kube-system"
"""Of the controller: its API requests come first there
(https://karpenter.sh/docs/getting-started/getting-started-with-karpenter/)."""
ACCOUNT: Final = "karpenter"
"""Its service account and its Deployment."""
LEASE: Final = "karpenter-leader-election"

ENVELOPES: Final = "flyball-pools"
"""ConfigMap in the Governor's namespace: what each pool may grow to."""
