"""A watched host and a monitor: figures, rules, a failed rotation that reaches people, and what is refused."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from tests.alerts import cases, pairs
from tests.dashboards.asked import NO_DISK, expressions, without_answer
from tests.deploy.test_check_prometheus import NEEDED
from tests.deploy.test_check_prometheus import RULES as LOADED
from tests.deploy.test_checks import CONFIG
from tests.hosts import promtool
from tests.hosts.conftest import UNTOUCHED, touched, until

from flyball.alerts.alertmanager import configuration as rendered
from flyball.alerts.routes import Times
from flyball.guards.roles import alertmanager
from flyball.lab.hosts.ansible import Ansible
from flyball.lab.hosts.host import Host
from flyball.lab.hosts.lab import Lab
from flyball.stack import alerting
from flyball.stack.read import read

pytestmark = pytest.mark.hosts
ON_HOSTS = sorted(rule.name for group in cases.ON_HOSTS.values() for rule in group)
ROLES = ("--tags", "logrotate,node_exporter,alertmanager,prometheus")
ONLY_MONITOR = ("--limit", "mon1")  # it has all of the roles
TOKEN = "not-for-logs"
RECEIVER = "http://127.0.0.1:9000"
ALERTING = {
    "alertmanager_page": {"webhooks": [f"{RECEIVER}/page?token={TOKEN}"]},
    "alertmanager_warning": {"webhooks": [f"{RECEIVER}/warning?token={TOKEN}"]},
    "alertmanager_group_by": ["alertname", "instance"],
    "alertmanager_group_wait": "1s",
    "alertmanager_group_interval": "1s",
}
LISTENS = {"prometheus": "9090", "prometheus-alertmanager": "9093", "prometheus-node-exporter": "9100"}
# One line for each message: the path that it came to, and what it said.
_RECEIVER = """
import http.server
class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        said = self.rfile.read(int(self.headers["Content-Length"])).decode()
        with open("/root/said", "a") as file:
            file.write(self.path.partition("?")[0] + " " + said.strip() + "\\n")
        self.send_response(200)
        self.end_headers()
http.server.HTTPServer(("127.0.0.1", 9000), Handler).serve_forever()
"""


@pytest.fixture(scope="module")
def fleet(hosts: Lab) -> Ansible:
    """Both hosts bare, with the variables that are to hold for them; everything as often as can be."""
    app, _ = hosts.add("app1", "mon1")
    watching = {
        "prometheus_interval": "1s",
        "prometheus_timeout": "1s",
        "prometheus_storage_size": "1Gi",
        "prometheus_storage_days": 3,
        "prometheus_sizes": [{"group": "web", "proven": 2}],
    }
    return Ansible(
        hosts,
        {"web": ["app1"], "monitoring": ["mon1"]},
        {"app1": {"node_exporter_addresses": [app.address]}, "mon1": {**ALERTING, **watching}},
    )


@pytest.fixture(scope="module")
def watched(fleet: Ansible) -> Ansible:
    """Both after `site.yml`, checked on bare hosts before."""
    bare = fleet.play("site", "--check", "--diff", *ROLES, *ONLY_MONITOR).succeeded()
    assert [bare.total(what) for what in ("failed", "unreachable", "ignored")] == [0, 0, 0]
    for host in fleet.lab.hosts.values():
        assert host.run("ls -d /etc/systemd/system/prometheus* /etc/prometheus 2>/dev/null || true") == ""
    # A webhook's token is in no difference that is shown.
    assert TOKEN not in fleet.play("site", "--diff", *ROLES).succeeded().output
    return fleet


@pytest.fixture(scope="module")
def monitor(watched: Ansible) -> Iterator[Host]:
    """The monitor, with somebody on its loopback who takes down what Alertmanager says."""
    host = watched.lab["mon1"]
    host.write("/root/receiver.py", _RECEIVER)
    host.run("touch /root/said; systemd-run --quiet --unit=receiver python3 /root/receiver.py")
    yield host
    host.run("systemctl stop receiver", check=False)


def ask(host: Host, url: str) -> Any:
    """What an API on a host's loopback answers."""
    return json.loads(
        host.run(f"python3 -c \"import urllib.request as u; print(u.urlopen('{url}', timeout=5).read().decode())\"")
    )


