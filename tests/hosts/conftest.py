"""Real Debian hosts for each test process, ended with it."""

import time
from collections.abc import Callable, Iterator
from typing import TypeVar

import pytest

from flyball.drills.hosts import shop
from flyball.lab.hosts.ansible import Ansible, Played
from flyball.lab.hosts.lab import Lab, lab

T = TypeVar("T")
APPS = ["app1", "app2", "app3"]
BALANCERS = ["lb1", "lb2"]
RATE_OF_ONE = 60
"""Requests per second that each host takes of one client."""
CACHES = ["cache1", "cache2"]
PASSWORD = "correct-horse-battery"
CLI = f"REDISCLI_AUTH={PASSWORD} redis-cli"
UNTOUCHED = {"changed": 0, "failed": 0, "unreachable": 0, "ignored": 0, "rescued": 0}
"""What `touched` gives for a run that found all as it should be."""


def touched(played: Played) -> dict[str, int]:
    """How often a run changed something, or could not go on as it should."""
    return {what: played.total(what) for what in UNTOUCHED}


def until(look: Callable[[], T], reached: Callable[[T], bool], seconds: float = 240) -> T:
    """What is seen once it is as it should be, or when time is up."""
    deadline = time.monotonic() + seconds
    while not reached(found := look()) and time.monotonic() < deadline:
        time.sleep(0.5)
    return found


@pytest.fixture(scope="module")
def hosts() -> Iterator[Lab]:
    """A lab without hosts, gone after the module."""
    with lab(print) as made:
        yield made


@pytest.fixture(scope="module")
def fleet(hosts: Lab) -> Ansible:
    """Three bare application hosts, two balancers, two caches and a log server, with what is to hold for them."""
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
        "nginx_sites": [{**shop.WEB["nginx_sites"][0], "rate": RATE_OF_ONE}],
        "nginx_balancers": [hosts[name].address for name in BALANCERS],
    }
    return Ansible(
        hosts,
        {"web": APPS, "proxy": BALANCERS, "cache": CACHES},
        {
            "web": {**shop.WEB, **leaving, **limited},
            "proxy": shop.balancer(addresses, "::"),
            "cache": {"redis_password": PASSWORD, "redis_refill": "1s"},
            **{name: {"redis_bind": ["127.0.0.1", hosts[name].address]} for name in CACHES},
            "all": {"log_shipping_host": hosts["logs1"].address},
        },
    )
