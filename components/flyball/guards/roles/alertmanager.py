"""Who hears of an alert, how soon, and how often again; a page silences the warnings about the same thing.

`read` takes the variables of the Ansible role `alertmanager`. A receiver's URL may hold a token: no problem repeats it.
"""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, NotRequired, TypedDict

from flyball.guards.clean_up.retention import MI
from flyball.guards.governor.rules import NOBODY_HEARS, REPEAT_BELOW_INTERVAL
from flyball.guards.reading import strict
from flyball.guards.reading.problem import Problem
from flyball.guards.reading.reader import Reader
from flyball.guards.reading.rules import INVALID_ADDRESS, INVALID_NAME, INVALID_PATH, MISSING
from flyball.guards.reading.units import Bytes, Milliseconds, show_duration
from flyball.guards.roles import daemons

PORT = 9093
GROUP_BY = ("alertname",)
"""Forty hosts with one fault are one message."""
GROUP_WAIT: Milliseconds = 30_000
"""For alerts that begin together: a fault is seen on all hosts within one scrape interval."""
GROUP_INTERVAL: Milliseconds = 300_000
REPEAT: Milliseconds = 4 * 3_600_000
"""Twice in a shift."""
LONGEST_REPEAT: Milliseconds = 5 * 86_400_000
"""What was sent is remembered for 120 h (`--data.retention`); later repeats would be sent as new."""
MEMORY: Bytes = 256 * MI
LEAST_MEMORY: Bytes = 64 * MI
MOST_MEMORY: Bytes = 4096 * MI
_URL = re.compile(r"https?://[^\s/@]+(/\S*)?")
_EMAIL = re.compile(r"[^@\s,<>]+@[A-Za-z0-9.-]+")
_LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")


class ReceiverArgs(TypedDict):
    """Who hears: URLs that get each message as JSON, and addresses of e-mail."""

    webhooks: NotRequired[list[str]]
    emails: NotRequired[list[str]]


SmtpArgs = TypedDict(
    "SmtpArgs",
    {
        "server": NotRequired[str],
        "from": NotRequired[str],
        "username": NotRequired[str],
        "password_file": NotRequired[str],
        "tls": NotRequired[bool],
    },
)
"""Who takes e-mail; the password is in a file on the host, never in a variable."""


class NotifyingArgs(TypedDict):
    alertmanager_address: str
    alertmanager_port: int
    alertmanager_page: ReceiverArgs
    alertmanager_warning: ReceiverArgs
    alertmanager_smtp: SmtpArgs
    alertmanager_group_by: list[str]
    alertmanager_group_wait: str
    alertmanager_group_interval: str
    alertmanager_repeat_interval: str
    alertmanager_memory: str


@dataclass(frozen=True, slots=True)
class Receiver:
    name: str
    webhooks: tuple[str, ...]
    emails: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Smtp:
    server: str
    sender: str
    username: str
    password_file: str
    tls: bool


@dataclass(frozen=True, slots=True)
class Notifying:
    """Times as Alertmanager writes them."""

    listen: str
    receivers: tuple[Receiver, ...]
    smtp: Smtp
    group_by: tuple[str, ...]
    group_wait: str
    group_interval: str
    repeat_interval: str
    memory: Bytes

    def as_variables(self) -> dict[str, Any]:
        return asdict(self)