def prometheus(host: Host, path: str) -> Any:
    return ask(host, f"http://127.0.0.1:9090/api/v1/{path}")["data"]


def rules(host: Host) -> list[str]:
    return [rule["name"] for group in prometheus(host, "rules")["groups"] for rule in group["rules"]]


def configuration(host: Host) -> str:
    """What Alertmanager runs with."""
    return ask(host, "http://127.0.0.1:9093/api/v2/status")["config"]["original"]


def said(host: Host, alert: str, status: str) -> list[tuple[str, dict[str, Any]]]:
    """Which messages about an alert came, and by which way; what is said in Slack's words is none."""
    messages = [line.partition(" ") for line in host.run("cat /root/said").splitlines()]
    return [
        (path, found)
        for path, _, text in messages
        for found in json.loads(text).get("alerts", ())
        if found["labels"]["alertname"] == alert and found["status"] == status
    ]


def test_a_second_run_changes_nothing_nor_does_a_check(watched: Ansible) -> None:
    for options in ((), ("--check", "--diff", *ONLY_MONITOR)):
        again = watched.play("site", *ROLES, *options).succeeded()
        assert touched(again) == UNTOUCHED


def test_whatever_part_is_asked_for_has_what_it_needs(watched: Ansible) -> None:
    assert touched(watched.play("site", *ROLES, "--skip-tags", "preflight,install").succeeded()) == UNTOUCHED


def test_nobody_is_given_up_who_waits_for_an_address(monitor: Host) -> None:
    for unit in LISTENS:
        shown = monitor.run(f"systemctl show --property=StartLimitIntervalUSec --property=Restart {unit}")
        assert set(shown.split()) == {"StartLimitIntervalUSec=0", "Restart=always"}


def test_nothing_ever_listened_where_it_was_not_asked_to(watched: Ansible, monitor: Host) -> None:
    app = watched.lab["app1"]
    for host, units, address in (
        (monitor, LISTENS, "127.0.0.1"),
        (app, ["prometheus-node-exporter"], app.address),
    ):
        listening = {line.split()[3] for line in host.run("ss -ltnH").splitlines()}
        wanted = {f"{address}:{LISTENS[unit]}" for unit in units}
        assert {found for found in listening if found.rpartition(":")[2] not in ("22", "9000")} == wanted
        for unit in units:
            # Each start said so, the first of them by the package itself.
            journal = host.run(f"journalctl --unit={unit} --no-pager | grep -i 'listening'")
            assert journal.count(f"address={address}:{LISTENS[unit]}") >= 2
            assert "address=:" not in journal
            assert "0.0.0.0" not in journal


def test_prometheus_takes_no_orders(monitor: Host) -> None:
    for path, said in {
        "-/reload": "Lifecycle API is not enabled",
        "-/quit": "Lifecycle API is not enabled",
        "api/v1/admin/tsdb/snapshot": "admin APIs disabled",
        "api/v1/write": "remote write receiver needs to be enabled",
    }.items():
        post = f"http.client.HTTPConnection('127.0.0.1', 9090); c.request('POST', '/{path}')"
        assert said in monitor.run(
            f'python3 -c "import http.client; c = {post}; print(c.getresponse().read().decode())"'
        )


def test_the_limits_are_those_of_the_running_process(monitor: Host) -> None:
    running = monitor.run("tr '\\0' '\\n' < /proc/$(systemctl show --value -p MainPID prometheus)/cmdline").split()
    assert {
        f"--storage.tsdb.retention.size={2**30}B",
        "--storage.tsdb.retention.time=3d",
        "--query.timeout=30s",
        "--query.max-concurrency=8",
        "--query.max-samples=4000000",
    } <= set(running)
    environment = monitor.run("tr '\\0' '\\n' < /proc/$(systemctl show --value -p MainPID prometheus)/environ").split()
    assert f"GOMEMLIMIT={2**30 * 9 // 10}" in environment
    limits = monitor.run(f"systemctl show --value -p MemoryMax {' '.join(LISTENS)}").split()
    assert limits == [str(2**30), str(2**28), str(2**27)]


