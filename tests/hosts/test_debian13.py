"""The roles hold on Debian 13 as well, where every daemon is newer: one host for all, and one that takes logs."""

from collections.abc import Iterator

import pytest
from tests.hosts import promtool
from tests.hosts.conftest import TAKEN, UNTOUCHED, take_logs, touched, until

from flyball.drills.hosts import shop
from flyball.lab.hosts import packages
from flyball.lab.hosts.ansible import Ansible
from flyball.lab.hosts.host import Host
from flyball.lab.hosts.lab import Lab, lab

pytestmark = pytest.mark.hosts
ONLY = ("--limit", "all1")
BALANCED = 8000


@pytest.fixture(scope="module")
def hosts() -> Iterator[Lab]:
    # Its tasks start their Python as they do on any host, which no other lab has them do.
    with lab(print, "trixie", is_warm=False) as made:
        yield made


@pytest.fixture(scope="module")
def converged(hosts: Lab) -> Ansible:
    """Both hosts after `site.yml`, from bare."""
    all1, logs = hosts.add("all1", "logs1")
    take_logs(logs)
    balancer = shop.balancer(["127.0.0.1"])
    balancer["haproxy_proxy"]["calls"]["shop"]["listen"] = BALANCED
    variables = {
        **shop.WEB,
        **balancer,
        "log_shipping_host": logs.address,
        "logrotate_logs": [{"name": "orders", "paths": ["/var/log/orders.log"], "reopens": True, "size": "1Mi"}],
        "node_exporter_addresses": [all1.address],
    }
    ansible = Ansible(hosts, {group: ["all1"] for group in ("web", "proxy", "cache")}, {"all1": variables})
    ansible.play("site", *ONLY).succeeded()
    return ansible


@pytest.fixture(scope="module")
def host(converged: Ansible) -> Host:
    return converged.lab["all1"]


def ask(host: Host, url: str) -> str:
    """What is answered; nothing where it is no success."""
    get = f"import urllib.request as u; print(u.urlopen('{url}', timeout=5).read().decode(), end='')"
    return host.run(f'python3 -c "{get}" 2>/dev/null', check=False)


def test_a_second_run_changes_nothing(converged: Ansible) -> None:
    assert touched(converged.play("site", *ONLY).succeeded()) == UNTOUCHED


def test_it_is_debian_13_and_every_unit_runs(host: Host) -> None:
    assert host.run("cat /etc/debian_version").startswith("13.")
    assert host.run("systemctl --failed --no-legend") == ""
    units = "haproxy logrotate.timer nginx prometheus-node-exporter redis-server redis-ttl-audit.timer rsyslog"
    assert set(host.run(f"systemctl is-active {units}").split()) == {"active"}


def test_a_log_that_is_too_large_is_rotated_at_the_next_hourly_run(host: Host) -> None:
    timer = host.run("systemctl show --property=TimersMonotonic,TimersCalendar logrotate.timer")
    assert "OnUnitActiveUSec=1h" in timer
    assert "TimersCalendar" not in timer
    host.run("head -c 2M /dev/zero > /var/log/orders.log; systemctl start logrotate")
    assert host.run("stat --format=%s /var/log/orders.log.1 /var/log/orders.log").split() == ["2097152", "0"]


def test_the_cache_is_bounded(host: Host) -> None:
    found = host.run("redis-cli CONFIG GET maxmemory; redis-cli CONFIG GET maxmemory-policy").split()
    memory = 1024 * int(host.run("sed -n 's/^MemTotal: *\\([0-9]*\\) kB/\\1/p' /proc/meminfo"))
    assert (found[0], found[2:]) == ("maxmemory", ["maxmemory-policy", "allkeys-lru"])
    assert 0 < int(found[1]) <= 0.6 * memory


def test_a_request_goes_through_the_balancer_and_nginx(converged: Ansible, host: Host) -> None:
    packages.offer(host, shop.package(converged.lab.folder, "1"))
    host.run("apt-get update -qq && apt-get install -qq -y shop")
    assert until(lambda: ask(host, f"http://127.0.0.1:{BALANCED}/"), lambda found: found == "1") == "1"
    # Its line comes when it has been answered.
    log = "tail -n 1 /var/log/nginx/access.log"
    assert '"status":200' in until(lambda: host.run(log), lambda found: '"status":200' in found)


def test_a_line_arrives_at_the_log_server_and_is_a_figure(converged: Ansible, host: Host) -> None:
    host.run("logger --tag shop 'crate one'")
    logs = converged.lab["logs1"]
    arrived = until(lambda: logs.run(f"grep 'crate one' {TAKEN} || true"), bool)
    assert arrived.endswith(" all1 shop crate one\n")
    figure, url = "flyball_log_shipping_lost_total 0\n", f"http://{host.address}:9100/metrics"
    assert figure in until(lambda: ask(host, url), lambda found: figure in found)  # its timer goes each minute


def test_its_promtool_sees_every_rule_fire_when_due_and_not_before(host: Host) -> None:
    host.run("apt-get install -qq -y promtool")
    assert "version 2.53" in host.run("promtool --version")
    promtool.check(host)
