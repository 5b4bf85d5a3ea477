"""From bare hosts to what the variables say, at the first run and never again; then changes, batch by batch."""

import json
import re
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from tests.hosts.conftest import APPS, BALANCERS, CACHES, CLI, UNTOUCHED, touched, until

from flyball.drills.hosts import shop as releases
from flyball.drills.hosts.load import Users, users
from flyball.lab.hosts import packages
from flyball.lab.hosts.ansible import Ansible
from flyball.lab.hosts.host import Host
from flyball.lab.hosts.lab import Lab

pytestmark = [pytest.mark.hosts, pytest.mark.vegeta]
HOLDERS = "python3 -EsB /usr/local/lib/flyball/holds.py"
"""Prints who has the host out of service, and who is changing its group."""
ONE_OF_EACH = ("--limit", "app1,lb1,cache1,logs1")
RATE = 10
"""Requests per second to each balancer; three small hosts and all else share the processors here."""
# As needrestart reads its settings, and then asks for each service, whatever mode it is called in.
_NEEDRESTART = """
our %nrconf = (override_rc => { qr(^ssh) => 0 });
foreach my $file (sort </etc/needrestart/conf.d/*.conf>) { eval do { local (@ARGV, $/) = $file; <> }; die $@ if $@; }
print "$nrconf{restart} ", map { "nginx.service" =~ /$_/ ? $nrconf{override_rc}{$_} : () } keys %{$nrconf{override_rc}};
"""
HEADERS = """
import http.client, http.server, threading

class Large(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("X-Large", "x" * 5_000)
        self.send_header("Content-Length", "0")
        self.end_headers()

server = http.server.HTTPServer(("127.0.0.1", 8080), Large)
threading.Thread(target=server.serve_forever, daemon=True).start()
there = http.client.HTTPConnection("127.0.0.1", 80, timeout=20)
there.request("GET", "/", headers={"Cookie": "c=" + "x" * 9_000})
answer = there.getresponse()
print(answer.status, len(answer.headers["X-Large"] or ""))
"""
_METRICS = "import urllib.request as u; print(u.urlopen('http://127.0.0.1:21001/metrics').read().decode())"


@pytest.fixture(scope="module")
def converged(fleet: Ansible) -> Ansible:
    """The fleet after `site.yml`, checked on bare hosts before and on configured ones afterwards."""
    bare = fleet.play("site", "--check", "--diff", *ONE_OF_EACH).succeeded()
    assert {what: bare.total(what) for what in ("failed", "unreachable", "ignored")} == dict.fromkeys(
        ("failed", "unreachable", "ignored"), 0
    )
    for host in fleet.lab.hosts.values():
        assert host.run("dpkg-query --show --showformat='${Status}' rsyslog 2>/dev/null || true") == ""
    fleet.play("site").succeeded()
    return fleet


def test_a_second_run_changes_nothing(converged: Ansible) -> None:
    again = converged.play("site").succeeded()
    assert touched(again) == UNTOUCHED


def test_check_on_configured_hosts_changes_nothing(converged: Ansible) -> None:
    checked = converged.play("site", "--check", "--diff", *ONE_OF_EACH).succeeded()
    assert touched(checked) == UNTOUCHED


def test_every_unit_runs(converged: Ansible) -> None:
    for host in converged.lab.hosts.values():
        assert host.run("systemctl --failed --no-legend") == ""
        assert host.run("systemctl is-active logrotate.timer rsyslog").split() == ["active", "active"]
    leaving = "flyball-spot-drain.service flyball-planned-restart.timer"
    for name in APPS:
        assert converged.lab[name].run(f"systemctl is-active {leaving}").split() == ["active", "active"]


def test_the_cache_listens_where_it_is_asked_to(converged: Ansible) -> None:
    cache = converged.lab["cache1"]
    listening = {line.split()[3] for line in cache.run("ss -ltnH").splitlines()}
    assert {address for address in listening if address.endswith(":6379")} == {
        "127.0.0.1:6379",
        f"{cache.address}:6379",
    }


def test_nothing_else_is_open_to_others(converged: Ansible) -> None:
    asked = {"app": {22, 80}, "lb": {22, 80}, "cache": {22, 6379}, "logs": {22}}
    for name, host in converged.lab.hosts.items():
        places = [line.split()[4] for line in host.run("ss -ltunH").splitlines()]
        reached = {place for place in places if not place.startswith(("127.", "[::1]"))}
        assert {int(place.rpartition(":")[2]) for place in reached} == asked[name.rstrip("123")]