def test_every_target_is_up_and_every_rule_loaded(monitor: Host) -> None:
    targets = until(
        lambda: prometheus(monitor, "targets?state=active")["activeTargets"],
        lambda found: {target["health"] for target in found} == {"up"},
    )
    assert {(target["labels"]["job"], target["labels"]["instance"], target["health"]) for target in targets} == {
        ("alertmanager", "127.0.0.1:9093", "up"),
        ("node", "app1", "up"),
        ("node", "mon1", "up"),
        ("prometheus", "127.0.0.1:9090", "up"),
    }
    assert sorted(rules(monitor)) == ON_HOSTS


def test_every_line_of_the_dashboard_of_hosts_is_there(monitor: Host) -> None:
    def query(expr: str) -> list[Any]:
        return prometheus(monitor, f"query?{urlencode({'query': expr})}")["result"]

    assert until(lambda: without_answer(query, "hosts"), lambda found: found == {NO_DISK}) == {NO_DISK}
    assert query(expressions("hosts")[NO_DISK].replace('fstype!~"tmpfs|ramfs"', 'fstype="tmpfs"'))


def test_a_failed_rotation_reaches_people_and_so_does_its_end(watched: Ansible, monitor: Host) -> None:
    app = watched.lab["app1"]
    app.write("/etc/logrotate.d/broken", "/var/log/broken {\n  su nobody-such nogroup\n}\n")
    app.run("systemctl start logrotate", check=False)
    fired = until(lambda: said(monitor, "UnitRunFailed", "firing"), bool)
    assert [(path, found["labels"]["instance"]) for path, found in fired] == [("/warning", "app1")]
    assert fired[0][1]["annotations"]["summary"] == "the last run of logrotate.service on app1 failed"
    app.run("rm /etc/logrotate.d/broken; systemctl start logrotate")
    resolved = until(lambda: said(monitor, "UnitRunFailed", "resolved"), bool)
    assert [path for path, _ in resolved] == ["/warning"]


def test_a_page_goes_its_way_and_silences_the_warning_about_the_same_disk(monitor: Host) -> None:
    add = "amtool alert add --alertmanager.url=http://127.0.0.1:9093 instance=app9"
    for alert, labels in (
        ("full", "severity=page subject=disk mountpoint=/"),
        ("soon", "severity=warning subject=disk mountpoint=/"),
        ("other", "severity=warning subject=disk mountpoint=/srv"),
    ):
        monitor.run(f"{add} alertname={alert} {labels}")
    found = until(lambda: said(monitor, "full", "firing") + said(monitor, "other", "firing"), lambda all: len(all) > 1)
    assert {path for path, _ in found} == {"/page", "/warning"}
    assert said(monitor, "soon", "firing") == []
    alerts = {a["labels"]["alertname"]: a for a in ask(monitor, "http://127.0.0.1:9093/api/v2/alerts")}
    assert {name: alerts[name]["status"]["state"] for name in ("full", "soon", "other")} == {
        "full": "active",
        "soon": "suppressed",
        "other": "active",
    }


def rule_file(folder: Path, name: str, expr: str) -> Path:
    """A file of one rule, on the machine that runs Ansible."""
    file = folder / name
    rules = [{"alert": "ShopSlow", "expr": expr}]
    file.write_text(json.dumps({"groups": [{"name": "shop", "rules": rules}]}))
    return file


def test_a_bad_rule_file_is_refused_and_the_old_rules_stay(watched: Ansible, monitor: Host) -> None:
    bad = rule_file(watched.lab.folder, "bad.yml", "sum by (job")
    refused = watched.play("site", "--tags", "prometheus", *ONLY_MONITOR, prometheus_rule_files=[str(bad)])
    assert refused.code == 2
    assert "parse error" in refused.output
    assert refused.total("changed") == 0
    assert monitor.run("ls /etc/prometheus/rules").split() == ["flyball.yml"]
    assert sorted(rules(monitor)) == ON_HOSTS


