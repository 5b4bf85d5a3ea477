"""The nodes that always run, on demand: for controllers, and for what must not hang on spot machines."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import NotRequired, TypedDict

from flyball.guards.aws import types
from flyball.guards.aws.network import PREFIX, Instances
from flyball.guards.aws.pools import PoolArgs
from flyball.guards.aws.rules.platform import BASE_TOO_SMALL
from flyball.guards.aws.types import Size, SizeArgs
from flyball.guards.clean_up.nodes import Nodes, ceil_gi, ceil_mi
from flyball.guards.clean_up.retention import GI, MI
from flyball.guards.clean_up.rules import NODE_LOGS_BEYOND_DISK
from flyball.guards.governor import envelope
from flyball.guards.governor.rules import CEILING_BEYOND_ENVELOPE
from flyball.guards.headroom.rules import TOO_FEW_ZONES
from flyball.guards.interruptions.interruption import LONGEST_SHUTDOWN
from flyball.guards.reading.problem import Path, Problem
from flyball.guards.reading.reader import Reader
from flyball.guards.reading.units import Bytes, Millicores, Milliseconds, ceil_div, show_count, show_size
from flyball.guards.workload.priorities import GUARDS, SYSTEM, UNTHOUGHT

PODS = 110
"""Of a node, the most that the kubelet takes by default."""
OF_ALL = Nodes(containers=2 * PODS)
"""What the kubelet of every node is told to keep of logs and images, with two containers in each pod."""
PREFIXES = ceil_div(PODS, PREFIX) + 1
"""Of a node: one for each 16 pods, and one more that the CNI keeps warm."""
RESERVED_CPU: Millicores = 100
RESERVED_MEMORY: Bytes = 1536 * MI
"""For kubelet, container runtime and system. AWS reserves 11Mi for each pod and 255Mi beside
(https://github.com/awslabs/amazon-eks-ami, kubelet defaults), which is 1465Mi for 110; of the processor 70m of two."""
EVICTION_MEMORY: Bytes = 100 * MI
"""Below it pods are evicted, which is the kubelet's own default."""
MEMORY_OVERHEAD = Fraction(75, 1000)
"""What a machine's own firmware and kernel keep of its memory: Karpenter's default, `vmMemoryOverheadPercent`
(https://karpenter.sh/docs/reference/settings/)."""
SHUTDOWN: Mapping[int, Milliseconds] = {UNTHOUGHT: LONGEST_SHUTDOWN, GUARDS: 15_000, SYSTEM: 20_000}
"""What a node that goes down undrained gives its pods, from a priority on: first applications as long as any may take,
then who ships their logs, then what all of these need, network and names. None waits longer than until the last of
those before has ended.

Together at most 150 s, what AWS' own nodes take of the several minutes that a machine may take to go down, on spot
after its notice (https://github.com/awslabs/amazon-eks-ami/pull/2390).
"""
DISK: Bytes = 100 * GI
EXCESS_PARTS = 2
"""While it updates a group, EKS adds up to twice as many nodes as it has zones
(https://docs.aws.amazon.com/eks/latest/userguide/managed-node-update-behavior.html)."""
USABLE = Fraction(9, 10)
"""Of what can be had of a node; replicas do not divide evenly over nodes."""


class BaseArgs(TypedDict):
    """The base group."""

    types: list[str]
    """Types of instances, at least three and of one size; they are tried in this order."""
    size: SizeArgs
    """How large one of them is."""
    floor: NotRequired[int]
    """Nodes that always run, as many in each zone [one in each]."""
    proven: NotRequired[int]
    """The most that people have seen run well; the ceiling is half as many again [floor]."""
    disk: NotRequired[str]
    """Size of each node's volume [100Gi]."""


class NodesArgs(TypedDict):
    """The nodes of the cluster."""

    base: BaseArgs
    """On demand, always there."""
    spot: NotRequired[PoolArgs]
    """On spot, bought as pods need them [none]."""


@dataclass(frozen=True, slots=True)
class Demand:
    """What replicas ask for, or what runs on every node."""

    cpu: Millicores = 0
    memory: Bytes = 0
    pods: int = 0


@dataclass(frozen=True, slots=True)
class Base:
    """The base group; `zones` is over how many it is spread."""

    types: tuple[str, ...] = ()
    size: Size = field(default_factory=Size)
    floor: int = 3
    ceiling: int = 3
    disk: Bytes = DISK
    zones: int = 3

    @property
    def surge(self) -> int:
        """Nodes that an update adds for its time."""
        return EXCESS_PARTS * self.zones

    @property
    def instances(self) -> Instances:
        """The most that may be there at one time."""
        return Instances("base nodes", self.ceiling + self.surge, PREFIXES)


def allocatable(size: Size) -> Demand:
    """What pods can have of a node: without what its firmware, its system and the kubelet keep."""
    memory = int(size.memory * (1 - MEMORY_OVERHEAD)) - RESERVED_MEMORY - EVICTION_MEMORY
    return Demand(size.cpu - RESERVED_CPU, max(memory, 0), PODS)


def needed(size: Size, zones: int, replicas: Demand, daemons: Demand) -> int | None:
    """The smallest multiple of the zones of which one node may be gone and the rest holds all replicas.

    `(n - 1) * (0.9 * allocatable - daemons) >= replicas` for processors, memory and pods. None where the daemons alone
    fill a node.
    """
    one, most = allocatable(size), 1
    for has, daemon, asked in (
        (one.cpu, daemons.cpu, replicas.cpu),
        (one.memory, daemons.memory, replicas.memory),
        (one.pods, daemons.pods, replicas.pods),
    ):
        left = USABLE * has - daemon
        if left <= 0:
            return None
        most = max(most, ceil_div(asked, left))
    return ceil_div(most + 1, zones) * zones


def room(size: Size, daemons: Demand) -> Demand:
    """What a node has for pods beside what runs on each."""
    one = allocatable(size)
    return Demand(one.cpu - daemons.cpu, one.memory - daemons.memory, one.pods - daemons.pods)


def fitting(left: Demand, one: Demand) -> int:
    """How many of a pod go into what is left of a node."""
    return min(
        has // asked
        for has, asked in ((left.cpu, one.cpu), (left.memory, one.memory), (left.pods, max(one.pods, 1)))
        if asked
    )


def packed(size: Size, asked: Iterable[tuple[int, Demand]], daemons: Demand) -> int:
    """Nodes that hold all pods, each whole: so many of each, the largest first, on the first node with room for it.

    What two nodes have left is no place for a pod that needs it on one; a sum takes it for one. Each pod fits alone.
    """
    empty = room(size, daemons)
    nodes: list[Demand] = []

    def share(pod: Demand) -> Fraction:
        return max(Fraction(pod.cpu, empty.cpu), Fraction(pod.memory, empty.memory), Fraction(pod.pods, empty.pods))

    for count, pod in sorted(asked, key=lambda each: share(each[1]), reverse=True):
        for i in range(len(nodes) + count):
            if count <= 0:
                break
            if i == len(nodes):
                nodes.append(empty)
            here = min(count, fitting(nodes[i], pod))
            left = nodes[i]
            nodes[i] = Demand(left.cpu - here * pod.cpu, left.memory - here * pod.memory, left.pods - here * pod.pods)
            count -= here
    return len(nodes)


def read(r: Reader, zones: int) -> Base:
    """The base group that is asked for; what is wrong with it is a problem of the reader's."""
    base = r.at("base")
    names, path = tuple(base.words("types")), base.to("types")
    if isinstance(base.values.get("types"), list):
        r.problems.extend(types.check_types(names, path))
        r.problems.extend(types.check_nodes(names, path))
    floor = base.whole("floor", zones, most=450) if base.has("floor") else zones
    proven = base.whole("proven", floor, most=450) if base.has("proven") else floor
    found = Base(
        types=names,
        size=types.read_size(base.at("size")),
        floor=floor,
        ceiling=envelope.highest_ceiling(proven),
        disk=base.size("disk", DISK),
        zones=zones,
    )
    size = base.at("size")
    if not size.reported("cpu") and not size.reported("memory"):
        r.problems.extend(types.check_size(names, found.size, base.path))
    if zones and floor % zones and not base.reported("floor"):
        hint = f"take {ceil_div(floor, zones) * zones}, a multiple of it"
        base.problem("floor", TOO_FEW_ZONES, f"is {floor}, which {show_count(zones, 'zone')} cannot share evenly", hint)
    if found.ceiling < floor and base.has("proven") and not base.reported("proven"):
        hint = f"prove {show_count(envelope.least_proven(floor), 'node')}, or lower the floor"
        message = (
            f"is {proven}, which allows {show_count(found.ceiling, 'node')}, fewer than the {floor} that always run"
        )
        base.problem("proven", CEILING_BEYOND_ENVELOPE, message, hint)
    least = OF_ALL.least_disk
    if base.readable("disk") and found.disk < least:
        message = f"is {show_size(found.disk)}, and logs and images of a node take {show_size(ceil_gi(least))}"
        base.problem("disk", NODE_LOGS_BEYOND_DISK, message, f"take at least {show_size(ceil_gi(least))}")
    return found


def check_pod(nodes: Iterable[Size], one: Demand, daemons: Demand, path: Path) -> Iterator[Problem]:
    """Refuse a pod that goes onto none of the nodes on which it may run, however many there are."""
    rooms = [room(size, daemons) for size in nodes]
    if any(fitting(left, one) > 0 for left in rooms):
        return
    largest = max(rooms, key=lambda left: (left.cpu, left.memory))
    message = (
        f"a pod asks for {one.cpu}m and {show_size(ceil_mi(one.memory))} in all, and a node has no more than"
        f" {largest.cpu}m and {show_size(largest.memory // MI * MI)} for its pods"
    )
    yield Problem(path, BASE_TOO_SMALL, message, "lower it, or take larger nodes")


def check_base(base: Base, asked: Sequence[tuple[int, Demand]], daemons: Demand, path: Path) -> Iterator[Problem]:
    """Refuse a base group that one node's loss leaves too small for what must run on demand: so many of each pod, of
    which each fits by itself."""
    every = Demand(*(sum(count * getattr(one, key) for count, one in asked) for key in ("cpu", "memory", "pods")))
    least = needed(base.size, base.zones, every, daemons)
    if least is None:
        message = f"nodes of {base.size.cpu // 1000} processors and {show_size(base.size.memory)} hold no more than"
        yield Problem(path, BASE_TOO_SMALL, f"{message} what runs on each of them", "take larger ones")
        return
    least = max(least, ceil_div(packed(base.size, asked, daemons) + 1, base.zones) * base.zones)
    if base.floor < least:
        message = f"has {base.floor} base nodes; the on-demand replicas, with one node gone, need {least}"
        yield Problem(path, BASE_TOO_SMALL, message, f"set nodes.base.floor of it to {least}")
