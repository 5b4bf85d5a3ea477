"""Names, hosts and files that could leave their place in a line are no input."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flyball.guards.timeouts.hops import Hop
from flyball.proxy import Address, Outbound, Proxy, Server, proxy_config

EVIL = [
    "",
    "a b",
    "a\nb",
    "a#b",
    'a"b',
    "a'b",
    "a\\b",
    "a$b",
    "a%b",
    "-a",
    "a-",
    ".a",
    "a\0",
    "ä",
    "a" * 64,
    "a;b",
    "a{b",
]


@pytest.mark.parametrize("name", EVIL)
def test_names_are_refused(name: str) -> None:
    for make in (lambda: Outbound(name, Address(1), (Server("h", 1),)), lambda: Proxy(name)):
        with pytest.raises(ValueError, match="is no name for a part of a proxy"):
            make()


@pytest.mark.parametrize(
    "host", ["", "a b", "a\nserver x 1.2.3.4:1", "a:1", "a/b", "-a", "fe80::1%eth0", "a" * 255, "${HOME}"]
)
def test_hosts_are_refused(host: str) -> None:
    with pytest.raises(ValueError, match="is no host"):
        Server(host, 1)


@pytest.mark.parametrize("host", ["localhost", "a.example", "127.0.0.1 interface lo", "::1%lo"])
def test_one_listens_on_addresses_only(host: str) -> None:
    with pytest.raises(ValueError, match="is no address to listen on"):
        Address(1, host)


@pytest.mark.parametrize("port", [0, -1, 65_536])
def test_ports_are_refused(port: int) -> None:
    for make in (lambda: Address(port), lambda: Server("a", port)):
        with pytest.raises(ValueError, match="is no port"):
            make()


@pytest.mark.parametrize("socket", ["run/s", "/run/a b", "/run/a\nb", "/"])
def test_sockets_are_refused(socket: str) -> None:
    with pytest.raises(ValueError, match="is no path for a socket"):
        Proxy("web", socket=socket)


def test_a_name_twice() -> None:
    hop = Outbound("a", Address(1), (Server("h", 1),))
    with pytest.raises(ValueError, match="a is there twice"):
        Proxy("web", outbound=(hop, hop))


def test_a_hop_without_a_server() -> None:
    with pytest.raises(ValueError, match="a has no server"):
        Outbound("a", Address(1), ())


def test_addresses_are_written_with_their_port() -> None:
    assert [str(Address(80, host)) for host in ("", "127.0.0.1", "::1")] == [":80", "127.0.0.1:80", "[::1]:80"]
    assert [str(Server(host, 80)) for host in ("a.example", "::1")] == ["a.example:80", "[::1]:80"]


HEADS = re.compile(r"(global|defaults|frontend \S+|backend \S+|resolvers dns|peers local)")


@given(st.text(max_size=20), st.text(max_size=20), st.sampled_from(["http", "grpc", "tcp"]))
def test_no_name_and_no_host_makes_a_line_of_its_own(name: str, host: str, protocol: str) -> None:
    try:
        hop = Outbound(name, Address(1), (Server(host, 1),), hop=Hop(protocol))
    except ValueError:
        return
    lines = proxy_config(Proxy("web", outbound=(hop,))).splitlines()
    assert all(not line or line.startswith("    ") or HEADS.fullmatch(line) for line in lines)