def test_a_host_listens_on_both_families(converged: Ansible) -> None:
    for name, port in (("app1", 80), ("lb1", 80)):
        places = {line.split()[3] for line in converged.lab[name].run("ss -ltnH").splitlines()}
        assert {f"0.0.0.0:{port}", f"[::]:{port}"} <= places
    get = "import urllib.request as u; print(u.urlopen('http://[::1]/flyball/health').status)"
    assert converged.lab["app1"].run(f'python3 -c "{get}"') == "200\n"


_MANY = """
import http.client, sys
connection = http.client.HTTPConnection(sys.argv[1], timeout=20)
def ask(client):
    connection.request("GET", "/", headers={"X-Forwarded-For": client})
    answer = connection.getresponse()
    answer.read()
    return answer.status
print(sum(ask(sys.argv[2].format(i)) == 429 for i in range(200)))
"""


def limited(host: Host, app: Host, client: str) -> int:
    """Of 200 requests that a host makes at once, for clients of these addresses, how many are too many."""
    host.write("/tmp/many.py", _MANY)
    return int(host.run(f"python3 /tmp/many.py {app.address} '{client}'"))


def test_limits_of_a_client_are_the_clients(converged: Ansible) -> None:
    """Behind a balancer, whose word counts, and nobody else's; of IPv6 a client has a whole network."""
    app, balancer, other = (converged.lab[name] for name in ("app1", "lb1", "app2"))
    assert limited(balancer, app, "203.0.113.{}") == 0
    assert limited(balancer, app, "2001:db8:1:{0:x}::1") == 0
    assert limited(balancer, app, "2001:db8::{:x}") > 100
    assert limited(balancer, app, "198.51.100.7") > 100
    assert limited(other, app, "203.0.113.{}") > 100


def test_only_its_own_user_reaches_the_commands_of_a_balancer(converged: Ansible) -> None:
    sockets = converged.lab["lb1"].run("stat --format='%A %U %G' /run/haproxy/*.sock").splitlines()
    assert len(sockets) == 2
    for socket in sockets:
        mode, *owner = socket.split()
        assert (mode[-2], owner) == ("-", ["haproxy", "haproxy"])


def test_keys_that_never_expire_fail_the_audit(converged: Ansible) -> None:
    cache = converged.lab["cache1"]
    cache.run(f"{CLI} set expires 1 EX 600; systemctl start redis-ttl-audit")
    cache.run(f"{CLI} set stays 1; systemctl start redis-ttl-audit", check=False)
    assert cache.run("systemctl is-failed redis-ttl-audit", check=False).strip() == "failed"
    metrics = cache.run("cat /var/lib/flyball/metrics/redis-ttl.prom")
    assert metrics.splitlines() == [
        "flyball_redis_keys 2",
        "flyball_redis_keys_without_ttl 1",
        "flyball_redis_keys_without_ttl_allowed 0.0",
    ]
    cache.run(f"{CLI} del stays; systemctl start redis-ttl-audit")


def test_logs_that_nobody_takes_are_a_figure(converged: Ansible) -> None:
    host = converged.lab["app1"]  # nobody on logs1 takes any
    host.run("logger waits")
    deadline = time.monotonic() + 240
    found: dict[str, int] = {}
    while not found.get("flyball_log_shipping_waiting") and time.monotonic() < deadline:
        host.run("systemctl start log-shipping-figures")
        figures = host.run("cat /var/lib/flyball/metrics/log-shipping.prom 2>/dev/null || true").split()
        found = dict(zip(figures[::2], map(int, figures[1::2]), strict=True))
        time.sleep(1)
    assert found.pop("flyball_log_shipping_waiting") > 0
    assert found == {"flyball_log_shipping_sent_total": 0, "flyball_log_shipping_lost_total": 0}


def test_a_failed_rotation_is_said_as_a_metric_and_in_the_journal(converged: Ansible) -> None:
    host = converged.lab["logs1"]
    host.write("/etc/logrotate.d/broken", "/var/log/broken {\n  su nobody-such nogroup\n}\n")
    host.run("systemctl start logrotate", check=False)
    metric = "/var/lib/flyball/metrics/logrotate.service.prom"
    assert host.run(f"cat {metric}") == 'flyball_unit_failed{unit="logrotate.service"} 1\n'
    assert "logrotate.service failed" in host.run("journalctl --identifier=flyball --priority=alert --no-pager")
    host.run("rm /etc/logrotate.d/broken; systemctl start logrotate")
    assert host.run(f"cat {metric}") == 'flyball_unit_failed{unit="logrotate.service"} 0\n'