def test_a_bad_configuration_is_refused_without_a_word_of_the_token(watched: Ansible, monitor: Host) -> None:
    before, running = monitor.run("cat /etc/prometheus/alertmanager.yml"), configuration(monitor)
    defaults = {"address": "127.0.0.1", "port": 9093, "smtp": {}, "repeat_interval": "4h", "memory": "256Mi"}
    settings, problems = alertmanager.read({**{f"alertmanager_{key}": v for key, v in defaults.items()}, **ALERTING})
    assert problems == []
    # No variable leads here: the rules refuse it first.
    times = Times(("alertname",), "1s", "1s", "soon")
    wrong: dict[str, Any] = {"alertmanager__config": rendered(settings.people, times)}
    refused = watched.play("site", "--diff", "--tags", "alertmanager", *ONLY_MONITOR, **wrong)
    assert refused.code == 2
    said = " ".join(refused.output.split())
    assert "The configuration of Alertmanager stays as it was" in said
    assert "not a valid duration" in said
    assert TOKEN not in refused.output
    assert monitor.run("cat /etc/prometheus/alertmanager.yml") == before
    assert configuration(monitor) == running
    mode = monitor.run("stat --format='%U %G %a' /etc/prometheus/alertmanager.yml")
    assert mode.split() == ["root", "prometheus", "640"]


_CHECK = """
import json, sys
from flyball.deploy.checks import prometheus
from flyball.prometheus import server
from flyball.stack.read import read
print(json.dumps(prometheus.check(server("http://127.0.0.1:9090"), read(json.load(sys.stdin))).as_json()))
"""


