"""Planned restarts on real hosts with a real Redis and Alertmanager: one at a time, and every skip says why."""

import json
import re
import time
from collections.abc import Callable
from typing import Any

import pytest
from tests.hosts.conftest import CLI, JOURNAL, PASSWORD, UNTOUCHED, touched

from flyball.drills.hosts import balanced
from flyball.lab.hosts.ansible import Ansible
from flyball.lab.hosts.host import Host
from flyball.lab.hosts.lab import Lab

pytestmark = pytest.mark.hosts
UNIT = "flyball-planned-restart"
KEY = "flyball:restart:web"
MARK, LOCK = "/var/lib/flyball/drain", "/var/lib/flyball/group-web"
HOLDS = f"{MARK} {LOCK}"
ALERTMANAGER = "http://{address}:9093"
AMTOOL = f"amtool --alertmanager.url={ALERTMANAGER.format(address='127.0.0.1')}"
LOUD = ("--diff", "-vvv")
"""All that Ansible can be made to show."""
READY = "200"
ASK_READY = f'import urllib.request as u; print(u.urlopen("{ALERTMANAGER.format(address="127.0.0.1")}/-/ready").status)'


@pytest.fixture(scope="module")
def group(hosts: Lab) -> Ansible:
    """Two hosts that serve, and one for Redis and Alertmanager; checked when bare, applied, and applied again."""
    made = hosts.add("app1", "app2", "cache1")
    for app in made[:2]:
        balanced.serve(app)
    cache = made[2]
    # Alone, it need not wait for others of its kind before it listens.
    cache.write("/etc/default/prometheus-alertmanager", "ARGS='--cluster.listen-address='\n")
    cache.run("apt-get install -qq -y -o DPkg::Options::=--force-confold prometheus-alertmanager")
    until(lambda: READY in cache.run(f"python3 -c '{ASK_READY}'", check=False))
    web: dict[str, Any] = {
        "planned_restart_units": ["shop.service"],
        "planned_restart_shutdown": {"prestop": "1s", "drain": "2s"},
        "planned_restart_well": "8s",
        "planned_restart_lock_host": cache.address,
        "planned_restart_lock_password": PASSWORD,
        "planned_restart_alertmanager": ALERTMANAGER.format(address=cache.address),
        "rollout_load": {"peak": 50, "host": 100},
    }
    redis = {"redis_bind": ["127.0.0.1", cache.address], "redis_password": PASSWORD}
    ansible = Ansible(hosts, {"web": ["app1", "app2"], "cache": ["cache1"]}, {"web": web, "cache1": redis})
    said = ansible.apply("app1", "planned_restart", check=True).succeeded().output
    assert made[0].run("ls /etc/flyball", check=False) == ""
    said += ansible.apply("cache", "redis", options=LOUD).succeeded().output
    said += ansible.apply("web", "planned_restart", options=LOUD).succeeded().output
    for check in (False, True):
        again = ansible.apply("app1", "planned_restart", check=check).succeeded()
        assert touched(again) == UNTOUCHED
    assert PASSWORD not in said
    return ansible


def started(app: Host) -> str:
    """Which start of the service serves; after a reboot its process may well have the same number again."""
    return app.run("systemctl show --property=InvocationID --value shop").strip()


def run(app: Host) -> tuple[str, str]:
    """Let the unit run to its end, as the timer would: the outcome, and what it said."""
    before = app.run(f"systemctl show --property=InvocationID --value {UNIT}")
    app.run(f"systemctl start {UNIT}", check=False)
    assert app.run(f"systemctl show --property=InvocationID --value {UNIT}") != before, "it did not run"
    return state(app)


def state(app: Host) -> tuple[str, str]:
    """What the last run came to, and why."""
    found = json.loads(app.run("cat /var/lib/flyball/planned-restart.json"))
    return found["outcome"], found["reason"]


def metric(app: Host, name: str) -> str:
    return app.run(
        f"sed -n 's/^flyball_planned_restart_{name} //p' /var/lib/flyball/metrics/planned-restart.prom"
    ).strip()


def test_nobody_without_the_password_gets_at_the_lock(group: Ansible) -> None:
    app, cache = group.lab["app1"], group.lab["cache1"]
    ask = (
        "import sys; sys.path.append('/usr/local/lib/flyball'); import lease\n"
        f"try: print(lease.ask('{cache.address}', 6379, 60, 'SET', '{KEY}', 'mine'))\n"
        "except OSError as error: print(error)"
    )
    assert app.run(f'python3 -c "{ask}"').startswith("SET: NOAUTH ")
    assert cache.run(f"{CLI} exists {KEY}").strip() == "0"


