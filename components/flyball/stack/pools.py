"""Spot nodes of the platform that a stack of services names, where that stack brings what buys them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from flyball.guards.aws.nodes import Demand
from flyball.guards.aws.platform import Platform
from flyball.guards.aws.pools import Pool
from flyball.guards.aws.rules.pools import POOL_NOT_BROUGHT, POOL_UNGUARDED
from flyball.guards.reading.problem import Problem
from flyball.guards.reading.rules import DOES_NOT_APPLY
from flyball.guards.reading.units import show_count, show_size
from flyball.guards.workload.limits import Governed
from flyball.kubernetes.objects import show_cpu
from flyball.kubernetes.pools import controller, names
from flyball.stack.on_platform import Named

KEY = "pools"


@dataclass(frozen=True, slots=True)
class Bought:
    """A pool: the most nodes of it, and what one of them has, in the words of Kubernetes."""

    pool: str
    nodes: int
    cpu: str
    memory: str

    def __str__(self) -> str:
        processors = f"{self.cpu} processor{'' if self.cpu == '1' else 's'}"
        most = f"at most {show_count(self.nodes, 'node')} of {processors} and {self.memory}"
        return (
            f"pool {self.pool}: {most}, which Karpenter {controller.VERSION} buys as pods need them; to take it away"
            " again takes the right to override"
        )


def brought(config: Mapping[str, Any], platform: Platform | None) -> dict[str, Pool]:
    """The pools that the stack brings, by name."""
    pool = platform.pool if platform and config.get(KEY) is True else None
    return {names.SPOT: pool} if pool else {}


def check(config: Mapping[str, Any], named: Named, governor: Governed | None) -> Iterator[Problem]:
    """Refuse pools without a platform that has some, where nothing can be bought, and without what holds them."""
    if config.get(KEY) is not True:
        return
    if named.platform is None and not named.problems:
        hint = "name the stack that makes the cluster, as platform: prod-platform, or leave pools out"
        yield Problem((KEY,), DOES_NOT_APPLY, "is true, and the stack names no platform that has spot nodes", hint)
    elif named.platform and named.platform.pool is None and not named.problems:
        message = f"is true, and the platform {named.platform.name} has no spot nodes"
        yield Problem((KEY,), DOES_NOT_APPLY, message, "give it nodes.spot, or leave pools out")
    if config.get("cluster") == "local":
        message = "is true, and for a control plane on this machine nobody buys nodes"
        yield Problem((KEY,), DOES_NOT_APPLY, message, "name the platform's cluster, or leave pools out")
    if governor is None or not governor.policies:
        message = "is true, and this stack does not bring the Governor's policies, which hold a pool to its limits"
        yield Problem((KEY,), POOL_UNGUARDED, message, "say governor: {}, or bring pools with the stack that does")


def check_brought(config: Mapping[str, Any], platform: Platform | None) -> Iterator[Problem]:
    """A warning where a platform has spot nodes, and nobody has said who brings what buys them."""
    if platform and platform.pool and KEY not in config:
        message = f"is missing, and without it nothing buys the spot nodes of the platform {platform.name}"
        hint = "say pools: true in one stack of services on it, and pools: false in the others"
        yield Problem((KEY,), POOL_NOT_BROUGHT, message, hint)


def demand(pools: Mapping[str, Pool]) -> Demand:
    """What their controller asks for on base nodes."""
    count = controller.REPLICAS if pools else 0
    return Demand(count * controller.CPU, count * controller.MEMORY, count)


def told(pools: Mapping[str, Pool]) -> tuple[Bought, ...]:
    """What there is to say of pools."""
    return tuple(
        Bought(name, pool.maximum, show_cpu(pool.size.cpu), show_size(pool.size.memory)) for name, pool in pools.items()
    )
