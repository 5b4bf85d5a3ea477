"""Planned restarts on real hosts with a real Redis and Alertmanager: one at a time, and every skip says why."""

import json
import time
from typing import Any

import pytest

from flyball.drills.hosts import balanced
from flyball.hosts.ansible import Ansible
from flyball.hosts.host import Host
from flyball.hosts.lab import Lab

pytestmark = pytest.mark.hosts
UNIT = "flyball-planned-restart"
KEY = "flyball:restart:web"
NOTHING = {"changed": 0, "failed": 0, "unreachable": 0, "ignored": 0, "rescued": 0}
ALERTMANAGER = "http://{address}:9093"


@pytest.fixture(scope="module")
def group(hosts: Lab) -> Ansible:
    """Two hosts that serve, and one for Redis and Alertmanager; checked when bare, applied, and applied again."""
    made = hosts.add("app1", "app2", "cache1")
    for app in made[:2]:
        balanced.serve(app)
    cache = made[2]
    cache.run("apt-get install -qq -y prometheus-alertmanager")
    web: dict[str, Any] = {
        "planned_restart_units": ["shop.service"],
        "planned_restart_shutdown": {"prestop": "1s", "drain": "2s"},
        "planned_restart_well": "8s",
        "planned_restart_lock_host": cache.address,
        "planned_restart_alertmanager": ALERTMANAGER.format(address=cache.address),
        "rollout_load": {"peak": 50, "host": 100},
    }
    redis = {"redis_bind": ["127.0.0.1", cache.address]}
    ansible = Ansible(hosts, {"web": ["app1", "app2"], "cache": ["cache1"]}, {"web": web, "cache1": redis})
    ansible.apply("web", "planned_restart", check=True).succeeded()
    assert made[0].run("ls /etc/flyball", check=False) == ""
    ansible.apply("cache", "redis").succeeded()
    ansible.apply("web", "planned_restart").succeeded()
    for check in (False, True):
        again = ansible.apply("web", "planned_restart", check=check).succeeded()
        assert {what: again.total(what) for what in NOTHING} == NOTHING
    return ansible


def started(app: Host) -> str:
    """Which process serves."""
    return app.run("systemctl show --property=MainPID --value shop").strip()


def run(app: Host) -> tuple[str, str]:
    """Let the unit run to its end, as the timer would: the outcome, and what it said."""
    app.run(f"systemctl start {UNIT}", check=False)
    state = json.loads(app.run("cat /var/lib/flyball/planned-restart.json"))
    return state["outcome"], state["reason"]


def metric(app: Host, name: str) -> str:
    return app.run(
        f"sed -n 's/^flyball_planned_restart_{name} //p' /var/lib/flyball/metrics/planned-restart.prom"
    ).strip()


def test_the_timer_waits_for_its_hour(group: Ansible) -> None:
    app = group.lab["app1"]
    assert app.run(f"systemctl is-active {UNIT}.timer").strip() == "active"
    shown = app.run(f"systemctl show --property=RandomizedDelayUSec --property=TimersCalendar {UNIT}.timer")
    assert "RandomizedDelayUSec=1h" in shown
    assert "OnCalendar=Sun *-*-* 04:00:00" in shown


def test_a_restart_drains_restarts_and_serves_again(group: Ansible) -> None:
    app, cache = group.lab["app1"], group.lab["cache1"]
    before = started(app)
    assert run(app) == ("done", "")
    assert started(app) != before
    assert app.run("ls /run/flyball") == ""
    assert cache.run(f"redis-cli exists {KEY}").strip() == "0"
    assert (metric(app, "failed"), metric(app, "skipped")) == ("0", "0")


