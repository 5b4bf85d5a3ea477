"""Changes of a group that serves, host by host: who is taken out, what stops it, and who is asked first."""

import json
import re
import threading
import time
from typing import Any

import pytest
from tests.hosts.conftest import JOURNAL, until
from tests.hosts.site.shop import APPS, Shop, answer, installing, is_drained, roll

from flyball.drills.hosts.load import Users
from flyball.lab.hosts.ansible import Ansible

pytestmark = [pytest.mark.hosts, pytest.mark.vegeta]
HOLDERS = "python3 -EsB /usr/local/lib/flyball/holds.py"
"""Prints who has the host out of service, and who is changing its group."""
# As needrestart reads its settings, and then asks for each service, whatever mode it is called in.
_NEEDRESTART = """
our %nrconf = (override_rc => { qr(^ssh) => 0 });
foreach my $file (sort </etc/needrestart/conf.d/*.conf>) { eval do { local (@ARGV, $/) = $file; <> }; die $@ if $@; }
print "$nrconf{restart} ", map { "nginx.service" =~ /$_/ ? $nrconf{override_rc}{$_} : () } keys %{$nrconf{override_rc}};
"""


def test_a_good_release_reaches_every_host_and_nobody_notices(converged: Ansible, shop: Shop, people: Users) -> None:
    shop.offer("2", 200)
    code, output = roll(converged, shop, "2")
    assert code == 0, output
    assert shop.versions() == ["2", "2", "2"]
    assert shop.answers() == ["200 200"] * 3
    assert people.lost == []
    assert len(people.requests) > 100


def test_a_bad_release_stops_at_the_canary_and_nobody_notices(converged: Ansible, shop: Shop, people: Users) -> None:
    shop.offer("3", 500)
    code, output = roll(converged, shop, "3")
    assert code == 2
    assert "app1: Ask whether it is well" in output
    assert "Go on: mend app1 and run this again" in output
    assert shop.versions() == ["3", "1", "1"]
    assert shop.answers() == ["503 500", "200 200", "200 200"]  # no balancer sends the canary anything
    canary = shop.apps[0]
    canary.power_loss()
    canary.start()
    canary.wait_up()
    canary.run("until systemctl is-active --quiet nginx shop; do sleep 0.2; done")
    # Half changed it serves nobody, whatever befell it, and says whose it is.
    assert until(lambda: answer(canary), lambda found: found == "503 500") == "503 500"
    assert re.search(r"roll.yml of \S+@\S+ since .*: shop=3", canary.run(HOLDERS))
    assert people.lost == []
    shop.offer("1", 200)
    code, output = roll(converged, shop, "1", "--limit", "app2")
    assert code == 2
    assert "2 of the others must serve while app2 is out, and 1 does; app1: drained by roll.yml of " in output
    # Mended, or rolled back, by itself: the group is counted, not what the run is limited to.
    code, output = roll(converged, shop, "1", "--limit", "app1")
    assert code == 0, output
    assert (shop.versions(), shop.answers()) == (["1", "1", "1"], ["200 200"] * 3)
    assert people.lost == []


def test_two_rolls_at_once_take_out_one_host_at_a_time(converged: Ansible, shop: Shop, people: Users) -> None:
    shop.offer("2", 200)
    ended: list[tuple[int, str]] = []
    rolls = [threading.Thread(target=lambda: ended.append(roll(converged, shop, "2"))) for _ in range(2)]
    for thread in rolls:
        thread.start()
    fewest = len(APPS)
    while any(thread.is_alive() for thread in rolls):
        fewest = min(fewest, sum(not is_drained(app) for app in shop.apps))
        time.sleep(0.02)
    refused, done = sorted(ended, reverse=True)
    assert (done[0], refused[0], fewest) == (0, 2, 2), ended
    assert re.search(r"app1 is being changed by roll.yml of \S+@\S+ since .*: shop=2", refused[1])
    assert shop.versions() == ["2", "2", "2"]
    assert people.lost == []


