"""A shop on some hosts, behind nginx and balancers: what drills and tests of changes roll out."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from flyball.lab.hosts import packages
from flyball.lab.hosts.host import Host

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
