"""Hosts, ports, addresses and URLs are read alike wherever they stand: IPv6 included, and nothing that is none."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flyball.guards.headroom import triggers
from flyball.guards.reading import address
from flyball.guards.reading.problem import Refused
from flyball.guards.reading.reader import Reader
from flyball.guards.roles import alertmanager, base, log_shipping, nginx, planned_restart, prometheus, spot_drain
from flyball.guards.roles.pulumi_stack import hosts_of
from flyball.guards.timeouts.calls import read_outside
from flyball.proxy import role as haproxy

FOUND: prometheus.Found = {"host": "m", "memory": 2**34, "disk": 2**40, "groups": {}, "addresses": {}, "ports": {}}


def _call(**given: Any) -> Iterable[object]:
    reader = Reader({"port": 80, **given}, (), [])
    read_outside(reader)
    return reader.problems


def _trigger(url: str) -> Iterable[object]:
    reader = Reader({"prometheus": {"server": url, "query": "up"}}, (), [])
    triggers.read({"a": reader})
    return reader.problems


def _stack(text: str) -> Iterable[object]:
    try:
        hosts_of({"hosts": {"app1": {"address": text}}}, "hosts")
    except Refused as refused:
        return refused.problems
    return []


def _nginx(**site: Any) -> Iterable[object]:
    return nginx.read({"nginx_sites": [{"name": "shop", "port": 80, "servers": ["a:80"], **site}]})[1]


def _haproxy(**call: Any) -> Iterable[object]:
    return haproxy.read({"haproxy_proxy": {"name": "lb1", "calls": {"a": {"port": 80, "host": "a", **call}}}})[1]


def _targets(*targets: str) -> Iterable[object]:
    return prometheus.read({"prometheus_targets": [{"job": "a", "targets": list(targets)}]}, FOUND)[1]


def _ranges(text: str) -> Iterable[object]:
    reader = Reader({"sources": [text]}, (), [])
    address.ranges(reader, "sources")
    return reader.problems


Place = Callable[[str], Iterable[object]]
HOSTS: dict[str, Place] = {
    "log_shipping_host": lambda text: log_shipping.read({"log_shipping_host": text}, 2**40)[1],
    "planned_restart_lock_host": lambda text: planned_restart.read({"planned_restart_lock_host": text}, 3)[1],
    "base_time_servers[0]": lambda text: base.read({"base_time_servers": [text]})[1],
    "haproxy_proxy.calls.a.host": lambda text: _haproxy(host=text),
    "haproxy_proxy.calls.a.hosts[0]": lambda text: _haproxy(hosts=[text]),
    "host": lambda text: _call(host=text),
    "hosts[0]": lambda text: _call(host="a", hosts=[text]),
    "hosts.app1.address": _stack,
}
TARGETS: dict[str, Place] = {
    "nginx_sites[0].servers[0]": lambda text: _nginx(servers=[text]),
    "prometheus_alertmanagers[0]": lambda text: prometheus.read({"prometheus_alertmanagers": [text]}, FOUND)[1],
    "prometheus_targets[0].targets[0]": lambda text: _targets(text),
    "alertmanager_smtp.server": lambda text: alertmanager.read({"alertmanager_smtp": {"server": text}})[1],
}
URLS: dict[str, Place] = {
    "spot_drain_endpoint": lambda text: spot_drain.read({"spot_drain_endpoint": text})[1],
    "planned_restart_alertmanager": lambda text: planned_restart.read({"planned_restart_alertmanager": text}, 3)[1],
    "alertmanager_page.webhooks[0]": lambda text: alertmanager.read({"alertmanager_page": {"webhooks": [text]}})[1],
    "prometheus.server": _trigger,
}

RANGES: dict[str, Place] = {
    "cidrs[0]": lambda text: _call(host="a", cidrs=[text]),
    "nginx_balancers[0]": lambda text: nginx.read({"nginx_balancers": [text]})[1],
    "sources[0]": lambda text: _ranges(text),
}
NAMES = ["a", "app1.example.com", "A-1.b2", "xn--bcher-kva.example", "x" * 63]
ADDRESSES = ["192.0.2.1", "2001:db8::1", "::1", "::ffff:192.0.2.1"]
NONE = [
    "",
    "-",
    ".",
    "..",
    "a..b",
    "-a",
    "a-",
    "a.-b",
    ".a",
    ":::",
    "::g",
    "1.2.3",
    "10.0.0.300",
    "x" * 64,
    "a b",
    "a;b",
]
NONE += ["a\n", "a_b", "fe80::1%eth0", "http://a", "a/b", "ä", "x." * 126 + "xx"]


def refused(place: tuple[str, Place], text: str) -> bool:
    """Whether there is a problem with that very value."""
    path, read = place
    return any(str(problem).startswith(f"{path}: ") for problem in read(text))


def bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def ids(places: dict[str, Place]) -> Sequence[Any]:
    return [pytest.param((path, read), id=path) for path, read in places.items()]


@pytest.mark.parametrize("place", ids(HOSTS))
def test_a_host_is_a_name_or_an_address(place: tuple[str, Place]) -> None:
    assert [text for text in [*NAMES, *ADDRESSES] if refused(place, text)] == []
    assert [text for text in [*NONE, "[::1]", "a:80"] if not refused(place, text)] == []


@pytest.mark.parametrize("place", ids(TARGETS))
def test_a_target_is_a_host_and_a_port(place: tuple[str, Place]) -> None:
    hosts = [bracketed(host) for host in [*NAMES, *ADDRESSES]]
    assert [text for host in hosts for text in (f"{host}:1", f"{host}:65535") if refused(place, text)] == []
    assert [text for host in NONE if not refused(place, text := f"{host}:80")] == []
    wrong = [
        "a",
        "a:",
        "a:0",
        "a:65536",
        "a:http",
        "a:-1",
        "a: 80",
        "a:080",
        "::1:80",
        "[a]:80",
        "[::1]",
        "[192.0.2.1]:80",
    ]
    assert [text for text in wrong if not refused(place, text)] == []


@pytest.mark.parametrize("place", ids(URLS))
def test_a_url_has_a_host_and_perhaps_a_port(place: tuple[str, Place]) -> None:
    hosts = [bracketed(host) for host in [*NAMES, *ADDRESSES]]
    assert [text for host in hosts for text in (f"http://{host}", f"http://{host}:8080") if refused(place, text)] == []
    assert [text for host in NONE if host != "a/b" and not refused(place, text := f"http://{host}")] == []
    wrong = ["a", "a:80", "ftp://a", "http:/a", "http://", "http://a:0", "http://a:99999", "http://u@a", "http://u:p@a"]
    wrong += ["http://::1", "http://a b", "http://a/b c", "http://a\n", "http://a/\x7f", "http://a#b"]
    assert [text for text in wrong if not refused(place, text)] == []


@given(st.ip_addresses())
def test_every_address_is_a_host_everywhere(found: object) -> None:
    text = str(found)
    assert [place[0] for place in HOSTS.items() if refused(place, text)] == []
    assert [place[0] for place in TARGETS.items() if refused(place, f"{bracketed(text)}:80")] == []
    assert [place[0] for place in URLS.items() if refused(place, f"http://{bracketed(text)}")] == []


@given(st.text(st.sampled_from("ab1.-:[]%_/ \n"), max_size=8))
def test_all_places_agree_on_what_a_host_is(text: str) -> None:
    assert len({refused(place, text) for place in HOSTS.items()}) == 1
    assert len({refused(place, f"{text}:80") for place in TARGETS.items()}) == 1


@pytest.mark.parametrize("place", ids(RANGES))
def test_a_range_is_one_without_a_zone(place: tuple[str, Place]) -> None:
    good = ["10.1.0.0/16", "192.0.2.7", "2001:db8::/32", "10.0.0.0/255.0.0.0"]
    assert [text for text in good if refused(place, text)] == []
    wrong = ["", "a", "10.1.0.1/16", "10.0.0.0/33", "fe80::1%eth0", "fe80::%eth0/64", "fe80::1%a b", "10.0.0.0/8\n"]
    assert [text for text in wrong if not refused(place, text)] == []


def test_ranges_of_a_call_are_written_as_kubernetes_takes_them() -> None:
    """It takes no address alone and no mask (https://kubernetes.io/docs/reference/kubernetes-api/, IPBlock)."""
    given = ["10.0.0.5", "10.1.0.0/255.255.0.0", "10.2.0.0/016", "2001:DB8::/32", "10.0.0.5/32"]
    reader = Reader({"port": 80, "host": "a", "cidrs": given}, (), [])
    assert read_outside(reader).cidrs == ("10.0.0.5/32", "10.1.0.0/16", "10.2.0.0/16", "2001:db8::/32")


@pytest.mark.parametrize("host", ["shop.example.com", "*.example.com", "www.example.*", "_"])
def test_a_site_answers_to_a_name_with_a_wildcard_at_one_end(host: str) -> None:
    assert not refused(("nginx_sites[0].host", lambda text: _nginx(host=text)), host)


@pytest.mark.parametrize("host", ["", "*", "a.*.b", "*.*", "*a", "a..b", "-", "a b", "*.", "a;b"])
def test_a_site_answers_to_nothing_else(host: str) -> None:
    assert refused(("nginx_sites[0].host", lambda text: _nginx(host=text)), host)


@pytest.mark.parametrize("email", ["oncall@..", "oncall@-", "a@b@c", "@example.com", "oncall", "on call@example.com"])
def test_an_address_of_e_mail_ends_in_a_name(email: str) -> None:
    path = "alertmanager_page.emails[0]"
    assert refused((path, lambda text: alertmanager.read({"alertmanager_page": {"emails": [text]}})[1]), email)
    assert not refused(
        (path, lambda text: alertmanager.read({"alertmanager_page": {"emails": [text]}})[1]), "a@b.example"
    )