def test_a_rotated_log_is_opened_anew_and_has_its_owner(converged: Ansible) -> None:
    host = converged.lab["app1"]
    host.run("echo old >> /var/log/nginx/access.log; logrotate --force /etc/logrotate.d/nginx")
    ask = "import urllib.request as u; u.urlopen('http://127.0.0.1/new')"
    deadline = time.monotonic() + 240
    # A request that nginx takes before it has the signal still belongs to the old file.
    while not host.run("grep /new /var/log/nginx/access.log || true") and time.monotonic() < deadline:
        host.run(f'python3 -c "{ask}"', check=False)
    found = host.run("stat --format='%U %G %a' /var/log/nginx/access.log; grep -c /new /var/log/nginx/access.log")
    assert found.split()[:3] == ["www-data", "adm", "640"]
    assert int(found.split()[3]) >= 1
    assert "old" in host.run("cat /var/log/nginx/access.log.1").splitlines()


def test_a_cookie_of_nine_thousand_bytes_and_a_header_of_five_thousand_pass(converged: Ansible) -> None:
    host = converged.lab["app1"]
    host.write("/root/headers.py", HEADERS)
    assert host.run("python3 /root/headers.py 2>/dev/null") == "200 5000\n"


def test_a_service_that_a_signal_would_end_gets_none(converged: Ansible, shop: "Shop") -> None:
    """Its program has no handler: rotated, it would be gone, and nobody told."""
    host = shop.apps[0]
    log = {"name": "shop", "paths": ["/var/log/shop.log"], "unit": "shop.service"}
    rotating = Ansible(converged.lab, converged.groups, {**converged.variables, "app1": {"logrotate_logs": [log]}})
    refused = rotating.apply("app1", "logrotate")
    assert refused.code == 2
    assert "the process of shop.service does not catch HUP, which would end it" in " ".join(refused.output.split())
    assert host.run("ls /etc/logrotate.d/shop", check=False) == ""
    host.run("systemctl stop shop")  # now nobody can see it
    rotating.apply("app1", "logrotate").succeeded()
    host.run("systemctl start shop; echo one > /var/log/shop.log")
    host.run("logrotate --force /etc/logrotate.d/shop", check=False)
    assert host.run("systemctl is-active shop; ls /var/log/shop.log*; cat /var/log/shop.log").split() == [
        *("active", "/var/log/shop.log", "one")
    ]
    assert "log of shop.service: its process does not catch HUP" in host.run(
        "journalctl -t flyball -p alert --no-pager"
    )
    assert 'flyball_unit_kept{unit="shop.service"' in host.run("cat /var/lib/flyball/metrics/units-log-shop.prom")
    host.run("rm /etc/logrotate.d/shop /var/log/shop.log")


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
    lock = "f = open('/var/lib/dpkg/lock-frontend', 'w'); fcntl.lockf(f, fcntl.LOCK_EX)"
    hold = f"import fcntl, time; {lock}; open('/run/held', 'w'); time.sleep(9999)"
    host.run(f'systemd-run --quiet --unit=upgrades python3 -c "{hold}"')
    until(lambda: host.run("ls /run/held", check=False), bool)
    played = ansible.apply("logs1", "node_exporter")
    host.run("systemctl stop upgrades")
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


LATE = "192.0.2.99"


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
    for host, unit, _, _, _, comes in late:
        tries = f"systemctl show --property=NRestarts --value {unit}"
        assert int(until(lambda host=host, tries=tries: host.run(tries), lambda found: int(found) > 5)) > 5
        host.run(comes)
        assert (
            until(lambda host=host, unit=unit: host.run(f"systemctl is-active {unit}", check=False), _is_up)
            == "active\n"
        )
    for host, unit, file, *_ in late:
        host.run(f"mv {file}.before {file}; systemctl restart {unit}")
    app.run("cp /etc/hosts /root/hosts; grep -v late.test /root/hosts > /etc/hosts")


def _is_up(state: str) -> bool:
    return state == "active\n"


