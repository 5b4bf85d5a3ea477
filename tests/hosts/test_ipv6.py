"""Hosts that have IPv6 alone: configured once, changed through their balancer, and in reach of each other."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from tests.hosts.conftest import CLI, PASSWORD, TAKEN, UNTOUCHED, take_logs, touched, until

from flyball.drills.hosts import shop
from flyball.lab.hosts import packages
from flyball.lab.hosts.ansible import Ansible
from flyball.lab.hosts.host import Host
from flyball.lab.hosts.lab import Lab, lab

pytestmark = pytest.mark.hosts
APPS = ["app1", "app2"]
NOWHERE = {"webhooks": ["http://[fd77::99]:9000/"]}
_UP = "http://127.0.0.1:9090/api/v1/query?query=up"


@pytest.fixture(scope="module")
def hosts() -> Iterator[Lab]:
    with lab(print, ipv6=True) as made:
        yield made


@pytest.fixture(scope="module")
def converged(hosts: Lab) -> Ansible:
    """Two application hosts, a balancer, a cache, and one that takes logs and watches, after `site.yml`."""
    *apps, balancer, cache, logs = hosts.add(*APPS, "lb1", "cache1", "logs1")
    take_logs(logs)
    web: dict[str, Any] = {
        **shop.WEB,
        "rollout_load": {"peak": 50, "host": 100},
        "nginx_drain_seconds": 1,
        "nginx_balancers": [balancer.address],
        "planned_restart_units": ["shop.service"],
        "planned_restart_calendar": "2099-01-01",  # not while they are tested
        "planned_restart_shutdown": {"prestop": "1s", "drain": "2s"},
        "planned_restart_lock_host": cache.address,
        "planned_restart_lock_password": PASSWORD,
    }
    watching = {
        "prometheus_interval": "1s",
        "prometheus_timeout": "1s",
        "prometheus_storage_size": "1Gi",
        "alertmanager_page": NOWHERE,
        "alertmanager_warning": NOWHERE,
        "log_shipping_host": "",
    }
    exporters = {host.name: {"node_exporter_addresses": [host.address]} for host in hosts.hosts.values()}
    ansible = Ansible(
        hosts,
        {"web": APPS, "proxy": ["lb1"], "cache": ["cache1"], "monitoring": ["logs1"]},
        {
            "web": web,
            "proxy": shop.balancer([app.address for app in apps], "::"),
            "cache": {"redis_password": PASSWORD, "redis_bind": ["::1", cache.address]},
            "monitoring": watching,
            "all": {"log_shipping_host": logs.address},
            **exporters,
        },
    )
    ansible.play("site").succeeded()
    first = shop.package(hosts.folder, "1")
    for app in apps:
        packages.offer(app, first)
        app.run("apt-get update -qq && apt-get install -qq -y shop")
        shop.wait_until_served(app)
    return ansible


def unit(host: Host, name: str) -> str:
    """Which start of a unit runs."""
    return host.run(f"systemctl show --property=InvocationID --value {name}").strip()


def test_a_second_run_changes_nothing(converged: Ansible) -> None:
    assert touched(converged.play("site").succeeded()) == UNTOUCHED
    for host in converged.lab.hosts.values():
        assert {line.split()[1] for line in host.run("ip -4 -o address").splitlines()} == {"lo"}
        assert host.run("systemctl --failed --no-legend") == ""


def test_a_release_reaches_every_host_through_the_balancer(converged: Ansible) -> None:
    apps = [converged.lab[name] for name in APPS]
    second = shop.package(converged.lab.folder, "2")
    for app in apps:
        packages.offer(app, second)
    change: dict[str, Any] = {"roll_packages": ["shop=2"], "roll_units": ["shop.service"], "roll_roles": []}
    through = f"http://[{converged.lab['lb1'].address}]"
    converged.play("roll", **change, roll_through=[through]).succeeded()
    assert [app.run("dpkg-query --show --showformat='${Version}' shop") for app in apps] == ["2", "2"]


def test_a_planned_restart_asks_its_peers_and_has_its_lock(converged: Ansible) -> None:
    app, other, cache = (converged.lab[name] for name in (*APPS, "cache1"))

    def restart() -> tuple[str, str]:
        app.run("systemctl start flyball-planned-restart", check=False)
        found = json.loads(app.run("cat /var/lib/flyball/planned-restart.json"))
        return found["outcome"], found["reason"]

    before = unit(app, "shop")
    other.run("echo OPS-12 > /var/lib/flyball/drain")
    assert restart() == ("skipped", f"1 others must be well, and 0 are; not well: {other.address}")
    other.run("rm /var/lib/flyball/drain")
    cache.run(f"{CLI} -h ::1 set flyball:restart:web 'app2 token' PX 60000")
    assert restart() == ("skipped", "app2 has the lock of the group")
    cache.run(f"{CLI} -h ::1 del flyball:restart:web")
    assert unit(app, "shop") == before
    assert restart() == ("done", "")
    assert unit(app, "shop") != before


def test_figures_of_every_host_reach_who_watches(converged: Ansible) -> None:
    monitor = converged.lab["logs1"]
    ask = f"python3 -c \"import urllib.request as u; print(u.urlopen('{_UP}', timeout=5).read().decode())\""

    def up() -> set[str]:
        found = json.loads(monitor.run(ask))["data"]["result"]
        return {one["metric"]["instance"] for one in found if one["metric"]["job"] == "node" and one["value"][1] == "1"}

    assert until(up, lambda found: len(found) == 5) == {*APPS, "lb1", "cache1", "logs1"}


def test_lines_of_a_host_reach_the_log_server(converged: Ansible) -> None:
    converged.lab["app1"].run("logger --tag shop 'crate one'")
    arrived = until(lambda: converged.lab["logs1"].run(f"grep 'crate one' {TAKEN} || true"), bool)
    assert arrived.endswith(" app1 shop crate one\n")
