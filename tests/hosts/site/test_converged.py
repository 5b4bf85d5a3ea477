"""From bare hosts to what the variables say, at the first run and never again."""

import re
import time

import pytest
from tests.hosts.conftest import CLI, JOURNAL, PASSWORD, UNTOUCHED, touched, until
from tests.hosts.site.shop import APPS, BALANCERS, ONE_OF_EACH, Shop

from flyball.lab.hosts.ansible import Ansible
from flyball.lab.hosts.host import Host

pytestmark = pytest.mark.hosts
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
        # Debian's has 19: what fills a disk takes the processors too, and the rotation would wait for it.
        priorities = host.run("systemctl show --property=Nice,IOSchedulingPriority --value logrotate.service")
        assert priorities.split() == ["0", "4"]
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


UNREAD, ASKED = 20, 4
LEFT = int(6.4 // ASKED)
"""So many clients that hold all that they asked for [MiB] are within a tenth of 64 MiB."""
_UNREAD = f"""
import re, socket, time
def packed(*words):
    return b"*%d\\r\\n" % len(words) + b"".join(b"$%d\\r\\n%s\\r\\n" % (len(word), word) for word in words)
def connected():
    connection = socket.socket()
    # What the kernel takes of an answer Redis does not hold: kilobytes here, else up to 3 of the 4 MiB.
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, 536)
    connection.settimeout(60)
    connection.connect(("127.0.0.1", 6379))
    connection.sendall(packed(b"AUTH", b"{PASSWORD}"))
    assert connection.recv(5) == b"+OK\\r\\n"
    return connection
def evicted():
    with connected() as connection:
        connection.sendall(packed(b"INFO", b"stats"))
        told = b""
        while not (found := re.search(rb"evicted_clients:([0-9]+)\\r", told)):
            more = connection.recv(65536)
            assert more, "closed"
            told += more
        return int(found[1])
with connected() as first:
    first.sendall(packed(b"SET", b"large", bytes(2**20), b"EX", b"600"))
    assert first.recv(5) == b"+OK\\r\\n"
waiting = [connected() for _ in range({UNREAD})]
for connection in waiting:
    connection.sendall(packed(b"GET", b"large") * {ASKED})
given_up = time.monotonic() + 120
while evicted() < {UNREAD - LEFT} and time.monotonic() < given_up:
    time.sleep(0.1)
"""
"""Clients that ask for 4 MiB each and do not read: 80 MiB."""


def test_clients_that_do_not_read_are_closed_before_all_of_them_have_a_tenth(converged: Ansible) -> None:
    """By the setting of the role, of a maxmemory that a test can fill: 6.4 MiB of 64."""
    cache = converged.lab["cache1"]
    before = cache.run(f"{CLI} config get maxmemory").split()[1]
    assert cache.run(f"{CLI} config get maxmemory-clients").split()[1] == "10%"
    cache.write("/root/unread.py", _UNREAD)
    cache.run(f"{CLI} config set maxmemory 64mb; {CLI} config resetstat")
    try:
        cache.run("python3 /root/unread.py")
        facts = dict(re.findall(r"^(\w+):(\d+)\r?$", cache.run(f"{CLI} info"), re.MULTILINE))
    finally:
        cache.run(f"{CLI} config set maxmemory {before}; {CLI} del large")
    assert int(facts["evicted_clients"]) >= UNREAD - LEFT
    assert int(facts["used_memory_peak"]) < 64 * 2**20


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
    assert "logrotate.service failed" in host.run(f"{JOURNAL} --identifier=flyball --priority=alert")
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
        f"{JOURNAL} --identifier=flyball --priority=alert"
    )
    assert 'flyball_unit_kept{unit="shop.service"' in host.run("cat /var/lib/flyball/metrics/units-log-shop.prom")
    host.run("rm /etc/logrotate.d/shop /var/log/shop.log")


def test_balancers_send_to_all_that_are_well(converged: Ansible, shop: Shop) -> None:
    def up(balancer: Host) -> set[str]:
        return {
            line.split('server="')[1][:2]
            for line in balancer.run(f'python3 -c "{_METRICS}"').splitlines()
            if "haproxy_server_check_status" in line and "L7OK" in line and line.endswith(" 1")
        }

    every = {"s1", "s2", "s3"}
    for name in BALANCERS:
        # A host that a busy machine kept from answering in time is out for two looks.
        assert until(lambda name=name: up(converged.lab[name]), lambda found: found == every) == every
        assert converged.lab[name].run("ps -o user= -C haproxy").split() == ["haproxy", "haproxy"]