def checked(host: Host) -> dict[str, Any]:
    """What `flyball check --prometheus` finds of a stack, from where its Prometheus is reached."""
    command = ["ip", "netns", "exec", host.network.of(host.name), sys.executable, "-c", _CHECK]
    done = subprocess.run(command, input=json.dumps(CONFIG), capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def test_what_is_sound_is_loaded_by_the_same_processes(watched: Ansible, monitor: Host) -> None:
    """One more rule, those of a stack, which are missed before, and mail with a password from a file."""
    [missed, *_] = checked(monitor)["findings"]
    assert (missed["rule"], missed["message"], len(missed["places"])) == ("rule-not-loaded", "not loaded", len(LOADED))
    of_stack = watched.lab.folder / "stack.yml"
    of_stack.write_text(json.dumps(alerting.files(read(CONFIG))["rules.yml"][0]))
    password = "/etc/prometheus/mail"
    monitor.run(f"install --owner=prometheus --mode=0400 /dev/null {password}; echo hidden > {password}")
    secrets = "/etc/prometheus/secrets"
    monitor.run(f"install --directory --owner=prometheus --mode=0500 {secrets}")
    for name, text in (("page", f"{RECEIVER}/page?token={TOKEN}"), ("key", TOKEN)):
        monitor.write(f"{secrets}/{name}", f"{text}\n")
        monitor.run(f"chown prometheus {secrets}/{name}; chmod 0400 {secrets}/{name}")
    smtp = {"server": "127.0.0.1:25", "from": "alerts@example.com", "username": "alerts", "password_file": password}
    given: dict[str, Any] = {
        "alertmanager_page": {
            "webhook_file": f"{secrets}/page",
            "emails": ["oncall@example.com"],
            "pagerduty": {"key_file": f"{secrets}/key"},
            "opsgenie": {"key_file": f"{secrets}/key", "url": "https://api.eu.opsgenie.com/"},
            "slack": {"webhook_file": f"{secrets}/page", "channel": "#shop"},
        },
        "alertmanager_watchdog": {"webhook_file": f"{secrets}/page", "every": "1m"},
        "alertmanager_owners": {"platform": {"warning": {"webhook_file": f"{secrets}/page"}}},
        "alertmanager_smtp": smtp,
        "prometheus_rule_files": [str(rule_file(watched.lab.folder, "good.yml", "vector(0) > 1")), str(of_stack)],
    }
    processes = "systemctl show --value -p MainPID prometheus prometheus-alertmanager"
    before = monitor.run(processes)
    played = watched.play("site", "--diff", "--tags", "alertmanager,prometheus", *ONLY_MONITOR, **given).succeeded()
    assert TOKEN not in played.output
    loaded = until(lambda: rules(monitor), lambda found: "ShopSlow" in found)
    stack = [rule.get("alert") or rule["record"] for rule in LOADED]
    assert sorted(loaded) == sorted([*ON_HOSTS, "ShopSlow", *stack])
    found = until(lambda: checked(monitor), lambda found: found["summary"].startswith(f"{len(LOADED)} of"))
    # It scrapes no cluster, but what it scrapes has `up`.
    assert {(each["rule"], each["places"][0].partition("_")[0]) for each in found["findings"]} == {
        ("metric-missing", "haproxy"),
        ("metric-missing", "kube"),
    }
    assert sorted(name for each in found["findings"] for name in each["places"]) == sorted(NEEDED.keys() - {"up"})
    running = until(lambda: configuration(monitor), lambda text: "oncall" in text)
    assert f"smtp_auth_password_file: {password}" in running
    assert "to: oncall@example.com" in running
    assert f"routing_key_file: {secrets}/key" in running
    assert f"api_key_file: {secrets}/key" in running
    assert f"api_url_file: {secrets}/page" in running
    assert monitor.run(processes) == before


def test_promtool_sees_every_rule_fire_when_due_and_not_before(monitor: Host) -> None:
    promtool.check(monitor)


def test_of_all_pairs_a_page_silences_what_is_about_the_same_thing_and_nothing_else(monitor: Host) -> None:
    pages, warnings, silenced = pairs.all_pairs()
    monitor.write("/root/pairs.json", json.dumps([{"labels": labels} for labels in (*pages, *warnings)]))
    url = "http://127.0.0.1:9093/api/v2/alerts"
    post = f'u.Request("{url}", open("/root/pairs.json", "rb").read(), {{"Content-Type": "application/json"}})'
    monitor.run(f"python3 -c 'import urllib.request as u; u.urlopen({post})'")

    def suppressed() -> set[tuple[str, ...]]:
        found = [a["labels"] for a in ask(monitor, url) if a["status"]["state"] == "suppressed"]
        return {pairs.identity(labels) for labels in found if labels in warnings}

    assert until(suppressed, lambda found: found == silenced) == silenced


def test_two_of_a_cluster_say_it_once_and_either_alone_says_it(watched: Ansible, monitor: Host) -> None:
    app = watched.lab["app1"]
    to = f"http://{monitor.address}:9001"
    bound = _RECEIVER.replace('("127.0.0.1", 9000)', f'("{monitor.address}", 9001)')
    monitor.write("/root/receiver-of-two.py", bound)
    monitor.run("systemd-run --quiet --unit=receiver-of-two python3 /root/receiver-of-two.py")
    alike = {**ALERTING, **{f"alertmanager_{what}": {"webhooks": [f"{to}/{what}"]} for what in ("page", "warning")}}

    def beside(host: Host, other: Host) -> dict[str, Any]:
        return {
            **alike,
            "alertmanager_cluster_address": host.address,
            "alertmanager_peers": [f"{other.address}:9094"],
        }

    variables = {"app1": beside(app, monitor), "mon1": beside(monitor, app)}
    pair = Ansible(watched.lab, {"monitoring": ["app1", "mon1"]}, variables)
    pair.play("site", "--tags", "alertmanager").succeeded()

    def peers() -> list[int]:
        status = "http://127.0.0.1:9093/api/v2/status"
        return [len(ask(host, status)["cluster"]["peers"]) for host in (app, monitor)]

    assert until(peers, lambda found: found == [2, 2]) == [2, 2]
    add = "amtool alert add --alertmanager.url=http://127.0.0.1:9093 severity=page subject=host"
    for host in (app, monitor):
        host.run(f"{add} alertname=both instance=app9")
    assert until(lambda: said(monitor, "both", "firing"), bool)
    monitor.run("systemctl stop prometheus-alertmanager")
    app.run(f"{add} alertname=alone instance=app9")
    assert until(lambda: said(monitor, "alone", "firing"), bool)
    assert len(said(monitor, "both", "firing")) == 1
    monitor.run("systemctl start prometheus-alertmanager; systemctl stop receiver-of-two")
