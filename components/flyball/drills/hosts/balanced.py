"""A shop on several hosts behind a balancer that looks at their health, for drills in which hosts leave."""

from flyball.lab.hosts.host import Host

WORK_SECONDS = 0.5
"""What a request takes: some are under way at any moment."""
CHECK_SECONDS = 0.5
"""Between two looks of the balancer; two that fail, and the host gets nothing more."""
_SHOP = f"""
import http.server, os, time
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        health = self.path == "/flyball/health"
        if not health:
            time.sleep({WORK_SECONDS})
        self.send_response(503 if health and os.path.exists("/var/lib/flyball/drain") else 200)
        self.end_headers()
    def log_message(self, *_):
        pass
class Server(http.server.ThreadingHTTPServer):
    request_queue_size = 128
Server(("0.0.0.0", 80), Handler).serve_forever()
"""
_UNIT = """[Service]
ExecStart=/usr/bin/python3 /usr/local/lib/shop.py
{more}
[Install]
WantedBy=multi-user.target
"""
_BALANCER = """
global
  maxconn 4000
defaults
  mode http
  timeout connect 1s
  timeout client 10s
  timeout server 5s
  timeout queue 1s
  timeout check 2s
  retries 1
  option redispatch
frontend shop
  bind :80
  default_backend shop
backend shop
  balance roundrobin
  option httpchk GET /flyball/health
  http-check expect status 200
  default-server check inter {interval}ms fall 2 rise 2 {more}
"""


def serve(host: Host, more: str = "") -> None:
    """Run the shop on a host, with more lines for its unit."""
    host.write("/usr/local/lib/shop.py", _SHOP)
    host.write("/etc/systemd/system/shop.service", _UNIT.format(more=more))
    host.run("systemctl daemon-reload && systemctl enable --quiet --now shop")


def balance(balancer: Host, hosts: list[Host], more: str = "") -> None:
    """Run a plain HAProxy before the hosts, with more words for each of its servers."""
    balancer.run("apt-get install -qq -y haproxy")
    servers = "".join(f"  server {host.name} {host.address}:80\n" for host in hosts)
    config = _BALANCER.format(interval=int(CHECK_SECONDS * 1000), more=more)
    balancer.write("/etc/haproxy/haproxy.cfg", config + servers)
    balancer.run("systemctl restart haproxy")
