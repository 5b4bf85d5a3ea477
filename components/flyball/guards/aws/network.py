"""The network of a platform: its zones, what is private and public in each, and whether the addresses suffice."""

import ipaddress
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NotRequired, TypedDict

from flyball.guards.aws import retention
from flyball.guards.aws.rules.platform import ADDRESSES, FOREIGN_ZONE
from flyball.guards.headroom.rules import TOO_FEW_ZONES
from flyball.guards.reading.problem import Path, Problem
from flyball.guards.reading.reader import Reader
from flyball.guards.reading.rules import (
    DOES_NOT_APPLY,
    EITHER_OR,
    GIVEN_TWICE,
    INVALID_ADDRESS,
    INVALID_NAME,
    MISSING,
    OUT_OF_RANGE,
    UNKNOWN_VALUE,
)
from flyball.guards.reading.units import ceil_div

PRIVATE = tuple(map(ipaddress.IPv4Network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")))
"""What a network takes its addresses from (https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html)."""
LETTERS = ("a", "b", "c")
"""Of the zones that a platform has by default, in the regions that are known to have them."""
REGIONS = frozenset(
    (
        *("af-south-1", "ap-east-1", "ap-northeast-2", "ap-northeast-3", "ap-south-1", "ap-south-2"),
        *("ap-southeast-1", "ap-southeast-2", "ap-southeast-3", "ap-southeast-4", "ap-southeast-5"),
        *("ca-west-1", "eu-central-1", "eu-central-2", "eu-north-1", "eu-south-1", "eu-south-2"),
        *("eu-west-1", "eu-west-2", "eu-west-3", "il-central-1", "me-central-1", "me-south-1", "mx-central-1"),
        *("sa-east-1", "us-east-1", "us-east-2", "us-west-2"),
    )
)
"""Regions with the zones `LETTERS`, as cfn-lint 1.58 and moto 5.2 both list them; their lists differ at others
(https://docs.aws.amazon.com/global-infrastructure/latest/regions/aws-availability-zones.html)."""
REGION = re.compile(r"[a-z]{2,4}(?:-[a-z]+)+-[0-9]")
PARTITION = "aws"
"""Whose ARNs, endpoints and policies of AWS's own the components name; those of China, of the US government and of
sovereign clouds are called otherwise (https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/
partitions.html)."""
_OF_PARTITION = re.compile(r"(?!cn-)[a-z]{2}-[a-z]+-[0-9]")
MOST_ZONES = 6
_NAT = ("zone", "one")
PREFIX = 16
"""Addresses that a node takes at once for its pods, a /28
(https://docs.aws.amazon.com/eks/latest/userguide/cni-increase-ip-addresses-procedure.html)."""
RESERVED = 5
"""Addresses that AWS keeps of each subnet."""
ENDPOINTS = ("ecr.api", "ecr.dkr", "sts", "logs", "ec2", "sqs", "eks", "autoscaling")
"""Services that are reached without leaving the network, beside S3; each takes an address in each zone."""
_VPC, _SUBNET = re.compile(r"vpc-[0-9a-f]{8,17}"), re.compile(r"subnet-[0-9a-f]{8,17}")


class NetworkArgs(TypedDict):
    """A network of the platform's own (`cidr`), or one that is there (`vpc` and `private`)."""

    cidr: NotRequired[str]
    """Range of the network, private, from /16 to /22."""
    nat: NotRequired[str]
    """`zone` for a way out in each zone, `one` for one that all share and that the loss of its zone takes [zone]."""
    zones: NotRequired[list[str]]
    """Zones, at least two [a, b and c, in regions that are known to have these]."""
    logs: NotRequired[str]
    """How long the record of connections is kept [90d]."""
    vpc: NotRequired[str]
    """A network that is there, as vpc-0a1b2c3d."""
    private: NotRequired[list[str]]
    """Its private subnets, one in each of `zones` and in the same order."""


@dataclass(frozen=True, slots=True)
class Network:
    """`vpc` is empty for a network of the platform's own; `existing` are the private subnets of one that is there."""

    zones: tuple[str, ...]
    cidr: str = ""
    nat_per_zone: bool = True
    log_days: int = 90
    vpc: str = ""
    existing: tuple[str, ...] = ()

    @property
    def _parts(self) -> list[ipaddress.IPv4Network]:
        """As many equal parts as a power of two allows, more than there are zones: the last one is for the public."""
        return list(ipaddress.IPv4Network(self.cidr).subnets(prefixlen_diff=len(self.zones).bit_length()))

    @property
    def private(self) -> tuple[str, ...]:
        """The range of each zone's private subnet."""
        return tuple(map(str, self._parts[: len(self.zones)]))

    @property
    def public(self) -> tuple[str, ...]:
        """The range of each zone's public subnet, a part of what is left."""
        parts = self._parts[-1].subnets(prefixlen_diff=len(self.zones).bit_length())
        return tuple(map(str, list(parts)[: len(self.zones)]))

    @property
    def prefixes(self) -> tuple[str, ...]:
        """The upper half of each private subnet, kept for the prefixes of nodes."""
        return tuple(str(list(part.subnets())[1]) for part in self._parts[: len(self.zones)])

    @property
    def addresses(self) -> int:
        """Single ones in each zone for machines, in the lower half, beside what AWS and the endpoints take."""
        return self._parts[0].num_addresses // 2 - RESERVED - len(ENDPOINTS)

    @property
    def blocks(self) -> int:
        """Prefixes in each zone, without the one that holds the last address, which AWS keeps."""
        return self._parts[0].num_addresses // 2 // PREFIX - 1


@dataclass(frozen=True, slots=True)
class Instances:
    """Machines that may be there at one time; each takes an address, and prefixes for its pods. `what` names them."""

    what: str
    count: int
    prefixes: int = 0


def read(r: Reader, region: str) -> Network:
    """The network that is asked for; what is wrong with it is a problem of the reader's."""
    zones = tuple(r.words("zones")) if r.has("zones") else tuple(f"{region}{letter}" for letter in LETTERS)
    r.problems.extend(_check_zones(zones, region, r.to("zones")))
    if not r.has("zones") and not r.has("vpc") and of_partition(region) and region not in REGIONS:
        message = f"is missing, and {region} is not known to have zones {', '.join(LETTERS)}"
        hint = f"name them, as `aws ec2 describe-availability-zones --region {region}` does"
        r.problem("zones", MISSING, message, hint)
    has_own, has_vpc = r.has("cidr"), r.has("vpc")
    if has_own == has_vpc and r.values:
        said = "has both cidr and vpc" if has_own else "has neither cidr nor vpc"
        r.problem((), EITHER_OR, said, "give cidr for a network of its own, or vpc and private for one that is there")
    if has_vpc:
        return _read_existing(r, zones)
    if r.has("private"):
        r.problem("private", DOES_NOT_APPLY, "is of a network that is there", "give vpc too, or remove it")
    nat = r.value("nat", str, "zone")
    if nat not in _NAT:
        r.problem("nat", UNKNOWN_VALUE, f"is {nat!r}", f"allowed are {', '.join(_NAT)}")
    cidr = r.value("cidr", str, "")
    fallback = "10.0.0.0/16"
    if has_own and isinstance(r.values["cidr"], str):
        cidr = cidr if _check_cidr(r, cidr) else fallback
    return Network(zones, cidr or fallback, nat != "one", retention.read_retention(r, "logs", 90))


def of_partition(region: str) -> bool:
    """Whether a region is of `PARTITION`: those of others have more parts in their names, or are China's."""
    return _OF_PARTITION.fullmatch(region) is not None


def _read_existing(r: Reader, zones: tuple[str, ...]) -> Network:
    for key in ("nat", "logs"):
        if r.has(key):
            r.problem(key, DOES_NOT_APPLY, "is of a network of the platform's own", "remove it, or give cidr")
    vpc, private = r.value("vpc", str, ""), tuple(r.words("private"))
    if vpc and not _VPC.fullmatch(vpc):
        r.problem("vpc", INVALID_NAME, f"{vpc!r} is no network", "write it as vpc-0a1b2c3d4e5f60718")
    for i, subnet in enumerate(private):
        if not _SUBNET.fullmatch(subnet):
            r.problem(("private", i), INVALID_NAME, f"{subnet!r} is no subnet", "write it as subnet-0a1b2c3d4e5f60718")
        if subnet in private[:i]:
            r.problem(("private", i), GIVEN_TWICE, f"{subnet!r} is given twice", "name one in each zone")
    if not r.has("private"):
        r.problem("private", MISSING, "is missing", "name a private subnet for each zone")
    elif not r.has("zones"):
        r.problem("zones", MISSING, "is missing", "name the zone of each subnet, in the same order")
    elif len(private) != len(zones):
        r.problem("private", OUT_OF_RANGE, f"has {len(private)}", f"give one for each zone, {len(zones)}")
    return Network(zones, vpc=vpc, existing=private)


def _check_zones(zones: tuple[str, ...], region: str, path: Path) -> Iterator[Problem]:
    seen: set[str] = set()
    for i, zone in enumerate(zones):
        if not re.fullmatch(re.escape(region) + "[a-z]", zone):
            hint = f"its zones are {region}a and so on"
            yield Problem((*path, i), FOREIGN_ZONE, f"{zone!r} is no zone of {region}", hint)
        if zone in seen:
            yield Problem((*path, i), GIVEN_TWICE, f"{zone!r} is given twice", "name each zone once")
        seen.add(zone)
    if len(seen) < 2:
        yield Problem(path, TOO_FEW_ZONES, f"has {len(seen)}", "a cluster on AWS needs two, and three to spare one")
    elif len(seen) > MOST_ZONES:
        yield Problem(path, OUT_OF_RANGE, f"has {len(seen)}", f"allowed are at most {MOST_ZONES}")


def _check_cidr(r: Reader, text: str) -> bool:
    try:
        found = ipaddress.IPv4Network(text)
    except ValueError:
        found = None
    if found is None or ("/" in text and str(found) != text):
        r.problem("cidr", INVALID_ADDRESS, f"{text!r} is no range", "write it as 10.0.0.0/16, without bits of a host")
        return False
    if not any(found.subnet_of(ours) for ours in PRIVATE):
        what = "is no range for a network" if found.is_private else "is of the internet"
        hint = f"take one of {', '.join(map(str, PRIVATE))}"
        r.problem("cidr", INVALID_ADDRESS, f"{text!r} {what}", hint)
        return False
    if not 16 <= found.prefixlen <= 22:
        r.problem("cidr", OUT_OF_RANGE, f"is a /{found.prefixlen}", "allowed is from /16, the largest, to /22")
        return False
    return True


def check_addresses(network: Network, instances: list[Instances], path: Path) -> Iterator[Problem]:
    """Refuse a network of its own whose zones run out of addresses; with a zone gone the others get all machines."""
    if network.vpc:
        return
    left = max(len(network.zones) - 1, 1)
    counts = [ceil_div(each.count, left) for each in instances]
    parts = ", ".join(f"{each.count} {each.what}" for each in instances)
    for what, has, needed in (
        ("single addresses", network.addresses, sum(counts)),
        (
            "prefixes for pods",
            network.blocks,
            sum(n * each.prefixes for n, each in zip(counts, instances, strict=True)),
        ),
    ):
        if needed > has:
            message = f"{network.cidr} has {has} {what} in each zone, and with one zone gone {parts} take {needed}"
            remedy = "take a larger range, at most a /16, or lower the maximum of nodes and fleets"
            yield Problem((*path, "cidr"), ADDRESSES, message, remedy)
