"""The watcher on a real host: under systemd with few privileges, it drains and stops within the notice."""

import json
import time

import pytest
from tests.hosts.conftest import UNTOUCHED, touched

from flyball.drills.hosts.spot_notice import METADATA, VARIABLES, give_metadata, give_notice
from flyball.lab.hosts.ansible import Ansible
from flyball.lab.hosts.host import Host
from flyball.lab.hosts.lab import Lab

pytestmark = pytest.mark.hosts
UNIT = "flyball-spot-drain"
MARK = "/var/lib/flyball/drain"
PERSON = {"program": "drain.yml", "who": "ops", "why": "a new disk", "run": "1", "since": 0}
GROUP = {"spot_drain_group": "web-1", "spot_drain_hook": "termination", "spot_drain_region": "eu-central-1"}
TOLD = "/var/lib/flyball/told"
TELLS = (
    "autoscaling complete-lifecycle-action --region eu-central-1 --auto-scaling-group-name web-1"
    " --lifecycle-hook-name termination --instance-id i-0a1b2c3d --lifecycle-action-result CONTINUE"
)
STOPPED = [{"name": "first.service", "stop": "2s"}, {"name": "second.service", "stop": "3s"}]


@pytest.fixture(scope="module")
def watched(hosts: Lab) -> Host:
    """A host with the role: checked on the bare host, applied, applied again, and checked again."""
    (host,) = hosts.add("spot1")
    endpoint = give_metadata(host)
    # In place of AWS's command line: what it is told is kept.
    host.write("/usr/local/bin/aws", f'#!/bin/sh\necho "$@" >>{TOLD}\n')
    host.run("chmod 0755 /usr/local/bin/aws")
    variables = {**VARIABLES, **GROUP, "spot_drain_endpoint": endpoint, "spot_drain_units": STOPPED}
    ansible = Ansible(hosts, {}, {"all": variables})
    ansible.apply("all", "spot_drain", check=True).succeeded()
    assert host.run(f"ls /etc/flyball /etc/systemd/system/{UNIT}.service", check=False) == ""
    ansible.apply("all", "spot_drain").succeeded()
    for check in (False, True):
        again = ansible.apply("all", "spot_drain", check=check).succeeded()
        assert touched(again) == UNTOUCHED
    return host


def until(host: Host, command: str, expected: str) -> None:
    """Wait until a command on a host prints what it should."""
    deadline = time.monotonic() + 240
    while (found := host.run(command, check=False).strip()) != expected and time.monotonic() < deadline:
        time.sleep(0.2)
    assert found == expected, host.run(f"journalctl --no-pager --unit={UNIT} | tail -20")


def metric(name: str) -> str:
    return f"grep flyball_spot_{name} /var/lib/flyball/metrics/spot-drain.prom | cut -d' ' -f2"


def test_it_runs_and_hears_the_server(watched: Host) -> None:
    assert watched.run(f"systemctl is-active {UNIT}; systemctl is-enabled {UNIT}").split() == ["active", "enabled"]
    until(watched, metric("metadata_up"), "1")
    assert watched.run("systemctl --failed --no-legend") == ""


def test_it_has_no_privilege_but_the_one_for_stopping_units(watched: Host) -> None:
    pid = watched.run(f"systemctl show --property=MainPID --value {UNIT}").strip()
    status = dict(line.split(":\t", 1) for line in watched.run(f"cat /proc/{pid}/status").splitlines() if ":\t" in line)
    assert (int(status["CapBnd"], 16), status["NoNewPrivs"], status["Seccomp"]) == (1 << 21, "1", "2")


def test_killed_it_comes_back(watched: Host) -> None:
    show = f"systemctl show --property=MainPID --value {UNIT}"
    before = watched.run(show).strip()
    watched.run(f"systemctl kill --signal=SIGKILL {UNIT}")
    # What was killed may still be there for a moment, and be called active.
    until(watched, f'[ "$({show})" != {before} ] && systemctl is-active {UNIT}', "active")
    assert watched.run(show).strip() not in ("0", before)


def test_a_notice_drains_the_host_and_stops_its_units_in_order(watched: Host) -> None:
    # The first one stays when it is asked to go.
    watched.run("systemd-run --quiet --unit=first sh -c 'trap \"\" TERM; while :; do sleep 1; done'")
    watched.run("systemd-run --quiet --unit=second sleep 600")
    give_notice(watched, 30)
    until(watched, "systemctl is-active second", "inactive")
    holder = json.loads(watched.run(f"cat {MARK}"))["holders"][0]
    assert (holder["program"], holder["why"]) == ("spot notice", "terminate")
    # A transient unit that was killed stays failed, one that went by itself is gone.
    until(watched, "systemctl is-active first", "failed")
    until(watched, f"journalctl --no-pager --unit={UNIT} | grep -c 'every unit is stopped'", "1")
    journal = watched.run(f"journalctl --no-pager --output=cat --unit={UNIT}")
    said = [line for line in journal.splitlines() if "stop" in line]
    assert "first.service did not stop" in said[0]
    assert said[1:] == ["stopped second.service", "drained, and every unit is stopped"]
    until(watched, metric("notice"), "1")
    until(watched, metric("units_killed"), "1")


def test_after_the_notice_nobody_undrains_the_host(watched: Host) -> None:
    watched.run(f"rm {MARK}")
    until(watched, f"grep -c 'spot notice' {MARK}", "1")


def test_the_next_start_of_the_machine_serves_again(watched: Host) -> None:
    """Its own mark goes with the machine that was to go; what a person holds stays."""
    held = json.loads(watched.run(f"cat {MARK}"))["holders"]
    watched.write(f"{MARK}.new", json.dumps({"holders": [PERSON, *held]}))
    watched.run(f"mv {MARK}.new {MARK}")  # the watcher looks at it all the time
    watched.run(f"rm {METADATA}/instance-action")
    watched.power_loss()
    watched.start()
    watched.wait_up()
    give_metadata(watched)
    until(watched, metric("notice"), "0")
    until(watched, f"grep -c 'spot notice' {MARK}", "0")
    assert json.loads(watched.run(f"cat {MARK}")) == {"holders": [PERSON]}


def test_what_its_group_takes_out_leaves_in_order_and_then_tells_the_group(watched: Host) -> None:
    watched.run("systemd-run --quiet --unit=second sleep 600")
    watched.run(f"echo i-0a1b2c3d >{METADATA}/instance-id && echo Terminated >{METADATA}/target-lifecycle-state")
    until(watched, f"cat {TOLD}", TELLS)
    until(watched, "systemctl is-active second", "inactive")
    until(watched, metric("termination"), "1")
    holders = json.loads(watched.run(f"cat {MARK}"))["holders"]
    assert [holder["program"] for holder in holders] == [PERSON["program"], "termination"]
