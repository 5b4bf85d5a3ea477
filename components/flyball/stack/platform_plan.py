"""What a platform comes to at the worst, from the rules alone, without an account."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from flyball.guards.aws import nodes
from flyball.guards.aws.fleets import Fleet
from flyball.guards.aws.platform import Platform
from flyball.guards.reading.problem import Problem
from flyball.guards.reading.units import show_duration, show_number, show_size
from flyball.stack.findings import finding
from flyball.stack.platform import examine_platform


@dataclass(frozen=True, slots=True)
class PlatformPlan:
    """What there is of each kind, every broken rule, and what to think of beside. `lines` say it to people."""

    platform: Platform
    findings: tuple[Problem, ...]
    warnings: tuple[Problem, ...] = ()

    @property
    def lines(self) -> list[str]:
        return [] if self.findings else list(_lines(self.platform))

    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        pool, bill = self.platform.pool, self.platform.bill
        most = [{"what": each.what, "count": each.count} for each in self.platform.instances]
        return {
            "zones": list(self.platform.zones),
            "base": {"floor": self.platform.base.floor, "ceiling": self.platform.base.ceiling},
            "spot": {"ceiling": pool.maximum, "cpu": pool.cpu_limit, "memory": pool.memory_limit} if pool else None,
            "fleets": {
                name: {"need": f.headroom.need, "floor": f.headroom.floor, "ceiling": f.ceiling}
                for name, f in self.platform.fleets.items()
            },
            "most": most if not self.findings else [],
            "bill": float(bill.month) if bill and not self.findings else None,
            "findings": [finding(f) for f in self.findings],
            "warnings": [finding(f) for f in self.warnings],
        }


def plan(config: Mapping[str, Any]) -> PlatformPlan:
    """The plan of a platform's configuration, also of one that breaks rules."""
    found, problems = examine_platform(config)
    return PlatformPlan(found, tuple(problems))


def _lines(platform: Platform) -> Iterator[str]:
    network, base = platform.network, platform.base
    yield f"platform {platform.name} in the account {platform.account}: {', '.join(platform.zones)}"
    if network.vpc:
        yield f"network {network.vpc}, as it is"
    else:
        ways = "a way out in each zone" if network.nat_per_zone else "one way out for all zones"
        left = f"{network.addresses} addresses and {network.blocks} prefixes for pods in each zone"
        yield f"network {network.cidr}: {ways}; {left}"
    one = nodes.allocatable(base.size)
    yield (
        f"base nodes: {base.floor}, at most {base.ceiling} and {base.surge} more during an update;"
        f" pods have {one.cpu}m and {show_size(one.memory // 2**20 * 2**20)} of each"
    )
    if pool := platform.pool:
        yield (
            f"spot nodes: at most {pool.maximum}, {pool.cpu_limit // 1000} processors and"
            f" {show_size(pool.memory_limit)}; {pool.budget} at a time given back,"
            f" {show_duration(pool.consolidate)} after the last pod came or went; none before a stack of services on it"
            " says pools: true"
        )
    for fleet in platform.fleets.values():
        yield from _fleet(fleet)
    yield "most of everything at one time: " + ", ".join(f"{each.count} {each.what}" for each in platform.instances)
    if platform.spend and (bill := platform.bill):
        for line in bill.lines:
            yield f"{line.count} {line.name} as {line.type}: {show_number(line.month, 2)} USD a month"
        yield bill.describe(platform.spend.budget)
    else:
        yield "what it costs at the worst: not known, since no prices are stated (spend.prices)"


def _fleet(fleet: Fleet) -> Iterator[str]:
    split = f"{fleet.split.base} of them on demand" if fleet.split else "all on demand"
    floors = dict.fromkeys([fleet.headroom.floor, *(action.minimum for action in fleet.actions.actions)])
    hours = f", by the hour from {min(floors)}" if len(floors) > 1 else ""
    yield (
        f"fleet {fleet.name}: need {fleet.headroom.need}, floor {fleet.headroom.floor}{hours}, at most {fleet.ceiling};"
        f" {split}; out within {fleet.hook} s, each replaced after {show_duration(fleet.lifetime)}"
    )
