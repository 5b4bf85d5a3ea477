"""How many simulated nodes a local stack needs, so that its pods find room."""

import math
from fractions import Fraction

from flyball.guards.clean_up import retention
from flyball.guards.reading.units import cpu, size
from flyball.kubernetes.cache import objects
from flyball.lab.cluster.nodes import ZONES, NodeGroup, default_nodes
from flyball.stack.read import Stack

LEAST = 2
"""Nodes of each kind in each zone: one may be lost there too."""


def nodes(stack: Stack) -> tuple[NodeGroup, ...]:
    """In each of the stack's zones two nodes on demand and two on spot; for many services and caches 4, 8, 16, … each.

    So many that all floors together take at most two thirds of those on demand: beside them fit a rollout's surge
    (25 %) and autoscalers at work. In powers of two, since other nodes are another control plane, which begins anew.
    """
    zones = stack.zones or ZONES
    node = NodeGroup(zones[0], spot=False, count=1)
    room = (node.pods, 1000 * node.cpu, size(node.memory), size(node.ephemeral_storage))
    taken = [0] * len(room)
    for service in stack.services.values():
        spec = service.spec
        beside = retention.ephemeral_storage(1) * (len(spec.beside) + len(spec.sidecars))
        pod = (1, *spec.asked, service.sizing.ephemeral_storage + beside)
        taken = [t + service.sizing.floor * asked for t, asked in zip(taken, pod, strict=True)]
    for cache in stack.caches.values():
        containers = objects.stateful_set(cache, stack.place, "", {})["spec"]["template"]["spec"]["containers"]
        asked = [container["resources"]["requests"] for container in containers]
        memory, storage = (sum(size(each[what]) for each in asked) for what in ("memory", "ephemeral-storage"))
        pod = (1, sum(cpu(each["cpu"]) for each in asked), memory, storage)
        taken = [t + cache.replicas * each for t, each in zip(taken, pod, strict=True)]
    fullest = max(Fraction(t, r) for t, r in zip(taken, room, strict=True))
    needed = math.ceil(fullest * Fraction(3, 2) / len(zones))
    return default_nodes(zones, LEAST if needed <= LEAST else 1 << (needed - 1).bit_length())
