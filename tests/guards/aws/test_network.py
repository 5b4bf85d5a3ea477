"""How a range is parted among zones, and what of it is left for machines and pods."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flyball.guards.aws.network import Instances, Network, check_addresses, read
from flyball.guards.reading.problem import Problem
from flyball.guards.reading.reader import Reader

networks = st.builds(
    lambda zones, length: Network(tuple(f"eu-central-1{'abcdef'[i]}" for i in range(zones)), f"10.0.0.0/{length}"),
    st.integers(2, 6),
    st.integers(16, 22),
)


@given(networks)
def test_no_two_subnets_share_an_address(network: Network) -> None:
    whole = ipaddress.ip_network(network.cidr)
    subnets = [ipaddress.ip_network(cidr) for cidr in (*network.private, *network.public)]
    assert len(subnets) == 2 * len(network.zones)
    assert all(subnet.subnet_of(whole) for subnet in subnets)  # pyright: ignore[reportArgumentType]
    assert not any(a.overlaps(b) for i, a in enumerate(subnets) for b in subnets[:i])


@given(networks)
def test_prefixes_are_the_upper_half_of_each_private_subnet(network: Network) -> None:
    for private, prefixes in zip(network.private, network.prefixes, strict=True):
        low, high = ipaddress.ip_network(private).subnets()
        assert str(high) == prefixes
        assert network.addresses == low.num_addresses - 5 - 8
        assert network.blocks == high.num_addresses // 16 - 1


def test_a_range_in_numbers() -> None:
    network = Network(("eu-central-1a", "eu-central-1b", "eu-central-1c"), "10.0.0.0/16")
    assert network.private == ("10.0.0.0/18", "10.0.64.0/18", "10.0.128.0/18")
    assert network.public == ("10.0.192.0/20", "10.0.208.0/20", "10.0.224.0/20")
    assert network.prefixes == ("10.0.32.0/19", "10.0.96.0/19", "10.0.160.0/19")


@given(networks, st.integers(0, 3000), st.integers(0, 8))
def test_addresses_suffice_with_one_zone_gone_or_are_refused(network: Network, count: int, prefixes: int) -> None:
    each = -(-count // (len(network.zones) - 1))
    enough = each <= network.addresses and each * prefixes <= network.blocks
    assert (not [*check_addresses(network, [Instances("nodes", count, prefixes)], ("network",))]) == enough


@pytest.mark.parametrize("cidr", ["10.0.0.0/255.255.0.0", "10.0.0.0/016", "10.0.0.0/0.0.255.255"])
def test_a_range_is_written_as_aws_takes_it(cidr: str) -> None:
    found: list[Problem] = []
    read(Reader({"cidr": cidr}, ("network",), found), "eu-central-1")
    hint = "write it as 10.0.0.0/16, without bits of a host"
    assert [str(problem) for problem in found] == [f"network.cidr: {cidr!r} is no range; {hint}"]
