import socket
import ssl
import subprocess
import urllib.request
from http.server import BaseHTTPRequestHandler
from pathlib import Path

from flyball.lab.loopback import Silent, serving


class Well(Silent, BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "4")
        self.end_headers()
        self.wfile.write(b"well")


def test_who_connects_and_says_nothing_keeps_nobody_else_waiting(tmp_path: Path) -> None:
    """An API server without a processor does so in the middle of a handshake."""
    own = "openssl req -x509 -newkey rsa:2048 -noenc -days 2 -subj /CN=own -keyout key.pem -out cert.pem"
    made = f"{own} -addext subjectAltName=IP:127.0.0.1"
    subprocess.run(made.split(), cwd=tmp_path, check=True, capture_output=True)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
    client = ssl.create_default_context(cafile=str(tmp_path / "cert.pem"))
    with (
        serving(Well, server) as port,
        socket.create_connection(("127.0.0.1", port)),
        urllib.request.urlopen(f"https://127.0.0.1:{port}", timeout=60, context=client) as answer,
    ):
        assert answer.read() == b"well"