def test_the_password_is_read_by_nobody_else(group: Ansible) -> None:
    app, cache = group.lab["app1"], group.lab["cache1"]
    for host, owner in ((app, "root"), (cache, "redis")):
        places = "/etc /var/lib /var/log /usr/local /run /tmp /root"
        (file,) = host.run(f"grep -rlF {PASSWORD} {places} 2>/dev/null || true").split()
        assert host.run(f"stat --format='%U %a' {file}").split() == [owner, "600"]
        # Of processes that run all the time; what enters it for this test has it in its own.
        assert PASSWORD not in host.run("ps -o args= -C redis-server,python3 || true")
    assert cache.run(f"{CLI} CONFIG GET protected-mode").split() == ["protected-mode", "yes"]


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
    assert app.run(f"ls {HOLDS}", check=False) == ""
    assert cache.run(f"{CLI} exists {KEY}").strip() == "0"
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
        assert f"planned restart skipped: {reason}" in app.run(f"{JOURNAL} --unit={UNIT}")
        return reason

    assert skipped("echo '{}' > /etc/flyball/freeze.json", "rm /etc/flyball/freeze.json") == "the host is frozen"
    drained = (f"echo OPS-12 > {MARK}", f"rm {MARK}")
    assert re.fullmatch("the host is drained already: by somebody since [0-9: -]+ UTC: OPS-12", skipped(*drained))
    roll = json.dumps(
        {"holders": [{"program": "roll.yml", "who": "ops@ctl1", "why": "shop=2", "run": "1", "since": 0}]}
    )
    taken = skipped(f"echo '{roll}' > {LOCK}", f"rm {LOCK}")
    assert taken == "the group is being changed by roll.yml of ops@ctl1 since 1970-01-01 00:00 UTC: shop=2"
    unwell = f"1 others must be well, and 0 are; not well: {other.address}"
    assert skipped(*drained, on=other) == unwell
    lock = (f"{CLI} set {KEY} 'app2 token' PX 60000", f"{CLI} del {KEY}")
    assert skipped(*lock, on=cache) == "app2 has the lock of the group"
    assert "the lock cannot be had: " in skipped(
        "systemctl stop redis-server", "systemctl start redis-server", on=cache
    )
    hangs = [f"systemctl kill --signal={signal} prometheus-alertmanager" for signal in ("SIGSTOP", "SIGCONT")]
    assert "Alertmanager cannot be asked: " in skipped(*hangs, on=cache)
    cache.run(f"{AMTOOL} alert add alertname=Slow instance=app2")
    assert skipped("true", "true") == "an alert fires: Slow"
    cache.run(f"{AMTOOL} silence add alertname=Slow --comment known --author ops --duration 1h")
    until(lambda: "Slow" not in cache.run(f"{AMTOOL} alert"))
    assert started(app) == before
    assert run(app) == ("done", "")
    assert metric(app, "skipped") == "0"


def test_of_two_hosts_at_the_same_moment_one_says_what_it_waits_for(group: Ansible) -> None:
    apps = [group.lab["app1"], group.lab["app2"]]
    before = [started(app) for app in apps]
    running = [app.popen(f"systemctl start {UNIT}") for app in apps]
    for process in running:
        process.communicate(timeout=240)
    said = [state(app) for app in apps]
    restarted = [started(app) != old for app, old in zip(apps, before, strict=True)]
    assert restarted == [outcome == "done" for outcome, _ in said]
    assert True in restarted
    for outcome, reason in said:
        # Who looks while the other has the lock finds it taken, or its holder drained.
        assert outcome == "done" or "has the lock" in reason or "others must be well" in reason


def test_a_reboot_comes_back_drained_and_serves_when_it_is_well(group: Ansible) -> None:
    app, cache = group.lab["app2"], group.lab["cache1"]
    reboot = {"planned_restart_reboot": True, "planned_restart_units": []}
    again = Ansible(group.lab, group.groups, {**group.variables, "app2": reboot})
    again.apply("app2", "planned_restart").succeeded()
    # The mark must be there before the service is.
    app.write("/etc/systemd/system/shop.service.d/seen.conf", f"[Service]\nExecStartPre=cp {MARK} {LOCK} /root\n")
    first = app.first_process()
    app.run(f"systemctl daemon-reload; systemctl start --no-block {UNIT}")
    until(lambda: app.first_process() not in (None, first))
    app.wait_up()
    until(lambda: state(app)[0] == "done")
    assert app.run("grep -l 'planned restart' /root/drain /root/group-web").split() == [
        "/root/drain",
        "/root/group-web",
    ]
    assert app.run(f"ls {HOLDS} /var/lib/flyball/planned-restart.resume", check=False) == ""
    assert cache.run(f"{CLI} exists {KEY}").strip() == "0"


