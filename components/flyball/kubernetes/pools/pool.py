"""A pool as Karpenter reads it: the NodePool, and on AWS the EC2NodeClass that it takes its machines from.

Fields: https://karpenter.sh/docs/concepts/nodepools/ and https://karpenter.sh/docs/concepts/nodeclasses/.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flyball import wellknown
from flyball.guards.aws.pools import Pool
from flyball.guards.reading.units import Milliseconds, ceil_div, show_size
from flyball.kubernetes.objects import FORCED, Manifest, show_cpu
from flyball.kubernetes.pools import names

_KUBELET = (
    *("maxPods", "kubeReserved", "evictionHard", "evictionSoft", "evictionSoftGracePeriod"),
    *("evictionMaxPodGracePeriod", "imageGCHighThresholdPercent", "imageGCLowThresholdPercent"),
)
"""Fields that an EC2NodeClass has; limits of logs are not among them, and reach a node by its user data alone."""


@dataclass(frozen=True, slots=True)
class ClassOf:
    """What a NodePool takes its machines from."""

    group: str
    kind: str
    name: str


def node_pool(
    name: str, pool: Pool, of: ClassOf, zones: Sequence[str], labels: Mapping[str, str], architecture: str = "amd64"
) -> Manifest:
    """A pool of spot nodes, capped by processors and memory; its nodes have the taint that spot pods tolerate."""
    taint = {
        "key": wellknown.SPOT_TAINT,
        "value": wellknown.SPOT_TAINT_VALUE,
        "effect": wellknown.SPOT_TAINT_EFFECT,
    }
    return {
        "apiVersion": f"{names.GROUP}/{names.VERSION}",
        "kind": "NodePool",
        # A freeze writes the budgets too.
        "metadata": {"name": name, "labels": dict(labels), "annotations": FORCED},
        "spec": {
            "limits": limits(pool),
            "disruption": {
                "consolidationPolicy": "WhenEmptyOrUnderutilized",
                "consolidateAfter": go_duration(pool.consolidate),
                "budgets": budgets(pool.budget),
            },
            "template": {
                "spec": {
                    "nodeClassRef": {"group": of.group, "kind": of.kind, "name": of.name},
                    "expireAfter": go_duration(pool.expire),
                    # Else a pod whose budget allows nothing would keep a node for ever.
                    "terminationGracePeriod": go_duration(pool.grace),
                    "taints": [taint],
                    "requirements": [
                        _is_in(wellknown.CAPACITY_TYPE, [wellknown.CAPACITY_SPOT]),
                        _is_in(wellknown.INSTANCE_TYPE, pool.types),
                        _is_in(wellknown.ZONE, zones),
                        _is_in(wellknown.ARCHITECTURE, [architecture]),
                        _is_in(wellknown.OPERATING_SYSTEM, ["linux"]),
                    ],
                }
            },
        },
    }


def limits(pool: Pool) -> dict[str, str]:
    """What all nodes of the pool may have together. Without nodes: Karpenter goes beyond that limit (see guards)."""
    return {"cpu": show_cpu(pool.cpu_limit), "memory": show_size(pool.memory_limit)}


def budgets(nodes: int) -> list[dict[str, str]]:
    """How many nodes may be on their way out at one time, for whatever reason that may wait."""
    return [{"nodes": str(nodes)}]


def _is_in(key: str, values: Sequence[str]) -> Manifest:
    return {"key": key, "operator": "In", "values": list(values)}


@dataclass(frozen=True, slots=True)
class Machine:
    """What a node is made from: `profile` names the instance's role, `user_data` is what it is told at its start.

    `ami` is an image with its date, `discovery` the tag by which subnets and security groups are found, and `kubelet`
    what Karpenter has to know of the limits in the user data, to reckon with what a node has for pods.
    """

    ami: str
    profile: str
    discovery: Mapping[str, str]
    user_data: str
    kubelet: Mapping[str, Any]
    disk: int
    tags: Mapping[str, str] = field(default_factory=dict)


def node_class(name: str, machine: Machine, labels: Mapping[str, str]) -> Manifest:
    """Machines on AWS: an image of one date, an encrypted disk, and metadata that no pod reaches."""
    found: list[dict[str, Any]] = [{"tags": dict(machine.discovery)}]
    return {
        "apiVersion": f"{names.AWS_GROUP}/v1",
        "kind": names.NODE_CLASS_KIND,
        "metadata": {"name": name, "labels": dict(labels)},
        "spec": {
            "amiSelectorTerms": [{"alias": machine.ami}],
            "instanceProfile": machine.profile,
            "subnetSelectorTerms": found,
            "securityGroupSelectorTerms": found,
            "associatePublicIPAddress": False,
            "userData": machine.user_data,
            "kubelet": {key: value for key, value in machine.kubelet.items() if key in _KUBELET},
            "blockDeviceMappings": [
                {
                    "deviceName": "/dev/xvda",
                    "ebs": {
                        "volumeType": "gp3",
                        "volumeSize": show_size(machine.disk),
                        "encrypted": True,
                        "deleteOnTermination": True,
                    },
                }
            ],
            "metadataOptions": {
                "httpEndpoint": "enabled",
                "httpTokens": "required",
                "httpPutResponseHopLimit": 1,
                "httpProtocolIPv6": "disabled",
            },
            "tags": dict(machine.tags),
        },
    }


def go_duration(milliseconds: Milliseconds) -> str:
    """As Karpenter's patterns take it, in the largest unit that divides it; parts of a second are rounded up."""
    seconds = ceil_div(milliseconds, 1000)
    for unit, length in (("h", 3600), ("m", 60)):
        if seconds % length == 0:
            return f"{seconds // length}{unit}"
    return f"{seconds}s"
