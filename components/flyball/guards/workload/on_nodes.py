"""Whether there are as many nodes as the losses that are claimed to be survived take.

Members of a group are never two on one node, nor the two of a cache: with fewer nodes some of them wait for ever, and
what a loss leaves is less than was reckoned. Replicas are spread over the zones that have nodes, and the loss of one of
fewer zones takes more of them.
"""

from collections.abc import Iterator, Mapping

from flyball.guards.headroom.headroom import Survive
from flyball.guards.headroom.rules import TOO_FEW_NODES
from flyball.guards.reading.problem import Path, Problem
from flyball.guards.workload.caches import Cache
from flyball.guards.workload.resolve import Service

PAIR = 2
"""A cache that survives a node, and its replica."""


def check_services(services: Mapping[str, Service], count: int) -> Iterator[tuple[str, Problem]]:
    """By service, what `count` nodes are too few for."""
    for name, service in services.items():
        members, zones = service.members, len(service.place.zones)
        if members and members.count > count:
            message = f"no two of the {members.count} members are on one node, and {_there(count)}"
            remedy = f"take at least {members.count} nodes, or fewer members"
            yield name, Problem((*service.path, "quorum"), TOO_FEW_NODES, message, remedy)
        elif not members and Survive.ZONE in service.spec.survive and zones > count:
            some = f"{count} nodes are" if count > 1 else "1 node is"
            message = f"zone is reckoned with {zones} zones, and {some} in at most {count} of them"
            remedy = f"take at least {zones} nodes, or list the zones that have some"
            yield name, Problem((*service.path, "survive"), TOO_FEW_NODES, message, remedy)


def check_caches(caches: Mapping[str, Cache], count: int, path: Path) -> Iterator[Problem]:
    """Refuse a cache that has a replica where there is one node."""
    for name, cache in caches.items():
        if cache.paired and count < PAIR:
            message = f"the two of them are never on one node, and {_there(count)}"
            yield Problem(
                (*path, name, "survive"), TOO_FEW_NODES, message, f"take at least {PAIR} nodes, or leave it out"
            )


def _there(count: int) -> str:
    return f"there are {count}" if count > 1 else "there is 1"