@pytest.mark.parametrize("what", ["the host went down", "the program was killed"])
def test_a_run_that_is_cut_off_gives_the_group_back_and_not_the_host(group: Ansible, what: str) -> None:
    app, cache = group.lab["app1"], group.lab["cache1"]
    caller = {"program": "restart.yml", "who": "ops@ctl1", "why": "restarts", "run": "1", "since": 0}
    app.write(LOCK, json.dumps({"holders": [caller]}))
    hangs = "[Service]\nExecStartPre=sh -c 'while [ -e /run/hangs ]; do sleep 0.1; done'\n"
    app.write("/etc/systemd/system/shop.service.d/hangs.conf", hangs)
    app.run("systemctl daemon-reload; touch /run/hangs")
    running = app.popen(f"systemctl start {UNIT}")
    until(lambda: "activating" in app.run("systemctl is-active shop", check=False))
    if what == "the host went down":
        # It is gone at once: it does not see others go before it.
        app.run(f"systemctl kill --signal=SIGSTOP {UNIT}")
        app.power_loss()
        app.start()
        app.wait_up()
    else:
        app.run(f"systemctl kill --signal=SIGKILL {UNIT}; rm /run/hangs")
    running.communicate(timeout=240)
    until(lambda: what in app.run("cat /var/lib/flyball/planned-restart.json", check=False))
    assert state(app)[0] == "failed"
    assert state(app)[1].startswith(f"{what} in the midst of it; the host stays drained")
    assert [it["program"] for it in json.loads(app.run(f"cat {LOCK}"))["holders"]] == ["restart.yml"]
    assert [it["program"] for it in json.loads(app.run(f"cat {MARK}"))["holders"]] == ["planned restart"]
    app.run(f"rm {HOLDS} /etc/systemd/system/shop.service.d/hangs.conf; systemctl daemon-reload")
    cache.run(f"{CLI} del {KEY}")
    until(lambda: app.run("systemctl is-active shop", check=False) == "active\n")


def play(group: Ansible, **extra: Any) -> tuple[int, str]:
    played = group.play("restart", **extra)
    return played.code, " ".join(played.output.split())


def test_now_host_by_host_by_the_same_program(group: Ansible) -> None:
    apps = [group.lab["app1"], group.lab["app2"]]
    before = [started(app) for app in apps]
    code, output = play(group)
    assert code == 0, output
    assert all(started(app) != old for app, old in zip(apps, before, strict=True))


def test_now_without_headroom_or_for_a_frozen_host_nothing_begins(group: Ansible) -> None:
    app = group.lab["app1"]
    before = started(app)
    code, output = play(group, rollout_load={"peak": 150, "host": 100})
    assert code != 0
    assert "the peak needs 2 hosts and there are 2: none can be taken out" in output
    app.write("/etc/flyball/freeze.json", '{"reason": "moving the database"}')
    try:
        code, output = play(group)
    finally:
        app.run("rm /etc/flyball/freeze.json")
    assert code != 0
    assert "app1 is frozen: moving the database." in output
    assert started(app) == before


def test_a_restart_that_fails_stops_there_and_keeps_the_host_drained_and_the_lock(group: Ansible) -> None:
    app, other, cache = (group.lab[name] for name in ("app1", "app2", "cache1"))
    untouched = started(other)
    # Serves well, and no more after its next start.
    app.run("sed -i 's/else 200/else 500/' /usr/local/lib/shop.py")
    code, output = play(group)
    assert code != 0
    assert "did not answer 200 within 8 s; the host stays drained, and keeps the lock" in output
    assert "Nothing after it was touched. Go on: mend app1, let it serve again" in output
    assert started(other) == untouched
    assert (metric(app, "failed"), app.run(f"grep -c 'planned restart.*did not answer 200' {MARK}")) == ("1", "1\n")
    assert "planned restart failed" in app.run(f"{JOURNAL} --priority=alert --unit={UNIT}")
    assert app.run(f"systemctl is-failed {UNIT}").strip() == "failed"
    assert 0 < int(cache.run(f"{CLI} pttl {KEY}")) <= 900_000
    assert run(other)[0] == "skipped"
    app.power_loss()
    app.start()
    app.wait_up()
    outcome, reason = run(app)
    assert (outcome, metric(app, "failed")) == ("skipped", "1")
    assert reason.startswith("the host is drained already: by planned restart of app1 since ")


def until(reached: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 240
    while not reached():
        assert time.monotonic() < deadline
        time.sleep(0.2)
