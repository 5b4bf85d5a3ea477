"""A network of its own in which a pod's proxy runs between an application and its callers.

Run by itself, `unshare --net --mount python network.py`, with JSON on stdin: `addresses` of the pod, whether it has
`ipv6`, its proxy's `command` and `environment`, the family on which the `application` listens, and what to `ask` as
lists of host and port. It prints in JSON what was answered, what the application heard of its clients, and how many
sockets of IPv6 there are. A name server of its own knows one name, which has both families.
"""

import http.client
import json
import os
import socket
import struct
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

FAMILIES = {"ipv4": ("0.0.0.0", socket.AF_INET), "ipv6": ("::", socket.AF_INET6), "both": ("::", socket.AF_INET6)}
OUTSIDE = {"ipv4": "127.0.0.7", "ipv6": "fd07::7"}
"""Where the name leads: one address is always there, the other where there is IPv6."""
A, AAAA = 1, 28
NAME_SERVER = ("127.0.0.1", 53)
NOW = "nodad"
"""Else an address of IPv6 is no more than tentative until the kernel comes to it, and nothing can listen there."""


def main() -> None:
    given: dict[str, Any] = json.load(sys.stdin)
    ip("link set lo up")
    if given["ipv6"]:
        ip(f"addr add {OUTSIDE['ipv6']}/128 dev lo {NOW}")
    else:
        Path("/proc/sys/net/ipv6/conf/all/disable_ipv6").write_text("1")
    for address in given["addresses"]:
        ip(f"addr add {address}/" + (f"128 dev lo {NOW}" if ":" in address else "32 dev lo"))
    resolve_here(Path(given["folder"]))
    heard: list[str] = []
    serve(*FAMILIES[given["application"]], 8080, heard, only=given["application"] == "ipv6")
    for family, host in OUTSIDE.items():
        if family == "ipv4" or given["ipv6"]:
            serve(host, FAMILIES[family][1], 9090, [], says=family)
    threading.Thread(target=name_server, daemon=True).start()
    proxy = subprocess.Popen(given["command"], env={**os.environ, **given["environment"]}, stdout=sys.stderr)
    try:
        answers = [ask(proxy, host, port) for host, port in given["ask"]]
        sockets = Path("/proc/net/tcp6")
        own = sockets.read_text().splitlines()[1:] if sockets.exists() else []
    finally:
        proxy.kill()
        proxy.wait()
    json.dump({"answers": answers, "heard": heard, "ipv6": len(own)}, sys.stdout)


def ip(command: str) -> None:
    subprocess.run(["ip", *command.split()], check=True)


def resolve_here(folder: Path) -> None:
    """Ask the name server of this network, which only this mount namespace sees."""
    file = folder / "resolv.conf"
    file.write_text(f"nameserver {NAME_SERVER[0]}\n")
    subprocess.run(["mount", "--bind", str(file), "/etc/resolv.conf"], check=True)


def serve(
    host: str,
    family: socket.AddressFamily,
    port: int,
    heard: list[str],
    *,
    only: bool = True,
    says: str = "application",
) -> None:
    """Answer there; `only` says that a socket of IPv6 takes no IPv4."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            heard.append(self.headers.get("X-Forwarded-For", ""))
            self.send_response(200)
            self.send_header("Content-Length", str(len(says)))
            self.end_headers()
            self.wfile.write(says.encode())

        def log_message(self, format: str, *args: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        address_family = family

        def server_bind(self) -> None:
            if family == socket.AF_INET6:
                self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, only)
            super().server_bind()

    threading.Thread(target=Server((host, port), Handler).serve_forever, daemon=True).start()


def name_server() -> None:
    """Every name has both addresses."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(NAME_SERVER)
        while True:
            query, client = server.recvfrom(2048)
            end = query.index(b"\0", 12) + 5
            (kind,) = struct.unpack("!H", query[end - 4 : end - 2])
            family = {A: "ipv4", AAAA: "ipv6"}.get(kind)
            data = socket.inet_pton(FAMILIES[family][1], OUTSIDE[family]) if family else b""
            record = struct.pack("!HHHIH", 0xC00C, kind, 1, 60, len(data)) + data if data else b""
            head = query[:2] + struct.pack("!HHHHH", 0x8180, 1, 1 if record else 0, 0, 0)
            server.sendto(head + query[12:end] + record, client)


def ask(proxy: subprocess.Popen[bytes], host: str, port: int) -> str:
    """What is answered; asked again while the proxy does not listen yet, or does not know a name yet."""
    until, last = time.monotonic() + 20, "it has ended"
    while proxy.poll() is None and time.monotonic() < until:
        connection = http.client.HTTPConnection(host, port, timeout=10)
        try:
            connection.request("GET", "/healthz", headers={"Host": "web"})
            answer = connection.getresponse()
            last = f"{answer.status} {answer.read().decode()}"
            if answer.status == 200:
                return last
        except OSError as error:
            last = str(error)
        finally:
            connection.close()
        time.sleep(0.05)
    return last


if __name__ == "__main__":
    main()
