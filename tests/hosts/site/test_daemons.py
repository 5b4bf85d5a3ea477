"""Changes and mishaps of daemons: in place or one after the other, said where they fail, and over when they can be."""

import re

import pytest
from tests.hosts.conftest import CLI, UNTOUCHED, touched, until
from tests.hosts.site.shop import BALANCERS, CACHES, ONE_OF_EACH, installing

from flyball.drills.hosts import shop as releases
from flyball.lab.hosts.ansible import Ansible
from flyball.lab.hosts.host import Host

pytestmark = pytest.mark.hosts
LATE = "192.0.2.99"


def process(host: Host, unit: str) -> str:
    """Which start of a unit runs."""
    return host.run(f"systemctl show --property=InvocationID --value {unit}").strip()


def started(host: Host, unit: str) -> tuple[int, int]:
    """When a unit's last start began and was done, in microseconds of a clock that all hosts here share."""
    names = ("ExecMainStartTimestampMonotonic", "ActiveEnterTimestampMonotonic")
    begun, done = (host.run(f"systemctl show --property={name} --value {unit}") for name in names)
    return int(begun), int(done)


def test_a_setting_of_caches_changes_in_place(converged: Ansible) -> None:
    """Its password too: nobody need be let in by none meanwhile."""
    caches = [converged.lab[name] for name in CACHES]
    before = [process(cache, "redis-server") for cache in caches]
    for cache in caches:
        cache.run(f"{CLI} set kept 1 EX 600")
    other = "another-correct-horse"
    changes = {"redis_max_clients": 900, "redis_password": other, "redis_client_timeout": "1m"}
    converged.play("site", "--limit", "cache", "--tags", "redis", **changes).succeeded()
    for cache in caches:
        cli = f"REDISCLI_AUTH={other} redis-cli"
        found = [cache.run(f"{cli} CONFIG GET {name}").split()[1] for name in ("maxclients", "timeout")]
        assert (found, cache.run(f"{cli} get kept").strip()) == (["900", "60"], "1")
    again = converged.play("site", "--limit", "cache", "--tags", "redis").succeeded()
    assert again.total("changed") == 6  # the configuration, what runs and the password, on both
    assert [process(cache, "redis-server") for cache in caches] == before
    assert [cache.run(f"{CLI} get kept").strip() for cache in caches] == ["1", "1"]


def test_what_only_a_start_can_change_is_changed_one_cache_at_a_time(converged: Ansible) -> None:
    one, two = (converged.lab[name] for name in CACHES)
    for cache in (one, two):
        cache.run("echo 100 > /proc/$(systemctl show --property=MainPID --value redis-server)/oom_score_adj")
    untouched = process(one, "redis-server")
    two.run("systemctl stop redis-server")
    alone = converged.play("site", "--limit", "cache1", "--tags", "redis")
    assert alone.code != 0
    assert "needs a restart, and goes on with what it has, since cache2 of its group does not serve" in alone.output
    assert process(one, "redis-server") == untouched
    two.run("systemctl start redis-server")
    two.run("echo 100 > /proc/$(systemctl show --property=MainPID --value redis-server)/oom_score_adj")
    converged.play("site", "--limit", "cache", "--tags", "redis").succeeded()
    assert process(one, "redis-server") != untouched
    first, second = sorted(started(cache, "redis-server") for cache in (one, two))
    assert first[1] < second[0]  # whichever of them came first


def test_balancers_restart_one_at_a_time(converged: Ansible) -> None:
    one, two = (converged.lab[name] for name in BALANCERS)
    before = [process(balancer, "haproxy") for balancer in (one, two)]
    for balancer in (one, two):
        balancer.run("touch /etc/systemd/system/haproxy.service.d/flyball.conf")
    converged.play("site", "--limit", "proxy", "--tags", "haproxy").succeeded()
    assert all(process(host, "haproxy") != old for host, old in zip((one, two), before, strict=True))
    first, second = sorted(started(balancer, "haproxy") for balancer in (one, two))
    assert first[1] < second[0]  # whichever of them came first


def test_whatever_part_is_asked_for_has_what_it_needs(converged: Ansible) -> None:
    for options in (("--tags", "configure"), ("--check", "--skip-tags", "preflight,install")):
        assert touched(converged.play("site", *options, *ONE_OF_EACH).succeeded()) == UNTOUCHED