def test_a_drain_and_a_roll_respect_each_other(converged: Ansible, shop: Shop) -> None:
    drained = converged.play("drain", drain_reason="a new disk, OPS-7")
    assert drained.code == 2  # the first could be spared, and no other
    assert "2 of the others must serve while app2 is out, and 1 does; app1: drained by drain.yml of" in " ".join(
        drained.output.split()
    )
    assert shop.answers() == ["503 200", "200 200", "200 200"]
    shop.offer("2", 200)
    code, output = roll(converged, shop, "2", roll_from="app2")
    assert (code, shop.versions()) == (2, ["1", "1", "1"])
    assert "2 of the others must serve while app2 is out, and 1 does" in output
    code, output = roll(converged, shop, "2")
    assert (code, shop.versions()) == (2, ["1", "1", "1"])
    assert re.search(r"app1 is drained by drain.yml of \S+@\S+ since .*: a new disk, OPS-7", output)
    converged.play("drain", "--limit", "app1", drain_state="in").succeeded()
    assert shop.answers() == ["200 200"] * 3
    code, output = roll(converged, shop, "2", roll_from="app3")
    assert (code, shop.versions()) == (0, ["1", "1", "2"]), output


def test_a_group_that_another_controller_has_is_left_alone_until_a_person_says_why(
    converged: Ansible, shop: Shop
) -> None:
    other = {
        "program": "roll.yml",
        "who": "ops@elsewhere",
        "why": "shop=9",
        "run": "elsewhere 1 1",
        "since": 1764000000,
    }
    shop.apps[1].write("/var/lib/flyball/group-web", json.dumps({"holders": [other]}))
    refused = converged.play("drain", "--limit", "app3", drain_reason="a new disk")
    assert refused.code == 2
    assert "app2 is being changed by roll.yml of ops@elsewhere since 2025-11-24 16:00 UTC: shop=9" in " ".join(
        refused.output.split()
    )
    assert shop.answers() == ["200 200"] * 3
    assert shop.apps[0].run("ls /var/lib/flyball") == shop.apps[2].run("ls /var/lib/flyball")
    why = "their controller is gone"
    converged.play("drain", "--limit", "app3", drain_state="in", drain_override=why).succeeded()
    assert why in shop.apps[1].run(f"{JOURNAL} --identifier=flyball")
    assert shop.apps[1].run("ls /var/lib/flyball/group-web", check=False) == ""


def test_variables_of_playbooks_are_held_against_their_declarations(converged: Ansible, shop: Shop) -> None:
    refused = converged.play("roll", roll_package=["shop=1"], roll_health=7)
    assert refused.code == 2
    said = " ".join(refused.output.split())
    assert "roll_package: is no known variable; did you mean 'roll_packages'?" in said
    assert "roll_health: is the number 7, not text; quote it" in said
    refused = converged.play("restart", restart_group="wbe")
    assert refused.code == 2
    assert "restart_group: 'wbe' is no group of the inventory; did you mean 'web'?" in " ".join(refused.output.split())


def test_a_release_that_only_people_find_bad_is_taken_from_them_again(converged: Ansible, shop: Shop) -> None:
    """Well when its host asks, ill when asked through a balancer."""
    shop.offer("6", "500 if self.headers.get('X-Deadline') else 200")
    code, output = roll(converged, shop, "6")
    assert code == 2
    assert "app1: Ask through the balancers whether people are served" in output
    assert shop.versions() == ["6", "1", "1"]
    assert shop.answers() == ["503 200", "200 200", "200 200"]


def test_packages_that_cannot_be_had_take_no_host_out(converged: Ansible, shop: Shop) -> None:
    shop.offer("2", 200)
    with installing(shop.apps[0]):
        code, output = roll(converged, shop, "2", base_lock_timeout="1s")
    assert code == 2
    assert "shop=2 cannot be installed: E: Unable to acquire the dpkg frontend lock" in output
    assert "Another program installs packages; wait for it, or raise base_lock_timeout." in output
    code, output = roll(converged, shop, "9")
    assert code == 2
    assert "shop=9 cannot be installed: E: Version '9' for 'shop' was not found." in output
    assert (shop.versions(), shop.answers()) == (["1", "1", "1"], ["200 200"] * 3)


def test_nothing_begins_while_a_host_does_not_answer(converged: Ansible, shop: Shop) -> None:
    shop.offer("4", 200)
    shop.apps[2].silence()
    begun = time.monotonic()
    code, output = roll(converged, shop, "4")
    assert code != 0
    assert "app3 does not answer; nothing was changed" in output
    assert time.monotonic() - begun < 240  # by itself Ansible waits for ten minutes
    assert shop.versions() == ["1", "1", "1"]


