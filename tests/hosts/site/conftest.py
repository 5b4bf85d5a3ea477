"""One fleet for all tests here: made and configured once, changed by each, and left by each as it was found."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from tests.hosts.conftest import PASSWORD
from tests.hosts.site.shop import APPS, BALANCERS, CACHES, ONE_OF_EACH, Shop

from flyball.drills.hosts import shop as releases
from flyball.drills.hosts.load import Users, users
from flyball.lab.hosts.ansible import Ansible
from flyball.lab.hosts.lab import lab

RATE = 10
"""Requests per second to each balancer; three small hosts and all else share the processors here."""
RATE_OF_ONE = 30
"""Requests per second that each host takes of one client: more than all that `people` send, and less than a busy
machine can."""


@pytest.fixture(scope="session")
def site_fleet(at_group_end: ExitStack) -> Ansible:
    """Three bare application hosts, two balancers, two caches and a log server, with what is to hold for them."""
    hosts = at_group_end.enter_context(lab(print))
    hosts.add(*APPS, *BALANCERS, *CACHES, "logs1")
    addresses = [hosts[name].address for name in APPS]
    leaving = {
        "spot_drain_units": [{"name": "shop.service", "stop": "5s"}],
        "planned_restart_units": ["shop.service"],
        "planned_restart_calendar": "2099-01-01",  # not while they are tested
        "planned_restart_lock_host": hosts["cache1"].address,
        "planned_restart_lock_password": PASSWORD,
    }
    limited = {
        "nginx_sites": [{**releases.WEB["nginx_sites"][0], "rate": RATE_OF_ONE}],
        "nginx_balancers": [hosts[name].address for name in BALANCERS],
    }
    return Ansible(
        hosts,
        {"web": APPS, "proxy": BALANCERS, "cache": CACHES},
        {
            "web": {**releases.WEB, **leaving, **limited},
            "proxy": releases.balancer(addresses, "::"),
            "cache": {"redis_password": PASSWORD, "redis_refill": "1s"},
            **{name: {"redis_bind": ["127.0.0.1", hosts[name].address]} for name in CACHES},
            "all": {"log_shipping_host": hosts["logs1"].address},
        },
    )


@pytest.fixture(scope="session")
def converged(site_fleet: Ansible) -> Ansible:
    """The fleet after `site.yml`, checked on bare hosts before and on configured ones afterwards."""
    bare = site_fleet.play("site", "--check", "--diff", *ONE_OF_EACH).succeeded()
    assert {what: bare.total(what) for what in ("failed", "unreachable", "ignored")} == dict.fromkeys(
        ("failed", "unreachable", "ignored"), 0
    )
    for host in site_fleet.lab.hosts.values():
        assert host.run("dpkg-query --show --showformat='${Status}' rsyslog 2>/dev/null || true") == ""
    site_fleet.play("site").succeeded()
    return site_fleet


@pytest.fixture
def shop(converged: Ansible) -> Iterator[Shop]:
    """The shop in version 1 everywhere."""
    made = Shop(converged.lab)
    for host in made.apps:
        listens = host.run("ss -ltnpH 'sport = :80'")
        assert "nginx" in listens, f"{host.name}: a test before this one left nginx on another port: {listens}"
    made.offer("1", 200)
    for host in made.apps:
        host.run("apt-get update -qq && apt-get install -qq -y --allow-downgrades shop=1 && systemctl restart shop")
        host.run("rm -f /var/lib/flyball/drain")
        releases.wait_until_served(host)
    yield made
    for host in made.apps:
        host.unsilence()


@pytest.fixture
def people(shop: Shop) -> Iterator[Users]:
    """Those who use the shop all the time."""
    with users(shop.lab, shop.origins, RATE, print) as them:
        yield them