def test_what_stands_in_the_way_of_packages_is_named(converged: Ansible) -> None:
    host = converged.lab["logs1"]
    impatient = {**converged.variables, "logs1": {"base_lock_timeout": "1s"}}
    ansible = Ansible(converged.lab, converged.groups, impatient)
    with installing(host):
        played = ansible.apply("logs1", "node_exporter")
    assert played.code != 0
    assert "Another program installs packages; wait for it, or raise base_lock_timeout." in " ".join(
        played.output.split()
    )
    host.write("/etc/apt/sources.list.d/gone.list", "deb [trusted=yes] file:/srv/gone ./\n")
    host.run("rm -f /var/lib/apt/periodic/update-success-stamp; touch -d '2 hours ago' /var/lib/apt/lists")
    played = ansible.apply("logs1", "node_exporter")
    host.run("rm /etc/apt/sources.list.d/gone.list; apt-get update -qq")
    said = " ".join(played.output.split())
    assert played.code != 0
    assert "prometheus-node-exporter cannot be installed: " in said
    assert "file:/srv/gone" in said
    assert "Mend that source, or remove it from /etc/apt/sources.list.d, and run this again." in said


def test_who_cannot_listen_is_said_and_mended_by_the_next_run(converged: Ansible) -> None:
    app, balancer = converged.lab["app1"], converged.lab["lb1"]
    port = 8090
    proxy = releases.balancer([app.address])["haproxy_proxy"]
    proxy["calls"]["shop"]["listen"] = port
    sites = [{**releases.WEB["nginx_sites"][0], "port": port}]
    for host, program, changed in (
        (app, "nginx", {"nginx_sites": sites}),
        (balancer, "haproxy", {"haproxy_proxy": proxy}),
    ):
        own = ("--limit", host.name, "--tags", program)
        host.run(f"systemd-run --quiet --unit=squatter python3 -m http.server {port}")
        until(lambda host=host: host.run("ss -ltnH"), lambda found: f":{port} " in found)
        try:
            played = converged.play("site", *own, **changed)
            host.run("systemctl stop squatter")
            assert played.total("failed") == 1
            # Of both families, where there are both.
            said = (
                rf"{program}.service does not listen on .*0[.]0[.]0[.]0:{port}, where python3 \(process [0-9]+\) does"
            )
            assert re.search(said, played.output)
            # Nothing is to be written any more: what was written is to be taken up.
            converged.play("site", *own, **changed).succeeded()
            assert program in host.run(f"ss -ltnpH sport = :{port}")
        finally:
            host.run("systemctl stop squatter", check=False)
            converged.play("site", *own).succeeded()


def test_what_is_late_at_boot_ends_no_service(converged: Ansible) -> None:
    """An address, and the name of a server: all tries that systemd gives a unit by default are over before it comes."""
    app, balancer, cache = (converged.lab[name] for name in ("app1", "lb1", "cache1"))
    here = f"ip address add {LATE}/32 dev lo"
    late = (
        (
            app,
            "nginx",
            "/etc/nginx/nginx.conf",
            "127.0.0.1:8080",
            "late.test:8080",
            f"echo {LATE} late.test >> /etc/hosts",
        ),
        (balancer, "haproxy", "/etc/haproxy/haproxy.cfg", "127.0.0.1:21001", f"{LATE}:21001", here),
        (cache, "redis-server", "/etc/redis/redis.conf", "bind 127.0.0.1", f"bind 127.0.0.1 {LATE}", here),
    )
    for host, unit, file, now, then, _ in late:
        host.run(f"sed -i.before 's/{now}/{then}/' {file}; systemctl restart {unit}", check=False)
    try:
        for host, unit, _, _, _, comes in late:
            tries = f"systemctl show --property=NRestarts --value {unit}"
            assert int(until(lambda host=host, tries=tries: host.run(tries), lambda found: int(found) > 5)) > 5
            host.run(comes)
            state = f"systemctl is-active {unit}"
            assert until(lambda host=host, state=state: host.run(state, check=False), _is_up) == "active\n"
    finally:
        for host, unit, file, *_ in late:
            host.run(f"mv {file}.before {file}; systemctl restart {unit}")
        app.run("cp /etc/hosts /root/hosts; grep -v late.test /root/hosts > /etc/hosts")


def _is_up(state: str) -> bool:
    return state == "active\n"