def test_every_skip_says_why_and_restarts_nothing(group: Ansible) -> None:
    app, other, cache = (group.lab[name] for name in ("app1", "app2", "cache1"))
    before = started(app)

    def skipped(begin: str, end: str, on: Host = app) -> str:
        on.run(begin)
        try:
            outcome, reason = run(app)
        finally:
            on.run(end)
        assert (outcome, metric(app, "skipped"), metric(app, "failed")) == ("skipped", "1", "0"), reason
        assert f"planned restart skipped: {reason}" in app.run(f"journalctl --no-pager --unit={UNIT}")
        return reason

    assert skipped("echo '{}' > /etc/flyball/freeze.json", "rm /etc/flyball/freeze.json") == "the host is frozen"
    drained = ("mkdir -p /run/flyball && echo OPS-12 > /run/flyball/drain", "rm /run/flyball/drain")
    assert skipped(*drained) == "the host is drained already: OPS-12"
    unwell = f"1 others must be well, and 0 are; not well: {other.address}"
    assert skipped(*drained, on=other) == unwell
    lock = (f"redis-cli set {KEY} 'app2 token' PX 60000", f"redis-cli del {KEY}")
    assert skipped(*lock, on=cache) == "app2 has the lock of the group"
    assert "the lock cannot be had: " in skipped(
        "systemctl stop redis-server", "systemctl start redis-server", on=cache
    )
    silent = ("systemctl stop prometheus-alertmanager", "systemctl start prometheus-alertmanager")
    assert "Alertmanager cannot be asked: " in skipped(*silent, on=cache)
    ready = "for i in $(seq 100); do amtool --alertmanager.url=http://127.0.0.1:9093 alert && break; sleep 0.2; done"
    cache.run(ready)
    cache.run("amtool --alertmanager.url=http://127.0.0.1:9093 alert add alertname=Slow instance=app2")
    assert skipped("true", "true") == "an alert fires: Slow"
    silence = "amtool --alertmanager.url=http://127.0.0.1:9093 silence add alertname=Slow --comment known --author ops"
    cache.run(f"{silence} --duration 1h")
    assert started(app) == before
    assert run(app) == ("done", "")
    assert metric(app, "skipped") == "0"


def test_two_hosts_at_the_same_moment_are_one_after_the_other(group: Ansible) -> None:
    apps = [group.lab["app1"], group.lab["app2"]]
    before = [started(app) for app in apps]
    running = [app.popen(f"systemctl start {UNIT}") for app in apps]
    for process in running:
        process.communicate(timeout=60)
    restarted = [started(app) != old for app, old in zip(apps, before, strict=True)]
    assert restarted.count(True) <= 1
    states = [json.loads(app.run("cat /var/lib/flyball/planned-restart.json"))["outcome"] for app in apps]
    assert states.count("done") == restarted.count(True)


def test_a_reboot_comes_back_drained_and_serves_when_it_is_well(group: Ansible) -> None:
    app, cache = group.lab["app2"], group.lab["cache1"]
    reboot = {"planned_restart_reboot": True, "planned_restart_units": []}
    again = Ansible(group.lab, group.groups, {**group.variables, "app2": reboot})
    again.apply("app2", "planned_restart").succeeded()
    # Until the service runs again nothing can be well: the mark must have been there before it.
    app.write(
        "/etc/systemd/system/shop.service.d/seen.conf", "[Service]\nExecStartPre=cp /run/flyball/drain /root/seen\n"
    )
    boot = app.run("cat /proc/sys/kernel/random/boot_id; systemctl daemon-reload")
    first = app.first_process()
    app.run(f"systemctl start --no-block {UNIT}")
    until(lambda: app.first_process() not in (None, first))
    app.wait_up()
    until(lambda: '"done"' in app.run("cat /var/lib/flyball/planned-restart.json", check=False))
    assert boot
    assert app.run("cat /root/seen; ls /run/flyball /etc/tmpfiles.d /var/lib/flyball/*.resume", check=False).split()[
        :2
    ] == [
        "planned",
        "restart",
    ]
    assert app.run("ls /run/flyball/drain /etc/tmpfiles.d/flyball-planned-restart.conf", check=False) == ""
    assert cache.run(f"redis-cli exists {KEY}").strip() == "0"
    group.apply("app2", "planned_restart").succeeded()


def test_a_restart_that_fails_is_said_and_keeps_the_host_drained_and_the_lock(group: Ansible) -> None:
    app, other, cache = (group.lab[name] for name in ("app1", "app2", "cache1"))
    app.run("sed -i 's/status = 200/status = 500/; s/else 200/else 500/' /usr/local/lib/shop.py")
    outcome, reason = run(app)
    assert outcome == "failed"
    assert "did not answer 200 within 8 s; the host stays drained, and keeps the lock" in reason
    assert (metric(app, "failed"), app.run("cat /run/flyball/drain").strip()) == ("1", "planned restart")
    assert "planned restart failed" in app.run(f"journalctl --no-pager --priority=alert --unit={UNIT}")
    assert app.run(f"systemctl is-failed {UNIT}").strip() == "failed"
    assert 0 < int(cache.run(f"redis-cli pttl {KEY}")) <= 900_000
    assert run(other)[0] == "skipped"
    assert run(app) == ("skipped", "the host is drained already: planned restart")
    assert metric(app, "failed") == "1"


def until(reached: Any) -> None:
    deadline = time.monotonic() + 60
    while not reached():
        assert time.monotonic() < deadline
        time.sleep(0.2)