def read(variables: Mapping[str, object], password: bool = True) -> tuple[Notifying, list[Problem]]:
    """What the variables ask for, and what is wrong with them; `password` is whether its file is on the host."""
    problems = list(strict.check(dict(variables), NotifyingArgs, ()))
    reader = Reader(variables, (), problems)
    address = reader.value("alertmanager_address", str, "127.0.0.1")
    daemons.address(reader, "alertmanager_address", address)
    receivers = tuple(_receiver(reader, name) for name in ("page", "warning"))
    interval = daemons.seconds(reader, "alertmanager_group_interval", GROUP_INTERVAL, 1000, 3_600_000)
    repeat = daemons.seconds(reader, "alertmanager_repeat_interval", REPEAT, 1000, LONGEST_REPEAT)
    if repeat < interval:
        message = f"{show_duration(repeat)} is less than the group interval of {show_duration(interval)}"
        reader.problem(
            "alertmanager_repeat_interval",
            REPEAT_BELOW_INTERVAL,
            message,
            "a group is looked at no more often; raise it",
        )
    group_by = tuple(reader.words("alertmanager_group_by"))
    for i, label in enumerate(group_by):
        if not _LABEL.fullmatch(label):
            reader.problem(
                ("alertmanager_group_by", i), INVALID_NAME, f"{label!r} is no label", "give letters, digits and _"
            )
    wait = daemons.seconds(reader, "alertmanager_group_wait", GROUP_WAIT, 1000, 600_000)
    return Notifying(
        listen=daemons.join(address, reader.whole("alertmanager_port", PORT, most=65535)),
        receivers=receivers,
        smtp=_smtp(reader, any(receiver.emails for receiver in receivers), password),
        group_by=group_by,
        group_wait=show_duration(wait),
        group_interval=show_duration(interval),
        repeat_interval=show_duration(repeat),
        memory=daemons.size(reader, "alertmanager_memory", MEMORY, LEAST_MEMORY, MOST_MEMORY),
    ), problems


def _receiver(reader: Reader, severity: str) -> Receiver:
    """Who hears of alerts of a severity; nobody is nobody's choice."""
    key = f"alertmanager_{severity}"
    receiver = reader.at(key)
    webhooks, emails = tuple(receiver.words("webhooks")), tuple(receiver.words("emails"))
    if not webhooks and not emails and reader.is_map(key):
        hint = "name webhooks or emails, such as {emails: [oncall@example.com]}"
        reader.problem(key, NOBODY_HEARS, f"names nobody who would hear of a {severity}", hint)
    for i, url in enumerate(webhooks):
        if not _URL.fullmatch(url):
            receiver.problem(
                ("webhooks", i), INVALID_ADDRESS, "is no URL", "begin it with http:// or https://, without a user"
            )
    for i, email in enumerate(emails):
        if not _EMAIL.fullmatch(email):
            receiver.problem(("emails", i), INVALID_ADDRESS, f"{email!r} is no address", "give one as name@example.com")
    return Receiver(severity, webhooks, emails)


def _smtp(reader: Reader, needed: bool, password: bool) -> Smtp:
    """Who takes e-mail, needed where anybody gets any."""
    smtp = reader.at("alertmanager_smtp")
    for key, what in (("server", "host:port that takes e-mail"), ("from", "the address that it comes from")):
        if needed and not smtp.has(key):
            smtp.problem(key, MISSING, "is missing", f"name {what}")
    server = smtp.value("server", str, "")
    if smtp.has("server") and not daemons.is_target(server):
        smtp.problem("server", INVALID_ADDRESS, f"{server!r} is no server", "give host:port")
    sender = smtp.value("from", str, "")
    if smtp.has("from") and not _EMAIL.fullmatch(sender):
        smtp.problem("from", INVALID_ADDRESS, f"{sender!r} is no address", "give one as name@example.com")
    username, password_file = smtp.value("username", str, ""), smtp.value("password_file", str, "")
    if password_file and not daemons.FILE.fullmatch(password_file):
        smtp.problem(
            "password_file", INVALID_PATH, f"{password_file!r} is no path", "give an absolute one without spaces"
        )
    elif password_file and not password:
        smtp.problem(
            "password_file", MISSING, f"{password_file} is not on the host", "put it there; the first page needs it"
        )
    if bool(username) != bool(password_file):
        missing = "password_file" if username else "username"
        smtp.problem(missing, MISSING, "is missing", "a login takes both, the password in a file on the host")
    return Smtp(server, sender, username, password_file, smtp.value("tls", bool, True))
