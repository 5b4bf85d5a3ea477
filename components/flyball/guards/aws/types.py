"""Lessons 5 and 6 for types of instances: several of one size, so that a zone that has run out of one has another."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypedDict

from flyball.guards.aws.rules.fleets import TWO_ARCHITECTURES
from flyball.guards.aws.rules.platform import PODS_WITHOUT_ADDRESS, TOO_FEW_TYPES, TYPES_DIFFER
from flyball.guards.aws.rules.pools import SIZE_NOT_OF_TYPE
from flyball.guards.reading.problem import Path, Problem
from flyball.guards.reading.reader import Reader
from flyball.guards.reading.rules import GIVEN_TWICE, INVALID_NAME
from flyball.guards.reading.units import Bytes, Millicores, show_size

LEAST_ON_DEMAND = 3
LEAST_SPOT = 6
LEAST_FAMILIES = 2
"""On spot."""
_TYPE = re.compile(r"[a-z]+[0-9]+[a-z0-9-]*\.(?:[0-9]{0,3}x?large|medium|small|micro|nano|metal)[a-z0-9-]*")
"""`m7i.large`, `c7gn.16xlarge`, `m5.metal`."""
_MULTIPLE = re.compile(r"([0-9]{0,3})xlarge")
_REGULAR = re.compile(r"(?P<series>[cmr])[5-9][a-z]*(?:-flex)?")
_GI_OF_SERIES = {"c": 2, "m": 4, "r": 8}
_OTHER_MEMORY = frozenset({"c5n"})
_OTHER_SIZES = frozenset({"c1", "c4", "d2", "m2"})
"""Families whose names of sizes say something else, as do those of series hpc."""
_XEN = frozenset(
    (
        *("c1", "c3", "c4", "d2", "f1", "g3", "g3s", "h1", "i2", "i3", "m1", "m2", "m3", "m4", "p2", "p3"),
        *("r3", "r4", "t1", "t2", "x1", "x1e"),
    )
)
"""Families of before Nitro (https://docs.aws.amazon.com/ec2/latest/instancetypes/instance-hypervisor-type.html)."""
_SMALL = re.compile(r".*\.(?:nano|micro)|[cmr][0-9]a\.medium|t3a\.small")
"""With two interfaces, and at most four addresses on each
(https://docs.aws.amazon.com/ec2/latest/instancetypes/ec2-instance-type-specifications.html)."""


class SizeArgs(TypedDict):
    """How large one machine is; types have this or more."""

    cpu: int
    """Processors, as 2."""
    memory: str
    """Memory, as 8Gi."""


@dataclass(frozen=True, slots=True)
class Size:
    """How large one machine is."""

    cpu: Millicores = 2000
    memory: Bytes = 8 * 2**30


def read_size(r: Reader, default: Size | None = None) -> Size:
    """The size that is stated; processors are a whole number."""
    fallback = default or Size()
    return Size(
        cpu=r.whole("cpu", fallback.cpu // 1000, 1, 1000) * 1000, memory=r.size("memory", fallback.memory, 2**28)
    )


def processors(name: str) -> int | None:
    """What the size in a type's name says: large is 2, xlarge 4, and 8xlarge 32; None of other sizes and families
    (https://docs.aws.amazon.com/ec2/latest/instancetypes/instance-type-names.html)."""
    size = name.rpartition(".")[2]
    if family(name) in _OTHER_SIZES or name.startswith("hpc"):
        return None
    if size == "large":
        return 2
    found = _MULTIPLE.fullmatch(size)
    return 4 * int(found[1] or 1) if found else None


def memory(name: str) -> Bytes | None:
    """That of a type: 2 GiB for each processor of series c, 4 of m and 8 of r, from their fifth generation on, all
    but c5n; None of others (https://docs.aws.amazon.com/ec2/latest/instancetypes/gp.html, co.html and mo.html)."""
    cpu, found = processors(name), _REGULAR.fullmatch(family(name))
    if not cpu or not found or family(name) in _OTHER_MEMORY:
        return None
    return cpu * _GI_OF_SERIES[found["series"]] * 2**30


def family(name: str) -> str:
    """`m7i.large` -> `m7i`."""
    return name.partition(".")[0]


def check_types(types: Sequence[str], path: Path, *, spot: bool = False) -> Iterator[Problem]:
    """Refuse names that are no type, too few of them, and types of different size."""
    seen: set[str] = set()
    for i, name in enumerate(types):
        if not _TYPE.fullmatch(name):
            yield Problem((*path, i), INVALID_NAME, f"{name!r} is no type of an instance", "write it as m7i.large")
        if name in seen:
            yield Problem((*path, i), GIVEN_TWICE, f"{name!r} is given twice", "name each type once")
        seen.add(name)
    least, families = (LEAST_SPOT, LEAST_FAMILIES) if spot else (LEAST_ON_DEMAND, 1)
    found = {family(name) for name in seen}
    if len(seen) < least or len(found) < families:
        needed = f"at least {least}" + (f" of {families} families" if families > 1 else "")
        has = f"has {len(seen)}" + (f" of {len(found)}" if families > 1 else "")
        yield Problem(path, TOO_FEW_TYPES, has, f"name {needed}, each to be had in each zone")
    sizes = sorted({name.partition(".")[2] for name in seen if _TYPE.fullmatch(name)})
    if len(sizes) > 1:
        yield Problem(path, TYPES_DIFFER, f"are of the sizes {', '.join(sizes)}", "take types of one size")


def check_size(types: Sequence[str], size: Size, path: Path, *, exact: bool = False) -> Iterator[Problem]:
    """Refuse types that by their names are smaller than is stated; with `exact` those with more processors too.

    `path` leads to what has both types and size.
    """
    for i, name in enumerate(types):
        cpu, has, where = processors(name), memory(name), (*path, "types", i)
        if cpu is not None and (cpu * 1000 < size.cpu or (exact and cpu * 1000 != size.cpu)):
            message = f"{name} has {cpu} processors, and size.cpu says {size.cpu // 1000}"
            yield Problem(where, SIZE_NOT_OF_TYPE, message, "take types of one size, and state theirs")
        elif has is not None and has < size.memory:
            message = f"{name} has {show_size(has)}, and size.memory says {show_size(size.memory)}"
            yield Problem(where, SIZE_NOT_OF_TYPE, message, "state the least that one of the types has")


def has_addresses(name: str) -> bool:
    """Whether a type has addresses for the 110 pods of a node: `interfaces * (addresses - 1) * 16 + 2`, by prefixes of
    16, which are handed out on Nitro alone (https://docs.aws.amazon.com/eks/latest/userguide/cni-increase-ip-addresses.html,
    https://docs.aws.amazon.com/eks/latest/userguide/choosing-instance-type.html)."""
    return family(name) not in _XEN and not _SMALL.fullmatch(name)


def check_nodes(types: Sequence[str], path: Path) -> Iterator[Problem]:
    """Refuse types without addresses for their pods, and those of Arm: the image of a cluster's nodes is of x86."""
    if few := [name for name in types if _TYPE.fullmatch(name) and not has_addresses(name)]:
        message = f"{', '.join(few)}: too few prefixes of addresses for the pods of a node"
        yield Problem(path, PODS_WITHOUT_ADDRESS, message, "take types of Nitro that are large or more, as m5.large")
    if arm := [name for name in types if is_arm(name)]:
        are = "is" if len(arm) == 1 else "are"
        message = f"{', '.join(arm)} {are} of Arm, and the nodes' image of x86"
        yield Problem(path, TWO_ARCHITECTURES, message, "take types without a g behind their generation")


def is_arm(name: str) -> bool:
    """Whether a type is of Arm: a g among the attributes behind its generation, and the first generation, a1."""
    found = re.match(r"[a-z]+[0-9]+(?P<attributes>[a-z]*)", family(name))
    return name.startswith("a1.") or (found is not None and "g" in found["attributes"])
