"""A shop on some hosts, behind nginx and balancers: what drills and tests of changes roll out."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from flyball.guards.roles.haproxy import SOCKET
from flyball.lab.hosts import packages
from flyball.lab.hosts.ansible import Ansible
from flyball.lab.hosts.host import Host
from flyball.lab.hosts.lab import Lab

_PROGRAM = """
import http.server
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response({status})
        self.end_headers()
        self.wfile.write(b"{version}")
    def log_message(self, *_):
        pass
http.server.ThreadingHTTPServer(("127.0.0.1", 8080), Handler).serve_forever()
"""
WEB: Mapping[str, Any] = {
    "nginx_sites": [{"name": "shop", "port": 80, "servers": ["127.0.0.1:8080"]}],
    "rollout_load": {"peak": 150, "host": 100},
    "nginx_drain_seconds": 3,
}
"""Variables of the hosts that serve it: the peak needs two of three."""
ASKED = f"""
import csv, socket, sys
asked = socket.socket(socket.AF_UNIX)
asked.connect("{SOCKET}")
asked.sendall(b"show stat\\n")
places = list(csv.DictReader(asked.makefile()))
"""
"""On a balancer: what it says of each place that it listens at or sends to."""
_SENDS = f"""{ASKED}
checked = [server for server in places if server["check_status"]]
well = [server for server in checked if server["status"] == "UP" and server["check_status"].endswith("OK")]
sys.exit(not checked or well != checked)
"""
"""Whether a balancer has looked at all its servers, and found them well."""
APPS, BALANCER = ("app1", "app2", "app3"), "lb1"
"""The hosts of `set_up`."""


def set_up(lab: Lab) -> None:
    """Three hosts serve its first version, behind a balancer."""
    lab.add(*APPS, BALANCER)
    hosts = fleet(lab)
    hosts.apply("web", "nginx").succeeded()
    hosts.apply("proxy", "haproxy").succeeded()
    offer(lab, "1")
    for name in APPS:
        lab[name].run("apt-get update -qq && apt-get install -qq -y shop=1")


def fleet(lab: Lab) -> Ansible:
    """What is to hold for the hosts of `set_up`."""
    balancing = balancer([lab[name].address for name in APPS])
    return Ansible(lab, {"web": APPS, "proxy": [BALANCER]}, {"web": WEB, "proxy": balancing})


def wait_until_balanced(lab: Lab) -> None:
    """Wait until a shop that is well answers on each of the hosts of `set_up`, and the balancer sends to all."""
    for name in APPS:
        wait_until_served(lab[name])
    lab[BALANCER].write("/root/sends.py", _SENDS)
    lab[BALANCER].run("until python3 /root/sends.py 2> /dev/null; do sleep 0.2; done")


def offer(lab: Lab, version: str, status: int | str = 200) -> None:
    """Offer a version of the shop, which answers with a status, to the hosts of `set_up`."""
    made = package(lab.folder, version, status)
    for name in APPS:
        packages.offer(lab[name], made)


def package(folder: Path, version: str, status: int | str = 200) -> Path:
    """A version of the shop, which answers with a status; that may be an expression of Python."""
    return packages.build(folder, "shop", version, _PROGRAM.format(status=status, version=version))


def wait_until_served(host: Host) -> None:
    """Wait until a shop that is well answers on its host: its unit counts as started before it listens."""
    ask = "python3 -c \"import urllib.request as u; u.urlopen('http://127.0.0.1/')\" 2> /dev/null"
    host.run(f"until {ask}; do sleep 0.2; done")


def balancer(addresses: Sequence[str], listen: str = "0.0.0.0") -> dict[str, Any]:
    """Variables of a host that balances over those at these addresses, and listens on one of its own.

    A change takes out one of them, and another may die meanwhile: two may be left out before all are used again. A
    host is out within a second of saying so, well before its drain is over.
    """
    first, *others = addresses
    call = {"host": first, "hosts": others, "port": 80, "protocol": "http", "address": listen, "listen": 80}
    health = {"path": "/flyball/health", "period": "500ms", "failures": 2}
    return {"haproxy_proxy": {"calls": {"shop": {**call, "retries": 1, "eject": 2, "health": health}}}}
