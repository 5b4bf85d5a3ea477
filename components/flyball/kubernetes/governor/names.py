"""What the Governor's objects are called, and who is who: each name written down once."""

from typing import Final

from flyball import wellknown

GROUP: Final = "flyball.dev"
"""API group of the rights below. No such API exists; RBAC rules need none."""
RESOURCE: Final = "governors"

OVERRIDE: Final = "override"
"""RBAC verb on ``governors.flyball.dev``: break-glass. Each use of it leaves a warning and an audit annotation."""
GOVERN: Final = "govern"
"""RBAC verb on ``governors.flyball.dev``: to change limits and remove autoscalers, budgets, Services; not to exceed."""
CANARY: Final = "wildcard-canary"
"""A verb that nobody is granted by name: whoever holds it holds all verbs, and was not given the others on purpose."""

GOVERNED: Final = "flyball.dev/governed"
"""Label of a namespace: ``"true"`` where workloads are guarded, ``SYSTEM`` on the Governor's own."""
SYSTEM: Final = "system"
SYSTEM_NAMESPACE: Final = wellknown.SYSTEM_NAMESPACE

CLUSTER_POLICY: Final = "flyball-cluster"
"""Policy, and its binding, that keep governed namespaces, priorities and nodes."""
LIMITS: Final = "flyball-limits"
"""ConfigMap in each governed namespace: the limits of its workloads."""
FREEZE: Final = wellknown.FREEZE
"""ConfigMap in ``SYSTEM_NAMESPACE``: while it exists, automation may not shrink anything."""

OVERRIDE_GROUP: Final = "flyball:override"
GOVERN_GROUP: Final = "flyball:govern"
DEPLOY_GROUP: Final = "flyball:deploy"
"""Whoever brings stacks up: all that these consist of, and their limits."""
FREEZE_GROUP: Final = "flyball:freeze"
AUTOMATION_GROUP: Final = "flyball:automation"
"""Group of robots that log in as users rather than as service accounts: the freeze stops them too."""

CONTROLLER_MANAGER: Final = "system:kube-controller-manager"
"""All built-in controllers, where they do not run under service accounts of their own."""

AUTOSCALERS: Final = (
    "system:serviceaccount:kube-system:horizontal-pod-autoscaler",
    "system:serviceaccount:keda:keda-operator",
    CONTROLLER_MANAGER,
)
"""Users whose writes to the scale subresource are clamped rather than refused, so that scaling does not stall."""

KARPENTER: Final = "system:serviceaccount:kube-system:karpenter"
"""Carries out interruptions; what it decides by itself, the policies of pools and their budgets hold."""

KEDA: Final = "system:serviceaccount:keda:keda-operator"

EXECUTORS: Final = (
    *(
        f"system:serviceaccount:kube-system:{controller}"
        for controller in (
            "cloud-node-lifecycle-controller",
            "cronjob-controller",
            "daemon-set-controller",
            "deployment-controller",
            "disruption-controller",
            "generic-garbage-collector",
            "job-controller",
            "namespace-controller",
            "node-controller",
            "pod-garbage-collector",
            "replicaset-controller",
            "replication-controller",
            "statefulset-controller",
            "taint-eviction-controller",
            "ttl-after-finished-controller",
        )
    ),
    CONTROLLER_MANAGER,
    KARPENTER,
    "system:apiserver",
)
"""Users that carry out what was decided, and admitted, elsewhere, or that report a fact such as a dead node."""

SCHEDULER: Final = "system:kube-scheduler"
"""Deletes pods of lower priority in favour of higher: a decision, so the freeze stops it."""
