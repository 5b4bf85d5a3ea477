"""What the rules take for granted of AWS's regions and types, against the lists that moto and cfn-lint carry."""

import gzip
import json
from collections.abc import Collection, Mapping
from functools import cache
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import pytest
from tests.aws.capture import cases

from flyball.guards.aws import types
from flyball.guards.aws.network import LETTERS, PARTITION, REGION, REGIONS, of_partition
from flyball.guards.aws.nodes import PODS
from flyball.stack.file import load
from flyball.stack.platform import read_platform

FOLDER = Path(str(distribution("moto").locate_file("moto/ec2/resources")))


@cache
def carried(name: str) -> Any:
    with gzip.open(FOLDER / name) as file:
        return json.load(file)


@cache
def known() -> dict[str, tuple[int, int]]:
    """Processors, and memory [bytes], by type."""
    found = carried("instance_types.json.gz")
    return {
        name: (each["VCpuInfo"]["DefaultVCpus"], each["MemoryInfo"]["SizeInMiB"] * 2**20)
        for name, each in found.items()
    }


# To load these takes two seconds, which nobody waits for who only collects the tests.
def zones_of_moto(region: str) -> set[str]:
    from moto.ec2.models.availability_zones_and_regions import RegionsAndZonesBackend

    return {zone.name for zone in RegionsAndZonesBackend.zones.get(region, ())}


def zones_of_cfn_lint() -> Mapping[str, Collection[str]]:
    from cfnlint.helpers import AVAILABILITY_ZONES

    return AVAILABILITY_ZONES


def test_default_zones_are_those_of_regions_that_both_lists_have_them_of() -> None:
    both = {
        region
        for region, zones in zones_of_cfn_lint().items()
        if of_partition(region) and {f"{region}{letter}" for letter in LETTERS} <= {*zones} & zones_of_moto(region)
    }
    assert both >= REGIONS
    # What a later list adds is added by hand: the default of a region never changes by itself.
    assert both - REGIONS <= {"ap-east-2", "ap-southeast-6", "ap-southeast-7"}


@pytest.mark.parametrize("region", ["us-west-1", "ca-central-1", "ap-northeast-1"])
def test_these_have_other_zones(region: str) -> None:
    assert region not in REGIONS
    assert not {f"{region}{letter}" for letter in LETTERS} <= {*zones_of_cfn_lint()[region]} & zones_of_moto(region)


def test_a_region_says_which_partition_it_is_of() -> None:
    """Of every region that the SDK knows, those beside that are no place of their own."""
    from botocore.loaders import Loader

    partitions = {each["id"]: each["regions"] for each in Loader().load_data("partitions")["partitions"]}
    regions = {name: id for id, names in partitions.items() for name in names if not name.endswith("-global")}
    assert all(REGION.fullmatch(name) for name in regions)
    assert {name for name in regions if of_partition(name)} == {
        name for name, partition in regions.items() if partition == PARTITION
    }
    assert len(set(regions.values())) > 5


def test_types_with_fewer_addresses_than_a_node_has_pods_are_known() -> None:
    """Of every type that an image for x86 runs on; of i3 one is of Nitro, a whole machine, which is no harm."""
    few: set[str] = set()
    for name, each in carried("instance_types.json.gz").items():
        if "x86_64" in each["ProcessorInfo"]["SupportedArchitectures"]:
            network = each["NetworkInfo"]
            of_one = network["Ipv4AddressesPerInterface"] - 1
            blocks = 1 if each.get("Hypervisor") == "xen" else 16
            pods = network["MaximumNetworkInterfaces"] * of_one * blocks + 2
            few |= {name} if pods < PODS or blocks == 1 else set()
    known = {name for name in carried("instance_types.json.gz") if not types.has_addresses(name)}
    assert known >= few
    assert {name for name in known - few if not types.is_arm(name)} <= {"i3.metal"}
    assert {"m4.large", "t2.large", "r4.large", "m7a.medium", "t3.micro"} <= few


def test_names_say_how_large_a_type_is() -> None:
    """Of every type that is carried: what is reckoned from its name is what it has, and of most something is."""
    reckoned = {name: (types.processors(name), types.memory(name)) for name in known()}
    assert {name for name, (cpu, _) in reckoned.items() if cpu and cpu != known()[name][0]} == set()
    assert {name for name, (_, memory) in reckoned.items() if memory and memory != known()[name][1]} == set()
    assert sum(cpu is not None for cpu, _ in reckoned.values()) > 1_000
    assert sum(memory is not None for _, memory in reckoned.values()) > 700


@pytest.mark.parametrize("case", cases())
def test_platforms_state_what_their_types_have_and_take_those_that_each_zone_offers(case: str) -> None:
    platform = read_platform(load(cases()[case]))
    groups = [(platform.base.types, platform.base.size)]
    groups += [(platform.pool.types, platform.pool.size)] if platform.pool else []
    groups += [(fleet.types, None) for fleet in platform.fleets.values()]
    offers = carried(f"instance_type_offerings/availability-zone/{platform.region}.json.gz")
    offered = {(each["InstanceType"], each["Location"]) for each in offers}
    for names, size in groups:
        for name in names:
            cpu, memory = known()[name]
            assert size is None or (cpu * 1000, memory) >= (size.cpu, size.memory), name
            assert {(name, zone) for zone in platform.zones} <= offered
