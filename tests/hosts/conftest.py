"""Real Debian hosts for each test process, ended with it."""

from collections.abc import Iterator

import pytest

from flyball.hosts.ansible import Ansible
from flyball.hosts.lab import Lab, lab

APPS = ["app1", "app2", "app3"]


@pytest.fixture(scope="module")
def hosts() -> Iterator[Lab]:
    """A lab without hosts, gone after the module."""
    with lab(print) as made:
        yield made


@pytest.fixture(scope="module")
def fleet(hosts: Lab) -> Ansible:
    """Three bare application hosts, a cache and a log server, with the variables that are to hold for them."""
    hosts.add(*APPS, "cache1", "logs1")
    sites = [{"name": "shop", "port": 80, "servers": ["127.0.0.1:8080"]}]
    load = {"rollout_load": {"peak": 150, "host": 100}, "nginx_drain_seconds": 3}
    return Ansible(
        hosts,
        {"web": APPS, "cache": ["cache1"]},
        {
            "web": {"nginx_sites": sites, **load},
            "cache1": {"redis_bind": ["127.0.0.1", hosts["cache1"].address]},
            "all": {"log_shipping_host": hosts["logs1"].address},
        },
    )
