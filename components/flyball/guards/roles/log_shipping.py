"""Lesson 4: raw logs go elsewhere, and a remote that is slow, full or dead never stops the host that sends them.

`read` takes the variables of the Ansible role `log_shipping`.
"""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, TypedDict

from flyball.guards.clean_up.retention import MI
from flyball.guards.clean_up.rules import QUEUE_BEYOND_DISK
from flyball.guards.reading import address, paths
from flyball.guards.reading.problem import Problem
from flyball.guards.reading.rules import INVALID_NAME, INVALID_PATH, MISSING
from flyball.guards.reading.units import Bytes, show_number, show_size
from flyball.guards.roles.variables import Role, Variable, Variables

PROTOCOLS = ("relp", "json", "syslog")
"""RELP to another rsyslog or to logstash: each message acknowledged. JSON lines (logstash) and syslog over TCP: what is
on its way when a connection breaks is lost, since TCP tells nobody which lines the other side has read."""
SEGMENT: Bytes = 4 * MI
"""Of the queue on disk; it is freed one of these at a time."""
SPARE: Bytes = MI // 4
"""Of the queue's disk: rsyslog looks before it writes, so the last message, of up to 64 KiB, exceeds it."""
MESSAGES = 2000
"""The least that may wait in memory. Of a burst of 3,000 at once 1,776 were dropped with 100 and the disk almost empty:
the thread that moves them there was outrun. With 1,000 as many as 875 waited at once."""
BATCH = 128
"""The most messages that are sent at once. While nobody takes them they stay in memory, and rsyslog does not see them
when it compares the queue with the mark from which the disk is used (`getLogicalQueueSize` in its runtime/queue.c)."""


class FileArgs(TypedDict):
    path: str
    tag: str


ROLE = Role(
    "log_shipping",
    "Logs sent to another host, with a bounded queue on disk while it cannot take them",
    (
        Variable("log_shipping_host", str, "", "Name or address of the host that takes the logs."),
        Variable("log_shipping_port", int, 2514, "Its port."),
        Variable(
            "log_shipping_protocol",
            str,
            PROTOCOLS[0],
            "How it takes them, relp (acknowledged), json (lines over TCP, for logstash) or syslog (over TCP).",
        ),
        Variable(
            "log_shipping_tls",
            bool,
            False,
            "Whether the connection is encrypted, and the other side must show a certificate for its name.",
        ),
        Variable(
            "log_shipping_ca",
            str,
            "",
            "File with the certificate of the authority to trust, on the host.",
        ),
        Variable(
            "log_shipping_cert",
            str,
            "",
            "File with the host's own certificate, on the host. RELP over TLS needs one.",
        ),
        Variable("log_shipping_key", str, "", "File with the key of that certificate, on the host."),
        Variable(
            "log_shipping_queue_disk",
            str,
            "1Gi",
            "The most that may wait on disk; beyond it the newest are dropped and counted.",
            "size",
        ),
        Variable(
            "log_shipping_queue_messages",
            int,
            10_000,
            f"The most messages that wait in memory, from {MESSAGES} to 1000000; beyond 60 % of it they go to disk.",
            "messages",
        ),
        Variable("log_shipping_files", list[FileArgs], [], "Files to send as well, each with path and tag."),
    ),
)


@dataclass(frozen=True, slots=True)
class Shipping:
    """Where logs go, and how much waits on disk while they cannot."""

    host: str
    port: int
    protocol: str
    tls: bool
    ca: str
    cert: str
    key: str
    queue_disk: Bytes
    queue_limit: Bytes
    queue_messages: int
    queue_batch: int
    queue_to_disk: int
    queue_disk_until: int
    segment: Bytes
    files: tuple[tuple[str, str], ...]

    def as_variables(self) -> dict[str, Any]:
        return asdict(self)


def read(variables: Mapping[str, object], free: Bytes) -> tuple[Shipping, list[Problem]]:
    """What the variables ask for, and what is wrong with them; `free` is the disk space left for the queue."""
    reader = ROLE.read(variables)
    host = reader.text("log_shipping_host")
    address.check_host(reader, "log_shipping_host", host)
    protocol, tls = reader.choice("log_shipping_protocol", PROTOCOLS), reader.flag("log_shipping_tls")
    ca, cert, key = _certificates(reader, tls, protocol)
    disk = reader.amount("log_shipping_queue_disk", least=2 * SEGMENT)
    if disk > free:
        left = f"{show_number(free / MI, 0)}Mi"
        message = f"{show_size(disk)} is more than the {left} that are free where the queue lies"
        reader.problem(
            "log_shipping_queue_disk", QUEUE_BEYOND_DISK, message, "a full disk would stop local logs too; lower it"
        )
    messages = reader.count("log_shipping_queue_messages", least=MESSAGES, most=1_000_000)
    return Shipping(
        host=host,
        port=reader.count("log_shipping_port", most=address.LAST_PORT),
        protocol=protocol,
        tls=tls,
        ca=ca,
        cert=cert,
        key=key,
        queue_disk=disk,
        queue_limit=disk - SPARE,
        queue_messages=messages,
        # Where less than 1,280 may wait, what waits beside a batch never reaches rsyslog's own mark, 90 %: all would be
        # dropped, and the disk left alone. 60 %, the least without a warning of rsyslog, leaves a burst room and time.
        queue_batch=BATCH,
        queue_to_disk=messages * 6 // 10,
        queue_disk_until=messages // 4,
        segment=SEGMENT,
        files=_files(reader),
    ), reader.problems


def _certificates(reader: Variables, tls: bool, protocol: str) -> list[str]:
    """Files of the authority, of the host's own certificate, and of its key.

    librelp without a certificate of its own offers nothing but anonymous TLS, which no server of a name accepts
    (`isAnonAuth` in its src/tcp.c); for lines over TCP it is the server's choice whether it asks for one.
    """
    ca, cert, key = files = [reader.text(f"log_shipping_{what}") for what in ("ca", "cert", "key")]
    if not tls:
        return files
    whose = {"ca": "the authority to trust", "cert": "the host's own certificate", "key": "its key"}
    needed = {"ca"} | ({"cert", "key"} if protocol == "relp" or cert or key else set[str]())
    for what, file in zip(whose, (ca, cert, key), strict=True):
        if what in needed and not paths.is_file(file):
            rule, message = (INVALID_PATH, f"{file!r} is no path") if file else (MISSING, "is missing")
            reader.problem(
                f"log_shipping_{what}", rule, message, f"with TLS, name the file of {whose[what]}, on the host"
            )
    return files


def _files(reader: Variables) -> tuple[tuple[str, str], ...]:
    """Path and tag of each file that is read."""
    found: list[tuple[str, str]] = []
    for file in reader.each("log_shipping_files"):
        path, tag = file.value("path", str, ""), file.value("tag", str, "")
        if not paths.is_file(path.replace("*", "a")):
            file.problem("path", INVALID_PATH, f"{path!r} is no path", "give an absolute one without spaces")
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,32}", tag):
            file.problem("tag", INVALID_NAME, f"{tag!r} is not allowed", "give up to 32 letters, digits, - and _")
        found.append((path, tag))
    return tuple(found)