def test_a_host_that_falls_silent_in_the_middle_stops_what_comes_after_it(
    converged: Ansible, shop: Shop, people: Users
) -> None:
    shop.offer("5", 200)
    second = shop.apps[1]

    def silence_once_drained() -> None:
        deadline = time.monotonic() + 240
        while not is_drained(second) and time.monotonic() < deadline:
            time.sleep(0.1)
        shop.wait_until_left_out(second)
        second.silence()

    watcher = threading.Thread(target=silence_once_drained)
    watcher.start()
    code, output = roll(converged, shop, "5")
    watcher.join()
    assert code != 0
    assert "Batch of app2. Should this run end in it: Go on: mend app2 and run this again" in output
    assert "fatal: [app2]: UNREACHABLE!" in output
    assert people.lost == []  # no balancer sent it anything any more
    assert shop.versions() == ["5", "1", "1"]
    assert shop.answers() == ["200 200", "503 200", "200 200"]


def test_a_rollout_without_headroom_is_refused(converged: Ansible, shop: Shop) -> None:
    played = converged.play("roll", rollout_load={"peak": 240, "host": 100}, roll_roles=[], roll_packages=["shop=1"])
    assert played.code != 0
    assert "the peak needs 3 hosts and there are 3: none can be taken out" in played.output
    assert shop.answers() == ["200 200"] * 3


def test_a_frozen_host_is_left_alone_until_a_person_says_why(converged: Ansible, shop: Shop) -> None:
    only = ("--limit", "app3")
    host, figures = shop.apps[2], "/var/lib/flyball/metrics/freeze.prom"
    why: dict[str, Any] = {
        "freeze_reason": "moving the database",
        "freeze_packages": ["shop"],
        # One in /etc, which cannot be masked, and one by another name of it.
        "freeze_units": ["local.service", "scaler-alias.service"],
    }
    for name in ("local", "scaler"):
        host.write(f"/etc/systemd/system/{name}.service", "[Service]\nExecStart=sleep infinity\n")
    units = "local.service scaler.service scaler-alias.service"
    host.run("ln -sf scaler.service /etc/systemd/system/scaler-alias.service; systemctl daemon-reload")
    host.run(f"systemctl start {units}")
    looked = "/var/log/unattended-upgrades/unattended-upgrades.log"
    host.run(f"rm -f {looked}")
    with installing(host):
        waited = converged.play("freeze", *only, **why, base_lock_timeout="1s")
    assert waited.code == 2
    retried = re.search(r"FAILED - RETRYING: \[app3\]: .*Hold the packages \(1 retries left\)", waited.output)
    assert retried, waited.output
    converged.play("freeze", *only, **why).succeeded()
    for unit in units.split():
        assert "Assertion failed" in host.run(f"systemctl start {unit} 2>&1", check=False)
    assert set(host.run(f"systemctl is-active {units}", check=False).split()) == {"inactive"}
    host.run("rm -f /var/lib/apt/periodic/*; systemctl start apt-daily-upgrade", check=False)
    assert host.run(f"ls {looked}", check=False) == ""
    assert 'Unattended-Upgrade::Automatic-Reboot "false";' in host.run("apt-config dump")
    assert host.run(f"perl -e '{_NEEDRESTART}'") == "l 0"
    since = host.run(f"cat {figures}")
    assert re.fullmatch(r"flyball_frozen 1\nflyball_frozen_since_seconds [0-9]{10}\n", since)
    assert converged.play("freeze", *only, **why).succeeded().total("changed") == 0
    assert host.run(f"cat {figures}") == since
    refused = converged.play("site", *only)
    assert refused.code == 2
    assert "app3 is frozen: moving the database." in " ".join(refused.output.split())
    assert refused.total("changed") == 0
    assert converged.play("drain", *only, freeze_override="x").code == 2
    override = "the certificate expires today"
    converged.play("drain", *only, drain_state="in", freeze_override=override).succeeded()
    journal = host.run(f"{JOURNAL} --identifier=flyball; cat /var/log/syslog")
    assert "frozen host changed all the same: the certificate expires today" in journal
    converged.play("freeze", *only, freeze_state="thawed").succeeded()
    host.run(f"systemctl start {units}; systemctl stop {units}")
    assert "flyball-freeze" not in host.run("find /etc -name '*flyball-freeze*'; apt-config dump")
    assert host.run(f"apt-mark showhold; ls /usr/sbin/policy-rc.d {figures}", check=False) == ""
