"""Every protocol of `log_shipping`, with TLS and without, to a server that shows what arrives."""

import json
import re
import subprocess
import time
from pathlib import Path

import pytest

from flyball.hosts.ansible import Ansible
from flyball.hosts.host import Host
from flyball.hosts.lab import Lab

pytestmark = pytest.mark.hosts
NAME = "logs1.test"
RELP, LINES, PLAIN = 2514, 6514, 1514
_RELP = f"""
module(load="imrelp")
input(type="imrelp" port="{RELP}" tls="on" tls.caCert="/root/ca.pem" tls.myCert="/root/cert.pem"
      tls.myPrivKey="/root/key.pem" tls.authMode="name" tls.permittedPeer=["app1"] ruleset="all")
ruleset(name="all") {{ action(type="omfile" file="/var/log/all.log") }}
"""
_TAKE_LINES = f"""
import socketserver, ssl, threading
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain("/root/cert.pem", "/root/key.pem")
class Take(socketserver.StreamRequestHandler):
    def handle(self):
        for line in self.rfile:
            with open("/var/log/lines.log", "ab") as file:
                file.write(line)
class Encrypted(socketserver.ThreadingTCPServer):
    def get_request(self):
        connection, address = super().get_request()
        return context.wrap_socket(connection, server_side=True), address
threading.Thread(target=Encrypted(("0.0.0.0", {LINES}), Take).serve_forever).start()
socketserver.ThreadingTCPServer(("0.0.0.0", {PLAIN}), Take).serve_forever()
"""


@pytest.fixture(scope="module")
def server(hosts: Lab) -> Host:
    """Takes RELP and lines over TLS, by a certificate of an authority of its own, and lines as they are."""
    app, logs = hosts.add("app1", "logs1")
    make_authority(hosts.folder)
    for file in ("ca.pem", "cert.pem", "key.pem"):
        logs.copy(hosts.folder / file, f"/root/{file}")
    for file in ("ca.pem", "other.pem", "own.pem", "own.key"):
        app.copy(hosts.folder / file, f"/etc/{file}")
    app.run(f"echo {logs.address} {NAME} >> /etc/hosts")
    logs.run("apt-get install -qq -y rsyslog rsyslog-relp")
    logs.write("/etc/rsyslog.conf", _RELP)
    logs.write("/root/take.py", _TAKE_LINES)
    logs.run("systemctl restart rsyslog; systemd-run --quiet --unit=take python3 /root/take.py")
    return logs


def make_authority(folder: Path) -> None:
    """An authority, certificates of it for server and application, and an authority that the server is not of."""
    new = "openssl req -x509 -newkey rsa:2048 -noenc -days 2"
    signed = f"{new} -addext basicConstraints=critical,CA:FALSE -CA ca.pem -CAkey ca.key"
    for command in (
        f"{new} -subj /CN=authority -keyout ca.key -out ca.pem",
        f"{new} -subj /CN=stranger -keyout other.key -out other.pem",
        f"{signed} -subj /CN={NAME} -addext subjectAltName=DNS:{NAME} -keyout key.pem -out cert.pem",
        f"{signed} -subj /CN=app1 -addext subjectAltName=DNS:app1 -keyout own.key -out own.pem",
    ):
        subprocess.run(command.split(), cwd=folder, check=True, capture_output=True)


def ship(lab: Lab, text: str, **variables: object) -> None:
    """Set the application's host up, and let it log a line."""
    given = {f"log_shipping_{name}": value for name, value in variables.items()}
    Ansible(lab, {}, {"all": {"log_shipping_host": NAME, **given}}).apply("app1", "log_shipping").succeeded()
    lab["app1"].run(f"logger --tag shop '{text}'")


def arrived(server: Host, file: str, text: str) -> str:
    """The lines with that text that the server has, as soon as there are any."""
    deadline = time.monotonic() + 30
    while not (found := server.run(f"grep --text '{text}' {file} || true")) and time.monotonic() < deadline:
        time.sleep(0.2)
    return found


def test_relp_over_tls(server: Host, hosts: Lab) -> None:
    own = {"cert": "/etc/own.pem", "key": "/etc/own.key"}
    ship(hosts, "order one", port=RELP, tls=True, ca="/etc/ca.pem", **own)
    assert re.fullmatch(r"\S+ app1 shop order one\n", arrived(server, "/var/log/all.log", "order one"))


def test_lines_of_json_over_tls(server: Host, hosts: Lab) -> None:
    ship(hosts, 'order "two"', protocol="json", port=LINES, tls=True, ca="/etc/ca.pem")
    line = json.loads(arrived(server, "/var/log/lines.log", "order ..two"))
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\S+", line.pop("@timestamp"))
    assert line == {
        "host": "app1",
        "severity": "notice",
        "facility": "user",
        "tag": "shop:",
        "message": ' order "two"',
    }


def test_a_server_of_an_unknown_authority_gets_nothing_and_local_logs_go_on(server: Host, hosts: Lab) -> None:
    ship(hosts, "order three", protocol="json", port=LINES, tls=True, ca="/etc/other.pem")
    refused = "journalctl --unit=rsyslog --since=-5min --no-pager | grep --count certificate || true"
    deadline = time.monotonic() + 30
    while hosts["app1"].run(refused).strip() == "0" and time.monotonic() < deadline:
        time.sleep(0.2)
    assert "certificate" in hosts["app1"].run("journalctl --unit=rsyslog --no-pager")
    assert server.run("grep --count 'order three' /var/log/lines.log || true").strip() == "0"
    assert hosts["app1"].run("grep --count 'order three' /var/log/syslog").strip() == "1"


def test_syslog_as_it_is(server: Host, hosts: Lab) -> None:
    ship(hosts, "order four", protocol="syslog", port=PLAIN)
    found = arrived(server, "/var/log/lines.log", "order four")
    # RFC 5424: priority 13 is user.notice, version 1.
    assert re.fullmatch(r"<13>1 \S+ app1 shop - - - +order four\n", found)