class Shop:
    """The shop on every application host, and packages of its next versions."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.apps = [lab[name] for name in APPS]

    def offer(self, version: str, status: int | str) -> None:
        """A package whose shop answers with a status, which may be an expression of Python."""
        package = releases.package(self.lab.folder, version, status)
        for host in self.apps:
            packages.offer(host, package)

    def versions(self) -> list[str]:
        return [host.run("dpkg-query --show --showformat='${Version}' shop") for host in self.apps]

    def answers(self) -> list[str]:
        return [_answer(host) for host in self.apps]

    @property
    def origins(self) -> list[str]:
        """Where people find it: at the balancers."""
        return [f"http://{self.lab[name].address}" for name in BALANCERS]


def _answer(host: Host) -> str:
    """What a host gives a balancer that asks for its health, and then a request."""
    ask = (
        "import urllib.request as u\n"
        "def get(path):\n"
        "    try: return u.urlopen('http://127.0.0.1' + path, timeout=5).status\n"
        "    except u.HTTPError as error: return error.code\n"
        "print(get('/flyball/health'), get('/'))"
    )
    return host.run(f'python3 -c "{ask}"').strip()


@pytest.fixture
def shop(converged: Ansible) -> Iterator[Shop]:
    """The shop in version 1 everywhere."""
    made = Shop(converged.lab)
    made.offer("1", 200)
    for host in made.apps:
        host.run("apt-get update -qq && apt-get install -qq -y --allow-downgrades shop=1 && systemctl restart shop")
        host.run("rm -f /var/lib/flyball/drain")
        releases.wait_until_served(host)
    yield made
    for host in made.apps:
        host.unsilence()


@pytest.fixture
def people(shop: Shop) -> Iterator[Users]:
    """Those who use the shop all the time."""
    with users(shop.lab, shop.origins, RATE, print) as them:
        yield them


def roll(fleet: Ansible, shop: Shop, version: str, *options: str, **extra: Any) -> tuple[int, str]:
    change: dict[str, Any] = {"roll_packages": [f"shop={version}"], "roll_units": ["shop.service"], "roll_roles": []}
    played = fleet.play("roll", *options, **change, roll_through=shop.origins, **extra)
    return played.code, " ".join(played.output.split())


def test_balancers_send_to_all_that_are_well(converged: Ansible, shop: Shop) -> None:
    for name in BALANCERS:
        found = converged.lab[name].run(f'python3 -c "{_METRICS}"').splitlines()
        up = {
            line.split('server="')[1][:2]
            for line in found
            if "haproxy_server_check_status" in line and "L7OK" in line and line.endswith(" 1")
        }
        assert up == {"s1", "s2", "s3"}
        assert converged.lab[name].run("ps -o user= -C haproxy").split() == ["haproxy", "haproxy"]


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
    assert until(lambda: _answer(canary), lambda found: found == "503 500") == "503 500"
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
        fewest = min(fewest, sum(not app.run("ls /var/lib/flyball/drain 2>/dev/null || true") for app in shop.apps))
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
    assert why in shop.apps[1].run("journalctl --identifier=flyball --no-pager")
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


def test_nothing_begins_while_a_host_does_not_answer(converged: Ansible, shop: Shop) -> None:
    shop.offer("4", 200)
    shop.apps[2].silence()
    begun = time.monotonic()
    code, output = roll(converged, shop, "4")
    assert code != 0
    assert "app3 does not answer; nothing was changed" in output
    assert time.monotonic() - begun < 60
    assert shop.versions() == ["1", "1", "1"]


def test_a_host_that_falls_silent_in_the_middle_stops_what_comes_after_it(
    converged: Ansible, shop: Shop, people: Users
) -> None:
    shop.offer("5", 200)
    second = shop.apps[1]

    def silence_once_drained() -> None:
        deadline = time.monotonic() + 240
        while not second.run("ls /var/lib/flyball/drain 2>/dev/null || true") and time.monotonic() < deadline:
            time.sleep(0.1)
        second.silence()

    watcher = threading.Thread(target=silence_once_drained)
    watcher.start()
    code, output = roll(converged, shop, "5")
    watcher.join()
    assert code != 0
    assert "Batch of app2. Should this run end in it: Go on: mend app2 and run this again" in output
    assert "fatal: [app2]: UNREACHABLE!" in output
    assert people.lost == []  # it had been drained
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
    journal = host.run("journalctl --identifier=flyball --no-pager; cat /var/log/syslog")
    assert "frozen host changed all the same: the certificate expires today" in journal
    converged.play("freeze", *only, freeze_state="thawed").succeeded()
    host.run(f"systemctl start {units}; systemctl stop {units}")
    assert "flyball-freeze" not in host.run("find /etc -name '*flyball-freeze*'; apt-config dump")
    assert host.run(f"apt-mark showhold; ls /usr/sbin/policy-rc.d {figures}", check=False) == ""
