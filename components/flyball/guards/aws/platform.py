"""What a platform on AWS comes to: its sections read once, and the rules between them held.

Each section is a module beside this one, with its arguments, a frozen value, and `read`; rules between sections are
asked in `_between`.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NotRequired, TypedDict

from flyball.guards.aws import archive, cluster, fleets, network, nodes, pools, spend
from flyball.guards.aws.archive import Archive, ArchiveArgs
from flyball.guards.aws.cluster import Cluster, ClusterArgs
from flyball.guards.aws.fleet_arguments import FleetArgs
from flyball.guards.aws.fleets import Fleet
from flyball.guards.aws.network import Instances, Network, NetworkArgs
from flyball.guards.aws.nodes import PREFIXES, Base, NodesArgs
from flyball.guards.aws.pools import Pool
from flyball.guards.aws.rules.pools import NOBODY_TOLD
from flyball.guards.aws.spend import Bill, Group, Spend, SpendArgs
from flyball.guards.reading.problem import Path, Problem
from flyball.guards.reading.reader import Reader
from flyball.guards.reading.rules import DOES_NOT_APPLY, INVALID_NAME, UNKNOWN_VALUE
from flyball.guards.reading.strict import check

_ACCOUNT = re.compile(r"[0-9]{12}")


class AwsArgs(TypedDict):
    """A platform on AWS, under `flyball:aws` of a stack file that has no services."""

    account: str
    """Number of the account, in quotes; credentials of another one are refused."""
    region: str
    """Region, as eu-central-1."""
    network: NetworkArgs
    """Where it is."""
    cluster: ClusterArgs
    """The cluster."""
    nodes: NodesArgs
    """Its nodes."""
    fleets: NotRequired[dict[str, FleetArgs]]
    """Fleets of VMs by name, for what runs on no cluster."""
    archive: NotRequired[ArchiveArgs]
    """For how long raw logs are kept."""
    spend: NotRequired[SpendArgs]
    """What it may cost [nobody is told, and what it costs at the worst is not known]."""


@dataclass(frozen=True, slots=True)
class Platform:
    """A platform as it will be. `name` is its environment's, and the cluster's."""

    name: str
    owner: str
    account: str
    region: str
    network: Network
    cluster: Cluster
    base: Base
    fleets: Mapping[str, Fleet] = field(default_factory=dict)
    pool: Pool | None = None
    archive: Archive = field(default_factory=Archive)
    spend: Spend | None = None

    @property
    def zones(self) -> tuple[str, ...]:
        return self.network.zones

    @property
    def nodes(self) -> int:
        """How many nodes services can count on."""
        return self.base.floor

    @property
    def instances(self) -> list[Instances]:
        """The most machines of each kind that may be there at one time, those that an update adds too."""
        spot = [Instances("spot nodes", self.pool.maximum, PREFIXES)] if self.pool else []
        return [self.base.instances, *spot, *(fleet.instances for fleet in self.fleets.values())]

    @property
    def groups(self) -> list[Group]:
        """What is paid for by the hour, each at its most; an update's surge counts."""
        gateways = 0 if self.network.vpc else len(self.zones) if self.network.nat_per_zone else 1
        found = [Group("base nodes", self.base.types, self.base.ceiling + self.base.surge)]
        if self.pool:
            found.append(Group("spot nodes", self.pool.types, self.pool.maximum))
        found += [Group(each.instances.what, each.types, each.instances.count) for each in self.fleets.values()]
        return [*found, Group("NAT gateways", [spend.NAT], gateways)]

    @property
    def bill(self) -> Bill | None:
        """What all of it costs in a month at the worst; None where no prices are stated."""
        return spend.bill(self.groups, self.spend, ())[0] if self.spend else None


def examine(given: object, name: str, owner: str, path: Path) -> tuple[Platform, list[Problem]]:
    """The platform of what is given, and everything that is wrong with it, all at once.

    Values of a wrong type read as their default. Rules between sections are asked where these hold their own.
    """
    args: Mapping[str, object] = given if isinstance(given, Mapping) else {}
    problems = list(_check_types(given, args, path))
    r = Reader(args, path, problems)
    account, region = r.said("account"), r.said("region")
    if account and not _ACCOUNT.fullmatch(account):
        r.problem("account", INVALID_NAME, f"{account!r} is no account", "give its twelve digits, in quotes")
    if region and not network.REGION.fullmatch(region):
        r.problem("region", INVALID_NAME, f"{region!r} is no region", "write it as eu-central-1")
    elif region and not network.of_partition(region):
        message = f"{region!r} is of another partition than {network.PARTITION}, the one whose ARNs are known here"
        r.problem("region", UNKNOWN_VALUE, message, f"take a region of {network.PARTITION}, as eu-central-1")
    where = network.read(r.at("network"), region)
    if where.vpc and r.has("archive"):
        r.problem("archive", DOES_NOT_APPLY, "is of a network of the platform's own", "remove it, or give cidr")
    found = Platform(
        name=name,
        owner=owner,
        account=account,
        region=region,
        network=where,
        cluster=cluster.read(r.at("cluster"), "" if r.reported("account") else account),
        base=nodes.read(r.at("nodes"), len(where.zones)),
        fleets=_fleets(r, len(where.zones)),
        pool=pools.read(r.at("nodes").at("spot")) if r.at("nodes").is_map("spot") else None,
        archive=archive.read(r.at("archive")),
        spend=spend.read(r.at("spend")) if r.is_map("spend") else None,
    )
    return found, list(dict.fromkeys(problems or _between(found, path)))


def _fleets(r: Reader, zones: int) -> dict[str, Fleet]:
    read = {name: fleets.read(given, name, zones) for name, given in r.maps("fleets").items()}
    return {name: fleet for name, fleet in read.items() if fleet}


def _check_types(given: object, args: Mapping[str, object], path: Path) -> Iterator[Problem]:
    of_cluster = args.get("cluster")
    if isinstance(of_cluster, Mapping):
        yield from cluster.check_types(of_cluster, (*path, "cluster"))
        given = {**args, "cluster": _NO_PROBLEM}
    yield from check(given, AwsArgs, path)


_NO_PROBLEM = {"version": "", "ami": "", "admins": [], "addons": {}}


def _between(platform: Platform, path: Path) -> Iterator[Problem]:
    """Rules between sections."""
    yield from network.check_addresses(platform.network, platform.instances, (*path, "network"))
    for name, fleet in platform.fleets.items():
        if fleet.public and platform.network.vpc:
            message = "is true, and of a network that was there no public subnets are known"
            hint = "remove it, or give the platform a network of its own, with cidr"
            yield Problem((*path, "fleets", name, "public"), DOES_NOT_APPLY, message, hint)
        yield from fleets.check_certificate(fleet, platform.region, platform.account, (*path, "fleets", name))
    if platform.fleets and not platform.spend:
        message = "is missing, and the alarms of fleets would reach nobody"
        yield Problem((*path, "spend"), NOBODY_TOLD, message, f"give it, as {spend.wanted(platform.groups)}")
    if platform.spend:
        yield from spend.bill(platform.groups, platform.spend, (*path, "spend"))[1]
