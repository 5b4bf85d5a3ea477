"""Labels and taints by which objects are told apart, their keys written down once."""

from typing import Final

ZONE: Final = "topology.kubernetes.io/zone"
REGION: Final = "topology.kubernetes.io/region"
HOSTNAME: Final = "kubernetes.io/hostname"
INSTANCE_TYPE: Final = "node.kubernetes.io/instance-type"
OPERATING_SYSTEM: Final = "kubernetes.io/os"
ARCHITECTURE: Final = "kubernetes.io/arch"

CAPACITY_TYPE: Final = "karpenter.sh/capacity-type"
"""Karpenter's label for how a node is paid for: ``CAPACITY_SPOT`` or ``CAPACITY_ON_DEMAND``."""
CAPACITY_SPOT: Final = "spot"
CAPACITY_ON_DEMAND: Final = "on-demand"

EKS_CAPACITY_TYPE: Final = "eks.amazonaws.com/capacityType"
"""The same on the nodes of EKS managed node groups: ``EKS_CAPACITY_SPOT`` or ``EKS_CAPACITY_ON_DEMAND``."""
EKS_CAPACITY_SPOT: Final = "SPOT"
EKS_CAPACITY_ON_DEMAND: Final = "ON_DEMAND"

SPOT_TAINT: Final = "spotInstance"
"""Key of the taint on spot nodes, with the value ``SPOT_TAINT_VALUE`` and the effect ``SPOT_TAINT_EFFECT``.

A workload that may run on spot nodes tolerates it. Neither EKS nor Karpenter sets such a taint by itself; this is the
key of AWS's own workshop on spot node groups (ec2spotworkshops.com, "Tolerations and Affinity").
"""
SPOT_TAINT_VALUE: Final = "true"
SPOT_TAINT_EFFECT: Final = "NoSchedule"

SAFE_TO_EVICT_VOLUMES: Final = "cluster-autoscaler.kubernetes.io/safe-to-evict-local-volumes"
"""Annotation of a pod: volumes on its node that need not keep the node, their names with commas between them."""

KWOK_TYPE: Final = "type"
"""Label of a simulated node, with the value ``KWOK_TYPE_VALUE``."""
KWOK_TYPE_VALUE: Final = "kwok"
KWOK_NODE: Final = "kwok.x-k8s.io/node"
"""Annotation of a simulated node, with the value ``KWOK_NODE_VALUE``: kwok plays its kubelet."""
KWOK_NODE_VALUE: Final = "fake"

SYSTEM_NAMESPACE: Final = "flyball-system"
"""Namespace of the Governor, one in each cluster that has one."""
FREEZE: Final = "freeze"
"""Its ConfigMap there, while there is a freeze."""

NAME_LABEL: Final = "app.kubernetes.io/name"
MANAGED_BY_LABEL: Final = "app.kubernetes.io/managed-by"
MANAGED_BY: Final = "flyball"
OURS: Final = f"{MANAGED_BY_LABEL}={MANAGED_BY}"
"""Selects what flyball has made, of any stack."""
ENVIRONMENT_LABEL: Final = "flyball.dev/environment"
OWNER_LABEL: Final = "flyball.dev/owner"
STACK_ANNOTATION: Final = "flyball.dev/stack"
"""The stack that made an object; with owner and environment it tells whose the object is."""
REPLACE_UNREADY: Final = "pulumi.com/replaceUnready"
"""Annotation of a Job that is waited for: Pulumi makes one that has failed anew."""
RELEASE_ANNOTATION: Final = "flyball.dev/release"
"""Of a Deployment with a canary: a hash of its pods, which is another for each version."""
LOOKED_AFTER_ANNOTATION: Final = "flyball.dev/looked-after"
"""Of the Deployment of a new version: who goes through its steps, and how often that has been said."""
FILES_ANNOTATION: Final = "flyball.dev/files"
"""Of a ConfigMap or a Secret with files of a workload: their name there."""
PART_LABEL: Final = "flyball.dev/part"
"""Tells a workload's two Deployments apart. Always there, since a Deployment's selector can never be changed."""

FLEET_TAG: Final = "flyball.dev/fleet"
"""Of everything that belongs to a fleet of VMs on AWS: its name."""
FREEZE_TAG: Final = "flyball.dev/freeze"
"""Of an Auto Scaling group that people have frozen: who, since when, why."""
CHANGES_TAG: Final = "flyball.dev/changes"
"""Of an Auto Scaling group: what carries changes to its instances, ``CHANGES_REFRESH`` or ``CHANGES_ROLL``."""
CHANGES_REFRESH: Final = "refresh"
CHANGES_ROLL: Final = "roll"

FROZEN_LABEL: Final = "flyball.dev/frozen"
"""Of a run of a schedule: whether it ``FROZEN_WAITS`` for the end of a freeze, or ``FROZEN_STARTS`` all the same."""
FROZEN_WAITS: Final = "waits"
FROZEN_STARTS: Final = "starts"

OWN_LABELS: Final = (NAME_LABEL, MANAGED_BY_LABEL, ENVIRONMENT_LABEL, OWNER_LABEL, PART_LABEL, FROZEN_LABEL)
"""Labels that only flyball sets."""
