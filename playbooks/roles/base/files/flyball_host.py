"""What the programs of roles share on a host: the mark of a drain, requests with an end, metrics, systemd.

Standard library only, for the python3 of Debian 12.
"""

import contextlib
import http.client
import os
import socket
import subprocess
import sys
import threading
import time
import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import holds

MARK = holds.DRAIN
"""While it exists the host answers 503 to balancers that ask for /flyball/health."""
BOOT = Path("/proc/sys/kernel/random/boot_id")
"""Another one after each start of the machine."""
FREEZE = Path("/etc/flyball/freeze.json")
"""While it exists people have stopped automation on this host (role freeze)."""
METRICS = Path("/var/lib/flyball/metrics")
"""Read by node_exporter's textfile collector."""
SYSTEMCTL = "systemctl"
LONGEST_ANSWER = 2**20
"""Bytes; nothing that is asked here answers with more."""
PULSE = 1.0
"""Seconds between two signs of life to systemd while something is waited for."""
ALERT, WARNING, NOTICE, INFO = 1, 4, 5, 6
"""Priorities of syslog(3)."""


@dataclass(frozen=True)
class Answer:
    """A status of HTTP and what came with it."""

    status: int
    body: bytes


def request(url: str, seconds: float, method: str = "GET", headers: Mapping[str, str] | None = None) -> Answer:
    """One request that ends within `seconds`, whatever the other side does; no proxy, no redirect is followed.

    Raises OSError where nobody answers, not in time, not with HTTP, or with more than a MiB.
    """
    try:
        parts = urllib.parse.urlsplit(url)
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        # With its port: without one, the end of an IPv6 address would be taken for it.
        connection = kind(parts.hostname or "", parts.port or kind.default_port, timeout=seconds)
    except ValueError as error:
        raise OSError(f"{url}: no URL: {error}") from error
    late = threading.Event()
    timer = threading.Timer(seconds, _cut, [connection, late])
    timer.daemon = True
    timer.start()
    target = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
    try:
        connection.connect()
        if late.is_set():
            raise TimeoutError("no connection in time")
        connection.request(method, target, headers=headers or {})
        with connection.getresponse() as response:
            body = response.read(LONGEST_ANSWER + 1)
            status = response.status
    except (http.client.HTTPException, ValueError) as error:
        raise OSError(f"{url}: {'no answer in time' if late.is_set() else f'no HTTP: {error!r}'}") from error
    except OSError as error:
        raise OSError(f"{url}: {error}") from error
    finally:
        timer.cancel()
        connection.close()
    if late.is_set():
        raise OSError(f"{url}: no answer in time")
    if len(body) > LONGEST_ANSWER:
        raise OSError(f"{url}: the answer has more than {LONGEST_ANSWER} bytes")
    return Answer(status, body)


def _cut(connection: http.client.HTTPConnection, late: threading.Event) -> None:
    """End a connection under whoever reads from it: a timeout of the socket begins anew with each byte."""
    late.set()
    used: socket.socket | None = connection.sock
    if used is not None:
        with contextlib.suppress(OSError):
            used.shutdown(socket.SHUT_RDWR)


def this_run() -> str:
    """What the programs here call a run of theirs: all of one since the machine was started are one.

    The kernel's name for that does for machines; a container shares it with all others, and has a first process of its
    own.
    """
    return f"{socket.gethostname()} {BOOT.read_text().strip()} {holds.started(1)}"


def mark(program: str, why: str = "", beside: bool = False) -> list[holds.Holder]:
    """Tell balancers that the host leaves; who holds it out already, and then alone, unless this goes `beside` them."""
    holder = holds.Holder(program, socket.gethostname(), why, this_run())
    return holds.hold(MARK, holder, over=lambda other: other.program == program, beside=lambda _: beside)[0]


def unmark(program: str) -> None:
    """Serve again, unless others hold the host out."""
    holds.free(MARK, lambda holder: holder.program == program)


def marked() -> list[holds.Holder]:
    """Who holds the host out of service."""
    return holds.holders(MARK)


def marked_for() -> float:
    """Seconds since balancers are told that the host leaves; 0 where they are not."""
    return max(time.time() - min((holder.since for holder in marked()), default=time.time()), 0.0)


def write_metrics(name: str, values: Mapping[str, float]) -> None:
    """Replace the metrics of a program, in one step: no reader sees half of them."""
    METRICS.mkdir(parents=True, exist_ok=True)
    part = METRICS / f"{name}.part"
    part.write_text("".join(f"{key} {value}\n" for key, value in values.items()))
    part.chmod(0o644)
    part.rename(METRICS / f"{name}.prom")


def systemctl(seconds: float, *words: str) -> str:
    """Have systemd do something within `seconds`; what went wrong, empty where nothing did."""
    return command(seconds, SYSTEMCTL, "--no-ask-password", *words)


def command(seconds: float, *words: str) -> str:
    """Run a program within `seconds`; what went wrong, empty where nothing did. Raises OSError where there is none."""
    deadline = time.monotonic() + seconds
    with subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as ran:
        while (left := deadline - time.monotonic()) > 0:
            notify("WATCHDOG=1")
            with contextlib.suppress(subprocess.TimeoutExpired):
                said = ran.communicate(timeout=min(left, PULSE))[1].decode(errors="replace").strip()
                return "" if ran.returncode == 0 else said or f"exit code {ran.returncode}"
        ran.kill()
    return f"not done in {seconds:.0f} s"


def pause(seconds: float) -> None:
    """Sleep, and let systemd know all the while that this is meant."""
    deadline = time.monotonic() + seconds
    while (left := deadline - time.monotonic()) > 0:
        notify("WATCHDOG=1")
        time.sleep(min(left, PULSE))


def notify(state: str) -> None:
    """Tell systemd about this service (sd_notify(3)); nothing where it was not started by systemd."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if address:
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            sender.connect(f"\0{address[1:]}" if address.startswith("@") else address)
            sender.send(state.encode())


def say(message: str, priority: int = INFO) -> None:
    """One line for the journal, which reads the priority from the number before it (sd-daemon(3))."""
    line = " ".join(message.split())
    print(f"<{priority}>{line}", file=sys.stderr, flush=True)
